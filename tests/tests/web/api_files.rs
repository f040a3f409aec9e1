//! Files over the API: those of tickets there and back, and lists as files; by the raw API, the Rust client and the command
//! line.

use crate::api::{Program, log_in};
use crate::cli::Shell;
use crate::support::{App, PASSWORD};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hosting::domain::Role;
use hosting::domain::upload::FILE_BYTES;
use serde_json::{Value, json};
use shopfleet_client::types::{AccountKind, CustomerExport, FileFormat};
use shopfleet_client::{Client, Error};

fn file(name: &str, bytes: &[u8]) -> Value {
    json!({ "name": name, "content": BASE64.encode(bytes) })
}

fn ticket(files: &[Value]) -> Value {
    json!({ "subject": "The cart", "message": "It does not load", "category": "store", "files": files })
}

async fn bytes(app: &App, by: &Program, path: &str) -> (u16, String, Vec<u8>) {
    let r = reqwest::Client::new()
        .get(format!("{}{path}", app.base.as_str()))
        .bearer_auth(by.bearer())
        .send()
        .await
        .unwrap();
    let media = r.headers()["content-type"].to_str().unwrap().to_owned();
    (r.status().as_u16(), media, r.bytes().await.unwrap().to_vec())
}

#[actix_web::test]
async fn files_of_tickets_go_there_and_back_and_are_nobody_elses() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.customer("eva@example.com", "Eva").await;
    app.staff("sam@example.com", Role::Support).await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    let (sam, _) = log_in(&app, "sam@example.com", "staff").await;
    let image = [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 300_000]].concat();
    let page = b"<svg onload=alert(1)>";
    let r = ana.post("/api/v1/tickets", &ticket(&[file("../../shot.png", &image), file("x.html", page)])).await;
    assert_eq!(r.status, 201, "{}", r.body);
    let id = r.body["id"].as_str().unwrap().to_owned();
    let messages = ana.get(&format!("/api/v1/tickets/{id}/messages")).await.body;
    let files = messages["items"][0]["files"].as_array().unwrap().clone();
    let said: Vec<_> = files.iter().map(|f| (f["name"].as_str().unwrap(), f["media"].as_str().unwrap())).collect();
    assert_eq!(said, [("shot.png", "image/png"), ("x.html", "text/plain")], "by its content, never as a path");
    for (file, sent) in files.iter().zip([image.as_slice(), page]) {
        let path = format!("/api/v1/tickets/{id}/files/{}", file["id"].as_str().unwrap());
        for by in [&ana, &sam] {
            let (status, media, got) = bytes(&app, by, &path).await;
            assert_eq!((status, media.as_str()), (200, "application/octet-stream"));
            assert!(got == sent, "{} bytes", got.len());
        }
        let (status, _, _) = bytes(&app, &eva, &path).await;
        assert_eq!(status, 404, "not yours and not there are one");
    }
    // Staff answer with a file; somebody else writes nothing there.
    let answer = json!({ "text": "Try this", "files": [file("how.txt", b"1. Press")] });
    let path = format!("/api/v1/tickets/{id}/messages");
    assert_eq!(sam.post(&path, &answer).await.status, 201);
    assert_eq!(eva.post(&path, &answer).await.status, 404);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM ticket_files").await, 3);
    // A repeat under the same key sends nothing twice, files included.
    let key = [("idempotency-key", "once-once-once")];
    let more = json!({ "text": "More", "files": [file("a.txt", b"a")] });
    for _ in 0..2 {
        assert_eq!(ana.send("POST", &path, Some(&more), &key).await.status, 201);
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM ticket_files").await, 4);
}

#[actix_web::test]
async fn files_above_the_limits_are_refused_in_words() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let large = vec![b'x'; FILE_BYTES + 1];
    let six: Vec<Value> = (0..6).map(|n| file(&format!("{n}.txt"), b"x")).collect();
    for (files, words) in [
        (six, "Choose at most 5 files"),
        (vec![file("large.txt", &large)], "large.txt"),
        (vec![file("empty.txt", b"")], "empty.txt"),
        (vec![json!({ "name": "x", "content": "no base64!" })], "base64"),
    ] {
        let r = ana.post("/api/v1/tickets", &ticket(&files)).await;
        assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &json!("files")), "{}", r.body);
        assert!(r.body["errors"][0]["message"].as_str().unwrap().contains(words), "{}", r.body);
    }
    let odd = json!({ "name": "x", "content": "eA==", "path": "/etc" });
    assert_eq!(ana.post("/api/v1/tickets", &ticket(&[odd])).await.status, 422, "unknown fields");
    let huge: Vec<Value> = (0..8).map(|n| file(&format!("{n}.txt"), &large)).collect();
    assert_eq!(ana.post("/api/v1/tickets", &ticket(&huge)).await.status, 413);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM tickets").await, 0);
    // The largest there is.
    let whole: Vec<Value> = (0..5).map(|n| file(&format!("{n}.txt"), &large[1..])).collect();
    let r = ana.post("/api/v1/tickets", &ticket(&whole)).await;
    assert_eq!(r.status, 201, "{}", r.body);
    assert_eq!(
        app.db.number("SELECT CAST(SUM(size) AS SIGNED) FROM ticket_files").await,
        5 * i64::try_from(FILE_BYTES).unwrap()
    );
    // Other operations stay small.
    let long = json!({ "name": "x".repeat(70_000), "scopes": "account:read" });
    assert_eq!(ana.post("/api/v1/tokens", &long).await.status, 413);
}

