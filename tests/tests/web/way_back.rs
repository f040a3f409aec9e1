//! Lost phone and recovery codes; staff and their own devices; refusals in the audit log; one way of closing.

use crate::second_factor::set_up;
use crate::support::{App, PASSWORD};
use hosting::db::Queries;
use hosting::domain::{Actor, Role};
use hosting::services::ServiceError;
use hosting::services::close_account::{Closing, proceed};
use hosting::services::second_factor::way_back;

const REASON: &str = "Called back on the number we know";

#[actix_web::test]
async fn a_lost_factor_goes_after_a_day_unless_its_owner_stops_it() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let page = "/admin/customers/1/factor";
    let good = [("reason", REASON), ("name", "ana@example.com"), ("password", PASSWORD)];
    assert_eq!(ada.submit(page, &good).await.status, 409, "there is none");
    let (phone, _) = set_up(&ana, "/account/2fa").await;
    let r = ada.submit(page, &[("reason", ""), ("name", "ana"), ("password", "wrong")]).await;
    assert_eq!(r.status, 422);
    for words in ["Enter a reason", "Type ana@example.com", "This password is not right"] {
        assert!(r.body.contains(words), "{words}: {}", r.body);
    }
    let plan = async || {
        let r = ada.submit(page, &good).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers/1"), "{}", r.body);
        let sent = app.deliver_mail().await;
        let mail = sent.last().unwrap();
        assert_eq!((mail.to.as_str(), mail.subject.contains("will be removed")), ("ana@example.com", true));
        mail.text.split("/keep-factor?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    };
    // The link of the mail stops it, once, when its button is pressed.
    let token = plan().await;
    assert!(ada.get("/admin/customers/1").await.body.contains("unless it is stopped"));
    assert_eq!(ada.submit(page, &good).await.status, 409, "one at a time");
    assert_eq!(way_back::proceed(&app.services).await.unwrap(), 0, "not yet");
    let stranger = app.browser();
    let at = format!("/keep-factor?token={token}");
    assert!(stranger.get(&at).await.body.contains("Keep my second factor"));
    let open = "SELECT COUNT(*) FROM factor_resets WHERE ended_at IS NULL";
    assert_eq!(app.db.number(open).await, 1, "looking stops nothing");
    let r = stranger.submit_at(&at, "/keep-factor", &[("token", &token)]).await;
    assert!(r.status == 200 && r.body.contains("Your second factor stays"), "{}", r.body);
    assert_eq!(stranger.submit_at(&at, "/keep-factor", &[("token", &token)]).await.status, 422, "once");
    // Staff can take it back as well.
    plan().await;
    let token = ada.get("/admin/customers/1").await.hidden("csrf_token");
    let cancel = [("csrf_token", token.as_str())];
    assert_eq!(ada.post("/admin/customers/1/factor/cancel", &cancel).await.status, 303);
    assert_eq!(ada.post("/admin/customers/1/factor/cancel", &cancel).await.status, 409);
    // And a sign-in with a code says that nothing is lost.
    plan().await;
    let b = app.browser();
    b.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(b.submit_at("/login/2fa", "/login/2fa", &[("code", &phone.code(1))]).await.status, 303);
    assert_eq!(app.db.number(open).await, 0);
    // Nobody stops this one.
    plan().await;
    let wait = "SELECT TIMESTAMPDIFF(MINUTE, NOW(6), due_at) FROM factor_resets WHERE ended_at IS NULL";
    assert_eq!(app.db.number(wait).await, 24 * 60 - 1);
    app.db.sql("UPDATE factor_resets SET due_at = NOW(6) WHERE ended_at IS NULL").await;
    assert_eq!(way_back::proceed(&app.services).await.unwrap(), 1);
    assert_eq!(way_back::proceed(&app.services).await.unwrap(), 0, "twice");
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("second factor"));
    assert!(b.get("/dashboard").await.location.starts_with("/login"), "every device is signed out");
    let r = app.browser().submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/dashboard"), "the password is enough now");
    for (action, times) in
        [("customer.plan_factor_reset", 4), ("customer.stop_factor_reset", 3), ("customer.reset_factor", 1)]
    {
        let sql = format!("SELECT COUNT(*) FROM audit_events WHERE action = '{action}' AND outcome = 'done'");
        assert_eq!(app.db.number(&sql).await, times, "{action}");
    }
}

#[actix_web::test]
async fn the_last_super_admin_is_helped_on_the_machine_only() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let refused = way_back::reset_of_admin(&app.services, &Actor::operator(), "grace@example.com").await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))), "there is none");
    set_up(&grace, "/admin/2fa").await;
    let unknown = way_back::reset_of_admin(&app.services, &Actor::operator(), "nobody@example.com").await;
    assert!(matches!(unknown, Err(ServiceError::NotFound)));
    let system = way_back::reset_of_admin(&app.services, &Actor::system("x"), "grace@example.com").await;
    assert!(matches!(system, Err(ServiceError::Denied(_))));
    way_back::reset_of_admin(&app.services, &Actor::operator(), " Grace@example.com ").await.unwrap();
    assert!(grace.get("/admin").await.location.starts_with("/admin/login"), "signed out");
    let r = grace.submit("/admin/login", &[("email", "grace@example.com"), ("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin"));
    assert!(app.deliver_mail().await.last().unwrap().to == "grace@example.com");
    let kept = "SELECT COUNT(*) FROM audit_events WHERE action = 'admin.reset_factor' AND actor_name = 'command line'";
    assert_eq!(app.db.number(kept).await, 1);
}

