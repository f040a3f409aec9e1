//! Staff look at a customer's panel: nothing changes, nothing secret shows, and it ends when it should.

use crate::support::{App, Browser, PASSWORD};
use hosting::domain::Role;
use hosting::services::view_customer::end::sweep;
use reqwest::Method;
use webapp::router::{Access, ROUTES, viewable};

const REASON: &str = "The cart does not load";
const BANNER: &str = "You look at the panel of";

async fn start(staff: &Browser, id: u64) -> crate::support::Page {
    staff.submit(&format!("/admin/customers/{id}/view"), &[("reason", REASON)]).await
}

/// A customer with a live store, and a support member who looks at their panel.
async fn looking(app: &App) -> (Browser, Browser, String) {
    let (ana, job) = app.customer("ana@example.com", "Ana's Bikes").await;
    app.make_live(&job).await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    let r = start(&sam, 1).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/dashboard"), "{}", r.body);
    (ana, sam, job.to_string())
}

fn path_of(pattern: &str, job: &str) -> String {
    let range = if pattern.ends_with("/log") { "?from=1&to=2" } else { "" };
    format!("{pattern}{range}")
        .replace("{job}", job)
        .replace("{change}", "restart")
        .replace("{view}", "1")
        .replace("{export}", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .replace("{id}", "1")
}

#[actix_web::test]
async fn every_owner_page_is_bannered_or_closed_and_no_route_changes_anything() {
    let app = App::new().await;
    let (_, sam, job) = looking(&app).await;
    // Who sees most: a reseller.
    app.db.sql("UPDATE customers SET role = 'reseller' WHERE id = 1").await;
    let page = sam.get("/dashboard").await;
    assert!(page.body.contains("Ana&#39;s Bikes"), "{}", page.body);
    let token = page.hidden("csrf_token");
    assert!(!token.is_empty());
    let before = app.census().await;
    let (mut looked, mut closed) = (0, 0);
    // Whatever takes an owner's session, and what visitors may send as well.
    for route in ROUTES {
        let mine = matches!(route.access, Access::Owner | Access::Reseller)
            || route.access == Access::Everybody
                && !route.path.starts_with("/admin")
                && !route.path.starts_with("/api/");
        // These two are about the view itself.
        let own = ["/stop-viewing", "/session/stay"].contains(&route.path);
        if !mine || own || route.path.ends_with("/stream") {
            continue;
        }
        let path = path_of(route.path, &job);
        let r = if route.method == "GET" {
            sam.get(&path).await
        } else {
            let fields = [
                ("csrf_token", token.as_str()),
                ("form_key", &"k".repeat(40)),
                ("password", PASSWORD),
                ("confirm", "ana@example.com"),
                ("what", "admin"),
                ("answer", "allow"),
            ];
            Browser::post(&sam, &path, &fields).await
        };
        if viewable(route) {
            assert!([200, 303, 404].contains(&r.status), "{} {path}: {}", route.method, r.status);
            assert_eq!(route.method, "GET", "{path} is open and changes something");
            let html = r.header("content-type").starts_with("text/html");
            assert!(r.status == 303 || !html || r.body.contains(BANNER), "{path} has no banner: {}", r.body);
            looked += 1;
        } else {
            assert_eq!(r.status, 403, "{} {path}: {}", route.method, r.body);
            assert!(r.body.contains("Stop viewing first"), "{path}: {}", r.body);
            closed += 1;
        }
        for secret in ["store-admin-secret", "store-db-secret", "never-shown"] {
            assert!(!r.body.contains(secret), "{path} shows {secret}");
        }
    }
    assert!(looked >= 15 && closed >= 30, "{looked} open, {closed} closed");
    assert_eq!(app.census().await, before, "nothing changed");
    // The named ones, whatever the list says.
    for path in ["/dashboard/access", "/dashboard/database", "/account/data", "/account/2fa", "/reauthenticate"] {
        assert_eq!(sam.get(path).await.status, 403, "{path}");
    }
    // Nor does the API see anybody: it takes no cookies.
    assert_eq!(sam.get("/api/v1/tokens").await.status, 401);
    // Other verbs are refused as well.
    let r = sam.request(Method::DELETE, "/dashboard").send().await.unwrap();
    assert_eq!(r.status().as_u16(), 405);
}

#[actix_web::test]
async fn it_is_written_down_shown_to_the_customer_and_stopped() {
    let app = App::new().await;
    let (ana, sam, _) = looking(&app).await;
    assert!(ana.get("/dashboard").await.body.contains("Grace Hopper from support looks at your panel now"));
    // The customer's own pages have no banner, and their session is their own.
    assert!(!ana.get("/account").await.body.contains(BANNER));
    let page = sam.get("/account/devices").await;
    let r = sam.post("/stop-viewing", &[("csrf_token", &page.hidden("csrf_token"))]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers/1"));
    assert!(sam.get("/dashboard").await.location.starts_with("/login"), "over");
    assert_eq!(sam.get("/admin").await.status, 200, "their own sign-in stays");
    let page = ana.get("/account/devices").await;
    assert!(page.body.contains("Grace Hopper") && page.body.contains(REASON), "{}", page.body);
    for action in ["customer.view_start", "customer.view_end"] {
        let sql = format!(
            "SELECT COUNT(*) FROM audit_events WHERE action = '{action}' AND actor_name = 'sam@example.com' \
             AND target_kind = 'customer' AND target_id = '1' AND outcome = 'done'"
        );
        assert_eq!(app.db.number(&sql).await, 1, "{action}");
    }
    assert!(sam.get("/admin/customers/1/audit").await.body.contains("customer.view_start"));
}

#[actix_web::test]
async fn it_ends_with_its_time_the_sign_in_the_right_the_account_and_the_customers_word() {
    let app = App::new().await;
    let (ana, sam, _) = looking(&app).await;
    let over = async |why: &str| {
        let r = sam.get("/dashboard").await;
        assert_eq!((r.status, r.location.as_str()), (303, "/stop-viewing"), "{why}");
        let r = sam.get("/stop-viewing").await;
        assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers"), "{why}");
    };
    // Half an hour.
    let left = "SELECT TIMESTAMPDIFF(SECOND, NOW(6), expires_at) FROM customer_views WHERE state = 'running'";
    assert!((1780..=1800).contains(&app.db.number(left).await));
    app.db.sql("UPDATE customer_views SET expires_at = NOW(6) WHERE state = 'running'").await;
    over("its time").await;
    assert_eq!(sweep(&app.services).await.unwrap(), 1);
    assert_eq!(sweep(&app.services).await.unwrap(), 0, "twice");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'customer.view_end'").await, 1);
    // The right.
    assert_eq!(start(&sam, 1).await.status, 303);
    app.db.sql("UPDATE admins SET active = FALSE").await;
    let r = sam.get("/dashboard").await;
    assert_eq!(r.location, "/stop-viewing", "disabled");
    app.db.sql("UPDATE admins SET active = TRUE, must_change_password = TRUE").await;
    assert_eq!(sam.get("/dashboard").await.location, "/stop-viewing", "a temporary password opens nothing");
    app.db.sql("UPDATE admins SET must_change_password = FALSE").await;
    assert_eq!(sam.get("/dashboard").await.status, 200);
    // The account.
    app.db.sql("UPDATE customers SET state = 'closed'").await;
    assert_eq!(sam.get("/dashboard").await.location, "/stop-viewing", "closed");
    app.db.sql("UPDATE customers SET state = 'active'").await;
    // The customer's word.
    let page = ana.get("/dashboard").await;
    let id = app.db.number("SELECT CAST(id AS SIGNED) FROM customer_views WHERE state = 'running'").await;
    let token = page.hidden("csrf_token");
    let r = ana.post(&format!("/account/support/{id}"), &[("csrf_token", &token), ("answer", "refuse")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    over("the customer's word").await;
    // The sign-in.
    assert_eq!(start(&sam, 1).await.status, 303);
    assert_eq!(sam.get("/dashboard").await.status, 200);
    let token = sam.get("/admin").await.hidden("csrf_token");
    assert_eq!(sam.post("/admin/logout", &[("csrf_token", &token)]).await.status, 303);
    assert_eq!(sam.get("/dashboard").await.location, "/stop-viewing");
    assert_eq!(sweep(&app.services).await.unwrap(), 1, "nobody pressed Stop");
}

#[actix_web::test]
async fn who_wants_to_be_asked_is_asked() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana").await;
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    app.make_live(&job).await;
    let r = ana.submit_at("/account", "/account/support", &[("ask", "yes")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let sam = app.staff("sam@example.com", Role::Support).await;
    let page = sam.get("/admin/customers/1/view").await;
    assert!(page.body.contains("Ask the customer"), "{}", page.body);
    let r = start(&sam, 1).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/customers/1"), "{}", r.body);
    assert!(sam.get("/dashboard").await.location.starts_with("/login"), "nothing before the answer");
    // Asking again changes nothing; the page offers to take it back.
    let page = sam.get("/admin/customers/1/view").await;
    assert!(page.body.contains("has not answered yet"), "{}", page.body);
    let fields = [("csrf_token", page.hidden("csrf_token")), ("form_key", page.hidden("form_key"))];
    let again: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (*a, b.as_str())).collect();
    assert_eq!(sam.post("/admin/customers/1/view", &again).await.status, 409);
    // Another customer cannot answer it; refusing holds.
    let token = eva.get("/account").await.hidden("csrf_token");
    let r = eva.post("/account/support/1", &[("csrf_token", &token), ("answer", "allow")]).await;
    assert_eq!(r.status, 404);
    let page = ana.get("/dashboard").await;
    assert!(page.body.contains("Grace Hopper from support asks to look"), "{}", page.body);
    let token = page.hidden("csrf_token");
    assert_eq!(ana.post("/account/support/1", &[("csrf_token", &token), ("answer", "refuse")]).await.status, 303);
    assert_eq!(ana.post("/account/support/1", &[("csrf_token", &token), ("answer", "allow")]).await.status, 404);
    assert!(sam.get("/dashboard").await.location.starts_with("/login"), "refused");
    // By the link of the mail: looking answers nothing, it works once, and only the newest question's counts.
    assert_eq!(start(&sam, 1).await.status, 303);
    let sent = app.deliver_mail().await;
    let mails: Vec<_> = sent.iter().filter(|m| m.subject.contains("May Shopfleet support look")).collect();
    assert!(mails.iter().all(|m| m.to == "ana@example.com"));
    let mail = mails.last().unwrap();
    assert!(mail.text.contains(REASON) && mail.text.contains("Grace Hopper"), "{}", mail.text);
    let link = mail.text.split("/view/consent?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let stranger = app.browser();
    let at = format!("/view/consent?token={link}");
    assert!(stranger.get(&at).await.body.contains("Allow"));
    assert!(sam.get("/dashboard").await.location.starts_with("/login"), "looking is no answer");
    let r = stranger.submit_at(&at, "/view/consent", &[("token", &link), ("answer", "allow")]).await;
    assert!(r.status == 200 && r.body.contains("Support may look"), "{}", r.body);
    let r = stranger.submit_at("/view/consent", "/view/consent", &[("token", &link), ("answer", "refuse")]).await;
    assert_eq!(r.status, 422, "once");
    // Another staff member has no use for it.
    let tom = app.staff("tom@example.com", Role::Support).await;
    assert_eq!(start(&tom, 1).await.location, "/admin/customers/1");
    let page = sam.get("/admin/customers/1/view").await;
    assert!(page.body.contains("The customer allowed it"), "{}", page.body);
    assert_eq!(start(&sam, 1).await.location, "/dashboard");
    assert_eq!(sam.get("/dashboard").await.status, 200);
    let allowed =
        "SELECT COUNT(*) FROM audit_events WHERE action = 'customer.view_allow' AND actor_name = 'ana@example.com'";
    assert_eq!(app.db.number(allowed).await, 1);
    // A question nobody answers is over after a day.
    app.db.sql("UPDATE customer_views SET expires_at = NOW(6) WHERE state = 'asked'").await;
    assert!(tom.get("/admin/customers/1/view").await.body.contains("Ask the customer"));
}

#[actix_web::test]
async fn a_reason_is_needed_and_hostile_text_is_only_text() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let grace = app.staff("grace@example.com", Role::Admin).await;
    for bad in ["", "  ", &"x".repeat(81), "a\u{202e}b"] {
        let r = grace.submit("/admin/customers/1/view", &[("reason", bad)]).await;
        assert_eq!(r.status, 422, "{bad:?}");
    }
    assert_eq!(grace.get("/admin/customers/999/view").await.status, 404);
    let r = grace.submit("/admin/customers/1/view", &[("reason", "<script>alert(1)</script>")]).await;
    assert_eq!(r.status, 303);
    for page in ["/dashboard", "/account/devices"] {
        let body = ana.get(page).await.body;
        assert!(!body.contains("<script>alert(1)") && body.contains("&lt;script&gt;alert(1)"), "{page}");
    }
    // A form is one view.
    let page = grace.get("/admin/customers/1/view").await;
    let (token, key) = (page.hidden("csrf_token"), page.hidden("form_key"));
    let fields = [("csrf_token", token.as_str()), ("form_key", &key), ("reason", REASON)];
    assert_eq!(grace.post("/admin/customers/1/view", &fields).await.status, 303);
    assert_eq!(grace.post("/admin/customers/1/view", &fields).await.status, 409);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customer_views WHERE state = 'running'").await, 1, "one at a time");
}
