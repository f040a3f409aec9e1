//! The walls every request passes: host, origin, tokens, verbs, headers, redirects, weights.

use crate::support::{App, PASSWORD, Page};
use reqwest::Method;
use std::io::{Read, Write};

#[actix_web::test]
async fn only_our_own_host_is_served() {
    let app = App::new().await;
    let address = app.base.authority().to_owned();
    let raw = |head: String| {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_whitespace().nth(1).unwrap().to_owned()
    };
    let get = |path: &str, host: &str| raw(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    assert_eq!(get("/login", &address), "200");
    for evil in [
        "evil.example",
        "127.0.0.1",
        "localhost",
        "",
        &format!("{address}.evil.example"),
        &format!("evil.example:{}", address.rsplit(':').next().unwrap()),
    ] {
        assert_eq!(get("/login", evil), "421", "{evil}");
    }
    assert_eq!(
        raw(format!("GET http://evil.example/login HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")),
        "421"
    );
    let two = raw(format!("GET /login HTTP/1.1\r\nHost: {address}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"));
    assert!(["400", "421"].contains(&two.as_str()), "{two}");
    assert_eq!(get("/healthz", "probe.internal"), "200");
    assert_eq!(get("/readyz", "probe.internal"), "200");
    // Forwarded names are never believed.
    let r = app
        .browser()
        .request(Method::GET, "/dashboard")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(Page::of(r).await.location, "/login?next=%2Fdashboard");
}

#[actix_web::test]
async fn changes_need_our_token_and_our_origin() {
    let app = App::new().await;
    let b = app.browser();
    let page = b.get("/signup").await;
    let others = app.browser().get("/signup").await.hidden("csrf_token");
    let own = page.hidden("csrf_token");
    let before = app.census().await;
    let key = page.hidden("form_key");
    let base: Vec<(String, String)> = crate::support::sign_up_fields(&[("form_key", &key)]);
    let with = |token: &str| {
        let mut f = base.clone();
        f.push(("csrf_token".into(), token.into()));
        f
    };
    for bad in ["", "0", &others, &own.replace('a', "b"), &own[..own.len() - 2], &"0".repeat(128)] {
        let r = b.request(Method::POST, "/signup").form(&with(bad)).send().await.unwrap();
        assert_eq!(r.status().as_u16(), 403, "{bad}");
    }
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("referer", "https://evil.example/"),
        ("referer", &format!("{}.evil.example/", app.base.as_str())),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let r = b.request(Method::POST, "/signup").header(name, value).form(&with(&own)).send().await.unwrap();
        assert_eq!(r.status().as_u16(), 403, "{name}: {value}");
    }
    assert_eq!(app.census().await, before);
    let r = b
        .request(Method::POST, "/signup")
        .header("origin", app.base.as_str())
        .header("sec-fetch-site", "same-origin")
        .form(&with(&own))
        .send()
        .await
        .unwrap();
    assert_eq!(r.status().as_u16(), 303);
    // A visitor's token is worth nothing once signed in.
    let (owner, _) = app.customer("eva@example.com", "Eva").await;
    let r = owner.post("/logout", &[("csrf_token", &own)]).await;
    assert_eq!(r.status, 403);
    assert_eq!(owner.get("/dashboard").await.status, 200);
}

#[actix_web::test]
async fn tokens_look_different_each_time() {
    let app = App::new().await;
    let b = app.browser();
    let (one, two) = (b.get("/login").await.hidden("csrf_token"), b.get("/login").await.hidden("csrf_token"));
    assert!(one.len() == 128 && one != two);
}

#[actix_web::test]
async fn every_page_carries_its_headers() {
    let app = App::new().await;
    let (owner, job) = app.customer("ana@example.com", "Ana").await;
    for path in [
        "/",
        "/pricing",
        "/signup",
        "/login",
        "/verify",
        "/nothing",
        "/dashboard",
        &format!("/setup/{job}"),
        "/admin/login",
    ] {
        let r = owner.get(path).await;
        let policy = r.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && policy.contains("base-uri 'none'")
                && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(r.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(r.header("cache-control"), "no-store", "{path}");
        assert!(!r.header("referrer-policy").is_empty() && !r.header("x-request-id").is_empty(), "{path}");
        assert!(r.header("strict-transport-security").is_empty(), "HSTS is for https");
        for cookie in r.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
                "{path}: {cookie}"
            );
        }
        assert!(!r.body.contains(" style=") && !r.body.contains("onclick="), "{path}");
    }
}

