//! Passkeys end to end, in Chromium with an authenticator of its own.

use crate::second_factor::set_up;
use crate::support::{App, PASSWORD};
use hosting::domain::Role;
use shopfleet_tests::browser::{Browser, Driver, Options};

async fn by_password(b: &Browser, app: &App, page: &str, email: &str) {
    b.open(&format!("{}{page}", app.base.as_str())).await;
    b.fill("#email", email).await;
    b.fill("#password", PASSWORD).await;
    b.click("form[action$='login'] button.main").await;
}

async fn by_passkey(b: &Browser, app: &App, page: &str) {
    b.open(&format!("{}{page}", app.base.as_str())).await;
    b.press("Sign in with a passkey").await;
}

async fn add(b: &Browser, app: &App, page: &str, name: &str) {
    b.open(&format!("{}{page}", app.base.as_str())).await;
    b.fill("#name", name).await;
    b.press("Add passkey").await;
    b.says("The passkey is added").await;
    b.says(name).await;
}

async fn sign_out(b: &Browser) {
    b.press("Sign out").await;
    b.says("You are signed out").await;
}

#[actix_web::test]
async fn owners_add_use_and_remove_passkeys() {
    let app = App::at("localhost").await;
    let (ana, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let driver = Driver::start();
    let b = driver.browser("passkeys", &Options::default()).await;
    b.authenticator().await;
    by_password(&b, &app, "/login", "ana@example.com").await;
    b.arrives("/dashboard").await;
    b.open(&format!("{}/account/security", app.base.as_str())).await;
    b.says("You have no passkey yet").await;
    add(&b, &app, "/account/security", "My <b>phone</b>").await;
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("A passkey was added"));
    // The same device once.
    b.fill("#name", "Again").await;
    b.press("Add passkey").await;
    b.says("This device has a passkey here already").await;
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys").await, 1);
    sign_out(&b).await;
    // In with it, although there is a second factor: it stands for both.
    let (phone, _) = set_up(&ana, "/account/2fa").await;
    by_passkey(&b, &app, "/login").await;
    b.arrives("/dashboard").await;
    let used = "SELECT COUNT(*) FROM passkeys WHERE last_used_at IS NOT NULL";
    assert_eq!(app.db.number(used).await, 1);
    let kept = "SELECT COUNT(*) FROM audit_events WHERE action = 'customer.sign_in' AND outcome = 'done' \
                AND JSON_VALUE(details, '$.passkey') = '1' AND actor_name = 'ana@example.com'";
    assert_eq!(app.db.number(kept).await, 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkey_ceremonies WHERE customer_id IS NULL").await, 0, "used up");
    drop(phone);
    sign_out(&b).await;
    // It opens nothing of staff, whoever has the same address there.
    app.admin("ana@example.com", Role::SuperAdmin, false).await;
    by_passkey(&b, &app, "/admin/login").await;
    b.says("That passkey did not sign you in").await;
    assert_eq!(app.db.number("SELECT COUNT(*) FROM login_sessions WHERE kind = 'admin'").await, 0);
    // A disabled account is not opened either.
    app.db.sql("UPDATE customers SET state = 'closed'").await;
    by_passkey(&b, &app, "/login").await;
    b.says("That passkey did not sign you in").await;
    app.db.sql("UPDATE customers SET state = 'active'").await;
    // A counter that went back: somebody may hold a copy.
    app.db.sql("UPDATE passkeys SET credential = JSON_SET(credential, '$.cred.counter', 1000000)").await;
    by_passkey(&b, &app, "/login").await;
    b.says("That passkey did not sign you in").await;
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys WHERE blocked_at IS NOT NULL").await, 1);
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("A passkey is blocked"));
    app.db.sql("UPDATE passkeys SET credential = JSON_SET(credential, '$.cred.counter', 0)").await;
    by_passkey(&b, &app, "/login").await;
    b.says("That passkey did not sign you in").await;
    // Removing asks for the password.
    let page = ana.get("/account/security").await;
    assert!(page.body.contains("Blocked") && page.body.contains("My &lt;b&gt;phone"), "{}", page.body);
    let r = ana.submit_at("/account/security", "/account/security/1/remove", &[("password", "wrong")]).await;
    assert!(r.status == 422 && r.body.contains("This password is not right"), "{}", r.body);
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    let token = eva.get("/account").await.hidden("csrf_token");
    let foreign = [("csrf_token", token.as_str()), ("password", PASSWORD)];
    assert_eq!(eva.post("/account/security/1/remove", &foreign).await.status, 404, "not hers");
    let r = ana.submit_at("/account/security", "/account/security/1/remove", &[("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/account/security"), "{}", r.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys").await, 0);
    b.close().await;
}

#[actix_web::test]
async fn staff_sign_in_with_theirs() {
    let app = App::at("localhost").await;
    app.admin("grace@example.com", Role::SuperAdmin, false).await;
    let driver = Driver::start();
    let b = driver.browser("staff-passkeys", &Options::default()).await;
    b.authenticator().await;
    by_password(&b, &app, "/admin/login", "grace@example.com").await;
    b.arrives("/admin").await;
    add(&b, &app, "/admin/security", "Office laptop").await;
    sign_out(&b).await;
    by_passkey(&b, &app, "/admin/login").await;
    b.arrives("/admin").await;
    b.says("Grace Hopper").await;
    sign_out(&b).await;
    app.db.sql("UPDATE admins SET active = FALSE").await;
    by_passkey(&b, &app, "/admin/login").await;
    b.says("That passkey did not sign you in").await;
    b.close().await;
}

#[actix_web::test]
async fn a_challenge_is_one_browsers_one_answer_and_five_minutes() {
    let app = App::at("localhost").await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let waiting = "SELECT COUNT(*) FROM passkey_ceremonies";
    let b = app.browser();
    let token = b.get("/login").await.hidden("csrf_token");
    let form = [("csrf_token", token.as_str())];
    let options: serde_json::Value = serde_json::from_str(&b.post("/login/passkey/begin", &form).await.body).unwrap();
    assert_eq!(options["publicKey"]["rpId"], "localhost");
    assert_eq!(options["publicKey"]["userVerification"], "required");
    assert_eq!(app.db.number(waiting).await, 1);
    // What waits says nothing to the browser but the challenge: the state stays here.
    assert!(options.to_string().len() < 600, "{options}");
    // Another browser has no use for it; an answer that is none uses it up.
    let other = app.browser();
    let stolen = [("csrf_token", other.get("/login").await.hidden("csrf_token")), ("answer", "{}".to_owned())];
    let stolen: Vec<(&str, &str)> = stolen.iter().map(|(a, b)| (*a, b.as_str())).collect();
    assert_eq!(other.post("/login/passkey", &stolen).await.location, "/login");
    assert_eq!(app.db.number(waiting).await, 1);
    for bad in ["", "{}", "[]", "{\"id\":\"x\"}", &"x".repeat(20_000)] {
        let r = b.post("/login/passkey", &[("csrf_token", &token), ("answer", bad)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/login"), "{} bytes", bad.len());
    }
    assert_eq!(app.db.number(waiting).await, 0, "used up by the first");
    // The same for adding: five minutes, and the password proven before.
    let token = ana.get("/account/security").await.hidden("csrf_token");
    let r = ana.post("/account/security/begin", &[("csrf_token", &token)]).await;
    let options: serde_json::Value = serde_json::from_str(&r.body).unwrap();
    assert_eq!(options["publicKey"]["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["publicKey"]["authenticatorSelection"]["userVerification"], "required");
    app.db.sql("UPDATE passkey_ceremonies SET expires_at = NOW(6)").await;
    let add = [("csrf_token", token.as_str()), ("name", "Phone"), ("answer", "{}")];
    assert_eq!(ana.post("/account/security/add", &add).await.status, 409);
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    for path in ["/account/security/begin", "/account/security/add"] {
        assert!(ana.post(path, &add).await.location.starts_with("/reauthenticate"), "{path}");
    }
    assert!(ana.get("/account/security").await.body.contains("Enter your password first"));
    // By an address without a name there are no passkeys, and the page says so.
    let app = App::new().await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    assert!(eva.get("/account/security").await.body.contains("need this panel to have a host name"));
}
