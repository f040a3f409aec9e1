//! How a sign-in ends: what keeps it alive and what does not, what can be put off, and what becomes of a form that came
//! too late. The warning itself is tried in a browser.

use crate::support::{App, Browser, PASSWORD, Page};
use hosting::domain::Role;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;
use webapp::router::{ROUTES, asks_by_itself};

/// Seconds since the session of a kind was last used by a person.
async fn idle(app: &App, kind: &str) -> i64 {
    app.db
        .number(&format!(
            "SELECT TIMESTAMPDIFF(SECOND, seen_at, NOW(6)) FROM login_sessions WHERE kind = '{kind}' AND revoked_at IS NULL"
        ))
        .await
}

async fn ago(app: &App, column: &str, seconds: u32) {
    app.db.sql(&format!("UPDATE login_sessions SET {column} = NOW(6) - INTERVAL {seconds} SECOND")).await;
}

async fn setting(app: &App, name: &str, value: &str) {
    app.db
        .sql(&format!(
            "INSERT INTO settings (name, value) VALUES ('{name}', '{value}') ON DUPLICATE KEY UPDATE value = VALUES(value)"
        ))
        .await;
}

async fn state(b: &Browser, area: &str) -> Value {
    let r = b.json(&format!("{area}/session/state")).await;
    assert_eq!(r.status, 200, "{}", r.body);
    serde_json::from_str(&r.body).unwrap()
}

/// "Stay signed in", as the script sends it.
async fn stay(b: &Browser, area: &str, token: &str) -> Page {
    let request = b.client.post(format!("{}{area}/session/stay", b.base)).header("accept", "application/json");
    Page::of(request.form(&[("csrf_token", token)]).send().await.unwrap()).await
}

#[actix_web::test]
async fn streams_polls_and_pages_that_renew_themselves_keep_nobody_signed_in() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana").await;
    let store = app.make_live(&job).await;
    let staff = app.staff("grace@example.com", Role::SuperAdmin).await;
    let mut tried = 0;
    for route in ROUTES.iter().filter(|r| asks_by_itself(r) && !r.path.starts_with("/api/")) {
        let range = if route.path.ends_with("/log") { "?from=1&to=2" } else { "" };
        let path = format!("{}{range}", route.path.replace("{job}", &job.to_string()).replace("{id}", "1"));
        let (b, kind) = if path.starts_with("/admin") { (&staff, "admin") } else { (&ana, "customer") };
        ago(&app, "seen_at", 1000).await;
        // Its head is enough: some of them have no end.
        let r = b.client.get(format!("{}{path}", b.base)).header("accept", "application/json").send().await.unwrap();
        assert_ne!(r.status().as_u16(), 401, "{path}");
        assert!(idle(&app, kind).await >= 1000, "{path} keeps its reader signed in");
        tried += 1;
    }
    assert!(tried >= 12, "{tried} tried, store {store}");
    // A page that renews itself says so, by a cookie where scripts run and in its address where they don't.
    for (b, path, kind) in [(&ana, "/dashboard", "customer"), (&staff, "/admin", "admin")] {
        ago(&app, "seen_at", 1000).await;
        assert_eq!(b.get(&format!("{path}?again=1")).await.status, 200);
        assert!(idle(&app, kind).await >= 1000, "{path}?again=1");
        b.client.get(format!("{}{path}?theme=x", b.base)).send().await.unwrap();
        assert!(idle(&app, kind).await < 5, "{path} by a person");
    }
    ago(&app, "seen_at", 1000).await;
    let (login, again) = (app.browser(), "sf_again=1");
    let page = login.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    let cookies: Vec<&str> = page
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|v| v.to_str().ok()?.split(';').next().filter(|c| c.starts_with("sf_session")))
        .collect();
    app.db
        .sql("DELETE FROM login_sessions WHERE kind = 'customer' AND id <> (SELECT MAX(id) FROM login_sessions)")
        .await;
    ago(&app, "seen_at", 1000).await;
    let lone = app.browser();
    let ask = async |cookie: String| {
        Page::of(lone.request(Method::GET, "/dashboard").header("cookie", cookie).send().await.unwrap()).await
    };
    let r = ask(format!("{}; {again}", cookies[0])).await;
    assert_eq!(r.status, 200, "{}", r.body);
    assert!(idle(&app, "customer").await >= 1000, "with the cookie");
    let gone = r.headers.get_all("set-cookie").iter().any(|c| c.to_str().unwrap().starts_with("sf_again=;"));
    assert!(gone, "it counts once: {:?}", r.headers);
    // Nothing that changes something counts as nobody.
    ana.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    app.db
        .sql("DELETE FROM login_sessions WHERE kind = 'customer' AND id <> (SELECT MAX(id) FROM login_sessions)")
        .await;
    let token = ana.get("/account").await.hidden("csrf_token");
    ago(&app, "seen_at", 1000).await;
    assert_eq!(ana.post("/account/notices?again=1", &[("csrf_token", &token)]).await.status, 303);
    assert!(idle(&app, "customer").await < 5);
}

