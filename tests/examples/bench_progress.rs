//! Lines of many running jobs, written by the real recorder, watched by many real event streams of one web process.
//! Prints one JSON line with delays from "the job wrote it" and "it was committed" to "it has arrived".
//! Used by `scripts/bench`.
//!
//! `bench_progress HOST:PORT JOBS WATCHERS_PER_JOB LINES_PER_SECOND SECONDS`, with `BENCH_DATABASE_URL` and
//! `BENCH_REDIS_URL` of the instance. Staff accounts and jobs are made for it and removed or ended afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::cast_precision_loss)]

use hosting::crypto::{Secret, sha256};
use hosting::db::Db;
use hosting::db::job_records::{Event, Record};
use hosting::domain::{Audience, Level, Line, Uid};
use hosting::queue::Queue;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use worker::engine::recorder::Recorder;

/// Streams that one staff account opens; the product allows twelve.
const PER_PERSON: usize = 10;
/// In every line once, so that arrived lines can be counted.
const MARK: &str = "bench-line";

/// When each line of a job was written and committed, in microseconds since the start; 0 = not yet.
struct Times {
    written: Vec<AtomicU64>,
    committed: Vec<AtomicU64>,
}

struct Arrival {
    job: usize,
    from: u32,
    to: u32,
    at: u64,
}

async fn sql(db: &Db, text: String) -> u64 {
    sqlx::query(sqlx::AssertSqlSafe(text.clone()))
        .execute(db.pool())
        .await
        .unwrap_or_else(|e| panic!("{text}: {e}"))
        .last_insert_id()
}

/// A staff account with a session; returns the cookie's value.
async fn staff(db: &Db, run: &str, n: usize) -> String {
    let mail = format!("bench-{run}-{n}@example.com");
    let admin = sql(
        db,
        format!(
            "INSERT INTO admins (uid, email, email_key, name, password_hash, role) VALUES ('{}', '{mail}', '{mail}', 'Bench', '-', 'support')",
            Uid::new()
        ),
    )
    .await;
    let token = hosting::crypto::random_token().expose().to_owned();
    sql(
        db,
        format!(
            "INSERT INTO login_sessions (token_hash, kind, admin_id, csrf_secret, address, authenticated_at, expires_at) \
             VALUES (x'{}', 'admin', {admin}, REPEAT('x', 32), '127.0.0.1', NOW(6), NOW(6) + INTERVAL 1 HOUR)",
            hex::encode(sha256(token.as_bytes()))
        ),
    )
    .await;
    token
}

/// A job in the hands of nobody's worker, with one step under way.
async fn job(db: &Db) -> (u64, String) {
    let uid = Uid::new().to_string();
    let id = sql(
        db,
        format!(
            "INSERT INTO jobs (uid, kind, args, state, attempt, epoch, lease_owner, lease_until, current_step, started_at, attempt_started_at) \
             VALUES ('{uid}', 'noop', '{{}}', 'started', 1, 1, 'bench', NOW(6) + INTERVAL 1 HOUR, 'work', NOW(6), NOW(6))"
        ),
    )
    .await;
    sql(
        db,
        format!(
            "INSERT INTO job_steps (job_id, attempt, name, position, title, state) VALUES ({id}, 1, 'work', 1, 'Work', 'started')"
        ),
    )
    .await;
    (id, uid)
}

fn number(event: &str, name: &str) -> u32 {
    let at = event.find(name).unwrap_or_else(|| panic!("no {name} in {event}")) + name.len();
    event[at..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// Takes whole chunks off the front of `raw` and appends their content to `text`.
fn unchunk(raw: &mut Vec<u8>, text: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(line) = raw[at..].windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&raw[at..at + line]).unwrap(), 16).unwrap();
        let begin = at + line + 2;
        if raw.len() < begin + size + 2 {
            break;
        }
        text.extend_from_slice(&raw[begin..begin + size]);
        at = begin + size + 2;
    }
    raw.drain(..at);
}

