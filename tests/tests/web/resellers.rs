//! Resellers: made by admins, bound to limits, shown under their name, and unable to reach anybody else's customers.

use crate::api::{Program, log_in};
use crate::support::{App, Browser, PASSWORD};
use hosting::domain::Role;
use webapp::router::{Access, ROUTES};

pub async fn limits(
    staff: &Browser,
    customer: u64,
    customers: &str,
    stores: &str,
    plans: &[&str],
) -> crate::support::Page {
    let page = format!("/admin/customers/{customer}/reseller");
    let mut fields = vec![("customers", customers), ("stores", stores)];
    fields.extend(plans.iter().map(|p| ("plans", *p)));
    staff.submit(&page, &fields).await
}

/// An admin, a reseller (customer 1) who may sell Starter to two customers with one store, and a direct customer (2).
pub async fn stage() -> (App, Browser, Browser, Browser) {
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

/// Mails that were not read before; `read` is how many were.
pub async fn news(app: &App, read: &mut usize) -> Vec<hosting::mail::Sent> {
    let mut all = app.deliver_mail().await;
    let fresh = all.split_off(*read);
    *read += fresh.len();
    fresh
}

/// The customer chooses a password by the mail's link and signs in.
pub async fn invited(app: &App, email: &str) -> Browser {
    let sent = app.deliver_mail().await;
    let mail = sent.iter().rev().find(|m| m.to == email && m.text.contains("/password/reset?token=")).expect("a link");
    let token = mail.text.split("/password/reset?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let b = app.browser();
    let page = format!("/password/reset?token={token}");
    let fields = [("token", token.as_str()), ("new_password", PASSWORD)];
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
    assert_eq!(ada.get("/admin/customers/999/reseller").await.status, 404);
    let sam = app.staff("sam@example.com", Role::Support).await;
    assert_eq!(sam.get("/admin/customers/2/reseller").await.status, 403);
    // Posted values of a customer give no role.
    let token = ana.get("/account").await.hidden("csrf_token");
    ana.post(
        "/account",
        &[
            ("csrf_token", &token),
            ("name", "x"),
            ("time_zone", "UTC"),
            ("theme", "auto"),
            ("role", "reseller"),
            ("reseller_id", "1"),
        ],
    )
    .await;
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE role = 'reseller'").await, 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id IS NOT NULL").await, 0);
    // Back to ordinary: what was theirs is ours.
    assert_eq!(rob.submit("/reseller/customers/new", &[("email", "eva@example.com")]).await.status, 303);
    let token = ada.get("/admin/customers/1/reseller").await.hidden("csrf_token");
    assert_eq!(ada.post("/admin/customers/1/reseller/end", &[("csrf_token", &token)]).await.status, 303);
    assert_eq!(ada.post("/admin/customers/1/reseller/end", &[("csrf_token", &token)]).await.status, 409);
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id IS NOT NULL OR role = 'reseller'").await,
        0
    );
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
    assert!(token.body.contains("2 of 2") && token.body.contains("as many customers as you may"), "{}", token.body);
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
    assert!(r.status == 422 && r.body.contains("You may not sell this plan"), "{}", r.body);
    let r = order(3, "starter").await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert!(rob.get(&r.location).await.body.contains("Shop 3"), "its progress");
    assert_eq!(order(5, "starter").await.status, 409, "one store is what there is");
    let fields = [("store_name", "Tom"), ("platform", "woocommerce"), ("plan", "starter"), ("address", "")];
    assert_eq!(tom.submit("/dashboard/new", &fields).await.status, 409, "nor does the customer get one");
    let (program, _) = log_in(&app, "tom@example.com", "customer").await;
    let wish = serde_json::json!({ "name": "Tom", "platform": "woocommerce", "plan": "starter" });
    let r = Program::send(&program, "POST", "/api/v1/stores", Some(&wish), &[("idempotency-key", "tom-1-tom-1")]).await;
    assert_eq!(r.status, 409, "nor by the API: {}", r.body);
    assert_eq!(
        app.db
            .number("SELECT COUNT(*) FROM stores s JOIN customers c ON c.id = s.customer_id WHERE c.reseller_id = 1")
            .await,
        1
    );
    assert!(eva.get("/dashboard").await.body.contains("Shop 3"), "it is the customer's own");
    // More is given, and at once there.
    assert_eq!(limits(&ada, 1, "3", "2", &["starter", "business"]).await.status, 303);
    assert_eq!(order(5, "business").await.status, 303);
    // A form is one customer.
    let page = rob.get("/reseller/customers/new").await;
    let (token, key) = (page.hidden("csrf_token"), page.hidden("form_key"));
    let fields = [("csrf_token", token.as_str()), ("form_key", &key), ("email", "zoe@example.com")];
    let (x, y) =
        tokio::join!(rob.post("/reseller/customers/new", &fields), rob.post("/reseller/customers/new", &fields));
    let mut statuses = [x.status, y.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    // Of two at once one gets the last place.
    assert_eq!(limits(&ada, 1, "4", "2", &["starter"]).await.status, 303);
    let (x, y) = tokio::join!(new("uma@example.com"), new("vic@example.com"));
    let mut statuses = [x.status, y.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE reseller_id = 1").await, 4);
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
            let path = route.path.replace("{id}", id).replace("{change}", "restart");
            let r = if route.method == "GET" {
                rob.get(&path).await
            } else {
                let key = hosting::domain::Uid::new().to_string().repeat(2)[..44].to_owned();
                let fields =
                    [("csrf_token", token.as_str()), ("form_key", &key), ("store_name", "X"), ("plan", "starter")];
                rob.post(&path, &fields).await
            };
            assert_eq!(r.status, 404, "{} {path}", route.method);
        }
    }
    let list = rob.get("/reseller").await.body;
    assert!(list.contains("robs@example.com") && !list.contains("kims@") && !list.contains("ana@"), "{list}");
    // Own jobs are not there either: that page is about customers.
    for job in [job.to_string(), "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(), "x".into()] {
        for route in ROUTES.iter().filter(|r| r.access == Access::Reseller && r.path.contains("{job}")) {
            let path = route.path.replace("{job}", &job);
            let key = "k".repeat(44);
            let r = if route.method == "GET" {
                rob.get(&path).await
            } else {
                rob.post(&path, &[("csrf_token", &token), ("form_key", &key)]).await
            };
            assert_eq!(r.status, 404, "{} {path}", route.method);
        }
    }
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
    for bait in ["Bank https://evil.example", "www.evil.example", "rob@evil.example", "Rob\r\nBcc: x"] {
        assert_eq!(brand(bait, "").await.status, 422, "{bait}");
    }
    let hostile = "Rob <script>alert(1)</script>";
    assert_eq!(brand(hostile, "help@rob.example").await.status, 303);
    assert_eq!(rob.submit("/reseller/customers/new", &[("email", "eva@example.com")]).await.status, 303);
    let sent = app.deliver_mail().await;
    let mail = sent.last().unwrap();
    assert!(mail.to == "eva@example.com" && mail.subject.contains("Rob"), "{}", mail.subject);
    assert!(mail.text.contains("Help: help@rob.example") && !mail.text.contains("Shopfleet"), "{}", mail.text);
    let eva = invited(&app, "eva@example.com").await;
    for path in ["/dashboard", "/account", "/account/devices", "/dashboard/tickets/x"] {
        let body = eva.get(path).await.body;
        assert!(body.contains("Rob &lt;script&gt;") && !body.contains("<script>alert(1)"), "{path}: {body}");
        assert!(body.contains("help@rob.example"), "{path}");
    }
    // Between password and code they see it as well.
    crate::second_factor::set_up(&eva, "/account/2fa").await;
    let b = app.browser();
    let r = b.submit("/login", &[("email", "eva@example.com"), ("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/login/2fa"), "{}", r.body);
    let body = b.get("/login/2fa").await.body;
    assert!(body.contains("Rob &lt;script&gt;") && body.contains("help@rob.example"), "{body}");
    // Nobody else does, the reseller included.
    for b in [&ana, &rob] {
        assert!(!b.get("/account").await.body.contains("help@rob.example"));
    }
    // Empty means ours.
    assert_eq!(brand("", "").await.status, 303);
    assert!(eva.get("/account").await.body.contains("Shopfleet"));
}

