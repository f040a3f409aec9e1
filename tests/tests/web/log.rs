//! The live log: nothing lost, doubled or out of order; hostile text stays text.

use crate::support::{App, Browser};
use futures_util::StreamExt;
use hosting::domain::{Audience, Level, Line, Role};
use hosting::progress::{Message, WireLine};
use std::time::Duration;

/// Writes lines as a worker does: rows first, then the message.
pub async fn write(app: &App, job: u64, from: u32, texts: &[String], audience: Audience) {
    let mut lines = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let seq = from + u32::try_from(n).unwrap();
        let owner = u8::from(audience == Audience::Owner);
        sqlx::query("INSERT INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) VALUES (?, ?, 1, '', 1, ?, NOW(3), ?)")
            .bind(job).bind(seq).bind(owner).bind(text)
            .execute(app.db.db.pool()).await.unwrap();
        lines.push(Line {
            seq,
            attempt: 1,
            step: String::new(),
            level: Level::Info,
            audience,
            at: hosting::clock::now_plain(),
            text: text.clone(),
        });
    }
    let last = from + u32::try_from(texts.len()).unwrap() - 1;
    app.db.sql(&format!("UPDATE jobs SET last_seq = GREATEST(last_seq, {last}) WHERE id = {job}")).await;
    let message = Message { job, lines: lines.iter().map(WireLine::from).collect(), changed: false };
    let _ = app.services.queue.publish(&[serde_json::to_string(&message).unwrap()]).await;
}

pub async fn change(app: &App, job: u64, sql: &str) {
    app.db.sql(sql).await;
    let message = Message { job, lines: Vec::new(), changed: true };
    let _ = app.services.queue.publish(&[serde_json::to_string(&message).unwrap()]).await;
}

/// Reads a stream until it ends, `end` comes, or `limit` events of lines were read; returns
/// `(events, numbers of lines)`.
async fn read(b: &Browser, path: &str, limit: usize) -> (Vec<(String, serde_json::Value)>, Vec<u32>) {
    let r = b.client.get(format!("{}{path}", b.base)).header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(r.status().as_u16(), 200, "{path}");
    let mut stream = r.bytes_stream();
    let (mut text, mut events, mut seqs, mut batches) = (String::new(), Vec::new(), Vec::new(), 0);
    while let Ok(Some(Ok(chunk))) = tokio::time::timeout(Duration::from_secs(20), stream.next()).await {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        while let Some(at) = text.find("\n\n") {
            let event: String = text.drain(..at + 2).collect();
            let field =
                |name: &str| event.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim().to_owned();
            let name = field("event:");
            if name.is_empty() || name == "ping" {
                continue;
            }
            let data: serde_json::Value = serde_json::from_str(&field("data:")).unwrap();
            if name == "lines" {
                batches += 1;
                assert_eq!(field("id:"), data["to"].to_string());
                let (from, to) = (data["from"].as_u64().unwrap(), data["to"].as_u64().unwrap());
                seqs.extend((from..=to).map(|n| u32::try_from(n).unwrap()));
            }
            let over = name == "end";
            events.push((name, data));
            if over || batches == limit {
                return (events, seqs);
            }
        }
    }
    (events, seqs)
}

