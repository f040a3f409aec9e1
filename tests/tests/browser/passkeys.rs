//! Passkeys with Chromium's own authenticator, at `http://localhost`: browsers keep none for an IP address.

use crate::accessible::{console, look_here};
use crate::stage::{PASSWORD, Stage};
use serde_json::json;
use shopfleet_tests::browser::{Browser, Options};
use shopfleet_tests::instance::Panel;

async fn by_password(b: &Browser, panel: &Panel, login: &str, email: &str, password: &str) {
    b.open(&format!("{}{login}", panel.url)).await;
    b.fill("#email", email).await;
    b.fill("#password", password).await;
    b.click(&format!("form[action='{login}'] button.main")).await;
}

async fn add(b: &Browser, panel: &Panel, page: &str, name: &str) {
    b.open(&format!("{}{page}", panel.url)).await;
    b.fill("#name", name).await;
    b.press("Add passkey").await;
    b.says("The passkey is added").await;
    b.says(name).await;
}

async fn sign_out(b: &Browser) {
    b.press("Sign out").await;
    b.says("You are signed out").await;
}

async fn count(stage: &Stage, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&stage.instance.pool).await.unwrap()
}

pub async fn an_owner_adds_one_and_signs_in_with_it(stage: &Stage) {
    let mut faults = Vec::new();
    stage.owner().await;
    stage.made_up_owner("fay@example.com", "Fay's Flowers").await;
    let panel = stage.instance.panel_by_name();
    let b = stage.driver.browser("passkeys", &Options::default()).await;
    let authenticator = b.authenticator().await;
    by_password(&b, &panel, "/login", "fay@example.com", PASSWORD).await;
    b.says("Fay's Flowers").await;
    b.console().await;
    // From the menu, as somebody would look for it.
    b.press("Account").await;
    b.press("Manage passkeys").await;
    b.says("You have no passkey yet").await;
    look_here(&b, "owner no passkey", &mut faults).await;
    // Without a name nothing is made; the server says what is missing.
    b.press("Add passkey").await;
    b.says("There is a problem").await;
    look_here(&b, "owner passkey without a name", &mut faults).await;
    console(&b, &["422 (Unprocessable"], &mut faults).await;
    add(&b, &panel, "/account/security", "My <b>phone</b>").await;
    // The same device once; the page says so where the button is.
    b.fill("#name", "Again").await;
    b.press("Add passkey").await;
    b.says("This device has a passkey here already").await;
    look_here(&b, "owner passkey there already", &mut faults).await;
    assert_eq!(count(stage, "SELECT COUNT(*) FROM passkeys").await, 1);
    sign_out(&b).await;
    look_here(&b, "visitor login with passkeys", &mut faults).await;

    // Pressed: no name, no password.
    b.press("Sign in with a passkey").await;
    b.says("Fay's Flowers").await;
    assert_eq!(count(stage, "SELECT COUNT(*) FROM passkeys WHERE last_used_at IS NOT NULL").await, 1);
    let used = "SELECT COUNT(*) FROM audit_events WHERE action = 'customer.sign_in' AND outcome = 'done' \
                AND actor_name = 'fay@example.com' AND JSON_VALUE(details, '$.passkey') IS NOT NULL";
    assert_eq!(count(stage, used).await, 1);
    sign_out(&b).await;
    // Offered in the email field, where somebody goes anyway.
    b.click("#email").await;
    b.says("Fay's Flowers").await;
    assert_eq!(count(stage, used).await, 2);
    sign_out(&b).await;
    // It opens nothing of staff.
    b.open(&format!("{}/admin/login", panel.url)).await;
    b.press("Sign in with a passkey").await;
    b.says("That passkey did not sign you in").await;
    look_here(&b, "staff login passkey refused", &mut faults).await;
    // Somebody changes their mind.
    b.user_verified(&authenticator, false).await;
    b.press("Sign in with a passkey").await;
    b.says("Nothing was chosen, or the time was over").await;
    look_here(&b, "staff login passkey not chosen", &mut faults).await;
    b.user_verified(&authenticator, true).await;

    // The list, and taking it away.
    b.open(&format!("{}/login", panel.url)).await;
    b.press("Sign in with a passkey").await;
    b.says("Fay's Flowers").await;
    b.open(&format!("{}/account/security", panel.url)).await;
    b.says("last used").await;
    b.click("details summary").await;
    look_here(&b, "owner passkey to remove", &mut faults).await;
    b.fill("details input[type=password]", "wrong").await;
    b.press("Remove passkey").await;
    b.says("This password is not right").await;
    look_here(&b, "owner passkey wrong password", &mut faults).await;
    console(&b, &["422 (Unprocessable"], &mut faults).await;
    sqlx::query("UPDATE passkeys SET blocked_at = NOW(6)").execute(&stage.instance.pool).await.unwrap();
    b.open(&format!("{}/account/security", panel.url)).await;
    b.says("There may be a copy of it").await;
    look_here(&b, "owner passkey blocked", &mut faults).await;
    b.click("details summary").await;
    b.fill("details input[type=password]", PASSWORD).await;
    b.press("Remove passkey").await;
    b.says("The passkey is removed").await;
    assert_eq!(count(stage, "SELECT COUNT(*) FROM passkeys").await, 0);
    // The password was proven too long ago.
    sqlx::query(
        "UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE WHERE customer_id = \
                 (SELECT id FROM customers WHERE email = 'fay@example.com')",
    )
    .execute(&stage.instance.pool)
    .await
    .unwrap();
    b.fill("#name", "Late").await;
    b.press("Add passkey").await;
    b.says("Enter your password first").await;
    look_here(&b, "owner passkey not proven", &mut faults).await;
    sign_out(&b).await;
    b.press("Sign in with a passkey").await;
    b.says("That passkey did not sign you in").await;
    console(&b, &[], &mut faults).await;
    b.close().await;
    assert!(faults.is_empty(), "{faults:#?}");
}

