//! Sessions: new ids, ends, delays, forced changes.

use crate::support::{App, PASSWORD};
use hosting::domain::Role;
use reqwest::Method;

fn cookie(page: &crate::support::Page, name: &str) -> Option<String> {
    page.headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .find_map(|c| c.strip_prefix(&format!("{name}=")).map(|v| v.split(';').next().unwrap().to_owned()))
}

#[actix_web::test]
async fn a_planted_session_id_is_worth_nothing() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let planted = "a".repeat(64);
    let b = app.browser();
    let login = b.get("/login").await;
    let visitor = cookie(&login, "sf_visitor").unwrap();
    let r = b
        .request(Method::POST, "/login")
        .header("cookie", format!("sf_session={planted}; sf_visitor={visitor}"))
        .form(&[("email", "ana@example.com"), ("password", PASSWORD), ("csrf_token", &login.hidden("csrf_token"))])
        .send()
        .await
        .unwrap();
    let r = crate::support::Page::of(r).await;
    assert_eq!(r.status, 303);
    let session = cookie(&r, "sf_session").unwrap();
    assert!(session.len() == 64 && session != planted);
    assert_eq!(cookie(&r, "sf_visitor").as_deref(), Some(""), "the pre-sign-in id ends");
    for value in [&planted, &visitor, &"0".repeat(64), &"'".repeat(64)] {
        let r = app
            .browser()
            .request(Method::GET, "/dashboard")
            .header("cookie", format!("sf_session={value}"))
            .send()
            .await
            .unwrap();
        assert_eq!(r.status().as_u16(), 303, "{value}");
    }
    // Only the hash is stored.
    assert_eq!(
        app.db.number(&format!("SELECT COUNT(*) FROM login_sessions WHERE token_hash = UNHEX('{session}')")).await,
        0
    );
    assert_eq!(
        app.db
            .number(&format!("SELECT COUNT(*) FROM login_sessions WHERE token_hash = UNHEX(SHA2('{session}', 256))"))
            .await,
        1
    );
}

#[actix_web::test]
async fn signing_out_ends_the_session_itself() {
    let app = App::new().await;
    let (b, _) = app.customer("ana@example.com", "Ana").await;
    let thief = b.clone();
    let r = b.submit_at("/dashboard", "/logout", &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/login"));
    assert!(b.get("/login").await.body.contains("You are signed out."));
    assert_eq!(thief.get("/dashboard").await.status, 303);
    assert_eq!(
        app.db.number("SELECT COUNT(*) FROM login_sessions WHERE kind = 'customer' AND revoked_at IS NULL").await,
        0
    );
}

#[actix_web::test]
async fn unknown_and_known_names_get_the_same_answer() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    let mut answers = Vec::new();
    let mut times = Vec::new();
    for email in ["ana@example.com", "nobody@example.com", "not-an-email"] {
        app.redis.flush().await;
        let began = std::time::Instant::now();
        let r = app.browser().submit("/login", &[("email", email), ("password", "wrong password")]).await;
        times.push(began.elapsed());
        assert_eq!(r.status, 422);
        assert!(r.body.contains("The email or the password is not right"));
        let main = r.body.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
        let main: String = main
            .replace(email, "MAIL")
            .split("csrf_token\" value=\"")
            .map(|p| p.split_once('"').map_or(p, |(_, rest)| rest))
            .collect();
        answers.push(main);
    }
    assert!(answers.windows(2).all(|w| w[0] == w[1]), "{answers:#?}");
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(*most < *least * 8, "{times:?}: a name nobody has costs a hash as well");
}