#[actix_web::test]
async fn thirty_cuts_lose_double_and_swap_nothing() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    let (id, uid) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}")).await;
    let total = 1500u32;
    let writing = async {
        let mut next = 1;
        while next <= total {
            let texts: Vec<String> = (next..next + 10).map(|n| format!("line {n}")).collect();
            write(&app, id, next, &texts, Audience::Staff).await;
            next += 10;
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        change(&app, id, &format!("UPDATE jobs SET state = 'finished', finished_at = NOW(6) WHERE id = {id}")).await;
    };
    let reading = async {
        let mut seen: Vec<u32> = Vec::new();
        let mut cuts = 0;
        loop {
            // The first thirty connections are cut after one or two batches.
            let limit = if cuts < 30 { 1 + cuts % 2 } else { usize::MAX };
            let (events, seqs) =
                read(&staff, &format!("/admin/jobs/{uid}/log/stream?after={}", seen.last().unwrap_or(&0)), limit).await;
            seen.extend(seqs);
            cuts += 1;
            if events.last().is_some_and(|(n, _)| n == "end") {
                return (seen, cuts);
            }
        }
    };
    let ((), (seen, cuts)) = tokio::join!(writing, reading);
    assert!(cuts > 30, "{cuts}");
    assert_eq!(seen, (1..=total).collect::<Vec<u32>>());
    // It is over: nothing more to stream.
    let r = staff.client.get(format!("{}/admin/jobs/{uid}/log/stream?after={total}", staff.base)).send().await.unwrap();
    assert_eq!(r.status().as_u16(), 204);
    // Last-Event-ID wins over a lower `after`.
    let r = staff
        .client
        .get(format!("{}/admin/jobs/{uid}/log/stream?after=0", staff.base))
        .header("last-event-id", total.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(r.status().as_u16(), 204);
}

#[actix_web::test]
async fn owners_hear_what_is_meant_for_them_and_nothing_raw() {
    let app = App::new().await;
    let (b, uid) = app.customer("ana@example.com", "Ana").await;
    let id = u64::try_from(app.db.number(&format!("SELECT CAST(id AS SIGNED) FROM jobs WHERE uid = '{uid}'")).await)
        .unwrap();
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}")).await;
    write(&app, id, 1, &["raw docker output 10.213.0.2".into()], Audience::Staff).await;
    write(&app, id, 2, &["Your shop is put in place".into()], Audience::Owner).await;
    write(&app, id, 3, &["more raw".into()], Audience::Staff).await;
    app.db.sql(&format!("INSERT INTO job_steps (job_id, attempt, name, position, title, state) VALUES ({id}, 1, 'reserve', 1, 'Reserve a place', 'started')")).await;
    let path = format!("/setup/{uid}/log/stream?after=0");
    let reading = read(&b, &path, usize::MAX);
    let ending = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        change(
            &app,
            id,
            &format!("UPDATE jobs SET state = 'finished', finished_at = NOW(6), progress = 100 WHERE id = {id}"),
        )
        .await;
    };
    let ((events, seqs), ()) = tokio::join!(reading, ending);
    assert_eq!(seqs, [1, 2, 3]);
    let all = format!("{events:?}");
    assert!(!all.contains("raw") && !all.contains("10.213"), "{all}");
    assert!(all.contains("Your shop is put in place") && all.contains("Reserve a place"), "{all}");
    assert_eq!(events.last().unwrap().0, "end");
    assert!(b.json(&format!("/setup/{uid}/log?from=1&to=3")).await.body.contains("\"html\":\"\""));
    assert!(!b.get(&format!("/setup/{uid}")).await.body.contains("raw docker"));
}

#[actix_web::test]
async fn hostile_lines_are_text_in_page_stream_and_fetch() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    let (id, uid) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}")).await;
    let nasty = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\u{1b}]8;;javascript:alert(1)\u{1b}\\x\u{1b}]8;;\u{1b}\\",
        "\u{1b}[31mred\u{1b}[0m",
        "javascript:alert(1)",
        "https://x.example/\"><script>",
        "\u{1b}[2J\u{1b}]0;title\u{7}",
    ]
    .map(str::to_owned);
    write(&app, id, 1, &nasty, Audience::Staff).await;
    let page = staff.get(&format!("/admin/jobs/{uid}")).await.body;
    let fetched = staff.json(&format!("/admin/jobs/{uid}/log?from=1&to=100")).await.body;
    let (events, _) = read(&staff, &format!("/admin/jobs/{uid}/log/stream?after=0"), 1).await;
    for text in [page, fetched.replace("\\\"", "\""), events.last().unwrap().1["html"].as_str().unwrap().to_owned()] {
        assert!(!text.contains("<script>") && !text.contains("<img") && !text.contains('\u{1b}'), "{text}");
        assert!(!text.contains("href=\"javascript"), "{text}");
        assert!(text.contains("&lt;script&gt;alert(1)") && text.contains("class=\"r\">red"), "{text}");
    }
    // The download keeps all, cleaned or raw.
    let clean = staff.get(&format!("/admin/jobs/{uid}/log.txt")).await;
    assert!(
        clean.header("content-disposition").starts_with("attachment")
            && clean.body.lines().count() == 7
            && !clean.body.contains('\u{1b}')
    );
    assert!(staff.get(&format!("/admin/jobs/{uid}/log.txt?raw=1")).await.body.contains('\u{1b}'));
    for line in staff.get(&format!("/admin/jobs/{uid}/log.jsonl")).await.body.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].is_number());
    }
}

