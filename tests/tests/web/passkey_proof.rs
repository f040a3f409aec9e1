//! A passkey where the page would take the password again, and one challenge for each form.

use crate::passkeys::{add, ceremony, challenge, enter, kept, owner, send};
use crate::support::{App, Browser, PASSWORD};
use hosting::domain::Role;
use serde_json::Value;
use shopfleet_tests::authenticator::Authenticator;

const OFFER: &str = "Use a passkey instead";
const NOT_RIGHT: &str = "That passkey did not work here";
const OVER: &str = "This took longer than five minutes, or was sent before";

/// Proves it with what `key` answers to `options`; where that leads.
async fn prove(b: &Browser, at: &str, (options, token): (&Value, &str), answer: &str, next: &str) -> String {
    let fields = [("csrf_token", token), ("ceremony", ceremony(options)), ("answer", answer), ("next", next)];
    let r = b.post(&format!("{at}/passkey"), &fields).await;
    assert_eq!(r.status, 303, "{}", r.body);
    r.location
}

async fn stale(app: &App) {
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
}

async fn fresh(app: &App) -> bool {
    let newest =
        "SELECT MIN(TIMESTAMPDIFF(SECOND, authenticated_at, NOW(6))) FROM login_sessions WHERE revoked_at IS NULL";
    app.db.number(newest).await < 60
}

#[actix_web::test]
async fn an_owner_proves_themselves_with_their_own_key_and_no_other() {
    let app = App::at("localhost").await;
    let (ana, mut key) = owner(&app, "ana@example.com").await;
    let (eva, mut evas) = owner(&app, "eva@example.com").await;
    let at = "/reauthenticate";
    stale(&app).await;
    let behind = "/account/security";
    assert!(ana.get(behind).await.body.contains("Enter your password first"));
    assert!(ana.get(at).await.body.contains(OFFER));
    // Her keys are named, so that the browser asks for one of them; nobody else's are.
    let (options, token) = challenge(&ana, at, &format!("{at}/passkey")).await;
    assert_eq!(options["publicKey"]["userVerification"], "required");
    assert_eq!(options["publicKey"]["allowCredentials"].as_array().unwrap().len(), 1);
    let answer = key.get(&options);
    let id: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(options["publicKey"]["allowCredentials"][0]["id"], id["rawId"]);
    // It gets her a new cookie and opens what asks for a fresh proof.
    let cookie = "SELECT HEX(token_hash) FROM login_sessions WHERE customer_id = 1 AND revoked_at IS NULL";
    let before = app.db.text(cookie).await;
    assert_eq!(prove(&ana, at, (&options, &token), &answer, behind).await, behind);
    assert!(fresh(&app).await);
    assert_ne!(app.db.text(cookie).await, before);
    assert!(!ana.get(behind).await.body.contains("Enter your password first"));
    let by =
        "SELECT CAST(details AS CHAR) FROM audit_events WHERE action = 'customer.re_authenticate' AND outcome = 'done'";
    assert_eq!(app.db.text(by).await, r#"{"passkey":1}"#);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkeys WHERE last_used_at IS NOT NULL").await, 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM passkey_ceremonies").await, 0);
    // Once.
    stale(&app).await;
    assert_eq!(prove(&ana, at, (&options, &token), &answer, "/account").await, "/reauthenticate?next=%2Faccount");
    assert!(ana.get(at).await.body.contains(OVER));
    assert!(!fresh(&app).await);
    // Where the browser leaves the person out, because keys were named.
    let (options, token) = challenge(&ana, at, &format!("{at}/passkey")).await;
    let mut bare: Value = serde_json::from_str(&key.get(&options)).unwrap();
    bare["response"].as_object_mut().unwrap().remove("userHandle");
    for next in ["//evil.example", ""] {
        let to = prove(&ana, at, (&options, &token), &bare.to_string(), next).await;
        assert!(to == "/dashboard" || to == "/reauthenticate", "{to}");
    }
    assert!(fresh(&app).await);
    // Whatever is not right is refused in the same words, and written down with its cause.
    let origin = key.origin.clone();
    let wrong = async |key: &mut Authenticator, cause: &str| {
        stale(&app).await;
        let before = kept(&app, "customer.prove_passkey", "refused", cause).await;
        let (options, token) = challenge(&ana, at, &format!("{at}/passkey")).await;
        let answer = key.get(&options);
        assert_eq!(prove(&ana, at, (&options, &token), &answer, "").await, at, "{cause}");
        assert!(ana.get(at).await.body.contains(NOT_RIGHT), "{cause}");
        assert_eq!(kept(&app, "customer.prove_passkey", "refused", cause).await, before + 1, "{cause}");
        assert!(!fresh(&app).await, "{cause}");
        app.redis.flush().await;
    };
    wrong(&mut evas, "not a key of theirs").await;
    wrong(&mut Authenticator::new(&origin), "not a key of theirs").await;
    key.verified = false;
    wrong(&mut key, "its answer was not right").await;
    key.verified = true;
    key.origin = "https://evil.example".into();
    wrong(&mut key, "its answer was not right").await;
    key.origin = origin;
    std::mem::swap(&mut key.user, &mut evas.user);
    wrong(&mut key, "the handle of another person").await;
    std::mem::swap(&mut key.user, &mut evas.user);
    for bad in ["", "{}", "null", &"[".repeat(9_000)] {
        let (options, token) = challenge(&ana, at, &format!("{at}/passkey")).await;
        assert_eq!(prove(&ana, at, (&options, &token), bad, "").await, at);
        app.redis.flush().await;
    }
    // A challenge is for one purpose, one browser, one person, and five minutes.
    let (sign_in, visitors) = challenge(&app.browser(), "/login", "/login/passkey").await;
    let (adding, _) = {
        app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6)").await;
        challenge(&ana, "/account/security", "/account/security").await
    };
    stale(&app).await;
    let (proof, token) = challenge(&ana, at, &format!("{at}/passkey")).await;
    for other in [&sign_in, &adding] {
        let answer = key.get(other);
        assert_eq!(prove(&ana, at, (other, &token), &answer, "").await, at);
        assert!(ana.get(at).await.body.contains(OVER));
    }
    assert!(visitors.len() == 128 && !fresh(&app).await);
    let b = app.browser();
    let visitor = b.get("/login").await.hidden("csrf_token");
    assert_eq!(send(&b, "/login", (&visitor, ceremony(&proof)), &key.get(&proof)).await, "/login");
    let evas_token = eva.get("/account").await.hidden("csrf_token");
    assert_eq!(prove(&eva, at, (&proof, &evas_token), &key.get(&proof), "").await, at);
    let laptop = app.browser();
    assert_eq!(enter(&laptop, "/login", &mut key).await, "/dashboard");
    let laptops = laptop.get("/account").await.hidden("csrf_token");
    assert_eq!(prove(&laptop, at, (&proof, &laptops), &key.get(&proof), "").await, at);
    app.db.sql("UPDATE passkey_ceremonies SET expires_at = NOW(6)").await;
    assert_eq!(prove(&ana, at, (&proof, &token), &key.get(&proof), "").await, at);
    // Without the form's token nothing begins.
    assert_eq!(ana.post(&format!("{at}/passkey/begin"), &[]).await.status, 403);
    // What asks for the password in a form of its own still does.
    let r = ana.submit_at("/account/security", "/account/security/1/remove", &[]).await;
    assert_eq!(r.status, 422);
}

