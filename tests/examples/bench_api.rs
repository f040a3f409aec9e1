//! The JSON API of one web process among 50,000 customers: mixed reads at a fixed rate, whether answers come or not
//! (open loop; a late answer counts from the moment its request was due), and a page while others sign in. Prints one
//! JSON line. Used by `scripts/bench`.
//!
//! `bench_api SECONDS [RATE] [SIGN_INS_PER_SECOND]`, with `SHOPFLEET_TEST_DATABASE_URL`. Starts the `shopfleet-web` that
//! lies beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

use hosting::crypto::{Secret, sha256};
use hosting::db::Queries;
use hosting::db::api_credentials::Kind;
use hosting::domain::rights::{Capability, Reach, may};
use hosting::services::passwords::Passwords;
use shopfleet_tests::lists::{CUSTOMERS, fill};
use shopfleet_tests::{TestDb, TestRedis};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};

/// Tokens that share the load: a single one is limited to 50 a second.
const CALLERS: usize = 16;
/// Connections that are kept open, as a proxy's are.
const CONNECTIONS: usize = 48;
const PASSWORD: &str = "correct horse battery";

struct Web(Child);

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts one web process and waits until it answers.
fn start(db: &TestDb, redis: &TestRedis) -> (Web, String) {
    let mut program = std::env::current_exe().unwrap();
    program.pop();
    program.set_file_name("shopfleet-web");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = format!("127.0.0.1:{port}");
    let child = Command::new(&program)
        .env_clear()
        .env("SHOPFLEET_DATABASE_URL", db.url.expose())
        .env("SHOPFLEET_REDIS_URL", redis.url.expose())
        .env("SHOPFLEET_MASTER_KEY", "ab".repeat(32))
        .env("SHOPFLEET_BASE_URL", format!("http://{host}"))
        .env("SHOPFLEET_LISTEN", &host)
        .env("SHOPFLEET_LOG", "warn")
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    let web = Web(child);
    let began = Instant::now();
    while std::net::TcpStream::connect(&host).is_err() {
        assert!(began.elapsed().as_secs() < 20, "the web process does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    (web, host)
}

/// Tokens of staff, made by SQL.
async fn tokens(db: &TestDb) -> Vec<String> {
    let mut made = Vec::new();
    for n in 0..CALLERS {
        let token = format!("sft_{}", Secret::random(43).expose());
        db.sql(&format!(
            "INSERT INTO admins (uid, email, email_key, name, password_hash, role) VALUES ('01B{n:023}', 'b{n}@example.com', \
             'b{n}@example.com', 'Bench', '-', 'admin')"
        ))
        .await;
        db.sql(&format!(
            "INSERT INTO api_credentials (uid, kind, admin_id, secret_hash, scopes, expires_at) SELECT '01B{n:023}', 'token', id, \
             x'{}', 'account:read stores:read jobs:read customers:read audit:read system:read mails:read servers:read', \
             NOW(6) + INTERVAL 1 DAY FROM admins WHERE email = 'b{n}@example.com'",
            hex::encode(sha256(token.as_bytes()))
        ))
        .await;
        made.push(token);
    }
    made
}

/// What programs read: lists, single things, searches, lines.
fn reads(n: usize) -> String {
    let row = n % 40_000 + 1;
    match n % 12 {
        0 => "/api/v1/account".into(),
        1 => "/api/v1/stores?limit=20".into(),
        2 => format!("/api/v1/stores/01S{row:023}"),
        3 => "/api/v1/customers?limit=20".into(),
        4 => format!("/api/v1/customers?q=c{row}@&limit=20"),
        5 => format!("/api/v1/customers/{row}"),
        6 => "/api/v1/jobs?limit=20".into(),
        7 => format!("/api/v1/jobs/01J{row:023}"),
        8 => format!("/api/v1/jobs/01J{:023}/lines?limit=100", row % 900 + 1),
        9 => "/api/v1/jobs?state=failed&limit=20".into(),
        10 => "/api/v1/audit?limit=20".into(),
        // Not the plans: they are open to everybody, and limited by address.
        _ => "/api/v1/servers".into(),
    }
}

struct Asked {
    due: Instant,
    bytes: Vec<u8>,
    expect: u16,
}

/// Reads one whole answer; returns its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<u16> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end]).ok()?.to_ascii_lowercase();
        let length: usize = head.lines().find_map(|l| l.strip_prefix("content-length:"))?.trim().parse().ok()?;
        while buffer.len() < end + 4 + length {
            if stream.read_buf(buffer).await.ok()? == 0 {
                return None;
            }
        }
        return head.get(9..12)?.parse().ok();
    }
}

struct Result {
    took: Vec<f64>,
    wrong: Vec<u16>,
}