#[actix_web::test]
async fn links_to_lines_that_are_not_loaded_work_without_scripts() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    let (id, uid) = app.noop().await;
    let texts: Vec<String> = (1..=3000).map(|n| format!("line number {n}")).collect();
    for (i, chunk) in texts.chunks(500).enumerate() {
        let values: Vec<String> = chunk
            .iter()
            .enumerate()
            .map(|(n, t)| format!("({id}, {}, 1, '', 1, 0, NOW(3), '{t}')", i * 500 + n + 1))
            .collect();
        app.db
            .sql(&format!(
                "INSERT INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) VALUES {}",
                values.join(",")
            ))
            .await;
    }
    app.db.sql(&format!("UPDATE jobs SET last_seq = 3000 WHERE id = {id}")).await;
    let page = staff.get(&format!("/admin/jobs/{uid}")).await.body;
    assert!(page.contains("id=\"L3000\"") && page.contains("id=\"L2001\"") && !page.contains("id=\"L2000\""));
    assert!(page.contains("Earlier lines 1–2000"), "{page:.3000}");
    let page = staff.get(&format!("/admin/jobs/{uid}?line=214-220")).await.body;
    assert!(page.contains("id=\"L214\"") && page.contains("id=\"L14\"") && page.contains("data-pinned=\"1\""));
    let page = staff.get(&format!("/admin/jobs/{uid}?upto=2000")).await.body;
    assert!(page.contains("id=\"L1001\"") && page.contains("id=\"L2000\"") && page.contains("Later lines"));
    let page = staff.get(&format!("/admin/jobs/{uid}?find=number+299")).await.body;
    assert!(page.contains("11 matches, first in line 299"), "find looks at the whole log");
    let found = staff.json(&format!("/admin/jobs/{uid}/log/find?attempt=1&q=number+29&before=2001")).await.body;
    assert!(found.contains("\"count\":"), "{found}");
}

#[actix_web::test]
async fn seven_tabs_work_and_a_hundred_do_not() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    let (id, uid) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}")).await;
    let url = format!("{}/admin/jobs/{uid}/log/stream", staff.base);
    let mut open = Vec::new();
    let mut refused = None;
    for _ in 0..20 {
        let r = staff.client.get(&url).header("accept", "text/event-stream").send().await.unwrap();
        if r.status().as_u16() == 200 { open.push(r) } else { refused = Some(r.status().as_u16()) }
    }
    assert!(open.len() >= 7 && open.len() < 20, "{}", open.len());
    assert_eq!(refused, Some(429));
    drop(open);
    // Seats come back when readers leave.
    write(&app, id, 1, &["x".into()], Audience::Staff).await;
    shopfleet_tests::eventually("a free seat", async || {
        let r = staff.client.get(&url).header("accept", "text/event-stream").send().await.unwrap();
        (r.status().as_u16() == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_stream_ends_within_ten_seconds_of_the_right() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    let (id, uid) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}")).await;
    let began = std::time::Instant::now();
    let path = format!("/admin/jobs/{uid}/log/stream");
    let reading = read(&staff, &path, usize::MAX);
    let disabling = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.db.sql("UPDATE admins SET active = FALSE").await
    };
    let ((events, _), _) = tokio::join!(reading, disabling);
    assert!(began.elapsed() < Duration::from_secs(13), "{:?}", began.elapsed());
    assert!(events.iter().all(|(n, _)| n != "end"));
    assert_eq!(staff.json(&path).await.status, 401);
}

#[actix_web::test]
async fn lines_reach_the_watcher_at_once() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    let (id, uid) = app.noop().await;
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6), lease_until = NOW(6) + INTERVAL 1 HOUR WHERE id = {id}")).await;
    let r = staff.client.get(format!("{}/admin/jobs/{uid}/log/stream", staff.base)).send().await.unwrap();
    assert_eq!(r.headers()["content-type"], "text/event-stream");
    assert_eq!(r.headers()["x-accel-buffering"], "no");
    let mut stream = r.bytes_stream();
    let mut worst = Duration::ZERO;
    for n in 1..=20u32 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        write(&app, id, n, &[format!("tick {n}")], Audience::Staff).await;
        let published = std::time::Instant::now();
        let mut text = String::new();
        while !text.contains(&format!("tick {n}<")) {
            text.push_str(&String::from_utf8_lossy(&stream.next().await.unwrap().unwrap()));
        }
        worst = worst.max(published.elapsed());
    }
    assert!(worst < Duration::from_millis(300), "{worst:?}");
}

#[actix_web::test]
async fn the_place_in_the_queue_changes_by_itself() {
    let app = App::new().await;
    let (_, before) = app.customer("eva@example.com", "Eva").await;
    let (b, job) = app.customer("ana@example.com", "Ana").await;
    let page = b.get(&format!("/setup/{job}")).await;
    assert!(page.body.contains("1 store before yours"), "{}", page.body);
    let url = format!("{}/setup/{job}/log/stream?after=0", b.base);
    let r = b.client.get(url).header("accept", "text/event-stream").send().await.unwrap();
    let mut stream = r.bytes_stream();
    let mut text = String::new();
    let mut until = async |words: &str| {
        let heard = async {
            while !text.contains(words) {
                text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(10), heard).await.unwrap_or_else(|_| panic!("{words} is not said"));
    };
    until("1 store before yours").await;
    // Nobody tells this job that the other one has begun.
    app.db.sql(&format!("UPDATE jobs SET state = 'started', started_at = NOW(6) WHERE uid = '{before}'")).await;
    until("Next in line").await;
}