#[actix_web::test]
async fn staff_see_and_end_their_own_devices_only() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::Support).await;
    let other = app.browser();
    other.submit("/admin/login", &[("email", "grace@example.com"), ("password", PASSWORD)]).await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    app.browser().submit("/admin/login", &[("email", "grace@example.com"), ("password", "wrong")]).await;
    let page = grace.get("/admin/devices").await;
    assert!(page.body.contains("This one") && page.body.contains("Refused"), "{}", page.body);
    let hers = app.db.number("SELECT CAST(MAX(s.id) AS SIGNED) FROM login_sessions s JOIN admins a ON a.id = s.admin_id WHERE a.email = 'grace@example.com'").await;
    let token = sam.get("/admin/devices").await.hidden("csrf_token");
    let r = sam.post("/admin/devices/end", &[("csrf_token", &token), ("which", &hers.to_string())]).await;
    assert_eq!(r.status, 404, "not his");
    let token = page.hidden("csrf_token");
    let r = grace.post("/admin/devices/end", &[("csrf_token", &token), ("which", "others")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/devices"));
    assert!(other.get("/admin").await.location.starts_with("/admin/login"));
    assert_eq!((grace.get("/admin").await.status, sam.get("/admin").await.status), (200, 200));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'admin.end_sessions'").await, 1);
}

#[actix_web::test]
async fn a_refusal_is_written_down_once_a_minute() {
    let app = App::new().await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let rows = "SELECT COUNT(*) FROM audit_events WHERE action = 'access.refuse' AND outcome = 'refused'";
    for n in 0..12 {
        assert_eq!(sam.get(&format!("/admin/settings?n={n}")).await.status, 403);
        assert_eq!(sam.get(&format!("/admin/customers/{n}/edit")).await.status, 403);
    }
    assert_eq!(app.db.number(rows).await, 2, "of one person and one route, whatever it named");
    let kept = app.db.text("SELECT GROUP_CONCAT(CONCAT(actor_name, ' ', role, ' ', target_id) ORDER BY number) FROM audit_events WHERE action = 'access.refuse'").await;
    assert_eq!(
        kept,
        "sam@example.com support GET /admin/settings,sam@example.com support GET /admin/customers/{id}/edit"
    );
    // A form without its token, of somebody who is signed in; strangers fill nothing.
    assert_eq!(ana.post("/account", &[("name", "x")]).await.status, 403);
    assert_eq!(app.browser().post("/login", &[("email", "x")]).await.status, 403);
    assert_eq!(app.db.number(rows).await, 3);
}

#[actix_web::test]
async fn whoever_closes_an_account_it_ends_in_being_forgotten() {
    let app = App::new().await;
    let (_, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    let store = app.make_live(&job).await;
    let ada = app.staff("ada@example.com", Role::Admin).await;
    let good = [("reason", "moved away"), ("name", "ana@example.com"), ("password", PASSWORD)];
    assert_eq!(ada.submit("/admin/customers/1/close", &good).await.status, 303);
    let due = async || app.services.db.read().await.unwrap().erasure().due(10).await.unwrap();
    assert!(due().await.is_empty(), "there are seven days");
    let days = "SELECT TIMESTAMPDIFF(DAY, NOW(6), close_after) FROM customers WHERE id = 1";
    assert_eq!(app.db.number(days).await, 6);
    app.deliver_mail().await;
    app.db.sql("UPDATE customers SET close_after = NOW(6) - INTERVAL 1 SECOND WHERE id = 1").await;
    let token = ada.get("/admin/customers/1").await;
    let r = ada
        .post(
            "/admin/customers/1/reopen",
            &[("csrf_token", &token.hidden("csrf_token")), ("form_key", &token.hidden("form_key"))],
        )
        .await;
    assert_eq!(r.status, 409, "too late: {}", r.body);
    assert_eq!(due().await, [1]);
    assert_eq!(proceed(&app.services, 1).await.unwrap(), Closing::Stores);
    app.db.sql("UPDATE jobs SET state = 'started' WHERE kind = 'deprovision_store'").await;
    app.db.sql("UPDATE jobs SET state = 'finished' WHERE kind = 'deprovision_store'").await;
    app.db.sql(&format!("UPDATE stores SET state = 'deleted', deleted_at = NOW(6) WHERE id = {store}")).await;
    assert_eq!(proceed(&app.services, 1).await.unwrap(), Closing::Jobs);
    let sent = app.deliver_mail().await;
    assert!(sent.last().unwrap().text.contains("This was our last mail"), "{}", sent.last().unwrap().text);
    assert_eq!(proceed(&app.services, 1).await.unwrap(), Closing::Erased);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE email LIKE '%ana@%'").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers WHERE erased_at IS NOT NULL").await, 1);
}
