//! Every field of every form: wrong, missing, twice, huge, other encodings, injection. Nothing changes.

use crate::support::{App, PASSWORD, sign_up_fields, with_tokens};
use reqwest::Method;

const HUGE: usize = 20_000;

fn hostile() -> Vec<String> {
    vec![
        String::new(),
        " ".into(),
        "x".repeat(HUGE),
        "\u{202e}evil".into(),
        "a\r\nBcc: x@y.z".into(),
        "a\nb".into(),
        "' OR 1=1 -- ".into(),
        "\"; DROP TABLE customers; --".into(),
        "<script>alert(1)</script>".into(),
        "{{ 7*7 }}".into(),
        "${jndi:ldap://x}".into(),
        "../../etc/passwd".into(),
        "$(reboot)".into(),
        "-rf".into(),
        "[]".into(),
    ]
}

#[actix_web::test]
async fn every_sign_up_field_refuses_what_it_cannot_take() {
    let app = App::new().await;
    let b = app.browser();
    let before = app.census().await;
    // Names are free text: of these only what cannot be shown is refused.
    let fine_as_name =
        |v: &str| !v.trim().is_empty() && v.len() <= 80 && !v.chars().any(|c| c.is_control() || c == '\u{202e}');
    for field in ["email", "password", "store_name", "platform", "plan", "address"] {
        for value in hostile() {
            if field == "store_name" && fine_as_name(&value)
                || field == "password" && (10..=256).contains(&value.len())
                || field == "address" && value.trim().is_empty()
            {
                continue;
            }
            // The limit on tries is another test.
            app.redis.flush().await;
            let r = b.sign_up(&[(field, &value)]).await;
            assert_eq!(r.status, 422, "{field} = {value:.60}: {}", r.status);
            assert!(r.body.contains("There is a problem"), "{field} = {value:.60}");
            assert!(
                r.body.contains(&format!("href=\"#{field}\"")),
                "{field} = {value:.60}: the summary links to the field"
            );
            assert!(r.body.contains("<title>Error: "), "{field}");
            assert!(!r.body.contains("<script>alert"), "{field}");
            assert!(!r.body.contains(PASSWORD), "{field}: a password is never sent back");
        }
        // Missing.
        app.redis.flush().await;
        let page = b.get("/signup").await;
        let all: Vec<(String, String)> = sign_up_fields(&[]).into_iter().filter(|(n, _)| n != field).collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let all = with_tokens(&page, "/signup", &all);
        let sent: Vec<(&str, &str)> = all.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        if field != "address" {
            assert_eq!(b.post("/signup", &sent).await.status, 422, "{field} missing");
        }
        // Twice.
        let mut twice = sent.clone();
        twice.push((field, "x"));
        twice.push((field, "y"));
        assert_eq!(b.post("/signup", &twice).await.status, 422, "{field} twice");
    }
    assert_eq!(app.census().await, before, "nothing was changed");
}

#[actix_web::test]
async fn values_come_back_after_an_error_but_never_the_password() {
    let app = App::new().await;
    let r = app.browser().sign_up(&[("email", "not an email"), ("store_name", "Käse & Co <b>")]).await;
    assert_eq!(r.status, 422);
    assert!(r.body.contains("value=\"not an email\""), "{}", r.body);
    assert!(r.body.contains("Käse &amp; Co &lt;b&gt;"));
    assert!(r.body.contains("aria-invalid=\"true\"") && r.body.contains("aria-describedby=\"email-hint email-error\""));
}

#[actix_web::test]
async fn bodies_that_are_not_forms_are_refused() {
    let app = App::new().await;
    let b = app.browser();
    let token = b.get("/signup").await.hidden("csrf_token");
    let before = app.census().await;
    for (mime, body, status) in [
        ("application/json", "{}".to_owned(), 415),
        ("multipart/form-data; boundary=x", "--x--".to_owned(), 415),
        ("text/plain", "email=a".to_owned(), 415),
        ("application/x-www-form-urlencoded", format!("csrf_token={token}&email=%ff%fe"), 422),
        ("application/x-www-form-urlencoded", format!("csrf_token={token}&email=a%00b"), 422),
        ("application/x-www-form-urlencoded", format!("csrf_token={token}&email=%zz"), 422),
        ("application/x-www-form-urlencoded", format!("csrf_token={token}&csrf_token={token}&email=a"), 422),
        ("application/x-www-form-urlencoded", format!("csrf_token={token}&email={}", "a".repeat(64 * 1024)), 413),
        ("application/x-www-form-urlencoded", format!("csrf_token={token}{}", "&a=1".repeat(400)), 413),
    ] {
        let short: String = body.chars().take(40).collect();
        let r = b.request(Method::POST, "/signup").header("content-type", mime).body(body).send().await.unwrap();
        assert_eq!(r.status().as_u16(), status, "{mime} {short}");
    }
    let r = b
        .request(Method::POST, "/signup")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-encoding", "gzip")
        .body(vec![0x1f, 0x8b])
        .send()
        .await
        .unwrap();
    assert_eq!(r.status().as_u16(), 415);
    assert_eq!(app.census().await, before);
}

