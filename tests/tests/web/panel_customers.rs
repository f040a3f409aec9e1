//! Customers in the hands of staff: new, another address, closed and opened, many at once, as a file.

use crate::support::{App, Browser, PASSWORD, with_tokens};
use hosting::domain::Role;
use shopfleet_tests::wait::eventually;

async fn send(b: &Browser, page: &str, to: &str, fields: &[(&str, &str)]) -> crate::support::Page {
    b.submit_at(page, to, fields).await
}

#[actix_web::test]
async fn a_customer_made_by_staff_chooses_the_password_and_signs_in() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let r = ada.submit("/admin/customers/new", &[("email", "not an address")]).await;
    assert_eq!(r.status, 422);
    assert!(r.body.contains("<title>Error: ") && r.body.contains("value=\"not an address\""), "{}", r.body);
    let form = ada.get("/admin/customers/new").await;
    assert!(!form.body.contains("type=\"password\""), "staff type no password");
    let all = with_tokens(&form, "/admin/customers/new", &[("email", "Ivy@Example.com")]);
    let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let r = ada.post("/admin/customers/new", &all).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers/1"), "{}", r.body);
    assert_eq!(
        ada.post("/admin/customers/new", &all).await.location,
        "/admin/customers",
        "the same form again does nothing"
    );
    let again = ada.submit("/admin/customers/new", &[("email", "ivy@example.com")]).await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("This address has an account already"), "{}", again.body);
    let sent = app.deliver_mail().await;
    assert_eq!(sent.len(), 1);
    let token =
        sent[0].text.split("/password/reset?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let proven = || async { app.db.number("SELECT COUNT(*) FROM customers WHERE email_verified_at IS NOT NULL").await };
    assert_eq!(proven().await, 0);
    // A day later the link still works.
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM password_resets WHERE expires_at > NOW(6) + INTERVAL 6 DAY").await,
        1
    );
    let ivy = app.browser();
    let fields = [("token", token.as_str()), ("new_password", "an owner's long password")];
    let r = ivy.submit_at(&format!("/password/reset?token={token}"), "/password/reset", &fields).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(proven().await, 1, "whoever reads the mail has proven the address");
    let r = ivy.submit("/login", &[("email", "ivy@example.com"), ("password", "an owner's long password")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(ivy.get("/dashboard/new").await.status, 200);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.create'").await, 1);
}

#[actix_web::test]
async fn another_address_asks_for_a_reason_tells_both_and_signs_everybody_out() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    app.customer("eva@example.com", "Eva").await;
    let before = app.deliver_mail().await.len();
    let edit = "/admin/customers/1/edit";
    let r = ada.submit(edit, &[("before", "ana@example.com"), ("email", "anna@example.com"), ("reason", " ")]).await;
    assert_eq!(r.status, 422);
    assert!(r.body.contains("Say why, in at most 200 characters") && r.body.contains("value=\"anna@example.com\""));
    for (email, words) in
        [("eva@example.com", "This address has an account already"), ("ana@example.com", "This is the address it has")]
    {
        let r =
            ada.submit(edit, &[("before", "ana@example.com"), ("email", email), ("reason", "asked by phone")]).await;
        assert_eq!(r.status, 422);
        assert!(r.body.contains(words), "{}", r.body);
    }
    assert_eq!(ana.get("/dashboard").await.status, 200);
    let fields = [("before", "ana@example.com"), ("email", "anna@example.com"), ("reason", "asked by phone")];
    let r = ada.submit(edit, &fields).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers/1"), "{}", r.body);
    assert_eq!(ana.get("/dashboard").await.status, 303, "signed out");
    let told: Vec<String> = app.deliver_mail().await.split_off(before).into_iter().map(|m| m.to).collect();
    assert_eq!(told, ["ana@example.com", "anna@example.com"]);
    assert_eq!(ada.submit(edit, &fields).await.status, 409, "what the page showed is not so any more");
    let r = ana.submit("/login", &[("email", "anna@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303, "the password stays");
    let kept =
        app.db.text("SELECT CAST(details AS CHAR) FROM audit_events WHERE action = 'customer.change_email'").await;
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let told =
        serde_json::json!({ "before": "ana@example.com", "after": "anna@example.com", "reason": "asked by phone" });
    assert_eq!(kept, told);
}

#[actix_web::test]
async fn closing_asks_for_name_reason_and_password_and_can_be_taken_back() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let (ana, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    let close = "/admin/customers/1/close";
    let good = [("reason", "moved away"), ("name", "ana@example.com"), ("password", PASSWORD)];
    assert_eq!(ada.submit(close, &good).await.status, 409, "its store is being set up");
    assert_eq!(app.db.text("SELECT state FROM customers WHERE id = 1").await, "active");
    app.make_live(&job).await;
    let page = ada.get(close).await;
    assert!(page.body.contains("Ana&#39;s Bikes (anas-bikes.shops.localhost, active"), "{}", page.body);
    let before = app.census().await;
    let r = ada.submit(close, &[("reason", ""), ("name", "ana"), ("password", "wrong")]).await;
    assert_eq!(r.status, 422);
    for words in ["Say why", "Type ana@example.com as it is written", "This password is not right"] {
        assert!(r.body.contains(words), "{words}: {}", r.body);
    }
    assert_eq!(app.census().await, before);
    let mails = app.deliver_mail().await.len();
    eventually("the wait after a wrong password", || async {
        let r = ada.submit(close, &good).await;
        assert!([303, 429].contains(&r.status), "{}", r.body);
        (r.status == 303).then_some(())
    })
    .await;
    assert_eq!(app.db.text("SELECT state FROM customers WHERE id = 1").await, "closed");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE delete_after > NOW(6) + INTERVAL 6 DAY").await, 1);
    assert_eq!(ana.get("/dashboard").await.status, 303);
    let r = ana.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 422, "nobody signs in to a closed account");
    let told = app.deliver_mail().await.split_off(mails);
    assert_eq!(
        (told.len(), told[0].to.as_str(), told[0].subject.as_str()),
        (1, "ana@example.com", "Your Shopfleet account is closed")
    );
    assert_eq!(ada.get(close).await.status, 409);
    let r = send(&ada, "/admin/customers/1", "/admin/customers/1/reopen", &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers/1"), "{}", r.body);
    assert_eq!(app.db.text("SELECT state FROM customers WHERE id = 1").await, "active");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE delete_after IS NOT NULL").await, 0);
    let r = ana.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303, "{}", r.body);
}

#[actix_web::test]
async fn an_address_nobody_confirmed_is_not_opened_by_staff() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    app.browser().sign_up(&[("email", "ana@example.com")]).await;
    let good = [("reason", "x"), ("name", "ana@example.com"), ("password", PASSWORD)];
    assert_eq!(ada.submit("/admin/customers/1/close", &good).await.status, 409);
    let fields = [("before", "ana@example.com"), ("email", "b@example.com"), ("reason", "x")];
    assert_eq!(ada.submit("/admin/customers/1/edit", &fields).await.status, 409);
    assert_eq!(send(&ada, "/admin/customers/1/edit", "/admin/customers/1/reopen", &[]).await.status, 409);
    assert_eq!(app.db.text("SELECT CONCAT(email, ' ', state) FROM customers").await, "ana@example.com unverified");
}

#[actix_web::test]
async fn links_go_to_exactly_those_that_were_shown() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    for n in 1..=4 {
        app.db.sql(&format!("INSERT INTO customers (uid, email, email_key, password_hash, state) VALUES ('01J{n:023}', 'c{n}@example.com', 'c{n}@example.com', 'x', IF({n} = 3, 'closed', 'active'))")).await;
    }
    let list = ada.get("/admin/customers?q=c").await;
    let token = list.hidden("csrf_token");
    let ask = |fields: Vec<(&'static str, &'static str)>| {
        let (ada, token) = (&ada, token.clone());
        async move {
            let mut all = vec![("csrf_token", token.as_str())];
            all.extend(fields);
            ada.post("/admin/customers/bulk", &all).await
        }
    };
    assert_eq!(ask(vec![("all", "no")]).await.status, 422, "nobody is chosen");
    let page = ask(vec![("all", "yes"), ("q", "c"), ("state", "")]).await;
    assert!(
        page.body.contains("Send a password link to 4 customers?") && page.body.contains("Chosen by search: c."),
        "{}",
        page.body
    );
    let send = |page: &crate::support::Page, more: &[(&str, &str)]| {
        let mut all = with_tokens(page, "/admin/customers/bulk", more);
        all.push(("mark".into(), page.hidden("mark")));
        let ada = ada.clone();
        async move {
            let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            ada.post("/admin/customers/bulk", &all).await
        }
    };
    // One more matches meanwhile: not sent unseen.
    app.db.sql("INSERT INTO customers (uid, email, email_key, password_hash, state) VALUES ('01J00000000000000000000009', 'c9@example.com', 'c9@example.com', 'x', 'active')").await;
    let r = send(&page, &[("all", "yes"), ("q", "c"), ("state", "")]).await;
    assert_eq!(r.status, 409, "{}", r.body);
    let page = ask(vec![("all", "yes"), ("q", "c"), ("state", "")]).await;
    let r = send(&page, &[("all", "yes"), ("q", "c"), ("state", "")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers"), "{}", r.body);
    let mut told: Vec<String> = app.deliver_mail().await.into_iter().map(|m| m.to).collect();
    told.sort();
    assert_eq!(
        told,
        ["c1@example.com", "c2@example.com", "c4@example.com", "c9@example.com"],
        "the closed one is left out"
    );
    let page = ask(vec![("all", "no"), ("customer", "2")]).await;
    assert!(page.body.contains("Send a password link to 1 customer?"), "{}", page.body);
    assert_eq!(send(&page, &[("customer", "2")]).await.status, 303);
    assert_eq!(app.deliver_mail().await.last().unwrap().to, "c2@example.com");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.invite'").await, 5);
}

#[actix_web::test]
async fn the_file_holds_exactly_the_filtered_customers() {
    let app = App::new().await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    app.db.sql("INSERT INTO customers (uid, email, email_key, password_hash, state) SELECT CONCAT('01J', LPAD(seq, 23, '0')), CONCAT('c', seq, '@example.com'), CONCAT('c', seq, '@example.com'), 'x', 'active' FROM seq_1_to_1201").await;
    app.db.sql("INSERT INTO customers (uid, email, email_key, password_hash) VALUES ('01K00000000000000000000009', '=x@example.com', '=x@example.com', 'x')").await;
    let get = |q: &'static str| {
        let ada = &ada;
        async move { ada.submit_at("/admin/customers", "/admin/customers/export", &[("q", q), ("state", "")]).await }
    };
    let r = get("c").await;
    assert_eq!((r.status, r.header("content-disposition")), (200, "attachment; filename=\"customers.csv\""));
    let lines: Vec<&str> = r.body.lines().collect();
    assert_eq!((lines.len(), lines[0]), (1202, "number,email,signed_up,store,state,platform,server,plan,last_job"));
    let mut emails: Vec<&str> = lines[1..].iter().map(|l| l.split(',').nth(1).unwrap()).collect();
    assert_eq!((emails[0], emails[1200]), ("c1201@example.com", "c1@example.com"));
    emails.sort_unstable();
    emails.dedup();
    assert_eq!(emails.len(), 1201);
    let r = get("=").await;
    assert!(r.body.lines().nth(1).unwrap().contains(",\"'=x@example.com\","), "{}", r.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.export'").await, 2);
}
