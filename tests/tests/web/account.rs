//! The owner's account: profile, mails, password, address, devices, history, time-outs.

use crate::support::{App, Browser, PASSWORD};

const NEW: &str = "another horse battery";

async fn signed_in(app: &App, email: &str, password: &str) -> Option<Browser> {
    app.redis.flush().await;
    let b = app.browser();
    let r = b.submit("/login", &[("email", email), ("password", password)]).await;
    (r.status == 303 && r.location == "/dashboard").then_some(b)
}

/// The links of the newest mail to an address.
async fn links(app: &App, to: &str) -> Vec<String> {
    let sent = app.deliver_mail().await;
    let mail = sent.iter().rev().find(|m| m.to == to).unwrap_or_else(|| panic!("no mail to {to}"));
    mail.text
        .split("/email/change?token=")
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_hexdigit).collect())
        .collect()
}

#[actix_web::test]
async fn name_zone_theme_and_mails_are_kept() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let good = [("name", "Ana  Bike"), ("time_zone", "Europe/Berlin"), ("theme", "dark")];
    for (field, value, words) in [
        ("name", "a\u{202e}b", "cannot be shown"),
        ("time_zone", "Europe/Nowhere", "Choose a time zone"),
        ("time_zone", "", "Choose a time zone"),
        ("theme", "pink", "Choose a theme"),
    ] {
        let fields: Vec<_> = good.iter().map(|(n, v)| (*n, if *n == field { value } else { *v })).collect();
        let r = ana.submit("/account", &fields).await;
        assert!(r.status == 422 && r.body.contains(words), "{field}: {}", r.body);
    }
    let r = ana.submit("/account", &good).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/account"), "{}", r.body);
    let page = ana.get("/account").await;
    for part in ["value=\"Ana Bike\"", "data-zone=\"Europe/Berlin\"", "data-theme=\"dark\""] {
        assert!(page.body.contains(part), "{part}");
    }
    // The theme comes along to another browser.
    let b = signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    assert!(b.get("/dashboard").await.body.contains("data-theme=\"dark\""));
    let r = ana.submit_at("/account", "/account/notices", &[("store", "yes")]).await;
    assert_eq!(r.status, 303);
    assert_eq!(app.db.text("SELECT CONCAT(notify_store, notify_new_place) FROM customers").await, "10");
    // A field nobody offered changes nothing.
    let mut more = good.to_vec();
    more.extend([("role", "reseller"), ("state", "closed"), ("email", "eve@example.com")]);
    assert_eq!(ana.submit("/account", &more).await.status, 303);
    assert_eq!(app.db.text("SELECT CONCAT(role, state, email) FROM customers").await, "customeractiveana@example.com");
}