#[actix_web::test]
async fn redirects_stay_at_home() {
    let app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    for evil in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/a//b",
        "http:evil",
        "/\u{e9}",
    ] {
        app.redis.flush().await;
        let b = app.browser();
        let r = b.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD), ("next", evil)]).await;
        assert_eq!(r.status, 303, "{evil}");
        assert!(r.location == "/dashboard" || r.location == "/%09/evil.example", "{evil} → {}", r.location);
        let r = b.submit_at("/pricing", "/theme", &[("theme", "dark"), ("back", evil)]).await;
        assert!(r.location == "/" || r.location == "/%09/evil.example", "{evil} → {}", r.location);
    }
    let b = app.browser();
    app.admin("grace@example.com", hosting::domain::Role::Admin, false).await;
    let r = b
        .submit("/admin/login", &[("email", "grace@example.com"), ("password", PASSWORD), ("next", "/dashboard")])
        .await;
    assert_eq!(r.location, "/admin", "staff stay in their area");
}

#[actix_web::test]
async fn the_theme_is_kept_and_written_by_the_server() {
    let app = App::new().await;
    let b = app.browser();
    assert!(b.get("/pricing").await.body.contains("data-theme=\"auto\""));
    let r = b.submit_at("/pricing", "/theme", &[("theme", "dark"), ("back", "/pricing")]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/pricing"));
    assert!(b.get("/pricing").await.body.contains("data-theme=\"dark\""));
    assert_eq!(b.submit_at("/pricing", "/theme", &[("theme", "<x>"), ("back", "/")]).await.status, 422);
    // In every area, with the session of that area.
    let (owner, _) = app.customer("ana@example.com", "Ana").await;
    let staff = app.staff("grace@example.com", hosting::domain::Role::Support).await;
    for (b, page, action) in [
        (&owner, "/dashboard", "/theme"),
        (&staff, "/admin/jobs", "/admin/theme"),
        (&b, "/admin/login", "/admin/theme"),
    ] {
        let r = b.submit_at(page, action, &[("theme", "light"), ("back", page)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, page), "{}", r.body);
        assert!(b.get(page).await.body.contains("data-theme=\"light\""), "{page}");
    }
}

#[actix_web::test]
async fn static_files_are_kept_for_a_year_and_come_compressed() {
    let app = App::new().await;
    let b = app.browser();
    let page = b.get("/login").await.body;
    for ext in [".css", ".js", ".svg"] {
        let path = page
            .split("\"/static/")
            .skip(1)
            .map(|p| p.split(['"', '#']).next().unwrap())
            .find(|p| p.ends_with(ext))
            .unwrap();
        let r =
            b.request(Method::GET, &format!("/static/{path}")).header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(r.status().as_u16(), 200, "{path}");
        let h = r.headers().clone();
        assert_eq!(h["cache-control"], "public, max-age=31536000, immutable");
        assert!(h.get("set-cookie").is_none(), "{path}");
        if ext != ".svg" {
            assert_eq!(h["content-encoding"], "gzip");
        }
        let tag = h["etag"].to_str().unwrap().to_owned();
        let r = b.request(Method::GET, &format!("/static/{path}")).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(r.status().as_u16(), 304);
    }
}

#[actix_web::test]
async fn pages_stay_within_their_weight() {
    let app = App::new().await;
    let (owner, job) = app.customer("ana@example.com", "Ana").await;
    let assets: usize =
        ["app.css", "app.js", "icons.svg"].iter().map(|n| webapp::assets::transferred(n).unwrap()).sum();
    for (path, budget) in [
        ("/", 40),
        ("/pricing", 40),
        ("/signup", 30),
        ("/login", 30),
        ("/verify", 30),
        ("/dashboard", 60),
        (&format!("/setup/{job}"), 60),
    ] {
        let r = owner.request(Method::GET, path).header("accept-encoding", "gzip").send().await.unwrap();
        let html = r.bytes().await.unwrap().len();
        let all =
            html + assets + if path.starts_with("/setup") { webapp::assets::transferred("log.js").unwrap() } else { 0 };
        assert!(all <= budget * 1024, "{path}: {all} bytes");
    }
}
