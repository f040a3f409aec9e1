//! The operations of the API that change stores, people, ports, mails and settings: what they do, for whom, and what
//! they refuse.

use crate::api::{Program, log_in};
use crate::support::{App, PASSWORD};
use hosting::domain::Role;
use serde_json::{Value, json};

struct Scene {
    app: App,
    store: String,
    ana: Program,
    grace: Program,
    root: Program,
}

async fn scene() -> Scene {
    let app = App::new().await;
    hosting::services::seed_defaults::seed_defaults(&app.db.db).await.unwrap();
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    app.staff("grace@example.com", Role::Admin).await;
    app.staff("root@example.com", Role::SuperAdmin).await;
    let ana = log_in(&app, "ana@example.com", "customer").await.0;
    let grace = log_in(&app, "grace@example.com", "staff").await.0;
    let root = log_in(&app, "root@example.com", "staff").await.0;
    let store = ana.get("/api/v1/stores").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    Scene { app, store, ana, grace, root }
}

impl Scene {
    fn of_store(&self, rest: &str) -> String {
        format!("/api/v1/stores/{}/{rest}", self.store)
    }
    /// Ends the job that an answer names, as a worker would, so that the next change finds the store free.
    async fn end(&self, job: &Value) -> String {
        let job = job["job"].as_str().unwrap();
        self.app.db.sql(&format!("UPDATE jobs SET state = 'started' WHERE uid = '{job}'")).await;
        self.app.db.sql(&format!("UPDATE jobs SET state = 'finished' WHERE uid = '{job}'")).await;
        self.app.db.text(&format!("SELECT kind FROM jobs WHERE uid = '{job}'")).await
    }
    async fn count(&self, action: &str) -> i64 {
        self.app.db.number(&format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}'")).await
    }
}

#[actix_web::test]
async fn every_change_of_a_store_orders_its_job() {
    let s = scene().await;
    for (by, method, rest, body, kind, action) in [
        (&s.ana, "POST", "restart", json!({}), "restart_store", "store.restart"),
        (&s.grace, "POST", "restart", json!({}), "restart_store", "store.restart"),
        (&s.ana, "PUT", "maintenance", json!({ "on": true }), "start_maintenance", "store.start_maintenance"),
        (&s.ana, "POST", "admin-password", json!({}), "reset_admin_password", "store.reset_admin_password"),
        (&s.ana, "PUT", "name", json!({ "name": "Bikes" }), "rename_store", "store.rename"),
        (&s.ana, "PUT", "address", json!({ "address": "bikes" }), "change_address", "store.change_address"),
        (
            &s.grace,
            "PUT",
            "plan",
            json!({ "plan": "business", "reason": "Asked for" }),
            "change_plan",
            "store.change_plan",
        ),
        (&s.grace, "POST", "suspend", json!({ "cause": "bill", "reason": "Bill 7" }), "suspend_store", "store.suspend"),
    ] {
        let r = by.send(method, &s.of_store(rest), Some(&body), &[]).await;
        assert_eq!(r.status, 202, "{rest}: {}", r.body);
        // One change at a time.
        let second = by.send(method, &s.of_store(rest), Some(&body), &[]).await;
        assert_eq!((second.status, &second.body["code"]), (409, &json!("conflict")), "{rest}: {}", second.body);
        assert_eq!(s.end(&r.body).await, kind);
        assert!(s.count(action).await >= 1, "{action}");
    }
    s.app.db.sql("UPDATE stores SET state = 'suspended'").await;
    let shown = s.ana.get(&format!("/api/v1/stores/{}", s.store)).await;
    assert_eq!((&shown.body["suspend_cause"], &shown.body["suspend_reason"]), (&json!("bill"), &json!("Bill 7")));
    assert_eq!(s.ana.post(&s.of_store("restart"), &json!({})).await.status, 409, "it is suspended");
    let r = s.grace.post(&s.of_store("resume"), &json!({ "reason": "Paid" })).await;
    assert_eq!((r.status, s.end(&r.body).await.as_str()), (202, "resume_store"));
}

