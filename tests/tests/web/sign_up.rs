//! From the form to the set-up page.

use crate::support::App;
use hosting::domain::Role;

#[actix_web::test]
async fn sign_up_confirm_and_land_on_the_set_up_page() {
    let app = App::new().await;
    let b = app.browser();
    let r = b.sign_up(&[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/verify"), "{}", r.body);
    let page = b.get("/verify").await;
    assert!(page.body.contains("We sent a link to <strong>ana@example.com</strong>"), "{}", page.body);
    assert_eq!(app.db.text("SELECT state FROM customers").await, "unverified");
    assert_eq!(app.db.text("SELECT state FROM stores").await, "requested");
    assert_eq!(app.db.text("SELECT host FROM store_addresses").await, "anas-bikes.shops.localhost");

    let token = app.newest_token().await;
    let hashes = app.db.number("SELECT COUNT(*) FROM email_verifications").await;
    assert_eq!(hashes, 1);
    // Looking changes nothing, however often.
    for _ in 0..2 {
        let page = b.get(&format!("/verify?token={token}")).await;
        assert!(page.body.contains("Confirm and start my store"), "{}", page.body);
    }
    assert_eq!(app.db.text("SELECT state FROM customers").await, "unverified");
    let r = b.submit_at(&format!("/verify?token={token}"), "/verify", &[("token", &token)]).await;
    assert_eq!(r.status, 303);
    assert!(r.location.starts_with("/setup/"), "{}", r.location);
    assert_eq!(app.db.text("SELECT state FROM customers").await, "active");
    assert_eq!(app.db.text("SELECT state FROM stores").await, "provisioning");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'provision_store'").await, 1);
    let page = b.get(&r.location).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("Ana&#39;s Bikes") || page.body.contains("Ana&#x27;s Bikes"), "{}", page.body);
    assert_eq!(b.get("/dashboard").await.status, 200);
    // The link works once.
    let again = b.submit_at("/dashboard", "/verify", &[("token", &token)]).await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("This link no longer works"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'provision_store'").await, 1);
    // Every step left its audit row.
    for action in ["customer.sign_up", "customer.confirm_email"] {
        assert_eq!(
            app.db.number(&format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}'")).await,
            1,
            "{action}"
        );
    }
}

#[actix_web::test]
async fn a_known_address_gets_the_same_answer_and_a_mail_that_explains() {
    let app = App::new().await;
    let (_, _) = app.customer("ana@example.com", "Ana's Bikes").await;
    let b = app.browser();
    let before = app.db.number("SELECT COUNT(*) FROM stores").await;
    let r = b.sign_up(&[("store_name", "Other"), ("password", "another password")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/verify"));
    let known = b.get("/verify").await.body;
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores").await, before);
    let fresh = app.browser();
    let r = fresh.sign_up(&[("email", "eva@example.com"), ("store_name", "Third")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/verify"));
    let strip = |t: &str, mail: &str| {
        let mut t = t.replace(mail, "MAIL");
        while let Some(at) = t.find("_token\" value=\"").or_else(|| t.find("form_key\" value=\"")) {
            let end = at + t[at..].find('>').unwrap();
            t.replace_range(at..end, "");
        }
        t
    };
    assert_eq!(strip(&known, "ana@example.com"), strip(&fresh.get("/verify").await.body, "eva@example.com"));
    let sent = app.deliver_mail().await;
    assert!(sent.iter().any(|m| m.to == "ana@example.com" && m.subject.contains("already have an account")));
    // The password of the account is still its own.
    let r = b.submit("/login", &[("email", "ana@example.com"), ("password", "another password")]).await;
    assert_eq!(r.status, 422);
}

#[actix_web::test]
async fn a_form_sent_twice_signs_up_once() {
    let app = App::new().await;
    let b = app.browser();
    let page = b.get("/signup").await;
    let mut fields = crate::support::sign_up_fields(&[]);
    fields.push(("csrf_token".into(), page.hidden("csrf_token")));
    fields.push(("form_key".into(), page.hidden("form_key")));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let (one, two) = tokio::join!(b.post("/signup", &fields), b.post("/signup", &fields));
    assert_eq!((one.status, two.status), (303, 303), "{} {}", one.body, two.body);
    assert_eq!((one.location.as_str(), two.location.as_str()), ("/verify", "/verify"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers").await, 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs").await, 1);
}

#[actix_web::test]
async fn taken_names_get_a_number_and_taken_addresses_a_refusal() {
    let app = App::new().await;
    assert_eq!(app.browser().sign_up(&[]).await.status, 303);
    assert_eq!(app.browser().sign_up(&[("email", "b@example.com")]).await.status, 303);
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM store_addresses WHERE host = 'anas-bikes-2.shops.localhost'").await,
        1
    );
    for lookalike in ["anas-bikes", "ANAS-BIKES", "anasbikes", "anas-b1kes"] {
        let r = app.browser().sign_up(&[("email", "c@example.com"), ("address", lookalike)]).await;
        assert_eq!(r.status, 422, "{lookalike}");
        assert!(r.body.contains("taken"), "{lookalike}");
    }
}

#[actix_web::test]
async fn magento_opens_with_its_setting() {
    let app = App::new().await;
    let b = app.browser();
    assert!(b.get("/signup").await.body.contains("Opening soon"));
    let r = b.sign_up(&[("platform", "magento")]).await;
    assert_eq!(r.status, 422);
    assert!(r.body.contains("Magento opens soon"));
    hosting::services::settings::set(&app.services, &app.operator(), "magento_offered", "yes").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    assert_eq!(b.sign_up(&[("platform", "magento")]).await.status, 303);
}

#[actix_web::test]
async fn mails_can_be_asked_for_again_and_say_nothing_about_strangers() {
    let app = App::new().await;
    let b = app.browser();
    b.sign_up(&[]).await;
    app.deliver_mail().await;
    let r = b.submit_at("/verify", "/verify/resend", &[("email", "ana@example.com")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/verify"));
    assert_eq!(app.deliver_mail().await.len(), 2);
    let r = b.submit_at("/verify", "/verify/resend", &[("email", "nobody@example.com")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/verify"));
    assert_eq!(app.deliver_mail().await.len(), 2);
    let r = b.submit_at("/verify", "/verify/resend", &[("email", "nonsense")]).await;
    assert_eq!(r.status, 422);
}

#[actix_web::test]
async fn staff_see_the_customer_and_the_job() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    let list = staff.get("/admin/customers?q=ana").await;
    assert!(list.body.contains("ana@example.com") && list.body.contains("Setting up"), "{}", list.body);
    for path in [
        "/admin",
        "/admin/customers/1",
        "/admin/customers/1/provisioning",
        "/admin/customers/1/audit",
        "/admin/jobs",
        "/admin/jobs?state=queued&kind=provision_store",
        &format!("/admin/jobs/{job}"),
        "/admin/system",
    ] {
        let page = staff.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
    }
    assert!(staff.get("/admin/customers/1/audit").await.body.contains("customer.sign_up"));
    assert_eq!(staff.get(&format!("/admin/jobs?q={job}")).await.location, format!("/admin/jobs/{job}"));
}
