//! The product's main job, from the form to a store, by the eyes of its owner and of staff.

use crate::stage::{PASSWORD, Stage, assert_complete};
use shopfleet_tests::browser::{Browser, Options};
use shopfleet_tests::eventually;

pub async fn from_sign_up_to_an_administered_store(stage: &Stage) {
    let owner = stage.owner().await;
    assert!(owner.path().await.starts_with("/setup/"));
    assert!(owner.title().await.contains("Alpine Honey"), "{}", owner.title().await);
    assert_eq!(owner.text_of("h1").await, "Alpine Honey is ready");
    assert_eq!(owner.text_of("[data-state-badge]").await, "Live");
    let open = owner.script("return document.querySelectorAll('.steps li:not(.done)').length", Vec::new()).await;
    assert_eq!(open, 0, "every step is done");

    let store = stage.instance.store_url("alpine-honey");
    owner.press("Open store").await;
    eventually("the store opens", async || owner.url().await.starts_with(&store).then_some(())).await;
    assert!(owner.title().await.contains("Alpine Honey"), "{}", owner.title().await);

    // Credentials: an old proof of the password is not enough.
    sqlx::query("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 20 MINUTE WHERE kind = 'customer'")
        .execute(&stage.instance.pool)
        .await
        .unwrap();
    owner.open(&stage.url("/dashboard/access")).await;
    assert_eq!(owner.text_of("#v-admin-2").await, "••••••••••••");
    owner.press("Show Store admin").await;
    owner.arrives("/reauthenticate").await;
    owner.fill("#password", "not the password").await;
    owner.press("Continue").await;
    owner.says("There is a problem").await;
    owner.fill("#password", PASSWORD).await;
    owner.press("Continue").await;
    owner.arrives("/dashboard/access").await;
    assert!(owner.text().await.contains("Never shown"));
    owner.press("Show Store admin").await;
    owner.press("Hide").await;
    owner.press("Show Store admin").await;
    owner.says("Last shown").await;
    let (user, password) = (owner.text_of("#v-admin-1").await, owner.text_of("#v-admin-2").await);
    assert!(password.len() >= 16 && !password.contains('•'));

    log_in_to_wordpress(owner, &store, &user, &password).await;
    owner.open(&stage.url("/dashboard")).await;
    assert_eq!(owner.text_of("h1").await, "Alpine Honey");
}

/// Signs in to the shop's own administration.
async fn log_in_to_wordpress(browser: &Browser, store: &str, user: &str, password: &str) {
    browser.open(&format!("{store}/wp-login.php")).await;
    // WordPress moves the focus into its field a moment after loading.
    browser.until("WordPress has set the focus", "return document.activeElement.id === 'user_login'").await;
    browser.fill("#user_login", user).await;
    browser.fill("#user_pass", password).await;
    browser.click("#wp-submit").await;
    browser.find("#wpadminbar").await;
    browser.arrives("/wp-admin/").await;
    assert!(browser.title().await.contains("Alpine Honey"), "{}", browser.title().await);
}

pub async fn staff_watch_the_same_job(stage: &Stage) {
    stage.owner().await;
    let admin = stage.admin().await;
    let job = stage.setup_job("ana@example.com").await;
    let customer = stage.customer_id("ana@example.com").await;
    admin.open(&stage.url("/admin/customers")).await;
    admin.press("Alpine Honey").await;
    admin.arrives(&format!("/admin/customers/{customer}")).await;
    admin.says("ana@example.com").await;
    assert!(!admin.text().await.contains(PASSWORD));
    admin.press("Provisioning").await;
    admin.arrives(&format!("/admin/customers/{customer}/provisioning")).await;
    let last: u32 = sqlx::query_scalar("SELECT last_seq FROM jobs WHERE uid = ?")
        .bind(&job)
        .fetch_one(&stage.instance.pool)
        .await
        .unwrap();
    assert!(last > 10);
    assert_complete(admin, 1, last.into()).await;
    admin.open(&stage.url(&format!("/admin/jobs/{job}"))).await;
    assert_complete(admin, 1, last.into()).await;
    assert_eq!(admin.text_of("[data-state-badge]").await, "Done");
}

pub async fn a_failed_store_is_explained_and_retried(stage: &Stage) {
    // An image nobody has, as after a clean-up by somebody who did not know.
    let missing = stage.instance.without_image("store-web");
    let owner = stage.driver.browser("second", &Options::default()).await;
    stage.sign_up(&owner, "ben@example.com", "Ben's Boats").await;
    stage.verify(&owner, "ben@example.com").await;
    let job = stage.setup_job("ben@example.com").await;
    eventually("the job fails", async || {
        let state: String = sqlx::query_scalar("SELECT state FROM jobs WHERE uid = ?")
            .bind(&job)
            .fetch_one(&stage.instance.pool)
            .await
            .unwrap();
        (state == "failed").then_some(())
    })
    .await;
    owner.says("We could not").await;
    let said = owner.text().await;
    assert!(said.contains("Reference"), "{said}");
    for word in ["image", "container", "Docker", "docker", "sha256", "worker", "undo"] {
        assert!(!said.contains(word), "the owner reads {word:?}:\n{said}");
    }

    let admin = stage.admin().await;
    admin.open(&stage.url("/admin")).await;
    admin.says("Ben's Boats").await;
    admin.open(&stage.url(&format!("/admin/jobs/{job}"))).await;
    assert_eq!(admin.text_of("[data-state-badge]").await, "Failed");
    let why = admin.text_of("section[aria-labelledby=why]").await;
    assert!(why.contains("image") && why.contains("Retry"), "{why}");
    let last: u32 = sqlx::query_scalar("SELECT last_seq FROM jobs WHERE uid = ?")
        .bind(&job)
        .fetch_one(&stage.instance.pool)
        .await
        .unwrap();
    assert_complete(admin, 1, last.into()).await;

    drop(missing);
    admin.press("Retry from").await;
    admin.says("Attempt 2").await;
    eventually("the retried job ends", async || (admin.text_of("[data-state-badge]").await == "Done").then_some(()))
        .await;
    admin.open(&stage.url(&format!("/admin/jobs/{job}?attempt=1"))).await;
    assert_complete(admin, 1, last.into()).await;

    // The owner's page, left open, has found out by itself or does after a reload.
    owner.open(&stage.url(&format!("/setup/{job}"))).await;
    owner.says("Open store").await;
    owner.press("Open store").await;
    let store = stage.instance.store_url("bens-boats");
    eventually("the store opens", async || owner.url().await.starts_with(&store).then_some(())).await;
    assert!(owner.title().await.contains("Boats"), "{}", owner.title().await);
    owner.close().await;
}