#[actix_web::test]
async fn changes_are_refused_field_by_field_and_to_those_who_may_not() {
    let s = scene().await;
    let before = s.app.census().await;
    for (by, method, rest, body, status, field) in [
        (&s.ana, "PUT", "name", json!({ "name": "" }), 422, "name"),
        (&s.ana, "PUT", "name", json!({ "name": "Ana" }), 422, "name"),
        (&s.ana, "PUT", "address", json!({ "address": "a--b" }), 422, "address"),
        (&s.grace, "PUT", "plan", json!({ "plan": "none", "reason": "x" }), 422, "plan"),
        (&s.grace, "PUT", "plan", json!({ "plan": "business", "reason": " " }), 422, "reason"),
        (&s.grace, "POST", "suspend", json!({ "reason": "two\nlines" }), 422, "reason"),
        (&s.grace, "POST", "suspend", json!({ "reason": "x".repeat(401) }), 422, "reason"),
        (&s.grace, "POST", "suspend", json!({ "cause": "spite", "reason": "x" }), 422, ""),
        (&s.ana, "PUT", "maintenance", json!({ "on": false }), 409, ""),
        (&s.ana, "POST", "suspend", json!({ "reason": "x" }), 403, ""),
        (&s.ana, "PUT", "plan", json!({ "plan": "business", "reason": "x" }), 403, ""),
        (&s.grace, "POST", "admin-password", json!({}), 403, ""),
        (&s.grace, "POST", "resume", json!({ "reason": "x" }), 409, ""),
        (&s.ana, "POST", "database-page/start", json!({ "password": "not this one" }), 422, "password"),
    ] {
        let r = by.send(method, &s.of_store(rest), Some(&body), &[]).await;
        assert_eq!(r.status, status, "{rest} {body}: {}", r.body);
        if !field.is_empty() {
            assert_eq!(r.body["errors"][0]["field"], field, "{rest} {body}");
        }
    }
    assert_eq!(s.app.census().await, before);
}

#[actix_web::test]
async fn the_database_page_starts_and_stops() {
    let s = scene().await;
    let state = async || s.ana.get(&s.of_store("database-page")).await.body;
    assert_eq!(state().await["state"], "closed");
    let started = s.ana.post(&s.of_store("database-page/start"), &json!({ "password": PASSWORD })).await;
    assert_eq!(started.status, 202, "{}", started.body);
    assert_eq!(s.end(&started.body).await, "start_db_admin");
    assert_eq!(state().await["state"], "starting");
    s.app.db.sql("UPDATE db_admin_pages SET state = 'running'").await;
    let open = state().await;
    assert!(open["state"] == "open" && open["url"].as_str().unwrap().contains("--db."), "{open}");
    // Open already: nothing to do.
    let again = s.ana.post(&s.of_store("database-page/start"), &json!({ "password": PASSWORD })).await;
    assert!(again.status == 202 && again.body.get("job").is_none(), "{}", again.body);
    let stopped = s.ana.post(&s.of_store("database-page/stop"), &json!({})).await;
    assert_eq!((stopped.status, s.end(&stopped.body).await.as_str()), (202, "stop_db_admin"));
    assert_eq!(state().await["state"], "closing");
}

