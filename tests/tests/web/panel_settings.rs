//! `/admin/settings` and the mail log.

use crate::support::App;
use hosting::db::Queries;
use hosting::domain::Role;
use serde_json::{Value, json};

const MAIL: [(&str, &str); 5] = [
    ("smtp_host", "mail.example.com"),
    ("smtp_port", "587"),
    ("smtp_security", "starttls"),
    ("smtp_username", "shop"),
    ("mail_from", "shop@example.com"),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all: Vec<(&str, &str)> = MAIL.iter().filter(|(n, _)| !more.iter().any(|(m, _)| m == n)).copied().collect();
    all.extend(more);
    all
}

async fn events(app: &App, action: &str) -> Vec<Value> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT target_id, CAST(details AS CHAR) FROM audit_events WHERE action = ? ORDER BY number")
            .bind(action)
            .fetch_all(app.db.db.pool())
            .await
            .unwrap();
    rows.into_iter().map(|(id, d)| json!([id, serde_json::from_str::<Value>(&d).unwrap()])).collect()
}

#[actix_web::test]
async fn a_group_is_saved_whole_checked_and_recorded_with_before_and_after() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    // One wrong value: nothing of the group is saved, what was typed stays.
    let r = grace.submit_at("/admin/settings", "/admin/settings/mail", &with(&[("smtp_port", "99999")])).await;
    assert_eq!(r.status, 422);
    assert!(r.body.contains("<title>Error: ") && r.body.contains("Enter a whole number from 1 to 65535"), "{}", r.body);
    assert!(r.body.contains("value=\"99999\"") && r.body.contains("value=\"mail.example.com\""));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM settings").await, 0);
    let r = grace.submit_at("/admin/settings", "/admin/settings/mail", &with(&[])).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/settings"), "{}", r.body);
    assert_eq!(
        events(&app, "setting.set").await,
        [
            json!(["smtp_host", { "value": "mail.example.com", "before": "127.0.0.1", "after": "mail.example.com" }]),
            json!(["smtp_port", { "value": "587", "before": "25", "after": "587" }]),
            json!(["smtp_username", { "value": "shop", "before": "", "after": "shop" }]),
            json!(["mail_from", { "value": "shop@example.com", "before": "shopfleet@localhost.example", "after": "shop@example.com" }]),
        ]
    );
    let page = grace.get("/admin/settings").await;
    assert!(page.body.contains("Changed by grace@example.com"), "{}", page.body);
    // The same again changes and records nothing.
    grace.submit_at("/admin/settings", "/admin/settings/mail", &with(&[])).await;
    assert_eq!(events(&app, "setting.set").await.len(), 4);
    assert_eq!(grace.submit_at("/admin/settings", "/admin/settings/nothing", &[]).await.status, 404);
}

#[actix_web::test]
async fn a_secret_is_set_replaced_and_removed_and_never_shown() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let stored = || async {
        let mut conn = app.services.db.read().await.unwrap();
        conn.settings().secret(&app.services.keys, "smtp_password").await.unwrap().map(|s| s.expose().to_owned())
    };
    let save = |more: &'static [(&'static str, &'static str)]| {
        let grace = &grace;
        async move { grace.submit_at("/admin/settings", "/admin/settings/mail", &with(more)).await.status }
    };
    assert_eq!(save(&[("smtp_password", "hunter2-secret")]).await, 303);
    assert_eq!(stored().await.as_deref(), Some("hunter2-secret"));
    assert_eq!(save(&[("smtp_password", "")]).await, 303, "left empty: it stays");
    assert_eq!(stored().await.as_deref(), Some("hunter2-secret"));
    assert_eq!(save(&[("smtp_password", "hunter3-secret")]).await, 303);
    assert_eq!(stored().await.as_deref(), Some("hunter3-secret"));
    let page = grace.get("/admin/settings").await;
    assert!(page.body.contains("Set. Leave empty to keep it.") && !page.body.contains("hunter"), "{}", page.body);
    assert_eq!(save(&[("smtp_password", "hunter4-secret"), ("smtp_port", "0")]).await, 422);
    assert_eq!(stored().await.as_deref(), Some("hunter3-secret"));
    assert_eq!(save(&[("smtp_password", ""), ("smtp_password.remove", "yes")]).await, 303);
    assert_eq!(stored().await, None);
    let all = app.db.number("SELECT COUNT(*) FROM audit_events WHERE CAST(details AS CHAR) LIKE '%hunter%'").await;
    assert_eq!(all, 0);
    assert_eq!(events(&app, "setting.remove").await, [json!(["smtp_password", { "before": "[secret]", "after": "" }])]);
}

