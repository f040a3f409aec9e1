//! Whose sign-up a link confirms: the one of the browser that signed up, or the one whose password is proven.

use crate::support::{App, Browser, PASSWORD, Page};

const STRANGERS: &str = "password of a stranger";

async fn confirm(b: &Browser, token: &str, password: &str) -> Page {
    b.submit_at(&format!("/verify?token={token}"), "/verify", &[("token", token), ("password", password)]).await
}

/// What a refused confirmation must not have changed.
async fn untouched(app: &App) {
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE state = 'active'").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE state <> 'requested'").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM email_verifications WHERE used_at IS NOT NULL").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM login_sessions WHERE kind = 'customer'").await, 0);
}

#[actix_web::test]
async fn the_browser_that_signed_up_confirms_with_one_press() {
    let app = App::new().await;
    let b = app.browser();
    b.sign_up(&[]).await;
    let token = app.newest_token().await;
    let page = b.get(&format!("/verify?token={token}")).await;
    assert!(page.body.contains("One press confirms") && !page.body.contains("type=\"password\""), "{}", page.body);
    let r = b.submit_at(&format!("/verify?token={token}"), "/verify", &[("token", &token)]).await;
    assert!(r.status == 303 && r.location.starts_with("/setup/"), "{}", r.body);
    assert_eq!(b.get("/dashboard").await.status, 200);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM sign_ups").await, 0);
}

#[actix_web::test]
async fn another_browser_confirms_with_the_password_of_the_sign_up_and_is_signed_in() {
    let app = App::new().await;
    app.browser().sign_up(&[]).await;
    let token = app.newest_token().await;
    let other = app.browser();
    let page = other.get(&format!("/verify?token={token}")).await;
    assert!(page.body.contains("Password of your sign-up"), "{}", page.body);
    // Without a password and with a wrong one: words at the field, nothing changed.
    for (password, words) in [("", "Enter the password you chose"), ("not the password", "not the password of this")] {
        let r = confirm(&other, &token, password).await;
        assert_eq!(r.status, 422, "{password:?}");
        assert!(r.body.contains(words) && r.body.contains("There is a problem"), "{}", r.body);
        assert!(!r.body.contains("not the password\""), "a password is not sent back");
        untouched(&app).await;
    }
    assert_eq!(
        app.db
            .number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.confirm_email' AND outcome = 'refused'")
            .await,
        1
    );
    let r = confirm(&other, &token, PASSWORD).await;
    assert!(r.status == 303 && r.location.starts_with("/setup/"), "{}", r.body);
    assert_eq!(other.get("/dashboard").await.status, 200);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'provision_store'").await, 1);
    // Used up, in any browser.
    assert_eq!(confirm(&app.browser(), &token, PASSWORD).await.status, 422);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'provision_store'").await, 1);
}

#[actix_web::test]
async fn wrong_passwords_at_a_link_count_with_those_at_sign_in() {
    let app = App::new().await;
    app.browser().sign_up(&[]).await;
    let token = app.newest_token().await;
    let other = app.browser();
    for n in 1..=4 {
        assert_eq!(confirm(&other, &token, "not the password").await.status, 422, "try {n}");
    }
    let r = other.submit("/login", &[("email", "ana@example.com"), ("password", "not the password")]).await;
    assert_eq!(r.status, 422);
    let r = confirm(&other, &token, PASSWORD).await;
    assert_eq!((r.status, r.header("retry-after")), (429, "1"), "{}", r.body);
    assert!(r.body.contains("You can try again in 1 second"), "{}", r.body);
    untouched(&app).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(confirm(&other, &token, PASSWORD).await.status, 303, "no lasting lock");
}

#[actix_web::test]
async fn nobody_rides_on_the_click_of_the_one_who_signed_up_before() {
    let app = App::new().await;
    let ana = app.browser();
    ana.sign_up(&[]).await;
    let hers = app.newest_token().await;
    // Somebody else types Ana's address after her, before she opens her mail; both mails are in her mailbox.
    let stranger = app.browser();
    let r = stranger.sign_up(&[("password", STRANGERS), ("store_name", "Not Ana's")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let foreign = app.newest_token().await;
    assert_ne!(hers, foreign);
    // The newer link asks for a password that she does not have, and hers does not fit.
    let page = ana.get(&format!("/verify?token={foreign}")).await;
    assert!(page.body.contains("Password of your sign-up"), "{}", page.body);
    assert_eq!(confirm(&ana, &foreign, "").await.status, 422);
    assert_eq!(confirm(&ana, &foreign, PASSWORD).await.status, 422);
    untouched(&app).await;
    // Her own link is as good as before, and makes her sign-up the account: her password, her store.
    let r = confirm(&ana, &hers, "").await;
    assert!(r.status == 303 && r.location.starts_with("/setup/"), "{}", r.body);
    assert_eq!(app.db.text("SELECT name FROM stores WHERE state = 'provisioning'").await, "Ana's Bikes");
    assert_eq!(app.db.text("SELECT GROUP_CONCAT(host) FROM store_addresses").await, "anas-bikes.shops.localhost");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE state = 'requested'").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM sign_ups").await, 0);
    // Nothing of the other sign-up is worth anything any more.
    assert_eq!(confirm(&stranger, &foreign, STRANGERS).await.status, 422);
    let r = stranger.submit("/login", &[("email", "ana@example.com"), ("password", STRANGERS)]).await;
    assert_eq!(r.status, 422);
    let r = app.browser().submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303);
}