#[actix_web::test]
async fn a_copy_of_a_key_is_blocked_there_as_well_and_nothing_is_offered_without_one() {
    let app = App::at("localhost").await;
    let (ana, mut key) = owner(&app, "ana@example.com").await;
    let at = "/reauthenticate";
    key.counter = 40;
    for counter in [40, 39] {
        stale(&app).await;
        key.counter = counter;
        let (options, token) = challenge(&ana, at, &format!("{at}/passkey")).await;
        let answer = key.get(&options);
        let to = prove(&ana, at, (&options, &token), &answer, "/account").await;
        assert_eq!(to == "/account", counter == 40, "{counter}: {to}");
    }
    assert!(!fresh(&app).await);
    assert_eq!(kept(&app, "customer.block_passkey", "refused", "its counter went back").await, 1);
    assert!(app.deliver_mail().await.last().unwrap().subject.starts_with("A passkey is blocked"));
    // Blocked it is not offered, and not taken by a form that was drawn before.
    let page = ana.get(at).await;
    assert!(!page.body.contains(OFFER), "{}", page.body);
    let r = ana.post(&format!("{at}/passkey/begin"), &[("csrf_token", &page.hidden("csrf_token"))]).await;
    assert!(r.status == 409 && r.body.contains("You have no passkey that works here"), "{}", r.body);
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    assert!(!eva.get(at).await.body.contains(OFFER));
    // Wrong ones make their sender wait, and the password has a count of its own.
    app.db.sql("UPDATE passkeys SET blocked_at = NULL").await;
    let mut unknown = Authenticator::new(app.base.as_str());
    unknown.user.clone_from(&key.user);
    app.redis.flush().await;
    for _ in 0..5 {
        let (options, token) = challenge(&ana, at, &format!("{at}/passkey")).await;
        let answer = unknown.get(&options);
        prove(&ana, at, (&options, &token), &answer, "").await;
    }
    let (options, token) = challenge(&ana, at, &format!("{at}/passkey")).await;
    key.counter = 100;
    let answer = key.get(&options);
    let fields = [("csrf_token", token.as_str()), ("ceremony", ceremony(&options)), ("answer", &answer)];
    assert_eq!(ana.post(&format!("{at}/passkey"), &fields).await.status, 429);
    assert_eq!(ana.submit(at, &[("password", PASSWORD)]).await.status, 303);
    // By an IP address there are none.
    let app = App::new().await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    let page = eva.get(at).await;
    assert!(!page.body.contains("passkey"), "{}", page.body);
    let r = eva.post(&format!("{at}/passkey/begin"), &[("csrf_token", &page.hidden("csrf_token"))]).await;
    assert!(r.status == 409 && r.body.contains("not an IP address"), "{}", r.body);
}

