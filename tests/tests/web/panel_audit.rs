//! `/admin/audit`: filters, pages, verify, export.

use crate::support::{App, Browser};
use hosting::db::Queries;
use hosting::db::audit::NewEvent;
use hosting::domain::{Actor, Role};
use serde_json::{Value, json};

async fn record(app: &App, who: &str, action: &str, target: (&str, &str), details: Value) {
    let actor =
        Actor { role: Role::Admin, id: Some(7), name: who.into(), address: "192.0.2.7".into(), request_id: "r".into() };
    let mut tx = app.services.db.begin().await.unwrap();
    let event = NewEvent { action, target_kind: target.0, target_id: target.1, outcome: "done", details };
    tx.audit().append(&app.services.keys, &actor, &event).await.unwrap();
    tx.commit().await.unwrap();
}

/// Numbers of the events on a page, in order.
async fn numbers(b: &Browser, path: &str) -> Vec<u64> {
    let page = b.get(path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let mark = "<th scope=\"row\" class=\"num\">";
    page.body.split(mark).skip(1).map(|r| r.split('<').next().unwrap().parse().unwrap()).collect()
}

#[actix_web::test]
async fn events_are_found_by_who_what_object_and_day() {
    let app = App::new().await;
    let support = app.staff("sam@example.com", Role::Support).await;
    let first = app.db.number("SELECT CAST(MAX(number) AS SIGNED) FROM audit_events").await as u64;
    for n in 0..3 {
        record(&app, "ada@example.com", "store.rename", ("store", "01AAA"), json!({ "before": "A<b>", "after": n }))
            .await;
        record(&app, "bob@example.com", "setting.set", ("setting", "smtp_port"), json!({})).await;
    }
    let ada: Vec<u64> = [5, 3, 1].map(|n| first + n).to_vec();
    assert_eq!(numbers(&support, "/admin/audit?who=ada%40example.com").await, ada);
    assert_eq!(numbers(&support, "/admin/audit?action=store.rename").await, ada);
    assert_eq!(numbers(&support, "/admin/audit?object=01AAA").await, ada);
    assert_eq!(numbers(&support, "/admin/audit?object=store+01AAA").await, ada);
    assert_eq!(numbers(&support, "/admin/audit?object=setting+01AAA").await, Vec::<u64>::new());
    assert_eq!(numbers(&support, "/admin/audit?who=ada%40example.com&action=setting.set").await, Vec::<u64>::new());
    assert_eq!(numbers(&support, "/admin/audit?action=%C3%A4").await, Vec::<u64>::new());
    // A day ends where the next begins; the chain's own times are used, so move three events to another day.
    app.db
        .tamper(&format!("UPDATE audit_events SET at = '2020-02-03 23:59:59.999999' WHERE number <= {}", first + 2))
        .await;
    assert_eq!(numbers(&support, "/admin/audit?who=ada%40example.com&from=2020-02-04").await, ada[..2]);
    assert_eq!(numbers(&support, "/admin/audit?who=ada%40example.com&until=2020-02-03").await, ada[2..]);
    assert_eq!(
        numbers(&support, "/admin/audit?who=ada%40example.com&from=2020-02-03&until=2020-02-03").await,
        ada[2..]
    );
    assert_eq!(numbers(&support, "/admin/audit?from=2990-01-01").await, Vec::<u64>::new());
    let page = support.get("/admin/audit?from=3.2.2020").await;
    assert!(page.body.contains("Enter days like 2026-11-21."));
    let page = support.get("/admin/audit?object=01AAA").await;
    assert!(page.body.contains("A&lt;b&gt; → 2") && !page.body.contains("A<b>"), "{}", page.body);
    assert!(page.body.contains("192.0.2.7") && !page.body.contains("Export CSV") && !page.body.contains("Verify the"));
}

#[actix_web::test]
async fn pages_of_events_neither_lose_nor_repeat_one() {
    let app = App::new().await;
    let admin = app.staff("ada@example.com", Role::Admin).await;
    for n in 0..120 {
        record(&app, "eve@example.com", "store.rename", ("store", "01AAA"), json!({ "n": n })).await;
    }
    let (mut path, mut seen, mut pages) = ("/admin/audit?who=eve%40example.com".to_owned(), Vec::new(), Vec::new());
    loop {
        let here = numbers(&admin, &path).await;
        seen.extend(here.clone());
        pages.push((path.clone(), here));
        let body = admin.get(&path).await.body;
        let Some(link) = body.split("rel=\"next\"").next().filter(|b| b.len() < body.len()) else { break };
        path = link
            .rsplit("href=\"")
            .next()
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .replace("&amp;", "&")
            .replace("&#x2F;", "/");
    }
    assert_eq!(pages.iter().map(|(_, p)| p.len()).collect::<Vec<_>>(), [50, 50, 20]);
    let top = *seen.first().unwrap();
    assert_eq!(seen, (top - 119..=top).rev().collect::<Vec<_>>());
    // And back again.
    let third = pages[2].1[0];
    assert_eq!(numbers(&admin, &format!("/admin/audit?who=eve%40example.com&before={third}")).await, pages[1].1);
}

#[actix_web::test]
async fn verifying_says_what_it_found_and_is_recorded() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    record(&app, "ada@example.com", "store.rename", ("store", "01AAA"), json!({})).await;
    let r = grace.submit_at("/admin/audit", "/admin/audit/verify", &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/audit"), "{}", r.body);
    let events = app.db.number("SELECT COUNT(*) FROM audit_events").await - 1;
    let page = grace.get("/admin/audit").await;
    assert!(
        page.body.contains(&format!("The chain is whole: {events} events, checked by grace@example.com.")),
        "{}",
        page.body
    );
    app.db.tamper("UPDATE audit_events SET target_id = '01BBB' WHERE action = 'store.rename'").await;
    let number = app.db.number("SELECT CAST(number AS SIGNED) FROM audit_events WHERE action = 'store.rename'").await;
    assert_eq!(grace.submit_at("/admin/audit", "/admin/audit/verify", &[]).await.status, 303);
    let page = grace.get("/admin/audit").await;
    assert!(page.body.contains(&format!("The chain does not hold at event {number}:")), "{}", page.body);
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'audit.verify' AND outcome = 'failed'").await,
        1
    );
}