#[actix_web::test]
async fn staff_are_made_changed_reset_and_deleted_with_a_recent_log_in() {
    let s = scene().await;
    let wish = json!({ "email": "sam@example.com", "name": "Sam", "role": "support" });
    let key = [("idempotency-key", "staff-0001")];
    let made = s.root.send("POST", "/api/v1/staff", Some(&wish), &key).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["temporary_password"].as_str().unwrap().len(), 16);
    // The same request again is the same answer, not a second account.
    let again = s.root.send("POST", "/api/v1/staff", Some(&wish), &key).await;
    assert_eq!((again.status, &again.body), (201, &made.body));
    assert_eq!(s.root.post("/api/v1/staff", &wish).await.status, 409);
    let id = made.body["id"].as_u64().unwrap();
    let at = format!("/api/v1/staff/{id}");
    let sam = s.root.get(&at).await;
    assert_eq!((&sam.body["role"], &sam.body["temporary_password"]), (&json!("support"), &json!(true)));
    let changed =
        s.root.send("PUT", &at, Some(&json!({ "name": "Samuel", "role": "admin", "active": false })), &[]).await;
    assert_eq!(
        (changed.status, &changed.body["name"], &changed.body["active"]),
        (200, &json!("Samuel"), &json!(false))
    );
    let reset = s.root.post(&format!("{at}/reset"), &json!({})).await;
    assert_eq!(reset.status, 200, "{}", reset.body);
    assert_ne!(reset.body["temporary_password"], made.body["temporary_password"]);
    // What was shown once is nowhere readable.
    let secret = reset.body["temporary_password"].as_str().unwrap();
    assert!(!s.root.get("/api/v1/audit").await.body.to_string().contains(secret));
    // The last super admin stays one, and does not reset themselves.
    let root = s.app.db.number("SELECT CAST(id AS SIGNED) FROM admins WHERE email = 'root@example.com'").await;
    let own = format!("/api/v1/staff/{root}");
    for (method, path, body) in [
        ("DELETE", own.clone(), None),
        ("PUT", own.clone(), Some(json!({ "name": "R", "role": "admin", "active": true }))),
        ("PUT", own.clone(), Some(json!({ "name": "R", "role": "super_admin", "active": false }))),
        ("POST", format!("{own}/reset"), Some(json!({}))),
    ] {
        let r = s.root.send(method, &path, body.as_ref(), &[]).await;
        assert_eq!(r.status, 409, "{method} {path}: {}", r.body);
    }
    assert_eq!(s.root.send("DELETE", &at, None, &[]).await.status, 204);
    assert_eq!(s.root.send("DELETE", &at, None, &[]).await.status, 404);
    // No token, and no old log-in, changes staff; both may look.
    let token = s.root.post("/api/v1/tokens", &json!({ "name": "look", "scopes": "staff:read" })).await;
    let reader = Program::new(&s.app, token.body["secret"].as_str());
    assert_eq!(reader.get("/api/v1/staff").await.status, 200);
    assert_eq!(reader.post("/api/v1/staff", &wish).await.status, 403);
    s.app.db.sql("UPDATE api_credentials SET created_at = NOW(6) - INTERVAL 11 MINUTE").await;
    let late = s.root.post("/api/v1/staff", &wish).await;
    assert_eq!((late.status, &late.body["code"]), (403, &json!("password_needed")));
    assert_eq!(s.count("admin.create").await, 1);
    // Nobody but super admins.
    assert_eq!(s.grace.get("/api/v1/staff").await.status, 403);
}