#[actix_web::test]
async fn a_changed_password_signs_others_out_and_kills_links() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let other = signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    let link = crate::password::link(&app, "ana@example.com").await;
    for (current, new, words) in [
        ("wrong", NEW, "not your current password"),
        (PASSWORD, "short", "at least 10 characters"),
        (PASSWORD, PASSWORD, "differs from the current"),
    ] {
        let r = ana.submit("/account/password", &[("current_password", current), ("new_password", new)]).await;
        assert!(r.status == 422 && r.body.contains(words), "{}", r.body);
    }
    let thief = ana.clone();
    let r = ana.submit("/account/password", &[("current_password", PASSWORD), ("new_password", NEW)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/account"), "{}", r.body);
    assert_eq!(thief.get("/account").await.status, 200, "the same cookie jar");
    assert_eq!(other.get("/dashboard").await.status, 303);
    assert!(signed_in(&app, "ana@example.com", PASSWORD).await.is_none());
    assert!(signed_in(&app, "ana@example.com", NEW).await.is_some());
    assert!(ana.get(&format!("/password/reset?token={link}")).await.body.contains("no longer works"));
    assert!(app.deliver_mail().await.iter().any(|m| m.subject.contains("password was changed")));
}

#[actix_web::test]
async fn an_address_changes_when_both_mailboxes_confirm() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    for (email, password, words) in [
        ("nonsense", PASSWORD, "Enter an email address"),
        ("ana@example.com", PASSWORD, "your address already"),
        ("ana@other.example", "wrong", "This password is not right"),
    ] {
        let r = ana.submit("/account/email", &[("email", email), ("password", password)]).await;
        assert!(r.status == 422 && r.body.contains(words), "{}", r.body);
    }
    for (first, second) in [("ana@example.com", "ana@other.example"), ("ana@example.com", "ana@third.example")] {
        app.redis.flush().await;
        let old = app.db.text("SELECT email FROM customers").await;
        let (first, second) = if old == first { (first, second) } else { ("ana@third.example", "ana@example.com") };
        let b = signed_in(&app, &old, PASSWORD).await.unwrap();
        let new = if old == first { second } else { first };
        let r = b.submit("/account/email", &[("email", new), ("password", PASSWORD)]).await;
        assert_eq!(r.status, 303, "{}", r.body);
        app.deliver_mail().await;
        let (from_old, from_new) = (links(&app, &old).await, links(&app, new).await);
        assert_eq!((from_old.len(), from_new.len()), (2, 1), "confirm and stop; confirm");
        // Looking changes nothing, from either side, and so does one yes.
        let stranger = app.browser();
        for token in [&from_old[0], &from_new[0], &from_old[1]] {
            assert_eq!(stranger.get(&format!("/email/change?token={token}")).await.status, 200);
        }
        let press = async |token: &str| stranger.submit_at("/login", "/email/change", &[("token", token)]).await;
        for _ in 0..2 {
            let r = press(&from_new[0]).await;
            assert!(r.status == 200 && r.body.contains("One more to go"), "{}", r.body);
        }
        assert_eq!(app.db.text("SELECT email FROM customers").await, old);
        let r = press(&from_old[0]).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/login"), "{}", r.body);
        assert_eq!(app.db.text("SELECT email FROM customers").await, new);
        assert_eq!(b.get("/dashboard").await.status, 303, "every session ended");
        assert_eq!(stranger.get("/dashboard").await.status, 303, "and nobody is signed in by a link");
        let sent = app.deliver_mail().await;
        let told: Vec<&str> =
            sent.iter().rev().take(2).filter(|m| m.subject.contains("was changed")).map(|m| m.to.as_str()).collect();
        assert!(told.contains(&old.as_str()) && told.contains(&new), "both hear of it: {told:?}");
        for token in [&from_old[0], &from_new[0], &from_old[1]] {
            assert_eq!(press(token).await.status, 422, "used");
        }
    }
}

#[actix_web::test]
async fn a_change_of_address_can_be_stopped_replaced_and_not_taken() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    app.customer("eva@example.com", "Eva").await;
    let ask = async |email: &str| {
        app.redis.flush().await;
        let r = ana.submit("/account/email", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/account/email"), "{}", r.body);
        app.deliver_mail().await;
    };
    let b = app.browser();
    let press = async |token: &str| b.submit_at("/login", "/email/change", &[("token", token)]).await;
    // Stopped by the old mailbox.
    ask("thief@example.com").await;
    let (old, new) = (links(&app, "ana@example.com").await, links(&app, "thief@example.com").await);
    let r = press(&old[1]).await;
    assert!(r.status == 200 && r.body.contains("The change is stopped"), "{}", r.body);
    assert_eq!((press(&new[0]).await.status, press(&old[0]).await.status), (422, 422));
    // Replaced by a newer wish.
    ask("one@example.com").await;
    let first = links(&app, "one@example.com").await;
    ask("two@example.com").await;
    assert_eq!(press(&first[0]).await.status, 422);
    // Over after a day.
    let second = links(&app, "two@example.com").await;
    app.db.sql("UPDATE email_changes SET expires_at = NOW(6) - INTERVAL 1 SECOND WHERE ended_at IS NULL").await;
    assert_eq!(press(&second[0]).await.status, 422);
    // Somebody's address: the same answer, and a mail without a link.
    ask("EVA@example.com").await;
    let sent = app.deliver_mail().await;
    let mail = sent.iter().rev().find(|m| m.to.eq_ignore_ascii_case("eva@example.com")).unwrap();
    assert!(mail.subject.contains("already have an account") && !mail.text.contains("/email/change"), "{mail:#?}");
    assert_eq!(
        app.db.text("SELECT GROUP_CONCAT(email ORDER BY id) FROM customers").await,
        "ana@example.com,eva@example.com"
    );
}