#[actix_web::test]
async fn staff_prove_themselves_the_same_way() {
    let app = App::at("localhost").await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let mut key = Authenticator::new(app.base.as_str());
    assert_eq!(add(&grace, "/admin/security", &mut key, "Laptop").await.status, 303);
    let (_, mut owners) = owner(&app, "grace@example.com").await;
    let at = "/admin/reauthenticate";
    stale(&app).await;
    assert_eq!(grace.get("/admin/admins/new").await.location, "/admin/reauthenticate?next=%2Fadmin%2Fadmins%2Fnew");
    assert!(grace.get(at).await.body.contains(OFFER));
    let (options, token) = challenge(&grace, at, &format!("{at}/passkey")).await;
    assert_eq!(prove(&grace, at, (&options, &token), &owners.get(&options), "").await, at);
    assert_eq!(kept(&app, "admin.prove_passkey", "refused", "not a key of theirs").await, 1);
    let (options, token) = challenge(&grace, at, &format!("{at}/passkey")).await;
    let answer = key.get(&options);
    assert_eq!(prove(&grace, at, (&options, &token), &answer, "/admin/admins/new").await, "/admin/admins/new");
    assert_eq!(grace.get("/admin/admins/new").await.status, 200);
    let by =
        "SELECT CAST(details AS CHAR) FROM audit_events WHERE action = 'admin.re_authenticate' AND outcome = 'done'";
    assert_eq!(app.db.text(by).await, r#"{"passkey":1}"#);
    // Never out of the staff area.
    let (options, token) = challenge(&grace, at, &format!("{at}/passkey")).await;
    let answer = key.get(&options);
    assert_eq!(prove(&grace, at, (&options, &token), &answer, "/dashboard").await, "/admin");
}

#[actix_web::test]
async fn each_form_has_a_challenge_of_its_own_and_a_browser_ten() {
    let app = App::at("localhost").await;
    let (_, mut key) = owner(&app, "ana@example.com").await;
    // Two tabs of one browser: the later one takes nothing from the earlier.
    let b = app.browser();
    let (first, token) = challenge(&b, "/login", "/login/passkey").await;
    let (second, _) = challenge(&b, "/login", "/login/passkey").await;
    assert_ne!(ceremony(&first), ceremony(&second));
    assert_ne!(first["publicKey"]["challenge"], second["publicKey"]["challenge"]);
    assert!(ceremony(&first).len() == 64 && !first.to_string().contains("set-cookie"));
    let kept = "SELECT COUNT(*) FROM passkey_ceremonies";
    assert_eq!(app.db.number(kept).await, 2);
    // An answer fits its own challenge, and whichever it is sent for is used up.
    let answer = key.get(&first);
    assert_eq!(send(&b, "/login", (&token, ceremony(&second)), &answer).await, "/login");
    assert_eq!(app.db.number(kept).await, 1);
    assert_eq!(send(&b, "/login", (&token, ceremony(&first)), &answer).await, "/dashboard");
    assert_eq!(app.db.number(kept).await, 0);
    // No more than ten wait; the oldest go, and no other browser's.
    let other = app.browser();
    let (others, others_token) = challenge(&other, "/login", "/login/passkey").await;
    let b = app.browser();
    let mut all = Vec::new();
    for _ in 0..12 {
        all.push(challenge(&b, "/login", "/login/passkey").await);
    }
    assert_eq!(app.db.number(kept).await, 11);
    for n in [0, 1] {
        let (options, token) = &all[n];
        assert_eq!(send(&b, "/login", (token, ceremony(options)), &key.get(options)).await, "/login");
        assert!(b.get("/login").await.body.contains(OVER), "{n}");
    }
    assert_eq!(app.db.number(kept).await, 11);
    let (options, token) = &all[2];
    assert_eq!(send(&b, "/login", (token, ceremony(options)), &key.get(options)).await, "/dashboard");
    let answer = key.get(&others);
    assert_eq!(send(&other, "/login", (&others_token, ceremony(&others)), &answer).await, "/dashboard");
}