#[actix_web::test]
async fn waits_grow_with_failures_and_shut_nobody_else_out() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.customer("eva@example.com", "Eva").await;
    let b = app.browser();
    for n in 1..=5 {
        let r = b.submit("/login", &[("email", "ana@example.com"), ("password", "wrong password")]).await;
        assert_eq!(r.status, 422, "try {n}");
    }
    let r = b.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 429);
    assert_eq!(r.header("retry-after"), "1");
    assert!(r.body.contains("Sign-in opens again in 1 second"), "{}", r.body);
    // Somebody else from the same address is not held up.
    let r = app.browser().submit("/login", &[("email", "eva@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let r = b.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303, "no lasting lock");
}

#[actix_web::test]
async fn a_temporary_staff_password_opens_one_page_only() {
    let app = App::new().await;
    app.admin("new@example.com", Role::SuperAdmin, true).await;
    let b = app.browser();
    let r = b.submit("/admin/login", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/password"));
    // Every route of the staff area, but the few that end this: nothing is shown and nothing done.
    let page = b.get("/admin/password").await;
    let token = page.hidden("csrf_token");
    let mut tried = 0;
    for route in webapp::router::ROUTES.iter().filter(|r| r.path.starts_with("/admin")) {
        // Pages of the sign-in itself are open to everybody.
        if route.access.area() == webapp::router::Area::Open {
            continue;
        }
        if ["/admin/login", "/admin/logout", "/admin/password", "/admin/theme"].contains(&route.path)
            || route.path.starts_with("/admin/session/")
        {
            continue;
        }
        let path = route.path.replace("{job}", "01ARZ3NDEKTSV4RRFFQ69G5FAV").replace("{id}", "1");
        let r = match route.method {
            "GET" => b.get(&path).await,
            _ => b.post(&path, &[("csrf_token", &token)]).await,
        };
        assert_eq!((r.status, r.location.as_str()), (303, "/admin/password"), "{} {path}", route.method);
        tried += 1;
    }
    assert!(tried > 15, "{tried} routes tried");
    assert!(page.body.contains("Choose your own password"));
    for (current, new, words) in [
        ("wrong", "a brand new password", "not your current password"),
        (PASSWORD, "short", "at least 12 characters"),
        (PASSWORD, PASSWORD, "differs from the current"),
        (PASSWORD, "new@example.com", "first that others would try"),
        (PASSWORD, "", "at least 12 characters"),
    ] {
        let r = b.submit("/admin/password", &[("current_password", current), ("new_password", new)]).await;
        assert_eq!(r.status, 422, "{new}");
        assert!(r.body.contains(words), "{new}: {}", r.body);
    }
    let r =
        b.submit("/admin/password", &[("current_password", PASSWORD), ("new_password", "a brand new password")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin"), "{}", r.body);
    assert_eq!(b.get("/admin").await.status, 200);
    assert_eq!(
        app.browser().submit("/admin/login", &[("email", "new@example.com"), ("password", PASSWORD)]).await.status,
        422
    );
    assert_eq!(
        app.db
            .number("SELECT COUNT(*) FROM audit_events WHERE action = 'admin.change_password' AND outcome = 'done'")
            .await,
        1
    );
}

#[actix_web::test]
async fn a_temporary_password_is_over_after_a_day() {
    let app = App::new().await;
    app.admin("new@example.com", Role::Admin, true).await;
    app.db.sql("UPDATE admins SET temporary_until = NOW(6) - INTERVAL 1 SECOND").await;
    let r = app.browser().submit("/admin/login", &[("email", "new@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 422);
}

#[actix_web::test]
async fn disabled_demoted_and_old_sessions_end_at_the_next_request() {
    let app = App::new().await;
    let (owner, _) = app.customer("ana@example.com", "Ana").await;
    let staff = app.staff("grace@example.com", Role::Admin).await;
    assert_eq!(staff.get("/admin/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry").await.status, 404);
    app.db.sql("UPDATE admins SET role = 'support'").await;
    assert_eq!(staff.get("/admin/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry").await.status, 403);
    app.db.sql("UPDATE admins SET active = FALSE").await;
    assert_eq!(staff.get("/admin").await.status, 303);
    app.db.sql("UPDATE admins SET active = TRUE").await;
    assert_eq!(staff.get("/admin").await.status, 200);
    app.db.sql("UPDATE login_sessions SET seen_at = NOW(6) - INTERVAL 3 HOUR").await;
    assert_eq!(staff.get("/admin").await.status, 303, "idle for too long");
    assert_eq!(owner.get("/dashboard").await.status, 200);
    app.db.sql("UPDATE login_sessions SET expires_at = NOW(6)").await;
    assert_eq!(owner.get("/dashboard").await.status, 303, "absolute end");
    app.db.sql("UPDATE login_sessions SET expires_at = NOW(6) + INTERVAL 1 DAY").await;
    app.db.sql("UPDATE customers SET state = 'closed'").await;
    assert_eq!(owner.get("/dashboard").await.status, 303, "closed account");
}

#[actix_web::test]
async fn links_end_after_a_day_and_with_a_newer_one() {
    let app = App::new().await;
    let b = app.browser();
    b.sign_up(&[]).await;
    let token = app.newest_token().await;
    app.db.sql("UPDATE email_verifications SET expires_at = NOW(6) - INTERVAL 1 SECOND").await;
    assert!(b.get(&format!("/verify?token={token}")).await.body.contains("no longer works"));
    let r = b.submit_at("/login", "/verify", &[("token", &token)]).await;
    assert_eq!(r.status, 422);
    assert_eq!(app.db.text("SELECT state FROM customers").await, "unverified");
    for bad in ["", "x", &"0".repeat(64), &"'".repeat(64), &token.to_uppercase()[..63]] {
        assert_eq!(b.submit_at("/login", "/verify", &[("token", bad)]).await.status, 422, "{bad}");
    }
}