#[actix_web::test]
async fn lists_leave_as_the_pages_give_them_to_those_who_may() {
    let app = App::new().await;
    app.customer("ana@example.com", "=HYPERLINK(1)").await;
    app.customer("eva@example.com", "Eva").await;
    for (email, role) in
        [("sam@example.com", Role::Support), ("grace@example.com", Role::Admin), ("root@example.com", Role::SuperAdmin)]
    {
        app.staff(email, role).await;
    }
    let (sam, _) = log_in(&app, "sam@example.com", "staff").await;
    let (grace, _) = log_in(&app, "grace@example.com", "staff").await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    for (by, status) in [(&sam, 403), (&ana, 403)] {
        for path in ["/api/v1/customers/export", "/api/v1/audit/export"] {
            assert_eq!(by.post(path, &json!({ "format": "csv" })).await.status, status, "{path}");
        }
    }
    assert_eq!(grace.post("/api/v1/audit/export", &json!({ "format": "csv" })).await.status, 403, "super admins only");
    for bad in [json!({ "format": "xlsx" }), json!({ "format": "csv", "state": "none" }), json!({})] {
        assert_eq!(grace.post("/api/v1/customers/export", &bad).await.status, 422, "{bad}");
    }
    let client = Client::new(app.base.as_str()).unwrap();
    let (grace, _) = client.logged_in(AccountKind::Staff, "grace@example.com", &PASSWORD.into(), None).await.unwrap();
    let wish = |format, q: &str| CustomerExport { format, q: Some(q.to_owned()), state: None };
    let csv = grace.export_customers(&wish(FileFormat::Csv, "")).await.unwrap();
    assert_eq!(csv.media(), "text/csv; charset=utf-8");
    let csv = String::from_utf8(csv.bytes().await.unwrap()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[0].starts_with("number,email,") && lines[2].contains("\"'=HYPERLINK(1)\""), "{csv}");
    let jsonl = grace.export_customers(&wish(FileFormat::Jsonl, "eva@")).await.unwrap().bytes().await.unwrap();
    let one: Value = serde_json::from_slice(&jsonl).unwrap();
    assert_eq!((&one["email"], &one["store"]), (&json!("eva@example.com"), &json!("Eva")));
    assert!(matches!(
        grace.export_audit(&shopfleet_client::types::AuditExport {
            format: FileFormat::Jsonl, actor: None, action: None, target_kind: None, target_id: None, from: None, until: None,
        }).await,
        Err(Error::Refused(r)) if r.status == 403
    ));
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.export' AND outcome = 'done'").await,
        2
    );
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE details LIKE '%\"format\":\"jsonl\"%'").await, 1);
}

#[actix_web::test]
async fn the_command_line_sends_and_saves_files() {
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    app.customer("ana@example.com", "Ana").await;
    app.staff("root@example.com", Role::SuperAdmin).await;
    let folder = std::env::temp_dir().join(format!("shopfleet-files-{:016x}", rand::random::<u64>()));
    std::fs::create_dir(&folder).unwrap();
    let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(place("shot.txt"), "what I saw").unwrap();
    let shell = Shell::new();
    shell.log_in(&app, "ana@example.com", "owner", "ana").await;
    let open = [
        "tickets",
        "open",
        "The cart",
        "It does not load",
        "--category",
        "store",
        "--file",
        &place("shot.txt"),
        "--json",
    ];
    let id = shell.run(&open, "").await.json()["id"].as_str().unwrap().to_owned();
    assert!(shell.run(&["tickets", "list"], "").await.out.contains("The cart"));
    let shown = shell.run(&["tickets", "show", &id, "--json"], "").await.json();
    let kept = shown["messages"][0]["files"][0]["id"].as_str().unwrap().to_owned();
    assert!(shell.run(&["tickets", "show", &id], "").await.out.contains("shot.txt"));
    assert_eq!(shell.run(&["tickets", "file", &id, &kept], "").await.out, "what I saw");
    let save = ["tickets", "file", &id, &kept, "--to", &place("got.txt")];
    assert_eq!(shell.run(&save, "").await.code, 0);
    assert_eq!(std::fs::read_to_string(place("got.txt")).unwrap(), "what I saw");
    assert_eq!(shell.run(&save, "").await.code, 1, "nothing is overwritten");
    assert_eq!(shell.run(&["tickets", "write", &id, "More", "--file", &place("none.txt")], "").await.code, 1);
    assert_eq!(shell.run(&["tickets", "write", &id, "More"], "").await.code, 0);
    assert_eq!(shell.run(&["tickets", "solve", &id], "").await.code, 0);
    shell.log_in(&app, "root@example.com", "staff", "root").await;
    let save = ["customers", "export", "--format", "jsonl", "--to", &place("customers.jsonl")];
    assert_eq!(shell.run(&save, "").await.code, 0);
    assert!(std::fs::read_to_string(place("customers.jsonl")).unwrap().contains("ana@example.com"));
    let audit = shell.run(&["audit", "export", "--action", "ticket.open"], "").await;
    assert!(audit.code == 0 && audit.out.starts_with("number,time,who"), "{audit:?}");
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}
