//! Resellers: made by admins, bound to limits, shown under their name, and unable to reach anybody else's customers.

use crate::api::{Program, log_in};
use crate::support::{App, Browser, PASSWORD};
use hosting::domain::Role;
use webapp::router::{Access, ROUTES};

async fn limits(staff: &Browser, customer: u64, customers: &str, stores: &str, plans: &[&str]) -> crate::support::Page {
    let page = format!("/admin/customers/{customer}/reseller");
    let mut fields = vec![("customers", customers), ("stores", stores)];
    fields.extend(plans.iter().map(|p| ("plans", *p)));
    staff.submit(&page, &fields).await
}

/// An admin, a reseller (customer 1) who may sell Starter to two customers with one store, and a direct customer (2).
async fn stage() -> (App, Browser, Browser, Browser) {
    let app = App::new().await;
    let (rob, job) = app.customer("rob@example.com", "Rob").await;
    app.make_live(&job).await;
    let (ana, _) = app.customer("ana@example.com", "Ana's Bikes").await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let r = limits(&ada, 1, "2", "1", &["starter"]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers/1"), "{}", r.body);
    assert!(rob.get("/dashboard").await.location.starts_with("/login"), "a changed role signs out");
    let r = rob.submit("/login", &[("email", "rob@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303);
    (app, ada, rob, ana)
}

/// The customer chooses a password by the mail's link and signs in.
async fn invited(app: &App, email: &str) -> Browser {
    let sent = app.deliver_mail().await;
    let mail = sent.iter().rev().find(|m| m.to == email && m.text.contains("/password/reset?token=")).expect("a link");
    let token = mail.text.split("/password/reset?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let b = app.browser();
    let page = format!("/password/reset?token={token}");
    let fields = [("token", token.as_str()), ("new_password", PASSWORD), ("password", PASSWORD)];
    let r = b.submit_at(&page, "/password/reset", &fields).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let r = b.submit("/login", &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    b
}

#[actix_web::test]
async fn admins_make_resellers_and_nobody_else_does() {
    let (app, ada, rob, ana) = stage().await;
    assert!(rob.get("/dashboard").await.body.contains("href=\"/reseller\""), "in the menu");
    assert!(!ana.get("/dashboard").await.body.contains("href=\"/reseller\""));
    for (customers, stores, plans, words) in [
        ("-1", "1", &["starter"][..], "Enter a whole number"),
        ("1", "many", &["starter"], "Enter a whole number"),
        ("1", "1", &[], "Choose at least one plan"),
        ("1", "1", &["none"], "Choose plans from the list"),
    ] {
        let r = limits(&ada, 2, customers, stores, plans).await;
        assert!(r.status == 422 && r.body.contains(words), "{customers} {stores} {plans:?}: {}", r.status);
    }
    assert_eq!(limits(&ada, 999, "1", "1", &["starter"]).await.status, 404);
    let sam = app.staff("sam@example.com", Role::Support).await;
    assert_eq!(sam.get("/admin/customers/2/reseller").await.status, 403);
    // Posted values of a customer give no role.
    let token = ana.get("/account").await.hidden("csrf_token");
    ana.post("/account", &[("csrf_token", &token), ("name", "x"), ("time_zone", "UTC"), ("theme", "auto"), ("role", "reseller"), ("reseller_id", "1")]).await;
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE role = 'reseller'").await, 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id IS NOT NULL").await, 0);
    // Back to ordinary: what was theirs is ours.
    assert_eq!(rob.submit("/reseller/customers/new", &[("email", "eva@example.com")]).await.status, 303);
    let token = ada.get("/admin/customers/1/reseller").await.hidden("csrf_token");
    assert_eq!(ada.post("/admin/customers/1/reseller/end", &[("csrf_token", &token)]).await.status, 303);
    assert_eq!(ada.post("/admin/customers/1/reseller/end", &[("csrf_token", &token)]).await.status, 409);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id IS NOT NULL OR role = 'reseller'").await, 0);
    for action in ["customer.set_reseller", "customer.end_reseller"] {
        assert_eq!(app.db.number(&format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}'")).await, 1);
    }
}

#[actix_web::test]
async fn limits_hold_for_resellers_their_customers_and_the_api() {
    let (app, ada, rob, _) = stage().await;
    let new = async |email: &str| rob.submit("/reseller/customers/new", &[("email", email)]).await;
    let r = new("eva@example.com").await;
    assert_eq!((r.status, r.location.as_str()), (303, "/reseller/customers/3"), "{}", r.body);
    assert_eq!(new("eva@example.com").await.status, 422, "known");
    assert_eq!(new("not an address").await.status, 422);
    assert_eq!(new("tom@example.com").await.status, 303);
    let token = rob.get("/reseller").await;
    assert!(token.body.contains("2 of 2") && token.body.contains("as many as you may"), "{}", token.body);
    assert_eq!(new("third@example.com").await.status, 409);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id = 1").await, 2);
    // A plan they may not sell, then one they may, then one store too many.
    let order = async |id: u64, plan: &str| {
        let page = format!("/reseller/customers/{id}/store");
        rob.submit(&page, &[("store_name", &format!("Shop {id}")), ("plan", plan), ("address", "")]).await
    };
    let eva = invited(&app, "eva@example.com").await;
    let tom = invited(&app, "tom@example.com").await;
    let r = order(3, "business").await;
    assert!(r.status == 422 && r.body.contains("Choose a plan your provider offers"), "{}", r.body);
    let r = order(3, "starter").await;
    assert_eq!((r.status, r.location.as_str()), (303, "/reseller/customers/3"), "{}", r.body);
    assert_eq!(order(4, "starter").await.status, 409, "one store is what there is");
    let fields = [("store_name", "Tom"), ("platform", "woocommerce"), ("plan", "starter"), ("address", "")];
    assert_eq!(tom.submit("/dashboard/new", &fields).await.status, 409, "nor does the customer get one");
    let (program, _) = log_in(&app, "tom@example.com", "customer").await;
    let wish = serde_json::json!({ "name": "Tom", "platform": "woocommerce", "plan": "starter" });
    let r = Program::send(&program, "POST", "/api/v1/stores", Some(&wish), &[("idempotency-key", "tom-1-tom-1")]).await;
    assert_eq!(r.status, 409, "nor by the API: {}", r.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores s JOIN customers c ON c.id = s.customer_id WHERE c.reseller_id = 1").await, 1);
    assert!(eva.get("/dashboard").await.body.contains("Shop 3"), "it is the customer's own");
    // More is given, and at once there.
    assert_eq!(limits(&ada, 1, "3", "2", &["starter", "business"]).await.status, 303);
    assert_eq!(order(4, "business").await.status, 303);
    // A form is one customer.
    let page = rob.get("/reseller/customers/new").await;
    let (token, key) = (page.hidden("csrf_token"), page.hidden("form_key"));
    let fields = [("csrf_token", token.as_str()), ("form_key", &key), ("email", "zoe@example.com")];
    let (x, y) = tokio::join!(rob.post("/reseller/customers/new", &fields), rob.post("/reseller/customers/new", &fields));
    let mut statuses = [x.status, y.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
}

#[actix_web::test]
async fn a_reseller_reaches_nobody_sideways() {
    let (app, ada, rob, _) = stage().await;
    let (kim, job) = app.customer("kim@example.com", "Kim").await;
    app.make_live(&job).await;
    assert_eq!(limits(&ada, 3, "5", "5", &["starter"]).await.status, 303);
    kim.submit("/login", &[("email", "kim@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(kim.submit("/reseller/customers/new", &[("email", "kims@example.com")]).await.status, 303);
    assert_eq!(rob.submit("/reseller/customers/new", &[("email", "robs@example.com")]).await.status, 303);
    app.deliver_mail().await;
    let before = app.census().await;
    let token = rob.get("/reseller").await.hidden("csrf_token");
    // Direct (2), another reseller (3), theirs (4), nobody (99), oneself (1), nonsense.
    for id in ["2", "3", "4", "99", "1", "0", "-5", "abc", "18446744073709551616"] {
        for route in ROUTES.iter().filter(|r| r.access == Access::Reseller && r.path.contains("{id}")) {
            let path = route.path.replace("{id}", id);
            let r = if route.method == "GET" {
                rob.get(&path).await
            } else {
                let key = hosting::domain::Uid::new().to_string().repeat(2)[..44].to_owned();
                let fields = [("csrf_token", token.as_str()), ("form_key", &key), ("store_name", "X"), ("plan", "starter")];
                rob.post(&path, &fields).await
            };
            assert_eq!(r.status, 404, "{} {path}", route.method);
        }
    }
    let list = rob.get("/reseller").await.body;
    assert!(list.contains("robs@example.com") && !list.contains("kims@") && !list.contains("ana@"), "{list}");
    // The pages of owners show a reseller's own things only, and staff's none.
    for route in ROUTES.iter().filter(|r| r.path.starts_with("/admin") && r.method == "GET") {
        if route.access.needs().is_some() {
            let path = route.path.replace("{id}", "2");
            assert!(rob.get(&path).await.location.starts_with("/admin/login"), "{path}");
        }
    }
    assert_eq!(rob.get(&format!("/setup/{job}")).await.status, 404);
    assert_eq!(rob.get(&format!("/dashboard/jobs/{job}/log")).await.status, 404);
    let (program, _) = log_in(&app, "rob@example.com", "customer").await;
    for path in ["/api/v1/customers", "/api/v1/customers/2", "/api/v1/audit"] {
        assert_eq!(program.get(path).await.status, 403, "{path}");
    }
    let stores = program.get("/api/v1/stores").await.body;
    assert_eq!(stores["items"].as_array().unwrap().len(), 1, "{stores}");
    let after = app.census().await;
    // Signing in to the API is the only thing that was done.
    assert_eq!(after[..4], before[..4]);
}

#[actix_web::test]
async fn customers_see_their_providers_name_on_pages_and_in_mails() {
    let (app, _, rob, ana) = stage().await;
    let brand = async |name: &str, email: &str| {
        rob.submit_at("/reseller", "/reseller/branding", &[("brand_name", name), ("brand_email", email)]).await
    };
    assert_eq!(brand("a\u{202e}b", "x").await.status, 422);
    let hostile = "Rob <script>alert(1)</script>";
    assert_eq!(brand(hostile, "help@rob.example").await.status, 303);
    assert_eq!(rob.submit("/reseller/customers/new", &[("email", "eva@example.com")]).await.status, 303);
    let sent = app.deliver_mail().await;
    let mail = sent.last().unwrap();
    assert!(mail.to == "eva@example.com" && mail.subject.contains("Rob"), "{}", mail.subject);
    assert!(mail.text.contains("Help: help@rob.example") && !mail.text.contains("Shopfleet"), "{}", mail.text);
    let eva = invited(&app, "eva@example.com").await;
    for path in ["/dashboard", "/account", "/account/devices", "/no-such-page"] {
        let body = eva.get(path).await.body;
        assert!(body.contains("Rob &lt;script&gt;") && !body.contains("<script>alert(1)"), "{path}: {body}");
        assert!(body.contains("help@rob.example"), "{path}");
    }
    // Nobody else does, the reseller included.
    for b in [&ana, &rob] {
        assert!(!b.get("/account").await.body.contains("help@rob.example"));
    }
    // Empty means ours.
    assert_eq!(brand("", "").await.status, 303);
    assert!(eva.get("/account").await.body.contains("Shopfleet"));
}