#[actix_web::test]
async fn a_stream_that_is_watched_ends_with_the_idle_time() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana").await;
    setting(&app, "customer_idle_minutes", "5").await;
    ago(&app, "seen_at", 295).await;
    let path = format!("/setup/{job}/log/stream");
    let request = ana.client.get(format!("{}{path}", ana.base)).header("accept", "text/event-stream");
    let mut r = request.send().await.unwrap();
    assert_eq!(r.status().as_u16(), 200);
    // The right is looked at every 10 s; had that been a visit, it would go on for ever.
    let end = async { while let Ok(Some(_)) = r.chunk().await {} };
    tokio::time::timeout(Duration::from_secs(30), end).await.expect("the stream ends");
    assert!(idle(&app, "customer").await >= 300);
    assert_eq!(ana.json(&path).await.status, 401);
    assert_eq!(ana.get("/dashboard").await.location, "/login?next=%2Fdashboard");
}

#[actix_web::test]
async fn the_idle_time_can_be_renewed_and_the_absolute_end_cannot() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    for (b, area, kind, page, minutes, hours) in
        [(&ana, "", "customer", "/account", 10_080, 720), (&staff, "/admin", "admin", "/admin", 120, 12)]
    {
        let (idle_seconds, life_seconds) = (minutes * 60, hours * 3600);
        let drawn = b.get(page).await;
        let said = |name: &str| {
            let mark = format!("data-{name}=\"");
            drawn.body.split(&mark).nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        assert!((idle_seconds - 60..=idle_seconds).contains(&said("idle").parse::<i64>().unwrap()), "{}", said("idle"));
        assert!((life_seconds - 60..=life_seconds).contains(&said("life").parse::<i64>().unwrap()), "{}", said("life"));
        let now = state(b, area).await;
        assert_eq!(now["who"], said("who").as_str());
        assert_eq!(now.as_object().unwrap().len(), 4, "{now}");
        // Not without the form's token, and not by looking.
        app.db
            .sql(&format!(
                "UPDATE login_sessions SET seen_at = NOW(6) - INTERVAL {} SECOND WHERE kind = '{kind}'",
                idle_seconds - 100
            ))
            .await;
        let near = state(b, area).await["idle"].as_i64().unwrap();
        assert!((90..=100).contains(&near), "{near}");
        assert_eq!(b.client.get(format!("{}{area}/session/stay?again=1", b.base)).send().await.unwrap().status(), 405);
        // The token is another session's.
        let other = if area.is_empty() { &staff } else { &ana };
        let others = other.get(if area.is_empty() { "/admin" } else { "/account" }).await.hidden("csrf_token");
        assert_eq!(stay(b, area, &others).await.status, 403);
        let r = stay(b, area, now["csrf"].as_str().unwrap()).await;
        assert_eq!(r.status, 200, "{}", r.body);
        let after: Value = serde_json::from_str(&r.body).unwrap();
        assert!((idle_seconds - 2..=idle_seconds).contains(&after["idle"].as_i64().unwrap()), "{after}");
        assert!(idle(&app, kind).await < 5);
        // Nobody stays beyond the absolute end, which a change of the setting brings nearer.
        app.db
            .sql(&format!(
                "UPDATE login_sessions SET created_at = NOW(6) - INTERVAL {} SECOND WHERE kind = '{kind}'",
                life_seconds - 80
            ))
            .await;
        let r = stay(b, area, now["csrf"].as_str().unwrap()).await;
        let after: Value = serde_json::from_str(&r.body).unwrap();
        assert!((70..=80).contains(&after["life"].as_i64().unwrap()), "{after}");
        assert!((idle_seconds - 2..=idle_seconds).contains(&after["idle"].as_i64().unwrap()), "{after}");
        app.db
            .sql(&format!(
                "UPDATE login_sessions SET created_at = NOW(6) - INTERVAL {} SECOND WHERE kind = '{kind}'",
                life_seconds + 1
            ))
            .await;
        let before = idle(&app, kind).await;
        assert_eq!(b.json(&format!("{area}/session/state")).await.status, 401);
        assert_eq!(stay(b, area, now["csrf"].as_str().unwrap()).await.status, 303);
        assert!(idle(&app, kind).await >= before, "what is over stays over");
        app.db.sql(&format!("UPDATE login_sessions SET created_at = NOW(6) WHERE kind = '{kind}'")).await;
        // The column a session was made with counts as well.
        app.db
            .sql(&format!("UPDATE login_sessions SET expires_at = NOW(6) + INTERVAL 50 SECOND WHERE kind = '{kind}'"))
            .await;
        let near = state(b, area).await["life"].as_i64().unwrap();
        assert!((40..=50).contains(&near), "{near}");
        app.db
            .sql(&format!("UPDATE login_sessions SET expires_at = NOW(6) + INTERVAL 1 HOUR WHERE kind = '{kind}'"))
            .await;
        // A plain form leads back, and nowhere else.
        let token = b.get(page).await.hidden("csrf_token");
        for (back, to) in [(page, page), ("//evil.example", if area.is_empty() { "/dashboard" } else { "/admin" })] {
            let r = b.post(&format!("{area}/session/stay"), &[("csrf_token", &token), ("back", back)]).await;
            assert_eq!((r.status, r.location.as_str()), (303, to));
        }
    }
    // Each person has a mark of their own, the same in each browser, and it says nothing.
    let (eva, _) = app.customer("eva@example.com", "Eva").await;
    let laptop = app.browser();
    laptop.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    let who = async |b: &Browser, area: &str| state(b, area).await["who"].as_str().unwrap().to_owned();
    let marks = [who(&ana, "").await, who(&eva, "").await, who(&staff, "/admin").await];
    assert_eq!(who(&laptop, "").await, marks[0]);
    assert!(marks[0] != marks[1] && marks[0] != marks[2] && marks[1] != marks[2], "{marks:?}");
    assert!(marks.iter().all(|m| m.len() == 24), "{marks:?}");
    // Visitors are not warned, and have nothing to ask.
    let b = app.browser();
    for path in ["/", "/login", "/admin/login"] {
        assert!(!b.get(path).await.body.contains("data-leave"), "{path}");
    }
    assert_eq!(b.json("/session/state").await.status, 401);
    assert_eq!(b.json("/admin/session/state").await.status, 401);
}