struct Watch {
    host: String,
    path: String,
    token: String,
    job: usize,
    begun: Instant,
    connected: Arc<AtomicU32>,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
}

async fn watch(w: Watch) {
    let mut stream = TcpStream::connect(&w.host).await.expect("cannot connect: is the limit of open files too low?");
    let ask = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\nCookie: sf_staff={}\r\n\r\n",
        w.path, w.host, w.token
    );
    stream.write_all(ask.as_bytes()).await.unwrap();
    let (mut raw, mut text) = (Vec::with_capacity(8192), Vec::with_capacity(8192));
    let mut head = true;
    loop {
        if stream.read_buf(&mut raw).await.unwrap_or(0) == 0 {
            return;
        }
        let at = u64::try_from(w.begun.elapsed().as_micros()).unwrap();
        if head {
            let Some(end) = raw.windows(4).position(|b| b == b"\r\n\r\n") else { continue };
            let words = String::from_utf8_lossy(&raw[..end]).into_owned();
            assert!(words.starts_with("HTTP/1.1 200"), "{words}");
            raw.drain(..end + 4);
            head = false;
            w.connected.fetch_add(1, Ordering::Relaxed);
        }
        unchunk(&mut raw, &mut text);
        while let Some(end) = text.windows(2).position(|b| b == b"\n\n") {
            let event = String::from_utf8_lossy(&text[..end]).into_owned();
            text.drain(..end + 2);
            if !event.contains("event: lines") {
                continue;
            }
            let (from, to) = (number(&event, "\"from\":"), number(&event, "\"to\":"));
            let shown = event.matches(MARK).count();
            assert_eq!(shown, (to - from + 1) as usize, "an event says {from} to {to} and shows {shown} lines");
            w.arrivals.lock().unwrap().push(Arrival { job: w.job, from, to, at });
        }
    }
}

fn percentile(sorted: &[f64], p: usize) -> f64 {
    let at = (sorted.len() * p / 100).min(sorted.len().saturating_sub(1));
    (sorted.get(at).copied().unwrap_or(f64::NAN) * 100.0).round() / 100.0
}