/// Sends `rate` requests a second for some seconds, each when it is due.
async fn open_loop(host: &str, rate: f64, seconds: f64, expect: u16, request: impl Fn(usize) -> String) -> Result {
    let (sender, receiver) = mpsc::unbounded_channel::<Asked>();
    let receiver = Arc::new(Mutex::new(receiver));
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (host, receiver) = (host.to_owned(), receiver.clone());
        tasks.push(tokio::spawn(async move {
            let mut found = Result { took: Vec::new(), wrong: Vec::new() };
            let mut buffer = Vec::with_capacity(1 << 17);
            let mut stream = TcpStream::connect(&host).await.unwrap();
            stream.set_nodelay(true).unwrap();
            loop {
                let next = receiver.lock().await.recv().await;
                let Some(asked) = next else { return found };
                stream.write_all(&asked.bytes).await.unwrap();
                let status = answer(&mut stream, &mut buffer).await;
                found.took.push(asked.due.elapsed().as_secs_f64() * 1000.0);
                if status != Some(asked.expect) {
                    found.wrong.push(status.unwrap_or(0));
                    stream = TcpStream::connect(&host).await.unwrap();
                }
            }
        }));
    }
    let began = tokio::time::Instant::now();
    let count = (rate * seconds) as usize;
    for n in 0..count {
        let due = began + Duration::from_secs_f64(n as f64 / rate);
        tokio::time::sleep_until(due).await;
        let _ = sender.send(Asked { due: due.into_std(), bytes: request(n).into_bytes(), expect });
    }
    drop(sender);
    let mut all = Result { took: Vec::new(), wrong: Vec::new() };
    for task in tasks {
        let one = task.await.unwrap();
        all.took.extend(one.took);
        all.wrong.extend(one.wrong);
    }
    all.took.sort_by(f64::total_cmp);
    all
}

fn figures(result: &Result) -> serde_json::Value {
    let at = |part: usize| result.took[(result.took.len() * part / 100).min(result.took.len() - 1)];
    serde_json::json!({ "requests": result.took.len(), "p50_ms": at(50), "p95_ms": at(95), "p99_ms": at(99),
        "longest_ms": result.took.last(), "wrong": result.wrong.len(), "wrong_status": result.wrong.first() })
}

/// What every request asks before anything else: who holds this token, and may that role do this? From the database
/// each time. Milliseconds, sorted.
async fn rights_checks(db: &TestDb, tokens: &[String]) -> Vec<f64> {
    let mut took = Vec::new();
    for n in 0..2_000 {
        let hash = sha256(tokens[n % CALLERS].as_bytes());
        let began = Instant::now();
        let mut conn = db.db.read().await.unwrap();
        let caller = conn.api_credentials().find_by_secret(&hash, Kind::Token, "").await.unwrap().unwrap();
        let hosting::db::login_sessions::SessionOwner::Staff(staff) = caller.owner else { panic!("not staff") };
        assert!(may(staff.role, Capability::ManageCustomers, Reach::All));
        drop(conn);
        took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    took
}

#[tokio::main]
async fn main() {
    let a: Vec<String> = std::env::args().collect();
    let seconds: f64 = a[1].parse().unwrap();
    let rate: f64 = a.get(2).map_or(200.0, |r| r.parse().unwrap());
    let sign_ins: f64 = a.get(3).map_or(20.0, |r| r.parse().unwrap());
    let db = TestDb::new().await;
    hosting::services::seed_defaults::ensure_server(&db.db, "local-1").await.unwrap();
    let redis = TestRedis::start();
    fill(&db, 0, 50).await;
    // The rows of the audit log were written past its head; sign-ins go on after them.
    db.sql("UPDATE audit_head SET number = (SELECT MAX(number) FROM audit_events)").await;
    db.sql(
        "INSERT INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) SELECT j.seq, l.seq, 1, 'step', 1, 0, NOW(3), \
         CONCAT('Line ', l.seq) FROM seq_1_to_1000 j JOIN seq_1_to_100 l",
    )
    .await;
    let hash = Passwords::new().hash(&Secret::new(PASSWORD)).await.unwrap();
    db.sql(&format!("UPDATE customers SET password_hash = '{hash}'")).await;
    // Every sign-in from a place of its own, as far as limits are concerned.
    db.sql("INSERT INTO settings (name, value, updated_by) VALUES ('trusted_proxies', '127.0.0.0/8', 'bench')").await;
    let tokens = tokens(&db).await;
    let checks = rights_checks(&db, &tokens).await;
    let (_web, host) = start(&db, &redis);
    let get = |path: &str, token: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\r\n"
        )
    };
    let read = |n: usize| get(&reads(n), &tokens[n % CALLERS]);
    let _ = open_loop(&host, rate, 2.0, 200, read).await;
    let mixed = open_loop(&host, rate, seconds, 200, read).await;
    // A page, alone and while others sign in.
    let page = |n: usize| {
        format!(
            "GET /pricing HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 198.51.{}.{}\r\nAccept: text/html\r\n\r\n",
            n / 250 % 250,
            n % 250
        )
    };
    let sign_in = |n: usize| {
        let n = n % CUSTOMERS as usize + 1;
        let body = format!(r#"{{"email":"c{n}@example.com","password":"{PASSWORD}"}}"#);
        format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 10.{}.{}.{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            n / 62_500 % 250,
            n / 250 % 250,
            n % 250,
            body.len()
        )
    };
    let half = (seconds / 2.0).max(4.0);
    let alone = open_loop(&host, 50.0, half, 200, page).await;
    let (beside, signed_in) =
        tokio::join!(open_loop(&host, 50.0, half, 200, page), open_loop(&host, sign_ins, half, 200, sign_in));
    println!(
        "{}",
        serde_json::json!({ "rate": rate, "seconds": seconds, "customers": CUSTOMERS, "mixed": figures(&mixed),
            "page_alone": figures(&alone), "page_beside_sign_ins": figures(&beside), "sign_ins": figures(&signed_in),
            "sign_ins_per_second": sign_ins,
            "rights_check": { "p50_ms": checks[checks.len() / 2], "p95_ms": checks[checks.len() * 95 / 100] } })
    );
}