#[actix_web::test]
async fn a_form_that_came_too_late_leads_to_the_sign_in_and_back_and_is_never_sent_by_itself() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let staff = app.staff("grace@example.com", Role::SuperAdmin).await;
    let token = ana.get("/account").await.hidden("csrf_token");
    let staffs = staff.get("/admin").await.hidden("csrf_token");
    ago(&app, "expires_at", 1).await;
    let before = app.census().await;
    let send = async |b: &Browser, to: &str, from: &str, token: &str| {
        let request = b.request(Method::POST, to).form(&[("csrf_token", token), ("time_zone", "Europe/Berlin")]);
        let request = if from.is_empty() { request } else { request.header("referer", from) };
        Page::of(request.send().await.unwrap()).await
    };
    let base = ana.base.clone();
    let at = |path: &str| format!("{base}{path}");
    for (to, from, leads) in [
        ("/account", at("/account"), "/login?next=%2Faccount&unsent=1"),
        ("/account/notices", at("/account?x=1#y"), "/login?next=%2Faccount%3Fx%3D1%23y&unsent=1"),
        // A page that was drawn in answer to a form can't be opened again.
        ("/account/notices", at("/account/notices"), "/login?unsent=1"),
        ("/account", at("/dashboard/state"), "/login?unsent=1"),
        ("/account", at("/no/such/page"), "/login?unsent=1"),
        ("/account", at("/admin/customers"), "/login?unsent=1"),
        ("/account", at(""), "/login"),
        ("/account", at("//evil.example/"), "/login"),
        // Programs say nothing of where they are; nobody typed anything there.
        ("/account", String::new(), "/login"),
    ] {
        let r = send(&ana, to, &from, &token).await;
        assert_eq!((r.status, r.location.as_str()), (303, leads), "{to} from {from}");
    }
    for from in
        ["https://evil.example/account".to_owned(), format!("{base}.evil.example/account"), format!("{base}1/account")]
    {
        let r = send(&ana, "/account", &from, &token).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/login"), "{from}");
    }
    let r = send(&staff, "/admin/customers/new", &at("/admin/customers/new"), &staffs).await;
    assert_eq!(r.location, "/admin/login?next=%2Fadmin%2Fcustomers%2Fnew&unsent=1");
    let r = send(&staff, "/admin/customers/new", &at("/account"), &staffs).await;
    assert_eq!(r.location, "/admin/login?unsent=1");
    assert_eq!(app.census().await, before, "nothing was changed");
    // The sign-in says so, and leads back to the page: as a page, nothing is sent again.
    let words = "You were signed out before this was sent, so nothing was changed";
    for (b, login) in [(&ana, "/login?next=%2Faccount&unsent=1"), (&staff, "/admin/login?unsent=1")] {
        assert!(b.get(login).await.body.contains(words), "{login}");
        assert!(!b.get(login.split('?').next().unwrap()).await.body.contains(words));
    }
    let r = ana
        .submit_at(
            "/login?next=%2Faccount&unsent=1",
            "/login",
            &[("email", "ana@example.com"), ("password", PASSWORD), ("next", "/account")],
        )
        .await;
    assert_eq!((r.status, r.location.as_str()), (303, "/account"));
    assert_eq!(app.db.text("SELECT time_zone FROM customers WHERE id = 1").await, "UTC");
}