#[actix_web::test]
async fn customers_are_made_moved_closed_and_invited() {
    let s = scene().await;
    let made = s.grace.post("/api/v1/customers", &json!({ "email": "eva@example.com" })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_u64().unwrap();
    let at = format!("/api/v1/customers/{id}");
    let twice = s.grace.post("/api/v1/customers", &json!({ "email": "EVA@example.com" })).await;
    assert_eq!((twice.status, &twice.body["errors"][0]["field"]), (422, &json!("email")));
    let put = async |before: &str| {
        let body = json!({ "before": before, "email": "eve@example.com", "reason": "Asked for by phone" });
        s.grace.send("PUT", &format!("{at}/email"), Some(&body), &[]).await.status
    };
    assert_eq!(put("old@example.com").await, 409);
    assert_eq!(put("eva@example.com").await, 204);
    assert_eq!(s.grace.get(&at).await.body["email"], "eve@example.com");
    let close = async |email: &str, password: &str| {
        let body = json!({ "email": email, "reason": "Left", "password": password });
        s.grace.post(&format!("{at}/close"), &body).await
    };
    let wrong = close("eva@example.com", "not this one").await;
    let fields: Vec<_> =
        wrong.body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!((wrong.status, fields), (422, vec!["email", "password"]));
    assert_eq!(close("eve@example.com", PASSWORD).await.status, 204);
    assert_eq!(close("eve@example.com", PASSWORD).await.status, 409);
    assert_eq!(s.grace.post(&format!("{at}/reopen"), &json!({})).await.status, 204);
    assert_eq!(s.grace.post(&format!("{at}/reopen"), &json!({})).await.status, 409);
    let sent = s.grace.post("/api/v1/customers/invite", &json!({ "customers": [id, id, 999_999] })).await;
    assert_eq!((sent.status, &sent.body["sent"]), (202, &json!(1)));
    for bad in [json!([]), json!((0..1001).collect::<Vec<_>>()), json!([u64::MAX])] {
        let r = s.grace.post("/api/v1/customers/invite", &json!({ "customers": bad })).await;
        assert_eq!(r.status, 422);
    }
    assert_eq!(s.ana.post("/api/v1/customers", &json!({ "email": "x@example.com" })).await.status, 403);
}

#[actix_web::test]
async fn ports_mails_and_settings_are_worked_on() {
    let s = scene().await;
    let ports = s.grace.get("/api/v1/ports").await;
    let before = ports.body["items"].as_array().unwrap().len();
    assert!(before > 0 && ports.body["items"][0]["server"] == "local-1", "{}", ports.body["items"][0]);
    let widen = async |first: u32, last: u32, pool: &str| {
        let body = json!({ "server": "local-1", "pool": pool, "first": first, "last": last });
        s.grace.post("/api/v1/ports", &body).await
    };
    assert_eq!(widen(60_000, 60_009, "store_web").await.status, 204);
    assert_eq!(widen(60_000, 60_009, "store_web").await.status, 422, "they are in a pool");
    assert_eq!(widen(60_100, 60_009, "store_web").await.body["errors"][0]["field"], "last");
    assert_eq!(widen(60_100, 60_109, "no_pool").await.body["errors"][0]["field"], "pool");
    assert_eq!(s.grace.get("/api/v1/ports?server=local-1").await.body["items"].as_array().unwrap().len(), before + 10);
    assert_eq!(s.grace.get("/api/v1/ports?server=none").await.status, 404);
    assert_eq!(s.grace.post("/api/v1/ports/local-1/60000/free", &json!({})).await.status, 409, "it is free");
    assert_eq!(s.grace.post("/api/v1/ports/local-1/1/free", &json!({})).await.status, 404);
    s.app.db.sql("UPDATE stores SET state = 'deleting'").await;
    s.app.db.sql("UPDATE stores SET state = 'deleted'").await;
    s.app.db.sql("UPDATE port_allocations SET store_id = (SELECT id FROM stores LIMIT 1) WHERE port = 60001").await;
    assert_eq!(s.grace.post("/api/v1/ports/local-1/60001/free", &json!({})).await.status, 204);
    // Mails.
    let mails = s.grace.get("/api/v1/mails?to=ana@example.com&state=sent&limit=1").await;
    let mail = &mails.body["items"][0];
    assert_eq!((mails.status, &mail["recipient"]), (200, &json!("ana@example.com")));
    let again = s.grace.post(&format!("/api/v1/mails/{}/resend", mail["id"]), &json!({})).await;
    assert_eq!(again.status, 202, "{}", again.body);
    assert_eq!(s.grace.post("/api/v1/mails/999999/resend", &json!({})).await.status, 404);
    assert_eq!(s.grace.get("/api/v1/mails?state=lost").await.status, 422);
    assert_eq!(s.root.post("/api/v1/mails/test", &json!({})).await.status, 202);
    assert_eq!(s.grace.post("/api/v1/mails/test", &json!({})).await.status, 403);
    // Settings go back to their default; a secret is forgotten.
    let named = async |name: &str| {
        let all = s.root.get("/api/v1/settings").await.body;
        all["items"].as_array().unwrap().iter().find(|i| i["name"] == name).unwrap().clone()
    };
    for name in ["product_name", "smtp_password"] {
        let put = s.root.send("PUT", &format!("/api/v1/settings/{name}"), Some(&json!({ "value": "Mine" })), &[]).await;
        assert_eq!(put.status, 200);
        assert_eq!(s.grace.send("DELETE", &format!("/api/v1/settings/{name}"), None, &[]).await.status, 403);
        assert_eq!(s.root.send("DELETE", &format!("/api/v1/settings/{name}"), None, &[]).await.status, 204);
    }
    let (name, password) = (named("product_name").await, named("smtp_password").await);
    assert_eq!((&name["value"], &password["is_set"]), (&name["default"], &json!(false)));
    assert_eq!(s.count("setting.remove").await, 2);
}

#[actix_web::test]
async fn many_jobs_are_retried_and_dismissed_and_trouble_is_listed() {
    let s = scene().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (_, uid) = s.app.noop().await;
        ids.push(uid.to_string());
    }
    let unknown = s
        .grace
        .post("/api/v1/jobs/bulk", &json!({ "action": "cancel", "jobs": [ids[0], "01ARZ3NDEKTSV4RRFFQ69G5FAV"] }))
        .await;
    assert_eq!(unknown.status, 404);
    assert_eq!(s.app.db.number("SELECT COUNT(*) FROM jobs WHERE state = 'cancelled'").await, 0, "none is touched");
    let cancelled = s.grace.post("/api/v1/jobs/bulk", &json!({ "action": "cancel", "jobs": ids })).await;
    assert_eq!((cancelled.status, cancelled.body["done"].as_array().unwrap().len()), (200, 3), "{}", cancelled.body);
    let again = s.grace.post("/api/v1/jobs/bulk", &json!({ "action": "cancel", "jobs": [ids[0]] })).await;
    assert_eq!(again.body["left"][0]["job"], ids[0], "{}", again.body);
    let retried = s.grace.post("/api/v1/jobs/bulk", &json!({ "action": "retry", "jobs": [ids[0], ids[1]] })).await;
    assert_eq!(retried.body["done"], json!([ids[0], ids[1]]));
    s.app.db.sql(&format!("UPDATE jobs SET state = 'started' WHERE uid = '{}'", ids[0])).await;
    s.app
        .db
        .sql(&format!(
            "UPDATE jobs SET state = 'failed', finished_at = NOW(6), error_reason = 'It broke' WHERE uid = '{}'",
            ids[0]
        ))
        .await;
    let trouble = async || {
        let all = s.grace.get("/api/v1/system/attention").await;
        assert_eq!(all.status, 200, "{}", all.body);
        all.body["items"].as_array().unwrap().iter().filter(|i| i["kind"] == "job_failed").count()
    };
    // The overview is kept for a moment.
    shopfleet_tests::wait::eventually("the failed job is listed", async || (trouble().await == 1).then_some(())).await;
    let dismissed = s.grace.post("/api/v1/jobs/dismiss", &json!({ "newest": ids[0] })).await;
    assert_eq!((dismissed.status, &dismissed.body["dismissed"]), (200, &json!(1)));
    assert_eq!(s.grace.get("/api/v1/jobs/counts").await.body["counts"]["failed"], 1);
    assert_eq!(s.ana.post("/api/v1/jobs/bulk", &json!({ "action": "retry", "jobs": ids })).await.status, 403);
}