#[tokio::main]
async fn main() {
    let a: Vec<String> = std::env::args().collect();
    let host = a[1].clone();
    let n: Vec<usize> = a[2..6].iter().map(|v| v.parse().unwrap()).collect();
    let (jobs, per_job, rate, seconds) = (n[0], n[1], n[2], n[3]);
    let secret = |name: &str| Secret::new(std::env::var(name).unwrap());
    let db = Db::connect(&secret("BENCH_DATABASE_URL"), 8).unwrap();
    let recorder = Recorder::start(db.clone(), Queue::connect(&secret("BENCH_REDIS_URL")).unwrap());
    let run = Uid::new().to_string();
    let lines = rate * seconds;
    let lines_per_job = lines.div_ceil(jobs) + 1;

    let mut made = Vec::new();
    for _ in 0..jobs {
        made.push(job(&db).await);
    }
    let begun = Instant::now();
    let now = move || u64::try_from(begun.elapsed().as_micros()).unwrap().max(1);
    let numbers = || (0..lines_per_job + 1).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
    let times: Arc<Vec<Times>> =
        Arc::new((0..jobs).map(|_| Times { written: numbers(), committed: numbers() }).collect());
    let connected = Arc::new(AtomicU32::new(0));
    let all: Vec<Arc<Mutex<Vec<Arrival>>>> = (0..jobs * per_job).map(|_| Arc::default()).collect();
    let mut tasks = Vec::new();
    let mut token = String::new();
    for (at, arrivals) in all.iter().enumerate() {
        if at % PER_PERSON == 0 {
            token = staff(&db, &run, at / PER_PERSON).await;
        }
        // A person's streams are of different jobs, as tabs are.
        let job = at % jobs;
        tasks.push(tokio::spawn(watch(Watch {
            host: host.clone(),
            path: format!("/admin/jobs/{}/log/stream", made[job].1),
            token: token.clone(),
            job,
            begun,
            connected: connected.clone(),
            arrivals: arrivals.clone(),
        })));
        if at % 50 == 49 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let waited = Instant::now();
    while (connected.load(Ordering::Relaxed) as usize) < jobs * per_job {
        assert!(waited.elapsed() < Duration::from_secs(60), "only {connected:?} streams are open after a minute");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let connect_s = begun.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_millis(500)).await;

    let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / rate as f64));
    let writing = Instant::now();
    for at in 0..lines {
        tick.tick().await;
        let (job, seq) = (at % jobs, u32::try_from(at / jobs + 1).unwrap());
        let line = Line {
            seq,
            attempt: 1,
            step: "work".into(),
            level: Level::Info,
            audience: Audience::Staff,
            at: hosting::clock::now_plain(),
            text: format!("{MARK} {seq}: copied 128 files of wp-content/plugins, 4.2 MB, nothing left to do here"),
        };
        let record = Record { job_id: made[job].0, epoch: 1, attempt: 1, event: Event::Lines(vec![line]) };
        times[job].written[seq as usize].store(now(), Ordering::Relaxed);
        let (recorder, times) = (recorder.clone(), times.clone());
        tokio::spawn(async move {
            recorder.write(vec![record]).await;
            times[job].committed[seq as usize].store(now(), Ordering::Relaxed);
        });
    }
    let written_per_s = lines as f64 / writing.elapsed().as_secs_f64();
    // Everything is said once every watcher has the last line of its job.
    let last = |job: usize| u32::try_from((lines + jobs - 1 - job) / jobs).unwrap();
    let complete = || {
        all.iter()
            .enumerate()
            .filter(|(at, a)| {
                let job = at % jobs;
                a.lock().unwrap().last().is_some_and(|e| e.to == last(job))
            })
            .count()
    };
    let waited = Instant::now();
    while complete() < all.len() && waited.elapsed() < Duration::from_secs(15) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (mut from_written, mut from_commit, mut whole) = (Vec::new(), Vec::new(), 0);
    for (at, arrivals) in all.iter().enumerate() {
        let arrivals = arrivals.lock().unwrap();
        let mut next = 1;
        for event in arrivals.iter() {
            let times = &times[event.job];
            if event.from == next {
                next = event.to + 1;
            }
            for seq in event.from..=event.to {
                let of = |t: &Vec<AtomicU64>| t[seq as usize].load(Ordering::Relaxed);
                let delay = |t: u64| (event.at as f64 - t as f64).max(0.0) / 1000.0;
                from_written.push(delay(of(&times.written)));
                // The writer may hear of its commit after a watcher has the line: that is no delay.
                from_commit.push(if of(&times.committed) == 0 { 0.0 } else { delay(of(&times.committed)) });
            }
        }
        whole += usize::from(next == last(at % jobs) + 1);
    }
    from_written.sort_by(f64::total_cmp);
    from_commit.sort_by(f64::total_cmp);
    for task in tasks {
        task.abort();
    }
    for (id, _) in &made {
        sql(
            &db,
            format!("UPDATE jobs SET state = 'finished', finished_at = NOW(6), lease_owner = NULL WHERE id = {id}"),
        )
        .await;
    }
    sql(&db, format!("DELETE FROM admins WHERE email LIKE 'bench-{run}-%'")).await;
    println!(
        "{}",
        serde_json::json!({ "bench": "progress", "jobs": jobs, "watchers": all.len(), "lines": lines,
            "lines_per_second": written_per_s.round(), "deliveries": from_written.len(), "complete_watchers": whole,
            "connect_s": (connect_s * 100.0).round() / 100.0,
            "written_to_received_ms": { "p50": percentile(&from_written, 50), "p99": percentile(&from_written, 99), "max": percentile(&from_written, 100) },
            "committed_to_received_ms": { "p50": percentile(&from_commit, 50), "p99": percentile(&from_commit, 99) } })
    );
}
