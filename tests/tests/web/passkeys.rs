//! Passkeys, answered by an authenticator of the test: what signs in, what does not, and what is written down. The test
//! of the browser has Chromium's own.

use crate::second_factor::set_up;
use crate::support::{App, Browser, PASSWORD, Page};
use hosting::domain::{Actor, Role};
use hosting::services::second_factor::way_back;
use serde_json::Value;
use shopfleet_tests::authenticator::Authenticator;

const REFUSED: &str = "That passkey did not sign you in";
const OVER: &str = "This took longer than five minutes, or was sent before";

/// The challenge for a form of `page`, and the token of that page.
pub async fn challenge(b: &Browser, page: &str, at: &str) -> (Value, String) {
    let token = b.get(page).await.hidden("csrf_token");
    let r = b.post(&format!("{at}/begin"), &[("csrf_token", &token)]).await;
    assert_eq!(r.status, 200, "{at}: {}", r.body);
    assert!(r.headers.get("set-cookie").is_none(), "what waits is the form's, not the browser's");
    (serde_json::from_str(&r.body).unwrap(), token)
}

/// Which challenge it is, as the form says it.
pub fn ceremony(options: &Value) -> &str {
    options["ceremony"].as_str().unwrap()
}

pub async fn add(b: &Browser, base: &str, key: &mut Authenticator, name: &str) -> Page {
    let (options, token) = challenge(b, base, base).await;
    let answer = key.create(&options);
    let fields =
        [("csrf_token", token.as_str()), ("ceremony", ceremony(&options)), ("name", name), ("answer", &answer)];
    b.post(&format!("{base}/add"), &fields).await
}

/// Signs in by the page `login`; where it leads.
pub async fn enter(b: &Browser, login: &str, key: &mut Authenticator) -> String {
    let (options, token) = challenge(b, login, &format!("{login}/passkey")).await;
    let answer = key.get(&options);
    send(b, login, (&token, ceremony(&options)), &answer).await
}

pub async fn send(b: &Browser, login: &str, (token, ceremony): (&str, &str), answer: &str) -> String {
    let fields = [("csrf_token", token), ("ceremony", ceremony), ("answer", answer)];
    let r = b.post(&format!("{login}/passkey"), &fields).await;
    assert_eq!(r.status, 303, "{}", r.body);
    r.location
}

/// A customer with a live store and a passkey.
pub async fn owner(app: &App, email: &str) -> (Browser, Authenticator) {
    let (b, job) = app.customer(email, "Ana").await;
    app.make_live(&job).await;
    let mut key = Authenticator::new(app.base.as_str());
    let r = add(&b, "/account/security", &mut key, "Phone").await;
    assert_eq!((r.status, r.location.as_str()), (303, "/account/security"), "{}", r.body);
    (b, key)
}

/// How often an action stands in the audit log.
pub async fn kept(app: &App, action: &str, outcome: &str, cause: &str) -> i64 {
    app.db
        .number(&format!(
            "SELECT COUNT(*) FROM audit_events WHERE action = '{action}' AND outcome = '{outcome}' \
             AND COALESCE(JSON_VALUE(details, '$.cause'), '') = '{cause}'"
        ))
        .await
}

