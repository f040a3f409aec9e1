//! The database page and a change of the store by the eyes of their owner: what a real browser lets
//! through (form-action, cookies of another origin), and what a person clicks.

use crate::stage::{PASSWORD, Stage};
use shopfleet_tests::axe;
use shopfleet_tests::eventually;

pub async fn the_owner_looks_at_the_tables(stage: &Stage) {
    let owner = stage.owner().await;
    sqlx::query("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 20 MINUTE WHERE kind = 'customer'")
        .execute(&stage.instance.pool)
        .await
        .unwrap();
    owner.open(&stage.url("/dashboard/database")).await;
    owner.says("The database page is closed").await;
    owner.press("Start database page").await;
    owner.arrives("/reauthenticate").await;
    owner.fill("#password", PASSWORD).await;
    owner.press("Continue").await;
    owner.arrives("/dashboard/database").await;
    owner.press("Start database page").await;
    // The page renews itself.
    owner.says("The database page is open").await;
    let mut faults = axe::faults(owner, "database page open").await;
    owner.press("Open database page").await;
    owner.says("Your way in is ready").await;
    faults.extend(axe::faults(owner, "the way into the database page").await);
    assert!(faults.is_empty(), "{faults:#?}");
    let (console, address) = (owner.console().await, owner.url().await);
    assert!(!console.iter().any(|l| l.contains("Content Security Policy")), "{console:?}");
    owner.press("Go to the database page").await;
    let page = stage.instance.store_url("alpine-honey--db");
    eventually("phpMyAdmin", async || owner.url().await.starts_with(&page).then_some(())).await;
    assert!(!address.contains("ticket") && !owner.url().await.contains("ticket"));
    owner.open(&format!("{page}/index.php?route=/database/structure&db=shop")).await;
    owner.says("wp_options").await;
    owner.open(&stage.url("/dashboard/database")).await;
    owner.press("Close it now").await;
    owner.says("The database page is closed").await;
    owner.console().await;
}

pub async fn the_owner_puts_up_and_ends_maintenance(stage: &Stage) {
    let owner = stage.owner().await;
    owner.console().await;
    for (link, word, says) in [
        ("Start maintenance", "Start maintenance", "Maintenance is on."),
        ("End maintenance", "End maintenance", "Live"),
    ] {
        owner.open(&stage.url("/dashboard")).await;
        owner.press(link).await;
        owner.arrives("/dashboard/store/maintenance").await;
        owner.press(word).await;
        eventually("the job's page", async || owner.path().await.starts_with("/dashboard/jobs/").then_some(())).await;
        eventually("done", async || (owner.text_of("[data-state-badge]").await == "Done").then_some(())).await;
        let faults = axe::faults(owner, word).await;
        assert!(faults.is_empty(), "{faults:#?}");
        owner.open(&stage.url("/dashboard")).await;
        owner.says(says).await;
    }
    let said = owner.console().await;
    assert!(said.is_empty(), "{said:?}");
}