#[actix_web::test]
async fn what_a_customer_may_not_choose_is_not_read() {
    let app = App::new().await;
    let r = app
        .browser()
        .sign_up(&[
            ("role", "super_admin"),
            ("state", "active"),
            ("customer_id", "1"),
            ("price_cents", "0"),
            ("server_id", "9"),
            ("email_verified_at", "2026-01-01"),
        ])
        .await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(app.db.text("SELECT CONCAT(role, '/', state) FROM customers").await, "customer/unverified");
    assert_eq!(app.db.number("SELECT COUNT(*) FROM stores WHERE server_id IS NULL").await, 1);
}

#[actix_web::test]
async fn sign_in_forms_refuse_politely() {
    let app = App::new().await;
    let (_, _) = app.customer("ana@example.com", "Ana").await;
    app.admin("grace@example.com", hosting::domain::Role::Admin, false).await;
    let before = app.db.number("SELECT COUNT(*) FROM login_sessions WHERE kind <> 'visitor'").await;
    for path in ["/login", "/admin/login"] {
        for field in ["email", "password"] {
            for value in hostile() {
                app.redis.flush().await;
                let mut fields = vec![("email", "ana@example.com"), ("password", "wrong password")];
                fields.retain(|(n, _)| *n != field);
                fields.push((field, &value));
                let r = app.browser().submit(path, &fields).await;
                assert_eq!(r.status, 422, "{path} {field} = {value:.40}");
                assert!(!r.body.contains("<script>alert"), "{path} {field}");
            }
            let r = app.browser().submit(path, &[("email", "a@b.example"), ("password", "x"), (field, "twice")]).await;
            assert_eq!(r.status, 422, "{path} {field} twice");
        }
    }
    assert_eq!(app.db.number("SELECT COUNT(*) FROM login_sessions WHERE kind <> 'visitor'").await, before);
}

#[actix_web::test]
async fn odd_addresses_of_pages_are_answered_and_change_nothing() {
    let app = App::new().await;
    let staff = app.staff("grace@example.com", hosting::domain::Role::Admin).await;
    let before = app.census().await;
    for path in [
        "/admin/customers?after=-1",
        "/admin/customers?after=99999999999999999999",
        "/admin/customers?state=%27%20OR%201=1",
        "/admin/customers?q=%25%27%22%3Cscript%3E",
        "/admin/customers?sort=password_hash",
        "/admin/jobs?state=nonsense",
        "/admin/jobs?kind=%3Cscript%3E",
        "/admin/jobs?after=abc",
        "/admin/jobs?q=%25",
        "/admin/jobs?q=_",
        "/verify?token=%3Cscript%3E",
        "/signup?plan=%3Cscript%3E",
        "/login?next=%2F%2Fevil.example",
    ] {
        let r = staff.get(path).await;
        assert_eq!(r.status, 200, "{path}");
        assert!(!r.body.contains("<script>"), "{path}");
        assert!(!r.body.contains("//evil.example"), "{path}");
    }
    for path in ["/admin/customers?q=a&q=b", "/signup?plan=%ff", "/admin/jobs?state=%00"] {
        assert_eq!(staff.get(path).await.status, 400, "{path}");
    }
    for path in [
        "/admin/customers/0",
        "/admin/customers/abc",
        "/admin/customers/99999999999999999999999",
        "/admin/jobs/abc",
        "/admin/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/nothing",
        "/static/app.css",
        "/static/..%2f..%2fCargo.toml",
    ] {
        assert_eq!(staff.get(path).await.status, 404, "{path}");
    }
    assert_eq!(app.census().await, before);
}
