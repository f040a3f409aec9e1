//! Two minutes before somebody is signed out they are told, and what they typed outlives it. No test waits for the minutes:
//! what the database says of the last visit is moved, and the page is opened as one that renews itself, which is no visit.

use crate::accessible::{console, look_here};
use crate::stage::{PASSWORD, Stage};
use fantoccini::wd::WindowHandle;
use serde_json::json;
use shopfleet_tests::browser::{Browser, Options};

const OWNER_IDLE: i64 = 10_080 * 60;
const OWNER_LIFE: i64 = 720 * 3600;
const STAFF_IDLE: i64 = 120 * 60;
const FORM: &str = "/dashboard/tickets/new";
const TEXT: &str = "Since <b>noon</b> the checkout says error 500.\nNothing was changed.";
const SHOWN: &str = "return !document.querySelector('[data-leave]').hidden";
const HIDDEN: &str = "return document.querySelector('[data-leave]').hidden";

async fn run(stage: &Stage, statement: String) {
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&stage.instance.pool).await.unwrap();
}

async fn count(stage: &Stage, query: String) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&stage.instance.pool).await.unwrap()
}

/// The newest session of a person has `left` seconds until it is idle for too long.
async fn near(stage: &Stage, column: &str, id: u64, idle: i64, left: i64) {
    let newest = format!("(SELECT n.id FROM (SELECT MAX(id) AS id FROM login_sessions WHERE {column} = {id}) n)");
    run(
        stage,
        format!("UPDATE login_sessions SET seen_at = NOW(6) - INTERVAL {} SECOND WHERE id = {newest}", idle - left),
    )
    .await;
}

async fn sign_in(b: &Browser, email: &str) {
    b.fill("#email", email).await;
    b.fill("#password", PASSWORD).await;
    b.click("form[action='/login'] button.main").await;
}

/// Types into the page as a person does, without the driver clearing or clicking anything before.
async fn type_into(b: &Browser, css: &str, text: &str) {
    b.find(css).await.click().await.unwrap();
    b.fill(css, text).await;
}

async fn value(b: &Browser, css: &str) -> String {
    b.script("return document.querySelector(arguments[0]).value", vec![json!(css)]).await.as_str().unwrap().to_owned()
}

async fn focus(b: &Browser) -> String {
    b.script("return document.activeElement.id", Vec::new()).await.as_str().unwrap_or_default().to_owned()
}

/// Presses the button of the page's form, which the notice may lie over: a person scrolls, and the page lets them.
async fn send(b: &Browser, words: &str) {
    b.script("document.querySelector('main form button.main').scrollIntoView({ block: 'center' })", Vec::new()).await;
    b.press(words).await;
}

/// Opens a tab beside, and goes there; returns the one before.
async fn tab(b: &Browser, url: &str) -> WindowHandle {
    let first = b.client.window().await.unwrap();
    let new = b.client.new_window(true).await.unwrap();
    b.client.switch_to_window(new.handle).await.unwrap();
    b.open(url).await;
    first
}

async fn back(b: &Browser, first: WindowHandle) {
    b.client.close_window().await.unwrap();
    b.client.switch_to_window(first).await.unwrap();
}

