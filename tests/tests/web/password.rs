//! A forgotten password: the link, its ends, and what its answers do not tell.

use crate::support::{App, Browser, PASSWORD, Page};
use hosting::domain::Role;

const NEW: &str = "another horse battery";

/// Asks for a link and reads it from the mail.
pub async fn link(app: &App, email: &str) -> String {
    let r = app.browser().submit("/password/forgot", &[("email", email)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/password/forgot?sent=yes"), "{}", r.body);
    let sent = app.deliver_mail().await;
    let mail = sent.iter().rev().find(|m| m.text.contains("/password/reset?token=")).expect("a mail with a link");
    assert_eq!(mail.to, email);
    mail.text.split("/password/reset?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

async fn set(b: &Browser, token: &str, new: &str) -> Page {
    b.submit_at("/password/forgot", "/password/reset", &[("token", token), ("new_password", new)]).await
}

async fn signs_in(app: &App, email: &str, password: &str) -> bool {
    app.redis.flush().await;
    app.browser().submit("/login", &[("email", email), ("password", password)]).await.status == 303
}

#[actix_web::test]
async fn a_forgotten_password_is_replaced_by_the_link_once() {
    let app = App::new().await;
    let (owner, _) = app.customer("ana@example.com", "Ana").await;
    let token = link(&app, "ana@example.com").await;
    assert_eq!(app.db.number("SELECT COUNT(*) FROM password_resets").await, 1);
    assert_eq!(
        app.db
            .number(&format!("SELECT COUNT(*) FROM password_resets WHERE token_hash = UNHEX(SHA2('{token}', 256))"))
            .await,
        1,
        "only the hash is stored"
    );
    let b = app.browser();
    // Looking changes nothing: mail scanners open links.
    for _ in 0..2 {
        let page = b.get(&format!("/password/reset?token={token}")).await;
        assert!(page.status == 200 && page.body.contains("Choose a new password"), "{}", page.body);
    }
    // A password that is refused leaves the link usable.
    for (bad, words) in [("short", "at least 10 characters"), ("ana@example.com", "first that others would try")] {
        let r = set(&b, &token, bad).await;
        assert_eq!(r.status, 422);
        assert!(r.body.contains(words), "{}", r.body);
    }
    assert_eq!(owner.get("/dashboard").await.status, 200);
    let r = set(&b, &token, NEW).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/login"), "{}", r.body);
    assert!(b.get("/login").await.body.contains("Your new password is set"));
    assert_eq!(owner.get("/dashboard").await.status, 303, "every session ended");
    assert!(!signs_in(&app, "ana@example.com", PASSWORD).await);
    assert!(signs_in(&app, "ana@example.com", NEW).await);
    // The owner hears of it.
    let sent = app.deliver_mail().await;
    assert!(sent.last().unwrap().text.contains("Your password was changed"), "{sent:#?}");
    // Once.
    assert_eq!(set(&b, &token, "a third good one").await.status, 422);
    assert!(b.get(&format!("/password/reset?token={token}")).await.body.contains("no longer works"));
    assert!(signs_in(&app, "ana@example.com", NEW).await);
    for (action, outcome) in [("customer.request_password_reset", "done"), ("customer.reset_password", "done")] {
        let rows = format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}' AND outcome = '{outcome}'");
        assert_eq!(app.db.number(&rows).await, 1, "{action}");
    }
}

#[actix_web::test]
async fn two_browsers_with_one_link_make_one_change() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let token = link(&app, "ana@example.com").await;
    let (a, b) = (app.browser(), app.browser());
    let (first, second) = tokio::join!(set(&a, &token, NEW), set(&b, &token, "a third good one"));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
    let right = if first.status == 303 { NEW } else { "a third good one" };
    assert!(signs_in(&app, "ana@example.com", right).await);
}

#[actix_web::test]
async fn reset_links_end_with_time_a_newer_one_and_another_address() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let b = app.browser();
    let old = link(&app, "ana@example.com").await;
    let new = link(&app, "ana@example.com").await;
    assert_eq!(set(&b, &old, NEW).await.status, 422, "only the newest counts");
    app.db.sql("UPDATE customers SET email = 'ana@other.example', email_key = 'ana@other.example'").await;
    assert_eq!(set(&b, &new, NEW).await.status, 422, "bound to the address it went to");
    app.db.sql("UPDATE customers SET email = 'ana@example.com', email_key = 'ana@example.com'").await;
    app.db.sql("UPDATE customers SET state = 'closed'").await;
    assert_eq!(set(&b, &new, NEW).await.status, 422, "closed account");
    app.db.sql("UPDATE customers SET state = 'active'").await;
    let minutes = app.db.number("SELECT MAX(TIMESTAMPDIFF(MINUTE, created_at, expires_at)) FROM password_resets").await;
    assert_eq!(minutes, 30);
    app.db.sql("UPDATE password_resets SET expires_at = NOW(6) - INTERVAL 1 SECOND").await;
    assert_eq!(set(&b, &new, NEW).await.status, 422, "over");
    for bad in ["", "x", &"0".repeat(64), &"'".repeat(64), &new[..63]] {
        assert_eq!(set(&b, bad, NEW).await.status, 422, "{bad}");
    }
    app.db.sql("UPDATE password_resets SET expires_at = NOW(6) + INTERVAL 1 MINUTE").await;
    assert!(signs_in(&app, "ana@example.com", PASSWORD).await, "nothing was changed so far");
    assert_eq!(set(&b, &new, NEW).await.status, 303, "and it is the same link that works in its time");
}

#[actix_web::test]
async fn asking_for_a_link_does_not_tell_whether_there_is_an_account() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.customer("gone@example.com", "Gone").await;
    app.db.sql("UPDATE customers SET state = 'closed' WHERE email = 'gone@example.com'").await;
    app.admin("grace@example.com", Role::SuperAdmin, false).await;
    app.deliver_mail().await;
    let before = app.mailer.sent().len();
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..12 {
        for email in ["ana@example.com", "nobody@example.com", "gone@example.com", "grace@example.com"] {
            app.redis.flush().await;
            let b = app.browser();
            let form = b.get("/password/forgot").await;
            let (token, key) = (form.hidden("csrf_token"), form.hidden("form_key"));
            let began = std::time::Instant::now();
            let r = b.post("/password/forgot", &[("csrf_token", &token), ("form_key", &key), ("email", email)]).await;
            let took = began.elapsed();
            assert_eq!((r.status, r.location.as_str(), r.body.as_str()), (303, "/password/forgot?sent=yes", ""));
            if round >= 2 && email.starts_with("ana") {
                times[0].push(took);
            } else if round >= 2 && email.starts_with("nobody") {
                times[1].push(took);
            }
        }
    }
    times.iter_mut().for_each(|t| t.sort());
    // The quicker quarter: what it costs when the machine has little else to do.
    let (known, unknown) = (times[0][times[0].len() / 4], times[1][times[1].len() / 4]);
    println!("quicker quarter: known {known:?}, unknown {unknown:?}");
    let noise = std::time::Duration::from_millis(10);
    assert!(known < unknown * 2 + noise && unknown < known * 2 + noise, "known {known:?}, unknown {unknown:?}");
    // Only the one with an open account got mail; staff are reset by a super admin.
    let sent = app.deliver_mail().await;
    assert_eq!(sent[before..].iter().filter(|m| m.to == "ana@example.com").count(), 12);
    assert_eq!(sent.len(), before + 12);
    assert_eq!(app.browser().submit("/password/forgot", &[("email", "no address")]).await.status, 422);
}

#[actix_web::test]
async fn the_same_form_twice_sends_one_mail_and_a_flood_none() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.deliver_mail().await;
    let before = app.mailer.sent().len();
    // Signing up took from the same bucket.
    app.redis.flush().await;
    let b = app.browser();
    let form = b.get("/password/forgot").await;
    let (token, key) = (form.hidden("csrf_token"), form.hidden("form_key"));
    for _ in 0..2 {
        let r = b
            .post("/password/forgot", &[("csrf_token", &token), ("form_key", &key), ("email", "ana@example.com")])
            .await;
        assert_eq!(r.status, 303);
    }
    assert_eq!(app.deliver_mail().await.len(), before + 1);
    for n in 0..6 {
        let r = app.browser().submit("/password/forgot", &[("email", "ana@example.com")]).await;
        assert_eq!(r.status, 303, "try {n} looks the same");
    }
    assert_eq!(
        app.deliver_mail().await.len(),
        before + 2,
        "three in a row (the double click counted), then one every five minutes"
    );
}