#[actix_web::test]
async fn devices_are_listed_and_signed_out_one_by_one_or_all() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    let one = signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    let two = signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    let page = ana.get("/account/devices").await;
    assert_eq!(page.body.matches("name=\"which\" value=\"").count(), 4, "three devices and all others");
    assert_eq!(page.body.matches("This one").count(), 1);
    let session = app.db.number("SELECT CAST(MAX(id) AS SIGNED) FROM login_sessions").await.to_string();
    let end = async |b: &Browser, which: &str| {
        b.submit_at("/account/devices", "/account/devices/end", &[("which", which)]).await.status
    };
    assert_eq!(end(&eva, &session).await, 404, "not hers");
    for bad in ["", "x", "0", "99999999"] {
        assert_eq!(end(&ana, bad).await, 404, "{bad}");
    }
    assert_eq!(two.get("/dashboard").await.status, 200);
    assert_eq!(end(&ana, &session).await, 303);
    assert_eq!(two.get("/dashboard").await.status, 303);
    assert_eq!(one.get("/dashboard").await.status, 200);
    assert_eq!(end(&ana, "others").await, 303);
    assert_eq!((one.get("/dashboard").await.status, ana.get("/dashboard").await.status), (303, 200));
    assert_eq!(eva.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn sign_ins_are_remembered_and_a_new_place_is_told() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    app.browser().submit("/login", &[("email", "ana@example.com"), ("password", "wrong password")]).await;
    signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    let history = ana.get("/account/devices").await;
    let rows = history.body.split("id=\"past\"").nth(1).unwrap();
    assert_eq!((rows.matches("Signed in<").count(), rows.matches("Refused<").count()), (2, 1), "{rows}");
    let new_places =
        async || app.deliver_mail().await.iter().filter(|m| m.subject.contains("from a new place")).count();
    assert_eq!(new_places().await, 0, "the same place");
    // All earlier ones came from elsewhere.
    let elsewhere = "UPDATE sign_ins SET network = '192.0.2.0/24', address = '192.0.2.7'";
    app.db.sql(elsewhere).await;
    signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    assert_eq!(new_places().await, 1);
    let sent = app.deliver_mail().await;
    assert!(sent.last().unwrap().text.contains("127.0.0.1"), "{sent:#?}");
    signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    assert_eq!(new_places().await, 1, "known by now");
    // Long ago counts as new; a wrong password does not make a place known.
    app.db.sql("UPDATE sign_ins SET at = NOW(6) - INTERVAL 91 DAY WHERE network LIKE '127.%'").await;
    app.db.sql("INSERT INTO sign_ins (customer_id, address, network, done) SELECT id, '192.0.2.9', '192.0.2.0/24', TRUE FROM customers").await;
    app.browser().submit("/login", &[("email", "ana@example.com"), ("password", "wrong password")]).await;
    signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    assert_eq!(new_places().await, 2);
    // Who does not want it gets none.
    app.db.sql(elsewhere).await;
    app.db.sql("UPDATE customers SET notify_new_place = FALSE").await;
    signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    assert_eq!(new_places().await, 2);
}

#[actix_web::test]
async fn time_outs_are_settings_and_hold_for_old_sessions() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let set = async |name: &str, value: &str| {
        app.db
            .sql(&format!(
                "INSERT INTO settings (name, value, updated_by) VALUES ('{name}', '{value}', 'test') ON DUPLICATE KEY UPDATE value = VALUES(value)"
            ))
            .await;
    };
    let ago = async |column: &str, minutes: u32| {
        app.db.sql(&format!("UPDATE login_sessions SET {column} = NOW(6) - INTERVAL {minutes} MINUTE")).await;
    };
    ago("seen_at", 61).await;
    assert_eq!(ana.get("/dashboard").await.status, 200, "a week by default");
    set("customer_idle_minutes", "60").await;
    ago("seen_at", 59).await;
    assert_eq!(ana.get("/dashboard").await.status, 200);
    ago("seen_at", 61).await;
    assert_eq!(ana.get("/dashboard").await.status, 303, "idle");
    ago("seen_at", 0).await;
    assert_eq!(ana.get("/dashboard").await.status, 200);
    set("customer_life_hours", "2").await;
    ago("created_at", 121).await;
    assert_eq!(ana.get("/dashboard").await.status, 303, "absolute, for a session from before");
    signed_in(&app, "ana@example.com", PASSWORD).await.unwrap();
    let hours = "SELECT CAST(ROUND(TIMESTAMPDIFF(SECOND, created_at, expires_at) / 3600) AS SIGNED) FROM login_sessions ORDER BY id DESC LIMIT 1";
    assert_eq!(app.db.number(hours).await, 2);
}
