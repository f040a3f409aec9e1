//! One count of tries per account, whatever door a guesser uses, and one proof of the password before what hurts.

use crate::api::{Program, log_in};
use crate::support::{App, Browser, PASSWORD};
use hosting::domain::Role;
use serde_json::json;

const WRONG: &str = "not the password";

async fn api_try(app: &App, email: &str, account: &str, password: &str) -> u16 {
    let wish = json!({ "email": email, "password": password, "account": account });
    Program::new(app, None).post("/api/v1/auth/login", &wish).await.status
}

async fn pause() {
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
}

#[actix_web::test]
async fn the_api_gives_a_guesser_no_second_allowance() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.admin("ana@example.com", Role::Admin, false).await;
    for (page, account) in [("/login", "customer"), ("/admin/login", "staff")] {
        let b = app.browser();
        for n in 1..=3 {
            let r = b.submit(page, &[("email", " Ana@example.com"), ("password", WRONG)]).await;
            assert_eq!(r.status, 422, "{page}, try {n}");
        }
        assert_eq!(api_try(&app, "ana@EXAMPLE.com", account, WRONG).await, 401, "{account}");
        assert_eq!(api_try(&app, "ana@example.com", account, WRONG).await, 401, "{account}, the fifth");
        // Five together: both doors are shut for a second, even for the right password.
        assert_eq!(api_try(&app, "ana@example.com", account, PASSWORD).await, 429, "{account}");
        let r = b.submit(page, &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
        assert_eq!(r.status, 429, "{page}");
        pause().await;
        assert_eq!(api_try(&app, "ana@example.com", account, PASSWORD).await, 200, "{account}: no lasting lock");
    }
}

#[actix_web::test]
async fn owners_and_staff_of_one_address_do_not_hold_each_other_up() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.admin("ana@example.com", Role::Admin, false).await;
    for _ in 0..5 {
        assert_eq!(api_try(&app, "ana@example.com", "customer", WRONG).await, 401);
    }
    assert_eq!(api_try(&app, "ana@example.com", "customer", PASSWORD).await, 429);
    assert_eq!(api_try(&app, "ana@example.com", "staff", PASSWORD).await, 200);
}

#[actix_web::test]
async fn the_account_as_a_whole_has_one_bucket_for_form_and_api() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    // 40 come from one address, so others are needed: this process stands behind none, and the bucket is looked at.
    app.db.sql("INSERT INTO settings (name, value) VALUES ('trusted_proxies', '127.0.0.1/32')").await;
    tokio::time::sleep(std::time::Duration::from_millis(2300)).await;
    let client = reqwest::Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none());
    let b = Browser { base: app.base.as_str().to_owned(), client: client.build().unwrap() };
    let token = b.get("/login").await.hidden("csrf_token");
    let mut statuses = Vec::new();
    for n in 0..54 {
        let from = format!("198.51.100.{n}");
        let status = if n % 2 == 0 {
            let form = [("csrf_token", token.as_str()), ("email", "ana@example.com"), ("password", WRONG)];
            let r = b.request(reqwest::Method::POST, "/login").header("x-forwarded-for", &from).form(&form);
            r.send().await.unwrap().status().as_u16()
        } else {
            let wish = json!({ "email": "ana@example.com", "password": WRONG });
            let program = Program::new(&app, None);
            program.send("POST", "/api/v1/auth/login", Some(&wish), &[("x-forwarded-for", &from)]).await.status
        };
        statuses.push(status);
    }
    assert!(statuses[..50].iter().all(|s| [401, 422].contains(s)), "{statuses:?}");
    assert!(statuses[50..].contains(&429), "{statuses:?}");
}

type Fields<'a> = &'a [(&'a str, &'a str)];

#[actix_web::test]
async fn every_proof_of_a_password_counts_with_the_others_and_is_audited() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let (program, _) = log_in(&app, "ana@example.com", "customer").await;
    let store = program.get("/api/v1/stores").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let deletion = format!("/api/v1/stores/{store}/deletion");
    let name = program.get("/api/v1/stores").await.body["items"][0]["name"].as_str().unwrap().to_owned();
    let by_api = async |password: &str| {
        let wish = json!({ "name": name, "password": password });
        let key = format!("k{}", hosting::domain::Uid::new());
        program.send("PUT", &deletion, Some(&wish), &[("idempotency-key", &key)]).await.status
    };
    assert_eq!(by_api(WRONG).await, 422);
    let forms: [(&str, &str, Fields<'_>); 4] = [
        ("/dashboard/delete", "/dashboard/delete", &[("confirm", &name), ("password", WRONG)]),
        ("/account/close", "/account/close", &[("confirm", "ana@example.com"), ("password", WRONG)]),
        ("/account/email", "/account/email", &[("email", "new@example.com"), ("password", WRONG)]),
        ("/reauthenticate", "/reauthenticate", &[("password", WRONG)]),
    ];
    for (page, action, fields) in forms {
        let r = ana.submit_at(page, action, fields).await;
        assert!(r.status == 422 && r.body.contains("This password is not right"), "{action}: {} {}", r.status, r.body);
    }
    // The fifth wrong one shuts every door for a second, also those that were not tried, also for the right one.
    assert_eq!(by_api(PASSWORD).await, 429);
    for (page, action, fields) in forms {
        assert_eq!(ana.submit_at(page, action, fields).await.status, 429, "{action}");
    }
    let new = [("current_password", PASSWORD), ("new_password", "another good one")];
    assert_eq!(ana.submit("/account/password", &new).await.status, 429);
    let refused = "SELECT COUNT(*) FROM audit_events WHERE action = 'customer.prove_password' AND outcome = 'refused'";
    assert_eq!(app.db.number(refused).await, 5);
    pause().await;
    assert_eq!(by_api(PASSWORD).await, 200, "no lasting lock");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE delete_after IS NOT NULL").await, 1);
}

#[actix_web::test]
async fn staff_prove_theirs_under_the_same_count() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let closing = [("name", "ana@example.com"), ("reason", "asked for it"), ("password", WRONG)];
    for n in 1..=3 {
        assert_eq!(grace.submit("/admin/customers/1/close", &closing).await.status, 422, "try {n}");
    }
    assert_eq!(grace.submit("/admin/reauthenticate", &[("password", WRONG)]).await.status, 422);
    assert_eq!(api_try(&app, "grace@example.com", "staff", WRONG).await, 401);
    assert_eq!(grace.submit("/admin/customers/1/close", &closing).await.status, 429);
    assert_eq!(grace.submit("/admin/reauthenticate", &[("password", PASSWORD)]).await.status, 429);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE state = 'closed'").await, 0);
    // An empty field is no try.
    pause().await;
    for _ in 0..3 {
        assert_eq!(grace.submit("/admin/reauthenticate", &[("password", "")]).await.status, 422);
    }
    let closing = [("name", "ana@example.com"), ("reason", "asked for it"), ("password", PASSWORD)];
    assert_eq!(grace.submit("/admin/customers/1/close", &closing).await.status, 303);
}