#[actix_web::test]
async fn of_two_sign_ups_the_one_whose_password_is_proven_becomes_the_account() {
    for (proven, password, store) in [(0, PASSWORD, "First"), (1, STRANGERS, "Second")] {
        let app = App::new().await;
        let mut tokens = Vec::new();
        for (password, store) in [(PASSWORD, "First"), (STRANGERS, "Second")] {
            let r = app
                .browser()
                .sign_up(&[("password", password), ("store_name", store), ("address", "the-same-address")])
                .await;
            assert_eq!(r.status, 303, "{}", r.body);
            tokens.push(app.newest_token().await);
        }
        let third = app.browser();
        let token = &tokens[proven];
        let other = if proven == 0 { STRANGERS } else { PASSWORD };
        assert_eq!(confirm(&third, token, other).await.status, 422, "each link has its own password");
        untouched(&app).await;
        let r = confirm(&third, token, password).await;
        assert!(r.status == 303 && r.location.starts_with("/setup/"), "{}", r.body);
        assert_eq!(app.db.text("SELECT GROUP_CONCAT(name) FROM stores WHERE state = 'provisioning'").await, store);
        assert_eq!(
            app.db.text("SELECT GROUP_CONCAT(a.host) FROM store_addresses a JOIN stores s ON s.id = a.store_id WHERE s.state = 'provisioning'").await,
            "the-same-address.shops.localhost"
        );
        assert_eq!(app.db.number("SELECT COUNT(*) FROM store_addresses").await, 1);
        let sign_in = |password| {
            let b = app.browser();
            async move { b.submit("/login", &[("email", "ana@example.com"), ("password", password)]).await.status }
        };
        assert_eq!((sign_in(password).await, sign_in(other).await), (303, 422));
    }
}

#[actix_web::test]
async fn signing_up_again_in_the_same_browser_replaces_what_it_asked_for() {
    let app = App::new().await;
    let b = app.browser();
    b.sign_up(&[("password", "the first password")]).await;
    let first = app.newest_token().await;
    let r = b.sign_up(&[("store_name", "Ana's Other Bikes")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let second = app.newest_token().await;
    assert!(b.get(&format!("/verify?token={first}")).await.body.contains("no longer works"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM sign_ups").await, 1);
    assert_eq!(app.db.text("SELECT GROUP_CONCAT(host) FROM store_addresses").await, "anas-other-bikes.shops.localhost");
    assert_eq!(confirm(&app.browser(), &second, "the first password").await.status, 422);
    let r = confirm(&b, &second, "").await;
    assert!(r.location.starts_with("/setup/"), "{}", r.location);
    assert_eq!(app.db.text("SELECT name FROM stores WHERE state = 'provisioning'").await, "Ana's Other Bikes");
}

#[actix_web::test]
async fn a_link_that_somebody_else_asked_for_stays_the_signers_up() {
    let app = App::new().await;
    let ana = app.browser();
    ana.sign_up(&[]).await;
    app.newest_token().await;
    let stranger = app.browser();
    let r = stranger.submit_at("/verify", "/verify/resend", &[("email", "ana@example.com")]).await;
    assert_eq!(r.status, 303);
    let token = app.newest_token().await;
    assert!(stranger.get(&format!("/verify?token={token}")).await.body.contains("Password of your sign-up"));
    assert_eq!(confirm(&stranger, &token, "").await.status, 422);
    assert!(confirm(&ana, &token, "").await.location.starts_with("/setup/"));
}

#[actix_web::test]
async fn send_again_is_about_the_sign_up_of_this_browser() {
    let app = App::new().await;
    let ana = app.browser();
    ana.sign_up(&[]).await;
    app.browser().sign_up(&[("password", STRANGERS), ("store_name", "Not Ana's")]).await;
    app.newest_token().await;
    ana.submit_at("/verify", "/verify/resend", &[("email", "ana@example.com")]).await;
    let token = app.newest_token().await;
    assert!(confirm(&ana, &token, "").await.location.starts_with("/setup/"));
    assert_eq!(app.db.text("SELECT name FROM stores WHERE state = 'provisioning'").await, "Ana's Bikes");
}

#[actix_web::test]
async fn a_link_of_the_release_before_asks_for_the_accounts_password_and_ends_with_a_new_sign_up() {
    let app = App::new().await;
    let b = app.browser();
    b.sign_up(&[]).await;
    let token = app.newest_token().await;
    app.db.sql("DELETE FROM sign_ups").await;
    let other = app.browser();
    assert!(other.get(&format!("/verify?token={token}")).await.body.contains("Password of your sign-up"));
    app.browser().sign_up(&[("password", STRANGERS), ("store_name", "Not Ana's")]).await;
    assert!(b.get(&format!("/verify?token={token}")).await.body.contains("no longer works"));
    app.db.sql("DELETE FROM sign_ups").await;
    app.db.sql("UPDATE stores SET state = 'deleted' WHERE name LIKE 'Not%'").await;
    assert!(confirm(&other, &token, STRANGERS).await.location.starts_with("/setup/"));
}