pub async fn a_staff_member_does_the_same(stage: &Stage) {
    let mut faults = Vec::new();
    // Not the super admin of the other tests: adding one signs every other browser out.
    sqlx::query(
        "INSERT INTO admins (uid, email, email_key, name, password_hash, role) SELECT '01ARZ3NDEKTSV4RRFFQ69G5FAV', \
         'sam@example.com', 'sam@example.com', 'Sam Support', password_hash, 'support' FROM admins ORDER BY id LIMIT 1",
    )
    .execute(&stage.instance.pool)
    .await
    .unwrap();
    let panel = stage.instance.panel_by_name();
    let b = stage.driver.browser("staff-passkeys", &Options::default()).await;
    b.authenticator().await;
    by_password(&b, &panel, "/admin/login", "sam@example.com", &stage.instance.admin_password()).await;
    b.says("What needs you").await;
    b.console().await;
    b.press("Sam Support").await;
    b.press("Manage passkeys").await;
    look_here(&b, "staff no passkey", &mut faults).await;
    add(&b, &panel, "/admin/security", "Office laptop").await;
    look_here(&b, "staff passkey", &mut faults).await;
    sign_out(&b).await;
    b.press("Sign in with a passkey").await;
    b.says("What needs you").await;
    b.says("Sam Support").await;
    sign_out(&b).await;
    b.click("#email").await;
    b.says("What needs you").await;
    sign_out(&b).await;
    sqlx::query("UPDATE admins SET active = FALSE WHERE email = 'sam@example.com'")
        .execute(&stage.instance.pool)
        .await
        .unwrap();
    b.press("Sign in with a passkey").await;
    b.says("That passkey did not sign you in").await;
    console(&b, &[], &mut faults).await;
    b.close().await;
    sqlx::query("DELETE FROM admins WHERE email = 'sam@example.com'").execute(&stage.instance.pool).await.unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
}

