//! What the Rust client does when answers are lost, late or cut: against a server that says what the test wants.

use shopfleet_client::types::{FollowJobQuery, NewCredential};
use shopfleet_client::{Client, Error, JobEvent, LogIn, Memory};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers each connection with the next text, and closes it; an empty text closes it without an answer.
struct Script {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Script {
    async fn of(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                loop {
                    let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
                    if let Some(end) = text.find("\r\n\r\n") {
                        let length = text
                            .lines()
                            .find_map(|l| l.strip_prefix("content-length: "))
                            .map_or(0, |l| l.trim().parse::<usize>().unwrap());
                        if request.len() >= end + 4 + length {
                            break;
                        }
                    }
                    assert!(stream.read_buf(&mut request).await.unwrap() > 0, "a whole request");
                }
                seen.lock().unwrap().push(String::from_utf8(request).unwrap());
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        Self { port, asked }
    }
    fn client(&self) -> Client {
        Client::new(&format!("http://127.0.0.1:{}", self.port)).unwrap()
    }
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn problem(status: &str, code: &str) -> String {
    let number: u16 = status[..3].parse().unwrap();
    let body = serde_json::json!({
        "type": "about:blank", "code": code, "title": "t", "status": number, "detail": "d", "request_id": "r",
    });
    answer(status, "application/problem+json", &body.to_string())
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|l| l.strip_prefix(name).and_then(|l| l.strip_prefix(": ")))
}

const MADE: &str = r#"{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","secret":"sft_x"}"#;

fn wish() -> NewCredential {
    NewCredential { kind: None, name: "deploy".into(), scopes: "stores:read".into(), days: None }
}

#[tokio::test]
async fn a_change_is_sent_again_under_the_same_key() {
    let script = Script::of(vec![
        String::new(),
        answer("503 Service Unavailable", "text/html", "<h1>busy</h1>"),
        problem("409 Conflict", "still_at_work"),
        answer("201 Created", "application/json", MADE),
    ])
    .await;
    let made = script.client().with_token("sft_t".into()).create_token(&wish()).await.unwrap();
    assert_eq!(made.secret, "sft_x");
    let asked = script.asked();
    assert_eq!(asked.len(), 4);
    let keys: Vec<_> = asked.iter().map(|r| header(r, "idempotency-key").unwrap()).collect();
    assert!(keys[0].len() >= 8 && keys.iter().all(|k| *k == keys[0]), "{keys:?}");
    assert!(asked.iter().all(|r| header(r, "authorization") == Some("Bearer sft_t")));
}

#[tokio::test]
async fn what_was_refused_is_not_sent_again() {
    for (status, code) in [
        ("422 Unprocessable Entity", "invalid"),
        ("403 Forbidden", "forbidden"),
        ("409 Conflict", "broken_off"),
        ("500 Internal Server Error", "internal"),
        ("409 Conflict", "a_new_code"),
    ] {
        let script = Script::of(vec![problem(status, code), answer("201 Created", "application/json", MADE)]).await;
        let refused = script.client().create_token(&wish()).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(_)), "{code}: {refused}");
        assert_eq!(script.asked().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_log_in_is_sent_once_even_when_its_answer_is_lost() {
    let script = Script::of(vec![String::new(), String::new()]).await;
    let lost =
        script.client().logged_in(shopfleet_client::types::AccountKind::Staff, "a@b.c", &"pw".into(), None).await;
    assert!(matches!(lost, Err(Error::Transport(_))));
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn a_refresh_token_whose_answer_is_lost_is_never_sent_again() {
    let over = problem("401 Unauthorized", "unauthenticated");
    let script = Script::of(vec![over.clone(), String::new(), over.clone(), over]).await;
    let keep = Arc::new(Memory::of(LogIn { access: "old".into(), refresh: "once".into() }));
    let log_in = LogIn { access: "old".into(), refresh: "once".into() };
    let client = script.client().with_log_in(log_in.clone(), keep.clone());
    assert!(matches!(client.get_account().await, Err(Error::LogInAgain)));
    assert!(matches!(client.get_account().await, Err(Error::LogInAgain)));
    // Nor by another program that begins with the old state of things.
    let other = script.client().with_log_in(log_in, keep);
    assert!(matches!(other.get_account().await, Err(Error::LogInAgain)));
    let sent = script.asked().iter().filter(|r| r.contains("/auth/refresh")).count();
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn a_panel_that_turns_the_renewal_away_leaves_the_token_good() {
    let over = problem("401 Unauthorized", "unauthenticated");
    let renewed = r#"{"access_token":"new","refresh_token":"next","token_type":"Bearer","expires_in":900}"#;
    let mut waits = problem("429 Too Many Requests", "too_many_requests");
    waits = waits.replacen("\r\n", "\r\nretry-after: 3600\r\n", 1);
    let me = r#"{"email":"a@b.c","role":"admin","credential":"c","credential_kind":"session","scopes":"*"}"#;
    let script = Script::of(vec![
        over.clone(),
        waits,
        over,
        answer("200 OK", "application/json", renewed),
        answer("200 OK", "application/json", me),
    ])
    .await;
    let log_in = LogIn { access: "old".into(), refresh: "once".into() };
    let client = script.client().with_log_in(log_in.clone(), Arc::new(Memory::of(log_in)));
    assert!(client.get_account().await.is_err());
    assert_eq!(client.get_account().await.unwrap().email, "a@b.c");
    assert_eq!(header(&script.asked()[4], "authorization"), Some("Bearer new"));
}

#[tokio::test]
async fn a_cut_stream_goes_on_after_the_last_whole_event() {
    let line = |n: u32| {
        format!(
            r#"{{"number":{n},"attempt":1,"step":"s","level":"info","at":"2026-11-21T00:00:00.000Z","text":"line {n}"}}"#
        )
    };
    let lines = |from: u32, to: u32| {
        let all: Vec<String> = (from..=to).map(line).collect();
        format!("id: {to}\nevent: lines\ndata: {{\"from\":{from},\"to\":{to},\"lines\":[{}]}}\n\n", all.join(","))
    };
    let open =
        |body: String| format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{body}");
    let end = "event: end\ndata: {\"state\":\"finished\",\"over\":true,\"attempt\":1,\"last\":6}\n\n";
    let half = &lines(4, 5)[..40];
    let script = Script::of(vec![
        open(format!("retry: 10\n\nevent: ping\ndata: {{}}\n\n{}{}{half}", lines(1, 2), lines(3, 3))),
        answer("502 Bad Gateway", "text/html", "away"),
        String::new(),
        open(format!("event: news\ndata: 1\n\n{}{}{end}", lines(4, 5), lines(6, 6))),
    ])
    .await;
    let mut events = script.client().follow_job("01ARZ3NDEKTSV4RRFFQ69G5FAV", &FollowJobQuery::default()).unwrap();
    let mut numbers = Vec::new();
    let mut last = None;
    while let Some(event) = events.next().await {
        match event.unwrap() {
            JobEvent::Lines(lines) => numbers.extend(lines.lines.iter().map(|l| l.number)),
            other => last = Some(other),
        }
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    assert!(matches!(last, Some(JobEvent::End(state)) if state.state == "finished"));
    let resumed: Vec<_> = script.asked().iter().map(|r| header(r, "last-event-id").unwrap().to_owned()).collect();
    assert_eq!(resumed, ["0", "3", "3", "3"]);
}

#[tokio::test]
async fn answers_of_something_else_are_told_apart() {
    let script =
        Script::of(vec![answer("200 OK", "text/html", "<h1>Welcome</h1>"), answer("302 Found", "text/html", "away")])
            .await;
    let client = script.client().with_retries(1, Duration::ZERO);
    for _ in 0..2 {
        let error = client.get_account().await.unwrap_err();
        assert!(matches!(error, Error::Answer(_)), "{error}");
    }
}