#[actix_web::test]
async fn an_export_holds_exactly_the_filtered_events_and_is_recorded_before_it_starts() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    for n in 0..1050 {
        record(&app, "=cmd()", "store.rename", ("store", "01AAA"), json!({ "n": n, "text": "a,\"b\"" })).await;
    }
    record(&app, "bob@example.com", "setting.set", ("setting", "x"), json!({})).await;
    let fields = [("who", "=cmd()"), ("action", ""), ("object", ""), ("from", ""), ("until", "")];
    let with = |format: &'static str| [&fields[..], &[("format", format)]].concat();
    let r = grace.submit_at("/admin/audit", "/admin/audit/export", &with("jsonl")).await;
    assert_eq!((r.status, r.header("content-type")), (200, "application/x-ndjson"));
    assert_eq!(r.header("content-disposition"), "attachment; filename=\"audit.jsonl\"");
    let lines: Vec<Value> = r.body.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 1050);
    assert!(lines.iter().enumerate().all(|(i, l)| l["details"]["n"] == 1049 - i && l["who"] == "=cmd()"));
    let r = grace.submit_at("/admin/audit", "/admin/audit/export", &with("csv")).await;
    assert_eq!(r.status, 200);
    let lines: Vec<&str> = r.body.lines().collect();
    assert_eq!(lines.len(), 1051);
    assert_eq!(lines[0], "number,time,who,role,action,kind,id,address,result,details");
    assert!(lines[1].contains(",\"'=cmd()\",admin,store.rename,store,01AAA,192.0.2.7,done,"), "{}", lines[1]);
    let recorded = app
        .db
        .text("SELECT CAST(details AS CHAR) FROM audit_events WHERE action = 'audit.export' ORDER BY number LIMIT 1")
        .await;
    let recorded: Value = serde_json::from_str(&recorded).unwrap();
    assert_eq!((&recorded["format"], &recorded["actor"]), (&json!("jsonl"), &json!("=cmd()")));
    // Without the record there is no export.
    app.db.sql("RENAME TABLE audit_head TO audit_head_away").await;
    let form = grace.get("/admin/audit").await;
    let token = form.hidden("csrf_token");
    let r = grace.post("/admin/audit/export", &[("csrf_token", token.as_str()), ("format", "csv")]).await;
    assert!(r.status >= 500 && !r.body.contains("store.rename"), "{}", r.status);
    app.db.sql("RENAME TABLE audit_head_away TO audit_head").await;
}