#[actix_web::test]
async fn the_audit_log_is_filtered_and_owners_see_what_was_done_to_them() {
    let s = scene().await;
    assert_eq!(s.ana.post(&s.of_store("restart"), &json!({})).await.status, 202);
    let filtered =
        s.grace.get(&format!("/api/v1/audit?target_kind=store&target_id={}&action=store.restart", s.store)).await;
    let rows = filtered.body["items"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["actor"]), (1, &json!("ana@example.com")));
    for (query, status, rows) in [
        ("actor=nobody@example.com", 200, 0),
        ("from=2999-01-01", 200, 0),
        ("until=2000-01-01T00:00:00Z", 200, 0),
        ("until=2999-01-01&action=store.restart", 200, 1),
        ("action=%C3%A4", 200, 0),
        ("from=yesterday", 422, 0),
        ("target_kind=store", 422, 0),
    ] {
        let r = s.grace.get(&format!("/api/v1/audit?{query}")).await;
        assert_eq!(r.status, status, "{query}: {}", r.body);
        assert_eq!(r.body["items"].as_array().map_or(0, Vec::len), rows, "{query}");
    }
    // An owner: own rows only, in pages without gaps, and nothing about staff but that they were staff.
    s.app.customer("eva@example.com", "Eva").await;
    let (eva, _) = log_in(&s.app, "eva@example.com", "customer").await;
    s.app.db.sql("UPDATE jobs SET state = 'cancelled' WHERE kind = 'restart_store'").await;
    let suspended = s.grace.post(&s.of_store("suspend"), &json!({ "reason": "Bill 7 is open" })).await;
    assert_eq!(suspended.status, 202, "{}", suspended.body);
    let all = s.ana.get("/api/v1/account/events").await;
    let items = all.body["items"].as_array().unwrap();
    assert_eq!((&items[0]["action"], &items[0]["by"]), (&json!("store.suspend"), &json!("staff")));
    assert!(items[0].get("address").is_none());
    assert!(items.iter().any(|i| i["action"] == "store.restart" && i["by"] == "you" && i["address"] == "127.0.0.1"));
    assert!(!all.body.to_string().contains("grace"), "who on the staff is not said");
    let mut pages = Vec::new();
    let mut next = String::new();
    loop {
        let page = s.ana.get(&format!("/api/v1/account/events?limit=2{next}")).await;
        pages.extend(page.body["items"].as_array().unwrap().clone());
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("&after={cursor}");
    }
    assert_eq!(&pages, items);
    assert!(!eva.get("/api/v1/account/events").await.body.to_string().contains(&s.store));
}

#[actix_web::test]
async fn browsers_are_listed_and_signed_out() {
    let s = scene().await;
    let devices = s.ana.get("/api/v1/account/devices").await;
    let first = devices.body["items"][0]["id"].as_u64().unwrap();
    s.app.customer("eva@example.com", "Eva").await;
    let (eva, _) = log_in(&s.app, "eva@example.com", "customer").await;
    let at = format!("/api/v1/account/devices/{first}");
    assert_eq!(eva.send("DELETE", &at, None, &[]).await.status, 404, "another's browser is not there");
    assert_eq!(s.ana.send("DELETE", &at, None, &[]).await.status, 204);
    assert_eq!(s.ana.send("DELETE", &at, None, &[]).await.status, 404);
    let tries = s.ana.get("/api/v1/account/sign-ins").await;
    assert_eq!(tries.body["items"][0]["done"], true, "{}", tries.body);
    assert_eq!(s.grace.get("/api/v1/account/sign-ins").await.status, 200);
    assert_eq!(s.ana.send("DELETE", "/api/v1/account/devices", None, &[]).await.status, 204);
    assert_eq!(s.ana.get("/api/v1/account").await.status, 401, "this log-in ended too");
    assert_eq!(eva.get("/api/v1/account").await.status, 200);
}