pub async fn an_owner_is_warned_stays_and_loses_nothing(stage: &Stage) {
    let mut faults = Vec::new();
    stage.owner().await;
    stage.made_up_owner("ivo@example.com", "Ivo Irons").await;
    stage.made_up_owner("ines@example.com", "Ines Inks").await;
    let ivo = stage.customer_id("ivo@example.com").await;
    let b = stage.driver.browser("sign-out", &Options::default()).await;
    b.open(&stage.url("/login")).await;
    sign_in(&b, "ivo@example.com").await;
    b.says("Ivo Irons").await;
    b.console().await;
    let opened = stage.url(&format!("{FORM}?again=1"));

    // It appears by itself, takes no focus, moves nothing, and is said once to whoever hears the page.
    near(stage, "customer_id", ivo, OWNER_IDLE, 127).await;
    b.open(&opened).await;
    assert_eq!(b.script(HIDDEN, Vec::new()).await, json!(true), "not before its time");
    type_into(&b, "#message", TEXT).await;
    let top = "return document.querySelector('#message').getBoundingClientRect().top";
    let before = b.script(top, Vec::new()).await;
    b.until("the warning", SHOWN).await;
    b.says("You will be signed out in 2 minutes, because nothing happened here for a while").await;
    assert_eq!((focus(&b).await.as_str(), value(&b, "#message").await.as_str()), ("message", TEXT));
    assert_eq!(b.script(top, Vec::new()).await, before, "nothing moved");
    b.until("it is said", "return document.querySelector('#say').textContent.includes('signed out in 2 minutes')")
        .await;
    assert_eq!(
        b.script("return document.querySelector('#say').getAttribute('role')", Vec::new()).await,
        json!("status")
    );
    assert!(!b.text().await.contains("Sign in again in a new tab"), "one thing to do");
    look_here(&b, "owner signed out soon", &mut faults).await;

    // Another tab is used: the warning goes.
    let first = tab(&b, &stage.url("/account")).await;
    b.says("ivo@example.com").await;
    back(&b, first).await;
    b.until("the warning goes", HIDDEN).await;
    assert_eq!(value(&b, "#message").await, TEXT);
    assert_eq!(
        b.script(
            "return document.body.style.paddingBottom + document.documentElement.style.scrollPaddingBottom",
            Vec::new()
        )
        .await,
        json!("")
    );

    // "Stay signed in", by keyboard: the focus goes back to where it was.
    near(stage, "customer_id", ivo, OWNER_IDLE, 100).await;
    b.open(&opened).await;
    b.until("the warning", SHOWN).await;
    type_into(&b, "#subject", "Checkout fails").await;
    type_into(&b, "#message", TEXT).await;
    b.script("document.querySelector('[data-leave] button').focus()", Vec::new()).await;
    b.find("[data-leave] button").await.send_keys("\u{e007}").await.unwrap();
    b.until("the warning goes", HIDDEN).await;
    assert_eq!((focus(&b).await.as_str(), value(&b, "#message").await.as_str()), ("message", TEXT));
    let seen = format!(
        "SELECT MIN(TIMESTAMPDIFF(SECOND, seen_at, NOW(6))) FROM login_sessions WHERE customer_id = {ivo} AND revoked_at IS NULL"
    );
    assert!(count(stage, seen).await < 10);

    // The end comes: the page stays as it is, and the form leads to the sign-in and back, unsent.
    near(stage, "customer_id", ivo, OWNER_IDLE, 7).await;
    b.open(&opened).await;
    type_into(&b, "#subject", "Checkout fails").await;
    type_into(&b, "#message", TEXT).await;
    b.script("const s = document.querySelector('#category'); s.selectedIndex = 2", Vec::new()).await;
    let category = value(&b, "#category").await;
    b.says("You are signed out. What you typed is still on this page").await;
    assert_eq!((b.path().await.as_str(), value(&b, "#message").await.as_str()), (FORM, TEXT));
    assert_eq!(focus(&b).await, "message");
    look_here(&b, "owner signed out", &mut faults).await;
    send(&b, "Send message").await;
    b.says("You were signed out before this was sent").await;
    look_here(&b, "visitor login with something unsent", &mut faults).await;
    sign_in(&b, "ivo@example.com").await;
    b.arrives(FORM).await;
    b.says("What you typed is back in the form. It was not sent").await;
    assert_eq!((value(&b, "#subject").await.as_str(), value(&b, "#message").await.as_str()), ("Checkout fails", TEXT));
    assert_eq!(value(&b, "#category").await, category);
    look_here(&b, "owner typed text is back", &mut faults).await;
    let tickets = format!("SELECT COUNT(*) FROM tickets WHERE customer_id = {ivo}");
    assert_eq!(count(stage, tickets.clone()).await, 0, "nothing is sent by itself");
    send(&b, "Send message").await;
    b.says("We have your message").await;
    assert_eq!(count(stage, tickets.clone()).await, 1);
    assert_eq!(b.script("return sessionStorage.length", Vec::new()).await, json!(0), "nothing is left behind");

    // Or the sign-in happens in a tab beside, and the first one goes on.
    near(stage, "customer_id", ivo, OWNER_IDLE, 3).await;
    b.open(&opened).await;
    type_into(&b, "#subject", "And the cart").await;
    type_into(&b, "#message", "It forgets everything.").await;
    b.says("You are signed out. What you typed").await;
    let first = b.client.window().await.unwrap();
    b.press("Sign in again in a new tab").await;
    let other = async {
        loop {
            if let Some(new) = b.client.windows().await.unwrap().into_iter().find(|w| *w != first) {
                return new;
            }
        }
    };
    let other = tokio::time::timeout(std::time::Duration::from_secs(20), other).await.expect("a new tab");
    b.client.switch_to_window(other).await.unwrap();
    sign_in(&b, "ivo@example.com").await;
    b.says("Go on in the other tab").await;
    back(&b, first).await;
    b.says("You are signed in again. Go on where you were").await;
    look_here(&b, "owner signed in again", &mut faults).await;
    b.press("Close").await;
    b.until("the notice is gone", HIDDEN).await;
    assert_eq!(value(&b, "#message").await, "It forgets everything.");
    send(&b, "Send message").await;
    b.says("We have your message").await;
    assert_eq!(count(stage, tickets.clone()).await, 2);

    // Somebody else signs in: they get nothing of it, and nothing of theirs is done by it.
    near(stage, "customer_id", ivo, OWNER_IDLE, 3).await;
    b.open(&opened).await;
    type_into(&b, "#subject", "Ivo's secret").await;
    type_into(&b, "#message", "Only for support.").await;
    b.says("You are signed out. What you typed").await;
    let first = tab(&b, &stage.url("/login")).await;
    sign_in(&b, "ines@example.com").await;
    b.says("Ines Inks").await;
    back(&b, first).await;
    b.says("Somebody else is signed in here now").await;
    look_here(&b, "owner somebody else is signed in", &mut faults).await;
    send(&b, "Send message").await;
    b.says("This page was open too long").await;
    b.open(&stage.url(FORM)).await;
    assert_eq!(value(&b, "#message").await, "");
    assert_eq!(b.script("return sessionStorage.length", Vec::new()).await, json!(0));
    let all = "SELECT COUNT(*) FROM tickets WHERE subject = 'Ivo\\'s secret'".to_owned();
    assert_eq!(count(stage, all).await, 0);

    // Passwords are never kept, not for a moment.
    let ines = stage.customer_id("ines@example.com").await;
    b.open(&stage.url("/account/email")).await;
    run(stage, format!("UPDATE login_sessions SET expires_at = NOW(6) WHERE customer_id = {ines}")).await;
    b.fill("#email", "ines.new@example.com").await;
    b.fill("#password", "something secret").await;
    send(&b, "Send both mails").await;
    b.says("You were signed out before this was sent").await;
    let kept = b.script("return sessionStorage.getItem('sf-typed')", Vec::new()).await;
    let kept = kept.as_str().unwrap();
    assert!(kept.contains("ines.new@example.com") && !kept.contains("secret") && !kept.contains("csrf"), "{kept}");
    // Who comes back as somebody else does not find it either.
    sign_in(&b, "ivo@example.com").await;
    b.says("Change your email").await;
    assert_eq!(value(&b, "#email").await, "");
    assert_eq!(b.script("return sessionStorage.length", Vec::new()).await, json!(0));

    // The absolute end can't be put off, and says so.
    run(
        stage,
        format!(
            "UPDATE login_sessions SET created_at = NOW(6) - INTERVAL {} SECOND WHERE customer_id = {ivo}",
            OWNER_LIFE - 50
        ),
    )
    .await;
    b.open(&stage.url("/account/email")).await;
    b.says("That cannot be put off").await;
    b.says("Sign in again in a new tab").await;
    assert!(!b.text().await.contains("Stay signed in"));
    look_here(&b, "owner at the absolute end", &mut faults).await;
    console(&b, &["401 (Unauthorized", "403 (Forbidden"], &mut faults).await;
    b.close().await;
    assert!(faults.is_empty(), "{faults:#?}");
}