pub async fn without_scripts_or_passkeys_a_sentence_says_so(stage: &Stage) {
    let mut faults = Vec::new();
    stage.owner().await;
    stage.made_up_owner("gus@example.com", "Gus Gadgets").await;
    let panel = stage.instance.panel_by_name();
    let b = stage.driver.browser("no-script-passkeys", &Options { no_script: true, through: None }).await;
    by_password(&b, &panel, "/login", "gus@example.com", PASSWORD).await;
    b.says("Gus Gadgets").await;
    b.open(&format!("{}/account/security", panel.url)).await;
    b.says("Passkeys need scripts in your browser").await;
    assert!(!b.text().await.contains("Add passkey"), "a button that does nothing");
    sign_out(&b).await;
    assert!(b.text().await.contains("Signing in with a passkey needs scripts in your browser"));
    assert!(!b.text().await.contains("Sign in with a passkey"));
    b.close().await;

    let b = stage.driver.browser("old-passkeys", &Options::default()).await;
    let old = json!({ "source": "delete window.PublicKeyCredential" });
    b.devtools("Page.addScriptToEvaluateOnNewDocument", old).await;
    by_password(&b, &panel, "/login", "gus@example.com", PASSWORD).await;
    b.says("Gus Gadgets").await;
    b.console().await;
    b.open(&format!("{}/account/security", panel.url)).await;
    b.says("This browser has no passkeys").await;
    assert!(!b.text().await.contains("Add passkey"));
    look_here(&b, "owner browser without passkeys", &mut faults).await;
    sign_out(&b).await;
    b.says("This browser has no passkeys").await;
    assert!(!b.text().await.contains("Sign in with a passkey"));
    look_here(&b, "visitor browser without passkeys", &mut faults).await;
    console(&b, &[], &mut faults).await;
    b.close().await;
    assert!(faults.is_empty(), "{faults:#?}");
}

pub async fn it_does_where_the_password_is_asked_for_again(stage: &Stage) {
    let mut faults = Vec::new();
    stage.owner().await;
    stage.made_up_owner("hal@example.com", "Hal Hats").await;
    let panel = stage.instance.panel_by_name();
    let b = stage.driver.browser("passkey-proof", &Options::default()).await;
    let authenticator = b.authenticator().await;
    by_password(&b, &panel, "/login", "hal@example.com", PASSWORD).await;
    b.says("Hal Hats").await;
    b.console().await;
    // Not for who has none.
    b.open(&format!("{}/reauthenticate?next=/account/security", panel.url)).await;
    b.says("Enter your password again").await;
    assert!(!b.text().await.contains("Use a passkey instead"));
    add(&b, &panel, "/account/security", "Phone").await;
    sqlx::query(
        "UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE WHERE customer_id = \
                 (SELECT id FROM customers WHERE email = 'hal@example.com')",
    )
    .execute(&stage.instance.pool)
    .await
    .unwrap();
    b.open(&format!("{}/account/security", panel.url)).await;
    b.press("Enter your password").await;
    b.says("Use a passkey instead").await;
    look_here(&b, "owner password again or passkey", &mut faults).await;
    b.user_verified(&authenticator, false).await;
    b.press("Use a passkey instead").await;
    b.says("Nothing was chosen, or the time was over").await;
    b.user_verified(&authenticator, true).await;
    b.press("Use a passkey instead").await;
    b.arrives("/account/security").await;
    b.says("Add passkey").await;
    let kept = "SELECT COUNT(*) FROM audit_events WHERE action = 'customer.re_authenticate' AND actor_name = 'hal@example.com' \
                AND JSON_VALUE(details, '$.passkey') IS NOT NULL";
    assert_eq!(count(stage, kept).await, 1);
    console(&b, &[], &mut faults).await;
    b.close().await;
    assert!(faults.is_empty(), "{faults:#?}");
}