#[actix_web::test]
async fn an_owner_adds_sees_uses_and_removes_one() {
    let app = App::at("localhost").await;
    let (ana, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let page = "/account/security";
    assert!(ana.get(page).await.body.contains("You have no passkey yet"));
    assert!(ana.get("/account").await.body.contains("href=\"/account/security\""));
    let laptop = app.browser();
    laptop.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    let mut key = Authenticator::new(app.base.as_str());
    // A name is needed, and an answer.
    let (options, token) = challenge(&ana, page, page).await;
    assert_eq!(options["publicKey"]["rp"]["id"], "localhost");
    assert_eq!(options["publicKey"]["user"]["name"], "ana@example.com");
    assert_eq!(options["publicKey"]["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["publicKey"]["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["publicKey"]["attestation"], "none");
    let answer = key.create(&options);
    let add_it = format!("{page}/add");
    for (name, answer, words) in [
        ("", answer.as_str(), "Enter a name"),
        (&"x".repeat(81), &answer, "at most 80 characters"),
        ("Phone", "", "Passkeys need scripts in your browser"),
    ] {
        let fields =
            [("csrf_token", token.as_str()), ("ceremony", ceremony(&options)), ("name", name), ("answer", answer)];
        let r = ana.post(&add_it, &fields).await;
        assert!(r.status == 422 && r.body.contains(words), "{words}: {} {}", r.status, r.body);
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys").await, 0);
    let r = add(&ana, page, &mut key, " My <b>phone</b> ").await;
    assert_eq!((r.status, r.location.as_str()), (303, page), "{}", r.body);
    let shown = ana.get(page).await.body;
    assert!(shown.contains("The passkey is added"), "{shown}");
    assert!(shown.contains("My &lt;b&gt;phone&lt;/b&gt;") && shown.contains("not used yet"), "{shown}");
    assert_eq!(laptop.get("/dashboard").await.location, "/login?next=%2Fdashboard", "other devices are signed out");
    let sent = app.deliver_mail().await;
    assert_eq!(sent.last().unwrap().to, "ana@example.com");
    assert!(sent.last().unwrap().subject.starts_with("A passkey was added"));
    let details = "SELECT CAST(details AS CHAR) FROM audit_events WHERE action = 'customer.add_passkey' AND actor_name = 'ana@example.com' \
                   AND target_id = '1' AND outcome = 'done'";
    assert_eq!(app.db.text(details).await, r#"{"passkey":1,"sessions_ended":1}"#);
    // The browser is told which devices have one; the same key is not kept twice, whatever the browser does.
    let (options, _) = challenge(&ana, page, page).await;
    assert_eq!(options["publicKey"]["excludeCredentials"].as_array().unwrap().len(), 1);
    let r = add(&ana, page, &mut key, "Again").await;
    assert!(r.status == 409 && r.body.contains("was not added"), "{}", r.body);
    // It stands for password and code together.
    set_up(&ana, "/account/2fa").await;
    assert_eq!(enter(&laptop, "/login", &mut key).await, "/dashboard");
    assert_eq!((laptop.get("/dashboard").await.status, ana.get("/dashboard").await.status), (200, 200));
    assert!(ana.get(page).await.body.contains("last used"));
    assert_eq!(kept(&app, "customer.sign_in", "done", "").await, 2, "by password and by passkey");
    let by = "SELECT CONCAT(actor_name, ' ', details) FROM audit_events WHERE action = 'customer.sign_in' ORDER BY number DESC LIMIT 1";
    assert_eq!(app.db.text(by).await, r#"ana@example.com {"passkey":1}"#);
    let history = "SELECT COUNT(*) FROM sign_ins WHERE done AND customer_id = 1";
    assert_eq!(app.db.number(history).await, 3, "the sign-up's confirmation is one");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkey_ceremonies WHERE customer_id IS NULL").await, 0);
    // Where they wanted to go, if it is here.
    for (next, to) in
        [("/dashboard/access", "/dashboard/access"), ("//evil.example", "/dashboard"), ("x", "/dashboard")]
    {
        let b = app.browser();
        let (options, token) = challenge(&b, "/login", "/login/passkey").await;
        let answer = key.get(&options);
        let fields =
            [("csrf_token", token.as_str()), ("ceremony", ceremony(&options)), ("answer", &answer), ("next", next)];
        assert_eq!(b.post("/login/passkey", &fields).await.location, to);
    }
    // Removing asks for the password, and for one's own.
    let eva = app.customer("eva@example.com", "Eva").await.0;
    let hers = key.user.clone();
    let r = add(&eva, page, &mut key, "Mine now").await;
    assert!(r.status == 409 && r.body.contains("This passkey is added already"), "{}", r.body);
    key.user = hers;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    for (b, at) in [(&eva, "/account"), (&grace, "/admin")] {
        let token = b.get(at).await.hidden("csrf_token");
        let fields = [("csrf_token", token.as_str()), ("password", PASSWORD)];
        for id in ["1", "2", "x", "-1"] {
            assert_eq!(b.post(&format!("{at}/security/{id}/remove"), &fields).await.status, 404, "{at} {id}");
        }
    }
    let remove = format!("{page}/1/remove");
    for password in ["", "wrong"] {
        let r = ana.submit_at(page, &remove, &[("password", password)]).await;
        assert!(r.status == 422 && r.body.contains("This password is not right"), "{}", r.body);
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys").await, 1);
    let r = ana.submit_at(page, &remove, &[("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, page), "{}", r.body);
    assert_eq!(ana.submit_at(page, &remove, &[("password", PASSWORD)]).await.status, 404, "twice");
    assert!(ana.get(page).await.body.contains("You have no passkey yet"));
    assert!(laptop.get("/dashboard").await.location.starts_with("/login"), "what it opened is closed");
    assert!(app.deliver_mail().await.last().unwrap().subject.starts_with("A passkey was removed"));
    assert_eq!(kept(&app, "customer.remove_passkey", "done", "").await, 1);
    assert_eq!(enter(&laptop, "/login", &mut key).await, "/login");
    assert!(laptop.get("/login").await.body.contains(REFUSED));
}

#[actix_web::test]
async fn staff_sign_in_with_theirs_and_still_owe_the_second_factor() {
    let app = App::at("localhost").await;
    app.db.sql("INSERT INTO settings (name, value) VALUES ('staff_mfa_required', 'no')").await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let mut key = Authenticator::new(app.base.as_str());
    assert_eq!(add(&grace, "/admin/security", &mut key, "Office laptop").await.location, "/admin/security");
    assert!(grace.get("/admin/devices").await.body.contains("href=\"/admin/security\""));
    assert_eq!(app.deliver_mail().await.last().unwrap().to, "grace@example.com");
    let b = app.browser();
    assert_eq!(enter(&b, "/admin/login", &mut key).await, "/admin");
    assert_eq!(b.get("/admin").await.status, 200);
    assert_eq!(kept(&app, "admin.sign_in", "done", "").await, 2);
    // Neither side's key opens the other, whoever has the same address there.
    let (_, mut owners) = owner(&app, "grace@example.com").await;
    let other = app.browser();
    assert_eq!(enter(&other, "/login", &mut key).await, "/login");
    assert_eq!(enter(&other, "/admin/login", &mut owners).await, "/admin/login");
    assert!(other.get("/admin").await.location.starts_with("/admin/login"));
    assert!(other.get("/dashboard").await.location.starts_with("/login"));
    // The password alone would still sign in, so the factor is asked for all the same.
    app.db.sql("UPDATE settings SET value = 'yes' WHERE name = 'staff_mfa_required'").await;
    app.db.sql("INSERT INTO settings (name, value) VALUES ('staff_mfa_grace_hours', '0')").await;
    shopfleet_tests::eventually("the settings are read again", async || {
        (b.get("/admin").await.location == "/admin/2fa").then_some(())
    })
    .await;
    assert_eq!(b.get("/admin/security").await.location, "/admin/2fa");
    app.db.sql("UPDATE settings SET value = 'no' WHERE name = 'staff_mfa_required'").await;
    // A temporary password has to be replaced first; one that is over, or a closed door, lets nobody in.
    app.db.sql("UPDATE admins SET must_change_password = TRUE, temporary_until = NOW(6) + INTERVAL 1 HOUR").await;
    assert_eq!(enter(&app.browser(), "/admin/login", &mut key).await, "/admin/password");
    let b = app.browser();
    app.db.sql("UPDATE admins SET temporary_until = NOW(6) - INTERVAL 1 HOUR").await;
    assert_eq!(enter(&b, "/admin/login", &mut key).await, "/admin/login");
    app.db.sql("UPDATE admins SET must_change_password = FALSE, temporary_until = NULL, active = FALSE").await;
    assert_eq!(enter(&b, "/admin/login", &mut key).await, "/admin/login");
    assert!(b.get("/admin/login").await.body.contains(REFUSED));
    assert_eq!(kept(&app, "admin.sign_in", "refused", "the account may not sign in").await, 2);
    app.db.sql("UPDATE admins SET active = TRUE").await;
    assert_eq!(enter(&b, "/admin/login", &mut key).await, "/admin");
}

#[actix_web::test]
async fn only_the_right_answer_of_the_right_key_at_the_right_place_signs_in() {
    let app = App::at("localhost").await;
    let (_, mut key) = owner(&app, "ana@example.com").await;
    let (_, eva) = owner(&app, "eva@example.com").await;
    let (origin, user) = (key.origin.clone(), key.user.clone());
    let b = app.browser();
    // The library wants a verified user before this code looks.
    let not_right = "its answer was not right";
    let refused = async |key: &mut Authenticator, cause: &str| {
        let before = kept(&app, "customer.sign_in", "refused", cause).await;
        assert_eq!(enter(&b, "/login", key).await, "/login", "{cause}");
        assert!(b.get("/login").await.body.contains(REFUSED), "{cause}");
        assert_eq!(kept(&app, "customer.sign_in", "refused", cause).await, before + 1, "{cause}");
        // The wait after several wrong ones has a test of its own.
        app.redis.flush().await;
    };
    for other in ["https://evil.example", "http://localhost", "http://localhost.evil.example", "https://localhost"] {
        key.origin = other.into();
        refused(&mut key, not_right).await;
    }
    key.origin.clone_from(&origin);
    for host in ["evil.example", "example.com", ""] {
        key.host = host.into();
        refused(&mut key, not_right).await;
    }
    key.host = "localhost".into();
    key.verified = false;
    refused(&mut key, not_right).await;
    key.verified = true;
    key.user.clone_from(&eva.user);
    refused(&mut key, "the handle of another person").await;
    key.user.clone_from(&user);
    for state in ["closed", "unverified"] {
        app.db.sql(&format!("UPDATE customers SET state = '{state}' WHERE id = 1")).await;
        refused(&mut key, "the account may not sign in").await;
    }
    app.db.sql("UPDATE customers SET state = 'suspended' WHERE id = 1").await;
    assert_eq!(enter(&app.browser(), "/login", &mut key).await, "/dashboard", "as with the password");
    app.db.sql("UPDATE customers SET state = 'active' WHERE id = 1").await;
    // What was signed is what is looked at.
    let (options, token) = challenge(&b, "/login", "/login/passkey").await;
    let mut bent: Value = serde_json::from_str(&key.get(&options)).unwrap();
    bent["response"]["signature"] = "MAYCAQECAQE".into();
    assert_eq!(send(&b, "/login", (&token, ceremony(&options)), &bent.to_string()).await, "/login");
    // A key nobody knows, no user handle, and things that are no answer.
    let mut unknown = Authenticator::new(&origin);
    unknown.user.clone_from(&user);
    assert_eq!(enter(&b, "/login", &mut unknown).await, "/login");
    // Each bracket is three bytes of a form.
    let nested = "[".repeat(9_000);
    for bad in ["", "{}", "[]", "null", "{\"id\":\"x\"}", &nested, &"x".repeat(20_000)] {
        app.redis.flush().await;
        let (options, token) = challenge(&b, "/login", "/login/passkey").await;
        assert_eq!(send(&b, "/login", (&token, ceremony(&options)), bad).await, "/login", "{} bytes", bad.len());
        assert!(b.get("/login").await.body.contains(REFUSED));
    }
    app.redis.flush().await;
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM login_sessions WHERE revoked_at IS NULL AND customer_id = 1").await,
        2
    );
    // After all that it still works.
    assert_eq!(enter(&b, "/login", &mut key).await, "/dashboard");
}

#[actix_web::test]
async fn a_challenge_is_one_browsers_one_answer_and_five_minutes() {
    let app = App::at("localhost").await;
    let (ana, mut key) = owner(&app, "ana@example.com").await;
    let waiting = "SELECT COUNT(*) FROM passkey_ceremonies";
    let b = app.browser();
    let (options, token) = challenge(&b, "/login", "/login/passkey").await;
    assert_eq!(options["publicKey"]["rpId"], "localhost");
    assert_eq!(options["publicKey"]["userVerification"], "required");
    assert_eq!(options["publicKey"]["allowCredentials"].as_array().map_or(0, Vec::len), 0, "says nothing of anybody");
    assert!(options.to_string().len() < 600, "what waits stays here: {options}");
    let answer = key.get(&options);
    // Another browser has no use for the answer, and does not use it up.
    let other = app.browser();
    let (theirs, others) = challenge(&other, "/login", "/login/passkey").await;
    for ceremony in [ceremony(&options), ceremony(&theirs), "", "x", &"0".repeat(64)] {
        assert_eq!(send(&other, "/login", (&others, ceremony), &answer).await, "/login", "{ceremony}");
    }
    let (theirs, staffs) = challenge(&other, "/admin/login", "/admin/login/passkey").await;
    // Nor has the other side of the panel, in any browser.
    for ceremony in [ceremony(&options), ceremony(&theirs)] {
        assert_eq!(send(&other, "/admin/login", (&staffs, ceremony), &answer).await, "/admin/login");
    }
    assert_eq!(send(&b, "/admin/login", (&token, ceremony(&options)), &answer).await, "/admin/login");
    assert_eq!(app.db.number(waiting).await, 1);
    assert_eq!(send(&b, "/login", (&token, ceremony(&options)), &answer).await, "/dashboard");
    assert_eq!(app.db.number(waiting).await, 0);
    // Sent again, by whoever read it: nothing waits for it.
    let again = app.browser();
    let token = again.get("/login").await.hidden("csrf_token");
    assert_eq!(send(&again, "/login", (&token, ceremony(&options)), &answer).await, "/login");
    assert!(again.get("/login").await.body.contains(OVER));
    // Without the form's own token it does not even begin.
    assert_eq!(again.post("/login/passkey/begin", &[]).await.status, 403);
    assert_eq!(again.get("/login/passkey/begin").await.status, 405);
    // Five minutes.
    let (options, token) = challenge(&again, "/login", "/login/passkey").await;
    let left = "SELECT TIMESTAMPDIFF(SECOND, NOW(6), expires_at) FROM passkey_ceremonies";
    assert!((290..300).contains(&app.db.number(left).await));
    app.db.sql("UPDATE passkey_ceremonies SET expires_at = NOW(6)").await;
    assert_eq!(send(&again, "/login", (&token, ceremony(&options)), &key.get(&options)).await, "/login");
    assert!(again.get("/login").await.body.contains(OVER));
    let mut tx = app.services.db.begin().await.unwrap();
    hosting::db::Queries::expiry(&mut tx).sign_in().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.db.number(waiting).await, 0, "housekeeping takes away what nobody answered");
    // The same for adding one: once, in time, from the right place, by whoever asked.
    let page = "/account/security";
    let add_it = format!("{page}/add");
    let mut second = Authenticator::new(app.base.as_str());
    let (options, token) = challenge(&ana, page, page).await;
    let answer = second.create(&options);
    let fields =
        [("csrf_token", token.as_str()), ("ceremony", ceremony(&options)), ("name", "Second"), ("answer", &answer)];
    app.db.sql("UPDATE passkey_ceremonies SET expires_at = NOW(6)").await;
    let r = ana.post(&add_it, &fields).await;
    assert!(r.status == 409 && r.body.contains("longer than five minutes"), "{}", r.body);
    for (origin, verified) in [("https://evil.example", true), (app.base.as_str(), false)] {
        let mut wrong = Authenticator::new(app.base.as_str());
        (wrong.origin, wrong.verified) = (origin.into(), verified);
        let r = add(&ana, page, &mut wrong, "Wrong").await;
        assert!(r.status == 409 && r.body.contains("could not be checked"), "{origin} {verified}: {}", r.body);
    }
    let (options, _) = challenge(&ana, page, page).await;
    let answer = second.create(&options);
    let token = ana.get("/account").await.hidden("csrf_token");
    assert_eq!(ana.post("/logout", &[("csrf_token", &token)]).await.status, 303);
    let (_, job) = app.customer("eva@example.com", "Eva").await;
    app.make_live(&job).await;
    // The same browser, now somebody else's, with what was begun.
    ana.submit("/login", &[("email", "eva@example.com"), ("password", PASSWORD)]).await;
    let token = ana.get("/account").await.hidden("csrf_token");
    let fields =
        [("csrf_token", token.as_str()), ("ceremony", ceremony(&options)), ("name", "Second"), ("answer", &answer)];
    assert_eq!(ana.post(&add_it, &fields).await.status, 409);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys").await, 1);
    // The password was proven too long ago.
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    for path in [format!("{page}/begin"), add_it] {
        assert_eq!(ana.post(&path, &fields).await.location, "/reauthenticate?next=%2Faccount%2Fsecurity", "{path}");
    }
    assert!(ana.get(page).await.body.contains("Enter your password first"));
}

#[actix_web::test]
async fn a_counter_that_went_back_blocks_the_key_and_tells_its_owner() {
    let app = App::at("localhost").await;
    let (ana, mut key) = owner(&app, "ana@example.com").await;
    key.counter = 40;
    assert_eq!(enter(&app.browser(), "/login", &mut key).await, "/dashboard");
    // A copy, made when the counter was lower; the same number is as bad.
    key.counter = 40;
    let copy = app.browser();
    assert_eq!(enter(&copy, "/login", &mut key).await, "/login");
    assert!(copy.get("/login").await.body.contains(REFUSED));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys WHERE blocked_at IS NOT NULL").await, 1);
    assert_eq!(kept(&app, "customer.block_passkey", "refused", "its counter went back").await, 1);
    assert!(app.deliver_mail().await.last().unwrap().subject.starts_with("A passkey is blocked"));
    assert!(ana.get("/account/devices").await.body.contains("Refused"));
    assert!(ana.get("/account/security").await.body.contains("There may be a copy of it"));
    // Blocked it stays, also for the higher counter, and nobody is told twice.
    key.counter = 100;
    assert_eq!(enter(&copy, "/login", &mut key).await, "/login");
    assert_eq!(kept(&app, "customer.sign_in", "refused", "blocked").await, 1);
    let mails =
        "SELECT COUNT(*) FROM jobs WHERE kind = 'send_mail' AND JSON_VALUE(args, '$.template') = 'passkey_blocked'";
    assert_eq!(app.db.number(mails).await, 1);
    // Keys that do not count (most that are kept in step between devices) work again and again.
    let mut synced = Authenticator::new(app.base.as_str());
    synced.counter = 0;
    assert_eq!(add(&ana, "/account/security", &mut synced, "Synced").await.status, 303);
    for _ in 0..3 {
        assert_eq!(enter(&app.browser(), "/login", &mut synced).await, "/dashboard");
    }
}

#[actix_web::test]
async fn wrong_ones_make_their_sender_wait_and_nobody_else() {
    let app = App::at("localhost").await;
    let (_, mut key) = owner(&app, "ana@example.com").await;
    let b = app.browser();
    let mut unknown = Authenticator::new(app.base.as_str());
    unknown.user.clone_from(&key.user);
    for n in 1..=5 {
        assert_eq!(enter(&b, "/login", &mut unknown).await, "/login", "{n}");
    }
    for (login, home) in [("/login", "/dashboard"), ("/admin/login", "/admin")] {
        let (options, token) = challenge(&b, login, &format!("{login}/passkey")).await;
        let answer = key.get(&options);
        let fields = [("csrf_token", token.as_str()), ("ceremony", ceremony(&options)), ("answer", &answer)];
        let r = b.post(&format!("{login}/passkey"), &fields).await;
        assert_eq!((r.status, r.header("retry-after")), (429, "1"), "{home}");
    }
    // The password has a count of its own; nor does the password's wait hold the passkey up.
    let r = app.browser().submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/dashboard"));
    app.redis.flush().await;
    for _ in 0..6 {
        app.browser().submit("/login", &[("email", "ana@example.com"), ("password", "wrong")]).await;
    }
    let r = app.browser().submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 429);
    assert_eq!(enter(&app.browser(), "/login", &mut key).await, "/dashboard");
}

#[actix_web::test]
async fn whoever_resets_a_lost_factor_takes_the_passkeys_along() {
    let app = App::at("localhost").await;
    let (ana, mut key) = owner(&app, "ana@example.com").await;
    set_up(&ana, "/account/2fa").await;
    let ada = app.staff("ada@example.com", Role::SuperAdmin).await;
    let plan = async || {
        let good = [("reason", "Called back"), ("name", "ana@example.com"), ("password", PASSWORD)];
        assert_eq!(ada.submit("/admin/customers/1/factor", &good).await.status, 303);
    };
    plan().await;
    // Whoever signs in with one has not lost it.
    assert_eq!(enter(&app.browser(), "/login", &mut key).await, "/dashboard");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM factor_resets WHERE ended_at IS NULL").await, 0);
    let why = "SELECT JSON_VALUE(details, '$.by') FROM audit_events WHERE action = 'customer.stop_factor_reset'";
    assert_eq!(app.db.text(why).await, "signed in with a passkey");
    plan().await;
    app.db.sql("UPDATE factor_resets SET due_at = NOW(6) WHERE ended_at IS NULL").await;
    assert_eq!(way_back::proceed(&app.services).await.unwrap(), 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys").await, 0);
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("second factor and the passkeys"));
    let details = "SELECT JSON_VALUE(details, '$.passkeys') FROM audit_events WHERE action = 'customer.reset_factor'";
    assert_eq!(app.db.text(details).await, "1");
    assert_eq!(enter(&app.browser(), "/login", &mut key).await, "/login");
    // Staff: by a super admin, and on the machine; a passkey without a second factor is reason enough.
    let grace = app.staff("grace@example.com", Role::Support).await;
    for by_hand in [true, false] {
        let mut key = Authenticator::new(app.base.as_str());
        grace.submit("/admin/login", &[("email", "grace@example.com"), ("password", PASSWORD)]).await;
        assert_eq!(add(&grace, "/admin/security", &mut key, "Phone").await.status, 303);
        if by_hand {
            assert!(ada.get("/admin/admins/2").await.body.contains("Remove passkeys"));
            let r = ada.submit_at("/admin/admins/2", "/admin/admins/2/factor", &[]).await;
            assert_eq!(r.status, 303, "{}", r.body);
        } else {
            way_back::reset_of_admin(&app.services, &Actor::operator(), "grace@example.com").await.unwrap();
        }
        assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys").await, 0);
        assert!(grace.get("/admin").await.location.starts_with("/admin/login"), "signed out");
        assert_eq!(enter(&app.browser(), "/admin/login", &mut key).await, "/admin/login");
    }
    // Somebody who turns the codes off keeps the passkeys; whoever is deleted leaves none.
    grace.submit("/admin/login", &[("email", "grace@example.com"), ("password", PASSWORD)]).await;
    let mut key = Authenticator::new(app.base.as_str());
    add(&grace, "/admin/security", &mut key, "Phone").await;
    app.db.sql("DELETE FROM admins WHERE email = 'grace@example.com'").await;
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys").await, 0);
    assert_eq!(enter(&app.browser(), "/admin/login", &mut key).await, "/admin/login");
}

#[actix_web::test]
async fn there_is_an_end_to_them_and_none_without_a_host_name() {
    let app = App::at("localhost").await;
    let (ana, _) = owner(&app, "ana@example.com").await;
    for n in 2..=20 {
        let sql = format!(
            "INSERT INTO passkeys (customer_id, name, credential_hash, credential) SELECT customer_id, '{n}', \
             UNHEX(SHA2('{n}', 256)), credential FROM passkeys WHERE id = 1"
        );
        app.db.sql(&sql).await;
    }
    let token = ana.get("/account/security").await.hidden("csrf_token");
    let r = ana.post("/account/security/begin", &[("csrf_token", &token)]).await;
    assert!(r.status == 409 && r.body.contains("You have 20 passkeys"), "{}", r.body);
    for (path, words) in [("/login", "/login/passkey"), ("/admin/login", "/admin/login/passkey")] {
        assert!(app.browser().get(path).await.body.contains(words), "{path}");
    }
    let app = App::new().await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    assert!(eva.get("/account/security").await.body.contains("need this panel to have a host name"));
    for path in ["/login", "/admin/login"] {
        let b = app.browser();
        let page = b.get(path).await;
        assert!(!page.body.contains("passkey"), "{path}: {}", page.body);
        let token = page.hidden("csrf_token");
        let r = b.post(&format!("{path}/passkey/begin"), &[("csrf_token", &token)]).await;
        assert!(r.status == 409 && r.body.contains("not an IP address"), "{}", r.body);
    }
}