pub async fn staff_are_warned_also_while_they_look_at_a_panel(stage: &Stage) {
    let mut faults = Vec::new();
    stage.owner().await;
    stage.made_up_owner("jon@example.com", "Jon Jams").await;
    let jon = stage.customer_id("jon@example.com").await;
    let b = stage.signed_in_admin("staff-sign-out", &Options::default()).await;
    let admin = u64::try_from(count(stage, "SELECT MIN(CAST(id AS SIGNED)) FROM admins".into()).await).unwrap();
    b.console().await;
    near(stage, "admin_id", admin, STAFF_IDLE, 100).await;
    b.open(&stage.url("/admin/customers/new?again=1")).await;
    b.until("the warning", SHOWN).await;
    b.fill("#email", "new@example.com").await;
    look_here(&b, "staff signed out soon", &mut faults).await;
    b.press("Stay signed in").await;
    b.until("the warning goes", HIDDEN).await;
    assert_eq!(value(&b, "#email").await, "new@example.com");

    // A view ends on time; nothing makes it longer.
    b.open(&stage.url(&format!("/admin/customers/{jon}/view"))).await;
    b.fill("#reason", "The set-up takes long").await;
    b.press("Start viewing").await;
    b.says("You look at the panel of").await;
    let ends = async |seconds: u32| {
        let set = format!(
            "UPDATE customer_views SET expires_at = NOW(6) + INTERVAL {seconds} SECOND WHERE customer_id = {jon} AND state = 'running'"
        );
        run(stage, set).await;
    };
    ends(90).await;
    b.open(&stage.url("/account")).await;
    b.says("Your view of this panel ends in").await;
    look_here(&b, "staff view ends soon", &mut faults).await;
    ends(4).await;
    b.open(&stage.url("/account")).await;
    b.says("Your view of this panel is over").await;
    look_here(&b, "staff view is over", &mut faults).await;
    b.press("Back to customers").await;
    b.arrives("/admin/customers").await;
    b.says("The view is over").await;
    console(&b, &["401 (Unauthorized"], &mut faults).await;
    b.close().await;
    assert!(faults.is_empty(), "{faults:#?}");
}

pub async fn without_scripts_nothing_is_different(stage: &Stage) {
    stage.owner().await;
    stage.made_up_owner("kai@example.com", "Kai Kites").await;
    let kai = stage.customer_id("kai@example.com").await;
    let b = stage.driver.browser("no-script-sign-out", &Options { no_script: true, through: None }).await;
    b.open(&stage.url("/login")).await;
    sign_in(&b, "kai@example.com").await;
    b.says("Kai Kites").await;
    near(stage, "customer_id", kai, OWNER_IDLE, 60).await;
    b.open(&stage.url("/account/email?again=1")).await;
    let said = b.text().await;
    assert!(
        said.contains("Change your email") && !said.contains("signed out") && !said.contains("Stay signed in"),
        "{said}"
    );
    near(stage, "customer_id", kai, OWNER_IDLE, -5).await;
    b.fill("#email", "kai.new@example.com").await;
    b.press("Send both mails").await;
    b.says("You were signed out before this was sent").await;
    sign_in(&b, "kai@example.com").await;
    b.says("Change your email").await;
    assert_eq!(count(stage, format!("SELECT COUNT(*) FROM email_changes WHERE customer_id = {kai}")).await, 0);
    b.close().await;
}
