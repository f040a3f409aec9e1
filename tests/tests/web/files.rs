//! File access from its owner's side: pages, forms and the API. That sshd holds to it is tests/file_access.rs.

use crate::api::{SSH_KEY, log_in};
use crate::support::{App, PASSWORD};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

const HERE: &str = "/dashboard/files";
const FINGERPRINT: &str = "SHA256:T7SvZ2cslqpPj6nKzitCBHHlpVF3r3MvLwmFL0fk0IE";

async fn end_jobs(app: &App) {
    for (from, to) in [("queued", "started"), ("started", "finished")] {
        let change = format!("UPDATE jobs SET state = '{to}' WHERE kind LIKE '%file_access' AND state = '{from}'");
        app.db.sql(&change).await;
    }
}

#[actix_web::test]
async fn keys_and_passwords_are_made_shown_once_and_removed() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana").await;
    assert!(b.get(HERE).await.body.contains("opens while your store is live"));
    app.make_live(&job).await;
    let page = b.get(HERE).await;
    assert!(page.body.contains("Add your public key, or make a password"), "{}", page.body);
    assert!(b.get("/dashboard/access").await.body.contains("href=\"/dashboard/files\""), "people are led here");

    // What is no key is said beside its field and kept, but for a private one, which is not sent back.
    let add = format!("{HERE}/keys");
    for (key, words) in [
        ("", "Paste one public key"),
        ("ssh-ed25519 AAAA <script>", "damaged"),
        ("command=\"/bin/sh\" ssh-ed25519 AAAA", "begins with its type"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----secret-part", "This is a private key"),
    ] {
        let r = b.submit_at(HERE, &add, &[("key", key), ("name", "<b>Laptop</b>")]).await;
        assert_eq!(r.status, 422, "{key}");
        assert!(r.body.contains(words) && r.body.contains("&lt;b&gt;Laptop") && !r.body.contains("<script>"), "{key}");
        assert!(!r.body.contains("secret-part"), "{key}");
    }
    let r = b.submit_at(HERE, &add, &[("key", SSH_KEY), ("name", "<b>Laptop</b>")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, HERE), "{}", r.body);
    let page = b.get(HERE).await;
    assert!(page.body.contains(FINGERPRINT) && page.body.contains("&lt;b&gt;Laptop"), "{}", page.body);
    let r = b.submit_at(HERE, &add, &[("key", SSH_KEY), ("name", "")]).await;
    assert!(r.status == 422 && r.body.contains("on the list already"), "{}", r.body);

    // A password is in one answer; the same form again makes no second one.
    let form = b.get(HERE).await;
    let (csrf, key) = (form.hidden("csrf_token"), form.hidden_of("/dashboard/files/password", "form_key"));
    let fields = [("csrf_token", csrf.as_str()), ("form_key", key.as_str())];
    let made = b.post("/dashboard/files/password", &fields).await;
    assert_eq!((made.status, made.header("cache-control")), (200, "no-store"));
    let password = made.body.split("id=\"sftp-password\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(password.len(), 24);
    assert_eq!(b.post("/dashboard/files/password", &fields).await.status, 303);
    let page = b.get(HERE).await.body;
    assert!(page.contains("There is a password") && !page.contains(&password), "{page}");
    let rows = "SELECT COUNT(*) FROM store_secrets WHERE name = 'file_access_password_hash'";
    assert_eq!(app.db.number(rows).await, 1);
    for (table, column) in [("jobs", "args"), ("audit_events", "details")] {
        let n = app.db.number(&format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{password}%'")).await;
        assert_eq!(n, 0, "{table}");
    }

    // Opening asks for a fresh proof of the password; twice sent is once ordered.
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    for action in [HERE, "/dashboard/files/keys", "/dashboard/files/password"] {
        let r = b.submit_at(HERE, action, &[("key", SSH_KEY)]).await;
        assert_eq!(r.location, "/reauthenticate?next=%2Fdashboard%2Ffiles", "{action}");
    }
    let r = b.submit("/reauthenticate", &[("password", PASSWORD), ("next", HERE)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, HERE));
    let form = b.get(HERE).await;
    let (csrf, key) = (form.hidden("csrf_token"), form.hidden_of(HERE, "form_key"));
    let fields = [("csrf_token", csrf.as_str()), ("form_key", key.as_str())];
    for _ in 0..2 {
        assert_eq!(b.post(HERE, &fields).await.status, 303);
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'start_file_access'").await, 1);
    assert!(b.get(HERE).await.body.contains("File access is opening"));
    assert!(b.json("/dashboard/files/state").await.body.contains("starting"));
    // While it opens nothing else changes.
    assert_eq!(b.submit_at(HERE, "/dashboard/files/password/remove", &[]).await.status, 409);
    end_jobs(&app).await;
    app.db.sql("UPDATE file_access SET state = 'running', host_key = SUBSTRING_INDEX((SELECT public_key FROM file_access_keys), ' ', 2)").await;
    let page = b.get(HERE).await.body;
    assert!(
        page.contains("File access is open") && page.contains(FINGERPRINT) && page.contains("30 minutes"),
        "{page}"
    );
    // A change while it is open opens it anew; the last way in closes it.
    assert_eq!(b.submit_at(HERE, "/dashboard/files/password/remove", &[]).await.status, 303);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'start_file_access'").await, 2);
    end_jobs(&app).await;
    let id = app.db.number("SELECT CAST(id AS SIGNED) FROM file_access_keys").await;
    assert_eq!(b.submit_at(HERE, &format!("/dashboard/files/keys/{id}/remove"), &[]).await.status, 303);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'stop_file_access'").await, 1);
    assert!(b.get(HERE).await.body.contains("File access is closing"));
    for action in ["start_file_access", "add_file_access_key", "make_file_access_password", "remove_file_access_key"] {
        let n = app.db.number(&format!("SELECT COUNT(*) FROM audit_events WHERE action = 'store.{action}'")).await;
        assert_eq!(n, 1, "{action}");
    }
}

#[actix_web::test]
async fn programs_do_the_same_and_strangers_nothing() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let (eva_browser, eva_job) = app.customer("eva@example.com", "Eva").await;
    app.make_live(&eva_job).await;
    let (ana, _) = log_in(&app, "ana@example.com", "customer").await;
    let (eva, _) = log_in(&app, "eva@example.com", "customer").await;
    let store = ana.get("/api/v1/stores").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let at = |rest: &str| format!("/api/v1/stores/{store}/file-access{rest}");
    let proof = json!({ "password": PASSWORD });
    let shown = ana.get(&at("")).await;
    assert_eq!((shown.status, &shown.body["state"], &shown.body["keys"]), (200, &json!("closed"), &json!([])));
    let none = ana.post(&at("/start"), &proof).await;
    assert_eq!((none.status, &none.body["code"]), (409, &json!("conflict")), "no way in");
    for (rest, body, field) in [
        ("/start", json!({ "password": "not this one" }), "password"),
        ("/password", json!({ "password": "not this one" }), "password"),
        ("/keys", json!({ "password": "not this one", "key": SSH_KEY }), "password"),
        ("/keys", json!({ "password": PASSWORD, "key": "ssh-dss AAAA" }), "key"),
        ("/keys", json!({ "password": PASSWORD, "key": SSH_KEY, "name": "two\nlines" }), "name"),
    ] {
        let r = ana.post(&at(rest), &body).await;
        assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &json!(field)), "{rest}: {}", r.body);
    }
    let wish = json!({ "password": PASSWORD, "key": SSH_KEY });
    let added = ana.send("POST", &at("/keys"), Some(&wish), &[("idempotency-key", "add-0001")]).await;
    assert_eq!((added.status, &added.body["fingerprint"]), (201, &json!(FINGERPRINT)));
    let again = ana.send("POST", &at("/keys"), Some(&wish), &[("idempotency-key", "add-0001")]).await;
    assert_eq!((again.status, again.body), (201, added.body), "once per key");
    let made = ana.post(&at("/password"), &proof).await;
    assert_eq!((made.status, made.body["password"].as_str().unwrap().len()), (201, 24));
    let started = ana.post(&at("/start"), &proof).await;
    assert!(started.status == 202 && started.body["job"].is_string(), "{}", started.body);
    end_jobs(&app).await;
    let shown = ana.get(&at("")).await.body;
    assert_eq!((&shown["state"], &shown["has_password"]), (&json!("starting"), &json!(true)));
    assert!(shown.get("port").is_none() && !shown.to_string().contains("$6$"), "{shown}");
    let key = shown["keys"][0]["id"].to_string();

    // Another customer, by every door there is.
    let before = app.census().await;
    for (method, rest, body) in [
        ("GET", String::new(), None),
        ("POST", "/start".into(), Some(&proof)),
        ("POST", "/password".into(), Some(&proof)),
        ("POST", "/keys".into(), Some(&wish)),
        ("DELETE", format!("/keys/{key}"), None),
        ("DELETE", "/password".into(), None),
    ] {
        assert_eq!(eva.send(method, &at(&rest), body, &[]).await.status, 404, "{method} {rest}");
    }
    let theirs = eva.get("/api/v1/stores").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let foreign = format!("/api/v1/stores/{theirs}/file-access/keys/{key}");
    assert_eq!(eva.send("DELETE", &foreign, None, &[]).await.status, 404, "own store, another's key");
    let action = format!("/dashboard/files/keys/{key}/remove");
    assert_eq!(eva_browser.submit_at(HERE, &action, &[("form_key", &"k".repeat(40))]).await.status, 404);
    assert!(!eva_browser.get(HERE).await.body.contains(FINGERPRINT));
    assert_eq!(app.census().await, before);

    let stopped = ana.post(&at("/stop"), &json!({})).await;
    assert!(stopped.status == 202 && stopped.body["job"].is_string(), "{}", stopped.body);
    end_jobs(&app).await;
    app.db.sql("DELETE FROM file_access").await;
    assert_eq!(ana.send("DELETE", &at("/password"), None, &[]).await.status, 204);
    assert_eq!(ana.send("DELETE", &at(&format!("/keys/{key}")), None, &[]).await.status, 204);
    assert_eq!(ana.send("DELETE", &at("/keys/no"), None, &[]).await.status, 404);
    let shown = ana.get(&at("")).await.body;
    assert_eq!((&shown["has_password"], &shown["keys"]), (&json!(false), &json!([])));
    // Ten keys at most.
    for n in 0..11u8 {
        let blob: Vec<u8> = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[n; 32]].concat();
        let line = format!("ssh-ed25519 {}", STANDARD.encode(&blob));
        let r = ana.post(&at("/keys"), &json!({ "password": PASSWORD, "key": line })).await;
        assert_eq!(r.status, if n < 10 { 201 } else { 422 }, "{n}: {}", r.body);
    }
}
