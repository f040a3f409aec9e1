//! The same walk with JavaScript switched off.

use crate::stage::Stage;
use shopfleet_tests::browser::Options;
use shopfleet_tests::eventually;

pub async fn sign_up_without_scripts(stage: &Stage) {
    let browser = stage.driver.browser("no-script", &Options { no_script: true, through: None }).await;
    browser.open(&stage.url("/signup")).await;
    // A wrong form first: everything but the password is kept, the words are there.
    browser.fill("#store_name", "Cleo's Clocks").await;
    browser.fill("#email", "cleo").await;
    browser.fill("#password", "short").await;
    browser.press("Create store").await;
    browser.says("There is a problem").await;
    assert!(browser.title().await.starts_with("Error: "));
    let kept = browser.find("#store_name").await.prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("Cleo's Clocks"));
    assert!(!browser.has("html.js").await, "scripts run");

    stage.sign_up(&browser, "cleo@example.com", "Cleo's Clocks").await;
    stage.verify(&browser, "cleo@example.com").await;
    let setup = browser.url().await;
    // What the page's own refresh or its "Refresh" link would do.
    eventually("the store is live", async || {
        browser.open(&setup).await;
        browser.text().await.contains("Open store").then_some(())
    })
    .await;
    browser.press("Go to your dashboard").await;
    browser.says("Cleo's Clocks").await;
    browser.press("Sign-in details").await;
    browser.press("Show Store admin").await;
    browser.says("Last shown").await;
    browser.press("Sign out").await;
    browser.arrives("/").await;
    browser.open(&stage.url("/dashboard")).await;
    browser.arrives("/login").await;
    browser.close().await;
}