#[actix_web::test]
async fn two_people_do_not_overwrite_each_other() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let old = grace.get("/admin/settings").await;
    hosting::services::settings::set(&app.services, &app.operator(), "smtp_port", "2525").await.unwrap();
    let all = crate::support::with_tokens(&old, "/admin/settings/mail", &with(&[]));
    let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let r = grace.post("/admin/settings/mail", &all).await;
    assert_eq!(r.status, 409, "{}", r.body);
    assert!(r.body.contains("Somebody changed these settings"), "{}", r.body);
    assert_eq!(app.db.text("SELECT value FROM settings WHERE name = 'smtp_port'").await, "2525");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM settings").await, 1);
}

#[actix_web::test]
async fn a_test_mail_goes_to_the_one_who_asks_and_its_job_tells_the_result() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let r = grace.submit_at("/admin/settings", "/admin/mail/test", &[]).await;
    assert!(r.status == 303 && r.location.starts_with("/admin/jobs/"), "{} {}", r.status, r.location);
    assert_eq!(grace.get(&r.location).await.status, 200);
    assert_eq!(app.db.number("SELECT CAST(max_attempts AS SIGNED) FROM jobs WHERE kind = 'send_mail'").await, 1);
    let sent = app.deliver_mail().await;
    assert_eq!(
        (sent.len(), sent[0].to.as_str(), sent[0].subject.as_str()),
        (1, "grace@example.com", "Test mail from Shopfleet")
    );
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'mail.test'").await, 1);
}

#[actix_web::test]
async fn the_mail_log_shows_what_left_and_why_not_and_sends_again_once() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let before = app.deliver_mail().await.len();
    app.db.sql("INSERT INTO mail_messages (unique_key, template, recipient, subject, state, error) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x', 'bob@example.com', 'Hello <b>', 'failed', '550 no such user')").await;
    let page = ada.get("/admin/mail").await;
    assert!(page.body.contains("550 no such user") && page.body.contains("Hello &lt;b&gt;"), "{}", page.body);
    assert!(page.body.contains("forgotten"), "its job's row is gone");
    let page = ada.get("/admin/mail?to=ana%40example.com&state=sent").await;
    assert!(page.body.contains("ana@example.com") && !page.body.contains("bob@example.com"));
    assert!(ada.get("/admin/mail?state=sending").await.body.contains("No mail matches these filters."));
    let id = app.db.number("SELECT CAST(MIN(id) AS SIGNED) FROM mail_messages").await;
    let to = format!("/admin/mail/{id}/resend");
    let form = ada.get("/admin/mail?to=ana%40example.com").await;
    let all = crate::support::with_tokens(&form, &to, &[]);
    let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let r = ada.post(&to, &all).await;
    assert!(r.status == 303 && r.location.starts_with("/admin/jobs/"), "{} {}", r.status, r.body);
    // The same form again does nothing more.
    assert_eq!(ada.post(&to, &all).await.location, "/admin/mail");
    assert_eq!(app.deliver_mail().await.len(), before + 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'mail.resend'").await, 1);
    // What it was made from is forgotten: said, and nothing happens.
    let gone = app.db.number("SELECT CAST(id AS SIGNED) FROM mail_messages WHERE recipient = 'bob@example.com'").await;
    let token = form.hidden("csrf_token");
    let r = ada
        .post(&format!("/admin/mail/{gone}/resend"), &[("csrf_token", token.as_str()), ("form_key", &"r".repeat(40))])
        .await;
    assert_eq!(r.status, 409);
}
