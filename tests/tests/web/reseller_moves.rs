//! Customers given to a reseller and taken back: within the limits, with a reason and a proof, told to everybody concerned.

use crate::api::log_in;
use crate::resellers::{limits, news, stage};
use crate::support::{App, Browser, PASSWORD, Page};
use hosting::domain::Role;
use serde_json::json;

async fn give(staff: &Browser, customer: u64, fields: &[(&str, &str)]) -> Page {
    let mut all = vec![("reason", "They asked"), ("password", PASSWORD)];
    for (name, value) in fields {
        all.retain(|(n, _)| n != name);
        all.push((name, value));
    }
    staff.submit(&format!("/admin/customers/{customer}/provider"), &all).await
}

async fn provider(app: &App) -> i64 {
    app.db.number("SELECT COUNT(*) FROM customers WHERE id = 2 AND reseller_id = 1").await
}

#[actix_web::test]
async fn a_customer_is_given_to_a_reseller_and_taken_back() {
    let (app, ada, rob, ana) = stage().await;
    let mut read = 0;
    let (eve, _) = app.customer("eve@example.com", "Eve").await;
    assert_eq!(limits(&ada, 1, "2", "2", &["starter"]).await.status, 303);
    let brand = [("brand_name", "Rob's Rugs"), ("brand_email", "help@rob.example")];
    assert_eq!(rob.submit_at("/reseller", "/reseller/branding", &brand).await.status, 303);
    news(&app, &mut read).await;
    assert!(ada.get("/admin/customers/2").await.body.contains("/admin/customers/2/provider"));
    // What is wrong is said beside its field, and changes nothing.
    for (field, value, words) in [
        ("reseller", "", "Enter the address or the number"),
        ("reseller", "3", "There is no reseller"),
        ("reseller", "999999999999999999999999", "There is no reseller"),
        ("reseller", "<b>x", "There is no reseller"),
        ("reason", "  ", "Say why"),
        ("reason", &"x".repeat(201), "Say why"),
        ("password", "wrong", "This password is not right"),
    ] {
        let r = give(&ada, 2, &[("reseller", "rob@example.com"), (field, value)]).await;
        assert!(r.status == 422 && r.body.contains(words), "{field} {value}: {} {}", r.status, r.body);
        assert!(!r.body.contains("<b>x") && !r.body.contains(PASSWORD));
    }
    assert_eq!(ada.get("/admin/customers/1/provider").await.status, 409, "a reseller is nobody's customer");
    assert_eq!(ada.get("/admin/customers/99/provider").await.status, 404);
    let sam = app.staff("sam@example.com", Role::Support).await;
    assert_eq!(sam.get("/admin/customers/2/provider").await.status, 403);
    for b in [&rob, &ana] {
        assert!(b.get("/admin/customers/2/provider").await.location.starts_with("/admin/login"));
    }
    assert_eq!(provider(&app).await, 0);
    assert!(news(&app, &mut read).await.is_empty());
    // Given: everybody is told, nobody is signed out, and they see the name at once.
    let r = give(&ada, 2, &[("reseller", " ROB@example.com ")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers/2"), "{}", r.body);
    assert_eq!(provider(&app).await, 1);
    let page = ana.get("/dashboard").await;
    assert!(
        page.status == 200 && page.body.contains("Rob&#39;s Rugs") || page.body.contains("Rob&#x27;s Rugs"),
        "{}",
        page.body
    );
    let mails = news(&app, &mut read).await;
    let to = |who: &str| mails.iter().find(|m| m.to == who).unwrap_or_else(|| panic!("no mail to {who}: {mails:?}"));
    assert_eq!(mails.len(), 2);
    assert!(to("ana@example.com").subject.contains("Rob's Rugs looks after your account now"));
    assert!(
        to("ana@example.com").text.contains("help@rob.example") && !to("ana@example.com").text.contains("They asked")
    );
    assert!(
        to("rob@example.com").text.contains("/reseller/customers/2")
            && to("rob@example.com").text.contains("ana@example.com")
    );
    assert!(rob.get("/reseller/customers/2").await.body.contains("ana@example.com"));
    let events = rob.get("/reseller/events").await.body;
    assert!(events.contains("Customer: change reseller") && !events.contains("They asked"), "{events}");
    assert!(ada.get("/admin/customers/2").await.body.contains("Customer 1"));
    // An old page moves nothing: whose customer they are has changed.
    let old = ada.get("/admin/customers/2/provider").await;
    assert!(old.body.contains("Now it is rob@example.com"), "{}", old.body);
    // Taken back: they are ours, and not theirs any more.
    let r = give(&ada, 2, &[("to", "ours"), ("reseller", ""), ("before", "1")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(provider(&app).await, 0);
    let fields = [
        ("csrf_token", old.hidden("csrf_token")),
        ("form_key", old.hidden("form_key")),
        ("before", "1".into()),
        ("to", "reseller".into()),
        ("reseller", "1".into()),
        ("reason", "x".into()),
        ("password", PASSWORD.into()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let r = ada.post("/admin/customers/2/provider", &fields).await;
    assert!(r.status == 409 && r.body.contains("since you opened the page"), "{}: {}", r.status, r.body);
    assert_eq!(ada.post("/admin/customers/2/provider", &fields).await.status, 303, "a form is one move");
    assert_eq!(provider(&app).await, 0);
    assert_eq!(rob.get("/reseller/customers/2").await.status, 404);
    assert!(!rob.get("/reseller/events").await.body.contains("ana@example.com"));
    assert!(ana.get("/dashboard").await.body.contains("Shopfleet"));
    let mails = news(&app, &mut read).await;
    let to = |who: &str| mails.iter().find(|m| m.to == who).unwrap_or_else(|| panic!("no mail to {who}: {mails:?}"));
    assert!(to("ana@example.com").subject.contains("Shopfleet looks after your account now"));
    assert!(to("rob@example.com").subject.contains("not yours any more") && mails.len() == 2);
    for (action, count) in
        [("customer.change_reseller", 2), ("customer.receive_customer", 1), ("customer.give_customer_up", 1)]
    {
        let found = format!(
            "SELECT COUNT(*) FROM audit_events WHERE action = '{action}' AND role = 'admin' AND details LIKE '%They asked%'"
        );
        assert_eq!(app.db.number(&found).await, count, "{action}");
    }
    let _ = eve;
}

#[actix_web::test]
async fn nobody_is_given_to_a_reseller_beyond_their_limits() {
    let (app, ada, rob, _) = stage().await;
    app.customer("eve@example.com", "Eve").await;
    // Customers, stores, plans, closed accounts, in turn; each is refused by the page and by the API.
    app.staff("grace@example.com", Role::Admin).await;
    let (grace, _) = log_in(&app, "grace@example.com", "staff").await;
    let order = json!({ "reseller": 1, "reason": "They asked", "password": PASSWORD });
    let by_api =
        async |body: &serde_json::Value| grace.send("PUT", "/api/v1/customers/2/provider", Some(body), &[]).await;
    let refused = async |words: &str| {
        let r = give(&ada, 2, &[("reseller", "1")]).await;
        assert!(r.status == 409 && r.body.contains(words), "{words}: {} {}", r.status, r.body);
        let r = by_api(&order).await;
        assert!(r.status == 409 && r.body.to_string().contains(words), "{words}: {} {}", r.status, r.body);
        assert_eq!(provider(&app).await, 0, "{words}");
    };
    assert_eq!(limits(&ada, 1, "0", "5", &["starter"]).await.status, 303);
    refused("as many as they may").await;
    assert_eq!(limits(&ada, 1, "5", "0", &["starter"]).await.status, 303);
    refused("this customer brings 1").await;
    assert_eq!(limits(&ada, 1, "5", "5", &["business"]).await.status, 303);
    refused("may not sell").await;
    assert_eq!(limits(&ada, 1, "1", "1", &["starter"]).await.status, 303);
    app.db.sql("UPDATE customers SET state = 'suspended' WHERE id = 1").await;
    refused("is not open").await;
    app.db.sql("UPDATE customers SET state = 'active' WHERE id = 1").await;
    app.db.sql("UPDATE customers SET state = 'closed' WHERE id = 2").await;
    refused("is not open").await;
    app.db.sql("UPDATE customers SET state = 'active' WHERE id = 2").await;
    // Of two at once one gets the last place.
    let (x, y) = tokio::join!(give(&ada, 2, &[("reseller", "1")]), give(&ada, 3, &[("reseller", "1")]));
    let mut statuses = [x.status, y.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{} {}", x.body, y.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id = 1").await, 1);
    app.db.sql("UPDATE customers SET reseller_id = NULL").await;
    // The API asks for the same, and says whose they are.
    for (body, status) in [
        (json!({ "reseller": 1, "reason": "They asked", "password": "wrong" }), 422),
        (json!({ "reseller": 1, "reason": "", "password": PASSWORD }), 422),
        (json!({ "reseller": 3, "reason": "x", "password": PASSWORD }), 422),
        (json!({ "reason": "x", "password": PASSWORD }), 422),
        (json!({ "reseller": 1, "reason": "x", "password": PASSWORD, "role": "reseller" }), 422),
    ] {
        let r = by_api(&body).await;
        assert_eq!(r.status, status, "{body}: {}", r.body);
    }
    assert_eq!(by_api(&order).await.status, 204);
    assert_eq!(grace.get("/api/v1/customers/2").await.body["provider"], 1);
    assert_eq!(by_api(&json!({ "reason": "Back", "password": PASSWORD })).await.status, 204);
    assert!(grace.get("/api/v1/customers/2").await.body.get("provider").is_none());
    let (program, _) = log_in(&app, "rob@example.com", "customer").await;
    assert_eq!(program.send("PUT", "/api/v1/customers/2/provider", Some(&order), &[]).await.status, 403);
    let _ = rob;
}