#[actix_web::test]
async fn somebody_who_is_about_to_be_signed_out_signs_in_again_beside() {
    let app = App::new().await;
    let (ana, _) = app.customer("ana@example.com", "Ana").await;
    let staff = app.staff("grace@example.com", Role::Support).await;
    for (b, area, login, home, email) in [
        (&ana, "", "/login", "/dashboard", "ana@example.com"),
        (&staff, "/admin", "/admin/login", "/admin", "grace@example.com"),
    ] {
        assert_eq!(b.get(login).await.location, home, "not by chance");
        let again = format!("{area}/session/again");
        let page = format!("{login}?next={again}");
        assert!(
            b.get(home).await.body.contains(&format!("href=\"{}\"", page.replace('/', "&#x2F;")))
                || b.get(home).await.body.contains(&format!("href=\"{page}\""))
        );
        let r = b.get(&page).await;
        assert!(r.status == 200 && r.body.contains("name=\"password\""), "{}", r.body);
        let first = state(b, area).await;
        let r = b.submit_at(&page, login, &[("email", email), ("password", PASSWORD), ("next", &again)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, again.as_str()), "{}", r.body);
        assert_eq!(b.get(&again).await.location, home);
        assert!(b.get(home).await.body.contains("Go on in the other tab"));
        // The page that was open before is the same person's and sends its forms with the new token.
        let second = state(b, area).await;
        assert_eq!(first["who"], second["who"]);
        assert_eq!(stay(b, area, first["csrf"].as_str().unwrap()).await.status, 403, "of the former session");
        assert_eq!(stay(b, area, second["csrf"].as_str().unwrap()).await.status, 200);
        // The session whose cookie nobody has any more is over.
        let kind = if area.is_empty() { "customer_id" } else { "admin_id" };
        let standing = app
            .db
            .number(&format!("SELECT COUNT(*) FROM login_sessions WHERE {kind} = 1 AND revoked_at IS NULL"))
            .await;
        assert_eq!(standing, 1, "{kind}");
    }
}

#[actix_web::test]
async fn a_view_of_a_customers_panel_ends_on_time_and_hangs_on_its_readers_own_sign_in() {
    let app = App::new().await;
    let (ana, job) = app.customer("ana@example.com", "Ana").await;
    app.make_live(&job).await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    let r = sam.submit("/admin/customers/1/view", &[("reason", "The cart does not load")]).await;
    assert_eq!(r.location, "/dashboard", "{}", r.body);
    let now = state(&sam, "").await;
    assert!((1790..=1800).contains(&now["life"].as_i64().unwrap()), "{now}");
    assert!((7140..=7200).contains(&now["idle"].as_i64().unwrap()), "the staff member's own: {now}");
    assert_ne!(now["who"], state(&ana, "").await["who"], "not the customer");
    assert!(sam.get("/dashboard").await.body.contains("data-viewing=\"1\""));
    // Looking is being there; what the page asks by itself is not.
    ago(&app, "seen_at", 7000).await;
    assert!((190..=200).contains(&state(&sam, "").await["idle"].as_i64().unwrap()));
    assert_eq!(sam.json(&format!("/setup/{job}/state")).await.status, 200);
    assert!(idle(&app, "admin").await >= 7000);
    let r = stay(&sam, "", now["csrf"].as_str().unwrap()).await;
    assert_eq!(r.status, 200, "{}", r.body);
    assert!(idle(&app, "admin").await < 5);
    assert!(idle(&app, "customer").await >= 7000, "the customer was not there");
    // Over: a script that asks is told, and does not turn the browser into anybody else's.
    app.db.sql("UPDATE customer_views SET expires_at = NOW(6) + INTERVAL 60 SECOND").await;
    assert!((50..=60).contains(&state(&sam, "").await["life"].as_i64().unwrap()));
    app.db.sql("UPDATE customer_views SET expires_at = NOW(6)").await;
    for _ in 0..2 {
        assert_eq!(sam.json("/session/state").await.status, 401);
        assert_eq!(sam.json(&format!("/setup/{job}/state")).await.status, 401);
    }
    assert_eq!(sam.get("/dashboard").await.location, "/stop-viewing");
    assert_eq!(sam.get("/stop-viewing").await.location, "/admin/customers");
}