/// A customer of the reseller (3, Eva) whose store is live, and its public id.
pub async fn with_store(app: &App, rob: &Browser) -> (Browser, String) {
    assert_eq!(rob.submit("/reseller/customers/new", &[("email", "eva@example.com")]).await.status, 303);
    let eva = invited(app, "eva@example.com").await;
    let fields = [("store_name", "Eva's Tea"), ("plan", "starter"), ("address", "")];
    let r = rob.submit("/reseller/customers/3/store", &fields).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let job = hosting::domain::Uid::parse(r.location.strip_prefix("/reseller/jobs/").expect("its job")).unwrap();
    app.make_live(&job).await;
    (eva, app.db.text("SELECT uid FROM stores WHERE name = 'Eva\\'s Tea'").await)
}

/// Ends the job that is changing a store, as a worker would.
async fn end_job(app: &App) {
    app.db.sql("UPDATE jobs SET state = 'started' WHERE state = 'queued' AND exclusive").await;
    app.db.sql("UPDATE jobs SET state = 'finished', finished_at = NOW(6) WHERE state = 'started' AND exclusive").await;
}

#[actix_web::test]
async fn resellers_change_stores_of_their_customers_and_their_own() {
    let (app, ada, rob, ana) = stage().await;
    assert_eq!(limits(&ada, 1, "2", "2", &["starter", "business"]).await.status, 303);
    let (eva, _) = with_store(&app, &rob).await;
    let page = rob.get("/reseller/customers/3").await;
    for (name, kind) in [
        ("restart", "restart_store"),
        ("maintenance", "start_maintenance"),
        ("rename", "rename_store"),
        ("address", "change_address"),
        ("plan", "change_plan"),
        ("suspend", "suspend_store"),
    ] {
        let path = format!("/reseller/customers/3/store/{name}");
        assert!(page.body.contains(&format!("href=\"{path}\"")), "{name} is not on the page");
        let fields = [
            ("name", "Tea & more"),
            ("address", "tea-and-more"),
            ("plan", "business"),
            ("cause", "bill"),
            ("reason", "<b>Bill 7</b>"),
        ];
        let r = rob.submit(&path, &fields).await;
        assert!(r.status == 303 && r.location.starts_with("/reseller/jobs/"), "{name}: {} {}", r.status, r.body);
        assert_eq!(
            app.db.number(&format!("SELECT COUNT(*) FROM jobs WHERE kind = '{kind}' AND state = 'queued'")).await,
            1
        );
        assert_eq!(rob.get(&r.location).await.status, 200, "its progress");
        for end in ["", "/state", "/log?from=1&to=2", "/log/stream"] {
            assert_eq!(ana.get(&format!("{}{end}", r.location)).await.status, 403, "{end}");
            let owner = format!("{}{end}", r.location.replace("/reseller/", "/dashboard/"));
            assert_eq!(rob.get(&owner).await.status, 404, "an owner's page is the owner's: {owner}");
        }
        assert_eq!(rob.submit(&path, &fields).await.status, 409, "one change at a time");
        end_job(&app).await;
    }
    for bad in ["password", "none", "Restart"] {
        assert_eq!(rob.get(&format!("/reseller/customers/3/store/{bad}")).await.status, 404, "{bad}");
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action LIKE 'store.%' AND role = 'reseller' AND outcome = 'done'").await, 7);
    // A plan they may not sell.
    assert_eq!(limits(&ada, 1, "2", "2", &["starter"]).await.status, 303);
    let r = rob.submit("/reseller/customers/3/store/plan", &[("plan", "business"), ("reason", "x")]).await;
    assert!(r.status == 422 && r.body.contains("You may not sell this plan"), "{}: {}", r.status, r.body);
    // The owner reads the reason, and cannot start it; the reseller who stopped it can.
    app.db.sql("UPDATE stores SET state = 'suspended' WHERE customer_id = 3").await;
    assert!(eva.get("/dashboard").await.body.contains("&lt;b&gt;Bill 7&lt;"));
    assert_eq!(eva.get("/dashboard/store/resume").await.status, 404);
    let r = rob.submit("/reseller/customers/3/store/resume", &[("reason", "Paid")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    end_job(&app).await;
    app.db.sql("UPDATE stores SET state = 'active' WHERE customer_id = 3").await;
    // What staff stopped stays stopped.
    let r = ada.submit("/admin/customers/3/store/suspend", &[("cause", "review"), ("reason", "Abuse")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    end_job(&app).await;
    app.db.sql("UPDATE stores SET state = 'suspended' WHERE customer_id = 3").await;
    let r = rob.submit("/reseller/customers/3/store/resume", &[("reason", "Please")]).await;
    assert!(r.status == 409 && r.body.contains("We have suspended this store ourselves"), "{}: {}", r.status, r.body);
    // Their own store they change as any owner does.
    for name in ["restart", "password"] {
        let r = rob.submit(&format!("/dashboard/store/{name}"), &[]).await;
        assert!(r.status == 303 && r.location.starts_with("/dashboard/jobs/"), "{name}: {}: {}", r.status, r.body);
        end_job(&app).await;
    }
    assert_eq!(rob.get("/dashboard/store/plan").await.status, 404, "what they have themselves they buy from us");
}

#[actix_web::test]
async fn resellers_plan_a_deletion_with_their_own_password_and_take_it_back() {
    let (app, _, rob, _) = stage().await;
    let (eva, _) = with_store(&app, &rob).await;
    let path = "/reseller/customers/3/delete";
    let planned = async || app.db.number("SELECT COUNT(*) FROM stores WHERE delete_after IS NOT NULL").await;
    for (confirm, password) in [("Eva's Tea", "not this one at all"), ("Eva", PASSWORD), ("Eva's Tea", "")] {
        assert_eq!(rob.submit(path, &[("confirm", confirm), ("password", password)]).await.status, 422);
    }
    assert_eq!(planned().await, 0);
    let r = rob.submit(path, &[("confirm", "Eva's Tea"), ("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/reseller/customers/3"), "{}", r.body);
    assert_eq!(planned().await, 1);
    let told = app.deliver_mail().await;
    assert!(told.iter().any(|m| m.to == "eva@example.com" && m.subject.contains("Eva's Tea")), "the owner is told");
    assert!(eva.get("/dashboard").await.body.contains("/dashboard/delete"));
    let r = rob.submit_at(path, "/reseller/customers/3/delete/cancel", &[]).await;
    assert_eq!((r.status, planned().await), (303, 0));
}

#[actix_web::test]
async fn a_closed_account_gives_its_customers_to_us() {
    let (app, ada, rob, _) = stage().await;
    let (eva, _) = with_store(&app, &rob).await;
    rob.submit_at("/reseller", "/reseller/branding", &[("brand_name", "Rob's"), ("brand_email", "")]).await;
    assert!(
        eva.get("/dashboard").await.body.contains("Rob&#39;s")
            || eva.get("/dashboard").await.body.contains("Rob&#x27;s")
    );
    // By staff, at once; whose account is opened again is an ordinary customer.
    let fields = [("name", "rob@example.com"), ("reason", "Left"), ("password", PASSWORD)];
    let r = ada.submit("/admin/customers/1/close", &fields).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let theirs = "SELECT COUNT(*) FROM customers WHERE reseller_id IS NOT NULL OR role = 'reseller'";
    assert_eq!(app.db.number(theirs).await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM resellers").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.end_reseller' AND details LIKE '%account closed%' AND details LIKE '%\"customers_now_ours\":1%'").await, 1);
    let page = eva.get("/dashboard").await;
    assert!(page.status == 200 && page.body.contains("Shopfleet") && page.body.contains("Eva"), "{}", page.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE customer_id = 3 AND delete_after IS NULL").await, 1);
    // By themselves, when the day has come.
    app.db.sql("UPDATE customers SET state = 'active', close_after = NULL WHERE id = 1").await;
    assert_eq!(limits(&ada, 1, "2", "2", &["starter"]).await.status, 303);
    app.db.sql("UPDATE customers SET reseller_id = 1 WHERE id = 3").await;
    let _ = hosting::services::close_account::proceed(&app.services, 1).await.unwrap();
    assert_eq!(app.db.number(theirs).await, 0);
    assert_eq!(
        app.db
            .number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.end_reseller' AND role = 'system'")
            .await,
        1
    );
    assert_eq!(eva.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn the_api_does_what_the_pages_do() {
    let (app, _, rob_page, _) = stage().await;
    app.staff("grace@example.com", Role::Admin).await;
    let (grace, _) = log_in(&app, "grace@example.com", "staff").await;
    let wish = serde_json::json!({ "plans": ["starter"], "max_customers": 2, "max_stores": 1 });
    let r = grace.send("PUT", "/api/v1/customers/1/reseller", Some(&wish), &[]).await;
    assert_eq!((r.status, &r.body["plans"]), (200, &serde_json::json!(["starter"])), "{}", r.body);
    let bad = serde_json::json!({ "plans": [], "max_customers": 6000, "max_stores": 1 });
    let r = grace.send("PUT", "/api/v1/customers/1/reseller", Some(&bad), &[]).await;
    let wrong: Vec<_> = r.body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!((r.status, wrong), (422, vec!["max_customers", "plans"]));
    let (rob, _) = log_in(&app, "rob@example.com", "customer").await;
    let r = rob.post("/api/v1/reseller/customers", &serde_json::json!({ "email": "eva@example.com" })).await;
    assert_eq!((r.status, &r.body["id"]), (201, &serde_json::json!(3)), "{}", r.body);
    let list = rob.get("/api/v1/reseller/customers?limit=1").await.body;
    assert_eq!(list["items"][0]["email"], "eva@example.com");
    assert_eq!(rob.get("/api/v1/reseller/customers?q=zzz").await.body["items"], serde_json::json!([]));
    let order = |plan: &str| serde_json::json!({ "name": "Eva's Tea", "platform": "woocommerce", "plan": plan });
    let place = "/api/v1/reseller/customers/3/stores";
    let r = rob.post(place, &order("business")).await;
    assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &serde_json::json!("plan")), "{}", r.body);
    let r = rob.post(place, &order("starter")).await;
    assert_eq!(r.status, 202, "{}", r.body);
    let job = r.body["job"].as_str().unwrap().to_owned();
    assert_eq!(rob.get(&format!("/api/v1/jobs/{job}")).await.body["kind"], "provision_store");
    assert_eq!(rob.get(&format!("/api/v1/jobs/{job}/lines")).await.status, 200);
    app.make_live(&hosting::domain::Uid::parse(&job).unwrap()).await;
    let store = rob.get("/api/v1/reseller/customers/3").await.body["stores"][0].as_str().unwrap().to_owned();
    assert_eq!(rob.get(&format!("/api/v1/stores/{store}")).await.body["state"], "active");
    let r = rob.post(&format!("/api/v1/stores/{store}/suspend"), &serde_json::json!({ "reason": "Bill 7" })).await;
    assert_eq!(r.status, 202, "{}", r.body);
    let facts = rob.get("/api/v1/reseller").await.body;
    assert_eq!((&facts["customers"], &facts["stores"], &facts["max_stores"]), (&1.into(), &1.into(), &1.into()));
    let brand = serde_json::json!({ "name": "Rob's", "email": "x" });
    let r = rob.send("PUT", "/api/v1/reseller/brand", Some(&brand), &[]).await;
    assert_eq!((r.status, &r.body["errors"][0]["field"]), (422, &serde_json::json!("email")), "{}", r.body);
    let brand = serde_json::json!({ "name": "Rob's", "email": "" });
    assert_eq!(rob.send("PUT", "/api/v1/reseller/brand", Some(&brand), &[]).await.body["brand_name"], "Rob's");
    // A token has the scopes of its owner's role; with the role it is gone.
    let scopes = serde_json::json!({ "name": "t", "scopes": "reseller:read" });
    let token = rob.post("/api/v1/tokens", &scopes).await;
    assert_eq!(token.status, 201, "{}", token.body);
    let token = Program::new(&app, token.body["secret"].as_str());
    assert_eq!(token.get("/api/v1/reseller").await.status, 200);
    assert_eq!(
        token.post("/api/v1/reseller/customers", &serde_json::json!({ "email": "z@example.com" })).await.status,
        403
    );
    let r = grace.send("DELETE", "/api/v1/customers/1/reseller", None, &[]).await;
    assert_eq!(r.status, 204, "{}", r.body);
    assert_eq!(grace.get("/api/v1/customers/1/reseller").await.status, 404);
    assert_eq!((token.get("/api/v1/reseller").await.status, rob.get("/api/v1/account").await.status), (401, 401));
    assert!(rob_page.get("/reseller").await.location.starts_with("/login"));
    let (rob, _) = log_in(&app, "rob@example.com", "customer").await;
    assert_eq!(rob.get("/api/v1/reseller").await.status, 403);
    assert_eq!(rob.get(&format!("/api/v1/stores/{store}")).await.status, 404);
    assert_eq!(rob.get(&format!("/api/v1/jobs/{job}")).await.status, 404);
}

#[actix_web::test]
async fn resellers_read_the_log_and_use_of_their_customers_stores() {
    let (app, _, rob, ana) = stage().await;
    let (eva, _) = with_store(&app, &rob).await;
    let page = rob.get("/reseller/customers/3").await.body;
    for path in ["/reseller/customers/3/logs", "/reseller/customers/3/usage"] {
        assert!(!page.contains(&format!("href=\"{path}\"")), "it has no server yet: {page}");
        let r = rob.get(path).await;
        assert!(
            r.status == 200 && r.body.contains("when the store is live") || r.body.contains("as soon as it is live")
        );
    }
    assert_eq!(rob.get("/reseller/customers/3/logs/stream").await.status, 204, "nothing to follow");
    app.db.sql("UPDATE stores SET server_id = (SELECT MIN(id) FROM servers)").await;
    let page = rob.get("/reseller/customers/3").await.body;
    for path in ["/reseller/customers/3/logs", "/reseller/customers/3/usage"] {
        assert!(page.contains(&format!("href=\"{path}\"")), "{path}");
    }
    let r = rob.get("/reseller/customers/3/logs?find=%3Cb%3Ex&lines=100").await;
    assert!(r.status == 200 && r.body.contains("does not answer right now"), "{}", r.body);
    assert!(r.body.contains("data-stream=\"/reseller/customers/3/logs/stream?find="), "{}", r.body);
    assert!(r.body.contains("&lt;b&gt;x") && !r.body.contains("<b>x"), "{}", r.body);
    app.db
        .sql(
            "INSERT INTO store_usage SELECT id, 3600, DATE_FORMAT(NOW(), '%Y-%m-%d %H:00:00'), 3600, 60, 1000, 6000000000, 200000000, \
             5, 5, 7, 0, 5, 1048576 FROM stores WHERE customer_id = 3",
        )
        .await;
    let r = rob.get("/reseller/customers/3/usage?range=7d").await;
    assert!(r.status == 200 && r.body.contains("href=\"/reseller/customers/3/usage\""), "{}", r.body);
    assert!(r.body.contains("<svg") && r.body.contains("Eva&"), "its charts: {}", r.body);
    // Nobody else's; ordinary customers have no such pages.
    for end in ["logs", "usage", "logs/stream"] {
        for id in [1, 2, 99] {
            assert_eq!(rob.get(&format!("/reseller/customers/{id}/{end}")).await.status, 404, "{id} {end}");
        }
        for b in [&eva, &ana] {
            assert_eq!(b.get(&format!("/reseller/customers/3/{end}")).await.status, 403, "{end}");
        }
    }
    app.db.sql("UPDATE customers SET reseller_id = NULL WHERE id = 3").await;
    for end in ["logs", "usage", "logs/stream"] {
        assert_eq!(rob.get(&format!("/reseller/customers/3/{end}")).await.status, 404, "not theirs any more: {end}");
    }
}

#[actix_web::test]
async fn a_reseller_reads_what_happened_to_their_customers_and_nothing_else() {
    let (app, ada, rob, ana) = stage().await;
    let (eva, store) = with_store(&app, &rob).await;
    let r = ada.submit("/admin/customers/3/store/suspend", &[("cause", "review"), ("reason", "Secret words")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    // What concerns others, and what staff keep among themselves.
    ana.submit("/account", &[("name", "Ana"), ("time_zone", "UTC"), ("theme", "auto")]).await;
    let service = &app.services;
    let actor = |role, id, name: &str| hosting::domain::Actor {
        role,
        id,
        name: name.into(),
        address: "192.0.2.9".into(),
        request_id: "r".into(),
    };
    let append = async |by: &hosting::domain::Actor, action: &str, kind: &str, id: &str| {
        let event = hosting::db::audit::NewEvent {
            action,
            target_kind: kind,
            target_id: id,
            outcome: "refused",
            details: serde_json::json!({ "reason": "Secret words" }),
        };
        let mut tx = service.db.begin().await.unwrap();
        hosting::db::Queries::audit(&mut tx).append(&service.keys, by, &event).await.unwrap();
        tx.commit().await.unwrap();
    };
    append(&actor(Role::Admin, Some(3), "ada@example.com"), "ticket.note", "customer", "3").await;
    append(&actor(Role::Customer, Some(2), "ana@example.com"), "store.peek", "store", &store).await;
    append(&actor(Role::Customer, Some(3), "eva@example.com"), "webhook.create", "webhook", "W1").await;
    append(&actor(Role::Visitor, None, "guess@example.com"), "customer.sign_in", "customer", "3").await;
    let page = rob.get("/reseller/events").await;
    assert_eq!(page.status, 200);
    for words in [
        "Store: suspend",
        "Support",
        "Customer: create",
        "You",
        "Webhook: create",
        "eva@example.com",
        "Another customer",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    for never in ["ada@example.com", "ana@example.com", "guess@example.com", "Secret words", "Ticket: note"] {
        assert!(!page.body.contains(never), "{never}: {}", page.body);
    }
    let rows = page.body.matches("<tr><td data-l=\"Time\"").count();
    let told = "SELECT COUNT(*) FROM reseller_events WHERE reseller_id = 1 AND customer_id = 3";
    assert_eq!(i64::try_from(rows).unwrap(), app.db.number(told).await);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM reseller_events").await, app.db.number(told).await);
    assert!(
        page.body.matches("192.0.2.9").count() == 2,
        "the customer's and the stranger's address only: {}",
        page.body
    );
    // One customer's; nobody else's.
    assert_eq!(rob.get("/reseller/events?customer=3").await.body.matches("<tr><td data-l").count(), rows);
    for id in ["1", "2", "99", "x", "-1"] {
        assert_eq!(rob.get(&format!("/reseller/events?customer={id}")).await.status, 404, "{id}");
    }
    assert_eq!(eva.get("/reseller/events").await.status, 403);
    // Pages of fifty, both ways.
    for i in 0..60 {
        append(&actor(Role::Customer, Some(3), "eva@example.com"), &format!("thing.n{i:02}"), "thing", "T").await;
    }
    let first = rob.get("/reseller/events").await.body;
    assert!(first.contains("Thing: n59") && first.contains("Thing: n10") && !first.contains("Thing: n09"), "{first}");
    let link = |body: &str, rel: &str| {
        let at = body.find(&format!("rel=\"{rel}\"")).expect("a link");
        body[..at].rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&")
    };
    let second = rob.get(&link(&first, "next")).await.body;
    assert!(second.contains("Thing: n09") && !second.contains("Thing: n10"), "{second}");
    assert!(rob.get(&link(&second, "prev")).await.body.contains("Thing: n59"));
    // A program reads the same.
    let (program, _) = log_in(&app, "rob@example.com", "customer").await;
    let list = program.get("/api/v1/reseller/events?limit=200&customer=3").await;
    let items = list.body["items"].as_array().unwrap();
    // And the refusal of their own, a moment ago.
    assert_eq!(items.len(), rows + 61, "{}", list.body);
    let text = list.body.to_string();
    assert!(!text.contains("ada@") && !text.contains("ana@") && !text.contains("Secret"), "{text}");
    let by: std::collections::BTreeSet<_> = items.iter().map(|i| i["by"].as_str().unwrap()).collect();
    assert!(["you", "customer", "another_customer", "staff", "somebody"].iter().all(|b| by.contains(b)), "{by:?}");
    let next = program.get("/api/v1/reseller/events?limit=50").await.body["next"].as_str().unwrap().to_owned();
    assert_eq!(
        program.get(&format!("/api/v1/reseller/events?after={next}")).await.body["items"][0]["action"],
        "thing.n09"
    );
    assert_eq!(program.get("/api/v1/reseller/events?customer=2").await.status, 404);
    assert_eq!(program.get("/api/v1/reseller/events?customer=x").await.status, 422);
    // Whoever goes elsewhere takes it along, and an account that is forgotten leaves nothing here.
    app.db.sql("UPDATE customers SET reseller_id = NULL WHERE id = 3").await;
    assert!(!rob.get("/reseller/events").await.body.contains("eva@example.com"));
    append(&actor(Role::Customer, Some(3), "eva@example.com"), "thing.late", "thing", "T").await;
    app.db.sql("UPDATE customers SET reseller_id = 1 WHERE id = 3").await;
    assert!(!rob.get("/reseller/events").await.body.contains("Thing: late"), "it happened elsewhere");
    let mut tx = service.db.begin().await.unwrap();
    hosting::db::Queries::erasure(&mut tx).erase(3).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.db.number("SELECT COUNT(*) FROM reseller_events").await, 0);
}
