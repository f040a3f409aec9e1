//! MariaDB or Redis away: what works, works; what does not, says so.

use crate::support::{App, Browser, PASSWORD, serve};
use hosting::crypto::{KeyRing, Secret};
use hosting::db::Db;
use hosting::queue::Queue;
use hosting::services::Services;
use reqwest::{Client, redirect::Policy};
use tokio_util::sync::CancellationToken;

#[actix_web::test]
async fn without_redis_people_still_sign_in_and_up() {
    let mut app = App::new().await;
    app.customer("ana@example.com", "Ana").await;
    app.redis.down();
    let b = app.browser();
    let r = b.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(b.get("/dashboard").await.status, 200);
    let r = app.browser().sign_up(&[("email", "eva@example.com"), ("store_name", "Eva")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    let ready = b.json("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(ready.body.contains("\"redis\":\"down\"") && ready.body.contains("\"database\":\"ok\""), "{}", ready.body);
    // Limits still hold, in this process.
    for _ in 0..5 {
        app.browser().submit("/login", &[("email", "nobody@example.com"), ("password", "wrong password")]).await;
    }
    let r = app.browser().submit("/login", &[("email", "nobody@example.com"), ("password", "wrong password")]).await;
    assert_eq!(r.status, 429);
    app.redis.up();
    assert!(b.json("/readyz").await.body.contains("\"redis\":\"ok\""));
}

#[actix_web::test]
async fn without_the_database_pages_say_so_and_leak_nothing() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let nowhere = Secret::new("mysql://root:topsecret@localhost/none?socket=/nonexistent/mysqld.sock");
    let redis = shopfleet_tests::TestRedis::start();
    let services = Services {
        db: Db::connect(&nowhere, 2).unwrap(),
        queue: Queue::connect(&redis.url).unwrap(),
        keys: KeyRing::parse(&"ab".repeat(32)).unwrap(),
    };
    let stop = CancellationToken::new();
    let base = serve(services, &redis.url, &stop);
    let b = Browser {
        base: base.as_str().to_owned(),
        client: Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap(),
    };
    for path in ["/", "/pricing", "/login", "/verify", "/healthz"] {
        assert_eq!(b.get(path).await.status, 200, "{path}");
    }
    assert_eq!(b.json("/readyz").await.status, 503);
    let r = b.submit("/login", &[("email", "ana@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(r.status, 503);
    assert!(r.body.contains("We cannot reach our database") && r.body.contains("Stores keep running"), "{}", r.body);
    assert!(
        !r.body.contains("topsecret") && !r.body.contains("nonexistent") && !r.body.to_lowercase().contains("sqlx"),
        "{}",
        r.body
    );
    let json = b.json("/signup").await;
    assert_eq!(json.status, 503);
    assert_eq!(json.header("content-type"), "application/problem+json");
    stop.cancel();
}
