//! Staff: made, changed, reset and deleted by super admins; the last of them cannot go.

use crate::support::{App, Browser, PASSWORD, Page};
use hosting::domain::Role;

async fn id_of(app: &App, email: &str) -> i64 {
    app.db.number(&format!("SELECT CAST(id AS SIGNED) FROM admins WHERE email = '{email}'")).await
}

/// The password that an answer shows.
fn shown(page: &Page) -> String {
    let password = page.body.split("id=\"temporary\">").nth(1).expect("a password").split('<').next().unwrap();
    password.to_owned()
}

async fn invite(b: &Browser, email: &str, role: &str) -> Page {
    b.submit("/admin/admins/new", &[("email", email), ("name", "Nia New"), ("role", role)]).await
}

async fn change(b: &Browser, id: i64, fields: &[(&str, &str)]) -> Page {
    b.submit(&format!("/admin/admins/{id}"), fields).await
}

async fn delete(b: &Browser, id: i64, email: &str) -> Page {
    b.submit(&format!("/admin/admins/{id}/delete"), &[("confirm", email)]).await
}

#[actix_web::test]
async fn a_new_staff_member_starts_with_a_temporary_password() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    for (email, name, role, words) in [
        ("no address", "Nia", "support", "Enter an email address"),
        ("nia@example.com", " ", "support", "Enter a name"),
        ("nia@example.com", "Nia", "customer", "Choose a role"),
        ("nia@example.com", "Nia", "operator", "Choose a role"),
        ("GRACE@example.com", "Nia", "support", "has a staff account already"),
    ] {
        let r = grace.submit("/admin/admins/new", &[("email", email), ("name", name), ("role", role)]).await;
        assert!(r.status == 422 && r.body.contains(words), "{email} {role}: {} {}", r.status, r.body);
    }
    let r = invite(&grace, "nia@example.com", "admin").await;
    assert_eq!((r.status, r.header("cache-control")), (200, "no-store"), "{}", r.body);
    let password = shown(&r);
    assert_eq!(password.len(), 16);
    // Mailed as well; then no copy is left anywhere.
    let sent = app.deliver_mail().await;
    let mail = sent.last().unwrap();
    assert!(mail.to == "nia@example.com" && mail.text.contains(&password), "{mail:#?}");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM admins WHERE temporary_sealed IS NOT NULL").await, 0);
    let id = id_of(&app, "nia@example.com").await;
    assert!(!grace.get(&format!("/admin/admins/{id}")).await.body.contains(&password), "shown once");
    for place in ["SELECT GROUP_CONCAT(args) FROM jobs", "SELECT GROUP_CONCAT(details) FROM audit_events"] {
        assert!(!app.db.text(place).await.contains(&password), "{place}");
    }
    // It opens one page: the one that replaces it.
    let nia = app.browser();
    let r = nia.submit("/admin/login", &[("email", "nia@example.com"), ("password", &password)]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/password"));
    assert_eq!(nia.get("/admin/reauthenticate").await.location, "/admin/password");
    let fields = [("current_password", password.as_str()), ("new_password", "a brand new password")];
    assert_eq!(nia.submit("/admin/password", &fields).await.status, 303);
    assert_eq!(nia.get("/admin").await.status, 200);
    assert!(app.deliver_mail().await.last().unwrap().subject.contains("staff password was changed"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'admin.create'").await, 1);
}

#[actix_web::test]
async fn the_form_that_makes_staff_works_once() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let form = grace.get("/admin/admins/new").await;
    let (token, key) = (form.hidden("csrf_token"), form.hidden("form_key"));
    let fields = [("csrf_token", token.as_str()), ("form_key", &key), ("name", "Nia"), ("role", "support")];
    for (email, status) in [("nia@example.com", 200), ("nia@example.com", 409), ("eva@example.com", 409)] {
        let mut all = fields.to_vec();
        all.push(("email", email));
        assert_eq!(grace.post("/admin/admins/new", &all).await.status, status, "{email}");
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM admins").await, 2);
}

#[actix_web::test]
async fn changes_take_effect_at_the_next_request() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let sam = app.staff("sam@example.com", Role::Support).await;
    let id = id_of(&app, "sam@example.com").await;
    // The name alone leaves the session.
    let r = change(&grace, id, &[("name", "Sam Two"), ("role", "support"), ("active", "yes")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, format!("/admin/admins/{id}").as_str()), "{}", r.body);
    assert!(sam.get("/admin").await.body.contains("Sam Two"));
    let r = change(&grace, id, &[("name", "Sam Two"), ("role", "admin"), ("active", "yes")]).await;
    assert_eq!(r.status, 303);
    assert_eq!(sam.get("/admin").await.status, 303, "a new role needs a new session");
    let r = sam.submit("/admin/login", &[("email", "sam@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303);
    assert_eq!(sam.get("/admin").await.status, 200);
    assert_eq!(change(&grace, id, &[("name", "Sam Two"), ("role", "admin")]).await.status, 303);
    assert_eq!(sam.get("/admin").await.status, 303, "not active");
    assert_eq!(
        app.browser().submit("/admin/login", &[("email", "sam@example.com"), ("password", PASSWORD)]).await.status,
        422
    );
    for role in ["customer", "reseller", "system", ""] {
        assert_eq!(change(&grace, id, &[("name", "Sam"), ("role", role)]).await.status, 422, "{role}");
    }
    // Two people at once: the second sees it.
    let r = change(&grace, id, &[("name", "x"), ("role", "support"), ("version", "0011223344556677")]).await;
    assert!(r.status == 409 && r.body.contains("Somebody changed this account"), "{}", r.body);
    assert_eq!(app.db.text("SELECT role FROM admins WHERE email = 'sam@example.com'").await, "admin");
}

#[actix_web::test]
async fn a_reset_ends_sessions_and_gives_24_hours() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let sam = app.staff("sam@example.com", Role::Admin).await;
    let id = id_of(&app, "sam@example.com").await;
    let reset = async || grace.submit(&format!("/admin/admins/{id}/reset"), &[]).await;
    let (first, second) = (shown(&reset().await), shown(&reset().await));
    assert!(first.len() == 16 && first != second);
    assert_eq!(sam.get("/admin").await.status, 303, "sessions end");
    // Two resets, two mail jobs, but only the newest password is anywhere.
    let sent = app.deliver_mail().await;
    let carrying = |p: &str| sent.iter().filter(|m| m.to == "sam@example.com" && m.text.contains(p)).count();
    assert_eq!((carrying(&first), carrying(&second)), (0, 1), "{sent:#?}");
    let signs_in = async |password: &str| {
        app.redis.flush().await;
        app.browser().submit("/admin/login", &[("email", "sam@example.com"), ("password", password)]).await.status
            == 303
    };
    assert!(!signs_in(PASSWORD).await && !signs_in(&first).await && signs_in(&second).await);
    let hours = app.db.number("SELECT CAST(ROUND(TIMESTAMPDIFF(SECOND, NOW(6), temporary_until) / 3600) AS SIGNED) FROM admins WHERE must_change_password").await;
    assert_eq!(hours, 24);
    app.db.sql("UPDATE admins SET temporary_until = NOW(6) - INTERVAL 1 SECOND WHERE must_change_password").await;
    assert!(!signs_in(&second).await, "over");
    // One's own password is changed, not reset.
    let own = id_of(&app, "grace@example.com").await;
    assert_eq!(grace.submit(&format!("/admin/admins/{own}/reset"), &[]).await.status, 409);
    assert_eq!(grace.get("/admin").await.status, 200);
}

#[actix_web::test]
async fn the_last_super_admin_cannot_go() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let id = id_of(&app, "grace@example.com").await;
    let alone = async |what: &str| {
        for (name, r) in [
            ("demoted", change(&grace, id, &[("name", "G"), ("role", "admin"), ("active", "yes")]).await),
            ("not active", change(&grace, id, &[("name", "G"), ("role", "super_admin")]).await),
            ("deleted", delete(&grace, id, "grace@example.com").await),
        ] {
            assert!(r.status == 409 && r.body.contains("last super admin"), "{what}, {name}: {}", r.status);
        }
        assert_eq!(grace.get("/admin/admins").await.status, 200);
    };
    alone("alone").await;
    // Others who could not take over do not count.
    app.admin("sam@example.com", Role::Admin, false).await;
    app.admin("new@example.com", Role::SuperAdmin, true).await;
    app.admin("off@example.com", Role::SuperAdmin, false).await;
    app.db.sql("UPDATE admins SET active = FALSE WHERE email = 'off@example.com'").await;
    alone("with an admin, a temporary and an inactive super admin").await;
    // One who can: then it goes, and the rule holds for the one left.
    app.db.sql("UPDATE admins SET active = TRUE WHERE email = 'off@example.com'").await;
    assert_eq!(delete(&grace, id, "wrong@example.com").await.status, 422);
    let r = delete(&grace, id, "grace@example.com").await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert!(grace.get("/admin").await.location.starts_with("/admin/login"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM admins WHERE email = 'grace@example.com'").await, 0);
}

#[actix_web::test]
async fn two_super_admins_who_demote_each_other_leave_one() {
    for _ in 0..4 {
        let app = App::new().await;
        let a = app.staff("a@example.com", Role::SuperAdmin).await;
        let b = app.staff("b@example.com", Role::SuperAdmin).await;
        let (ia, ib) = (id_of(&app, "a@example.com").await, id_of(&app, "b@example.com").await);
        let fields = [("name", "X"), ("role", "support"), ("active", "yes")];
        let (x, y) = tokio::join!(change(&a, ib, &fields), change(&b, ia, &fields));
        let left = app.db.number("SELECT COUNT(*) FROM admins WHERE role = 'super_admin' AND active").await;
        assert!(left >= 1, "{} {}", x.status, y.status);
        assert!([x.status, y.status].contains(&303), "{} {}", x.status, y.status);
    }
}

#[actix_web::test]
async fn sensitive_staff_pages_ask_for_the_password_again() {
    let app = App::new().await;
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let sam = app.staff("sam@example.com", Role::Admin).await;
    let id = id_of(&app, "sam@example.com").await;
    let form = grace.get(&format!("/admin/admins/{id}/reset")).await;
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    for page in ["new".to_owned(), format!("{id}/reset"), format!("{id}/delete")] {
        let r = grace.get(&format!("/admin/admins/{page}")).await;
        assert!(r.status == 303 && r.location.starts_with("/admin/reauthenticate?next=%2Fadmin%2Fadmins%2F"), "{page}");
    }
    let (token, key) = (form.hidden("csrf_token"), form.hidden("form_key"));
    let fields = [("csrf_token", token.as_str()), ("form_key", &key)];
    assert_eq!(grace.post(&format!("/admin/admins/{id}/reset"), &fields).await.status, 303);
    assert_eq!(sam.get("/admin").await.status, 200, "nothing was reset");
    let r = grace.submit("/admin/reauthenticate", &[("password", "wrong"), ("next", "/admin/admins/new")]).await;
    assert_eq!(r.status, 422);
    let again = |next| [("password", PASSWORD), ("next", next)];
    let r = grace.submit("/admin/reauthenticate", &again("https://evil.example/")).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin"));
    let r = grace.submit("/admin/reauthenticate", &again("/admin/admins/new")).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/admin/admins/new"));
    assert_eq!(grace.get("/admin/admins/new").await.status, 200);
    let kept = "SELECT COUNT(*) FROM audit_events WHERE action = 'admin.re_authenticate' AND outcome = 'done'";
    assert_eq!(app.db.number(kept).await, 2);
    let refused = "SELECT COUNT(*) FROM audit_events WHERE action = 'admin.prove_password' AND outcome = 'refused'";
    assert_eq!(app.db.number(refused).await, 1);
}
