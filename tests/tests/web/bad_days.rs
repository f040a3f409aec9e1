//! MariaDB, Redis, the mail server or a free place are away: what works, works; what does not, says so.

use crate::support::{App, Browser, PASSWORD, serve};
use hosting::crypto::{KeyRing, Secret};
use hosting::db::{Db, Queries};
use hosting::mail::Mailer;
use hosting::queue::Queue;
use hosting::services::Services;
use reqwest::{Client, redirect::Policy};
use shopfleet_tests::database::TestMariadb;
use shopfleet_tests::mail_server::{MailServer, Mood};
use shopfleet_tests::{TestRedis, eventually};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use worker::engine::{Engine, EngineConfig};
use worker::jobs::send_mail::SendMail;

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
    let redis = TestRedis::start();
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

#[actix_web::test]
async fn a_mail_server_that_is_away_delays_the_sign_up_mail_and_it_arrives_once() {
    let app = App::new().await;
    let mut server = MailServer::down();
    for (name, value) in
        [("smtp_port", server.port.to_string()), ("smtp_security", "none".into()), ("smtp_host", "127.0.0.1".into())]
    {
        hosting::services::settings::set(&app.services, &app.operator(), name, &value).await.unwrap();
    }
    let server_id = hosting::services::seed_defaults::ensure_server(&app.db.db, "local-1").await.unwrap();
    let stop = CancellationToken::new();
    let mut config = EngineConfig::new("local-1/mail".to_owned(), server_id, None);
    config.schedules = false;
    let job = SendMail::new(app.services.clone(), Mailer::smtp(), app.base.clone());
    let _engine =
        Engine::start(app.services.db.clone(), app.services.queue.clone(), vec![Arc::new(job)], config, stop.clone());

    // Signing up does not wait for the mail server.
    let browser = app.browser();
    let begun = Instant::now();
    let r = browser.sign_up(&[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/verify"), "{}", r.body);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let attempt = async || app.db.number("SELECT CAST(attempt AS SIGNED) FROM jobs WHERE kind = 'send_mail'").await;
    let waits_after = async |n: i64| {
        eventually("the mail waits for its next try", async || {
            let waiting = app.db.text("SELECT CAST(state AS CHAR) FROM jobs WHERE kind = 'send_mail'").await;
            (waiting == "retrying" && attempt().await == n).then_some(())
        })
        .await;
        let code = app.db.text("SELECT error_code FROM jobs WHERE kind = 'send_mail'").await;
        assert_eq!(code, "mail_server_away");
    };
    let hurry = async || {
        let id = app.db.number("SELECT CAST(id AS SIGNED) FROM jobs WHERE kind = 'send_mail'").await;
        let mut tx = app.services.db.begin().await.unwrap();
        tx.jobs().hurry(u64::try_from(id).unwrap()).await.unwrap();
        tx.commit().await.unwrap();
    };
    waits_after(2).await;
    let reason = app.db.text("SELECT error_reason FROM jobs WHERE kind = 'send_mail'").await;
    assert_eq!(reason, "The mail server does not take mail at the moment. We try again");
    for (n, mood) in [(3, Mood::Busy), (4, Mood::BreaksOff)] {
        server.up(mood).await;
        hurry().await;
        waits_after(n).await;
        assert_eq!(server.mails().len(), 0, "{mood:?}");
    }
    server.up(Mood::Takes).await;
    hurry().await;
    eventually("the mail is sent", async || {
        (app.db.text("SELECT CAST(state AS CHAR) FROM jobs WHERE kind = 'send_mail'").await == "finished").then_some(())
    })
    .await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM mail_messages WHERE state = 'sent'").await, 1);
    // And its link is the one that works, however many were made on the way.
    let plain = mails[0].replace("=\n", "").replace("=3D", "=");
    let token = plain.split("/verify?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let r = browser.submit_at(&format!("/verify?token={token}"), "/verify", &[("token", &token)]).await;
    assert!(r.location.starts_with("/setup/"), "{} {}", r.status, r.body);
    stop.cancel();
}

#[actix_web::test]
async fn when_every_place_is_taken_the_form_says_so_before_and_the_store_starts_when_one_is_free() {
    const NOTICE: &str = "All places are taken at the moment.";
    let app = App::new().await;
    let browser = app.browser();
    assert!(!browser.get("/signup").await.body.contains(NOTICE));
    // Every port has an owner; the server's number of stores is not reached.
    let (_, job) = app.customer("bo@example.com", "Bo and Sons").await;
    let store = app.db.number(&format!("SELECT CAST(store_id AS SIGNED) FROM jobs WHERE uid = '{job}'")).await;
    app.db.sql("DELETE FROM port_allocations WHERE pool = 'store_web' AND port > 8001").await;
    let take = format!("UPDATE port_allocations SET store_id = {store}, allocated_at = NOW(6) WHERE port = 8001");
    assert_eq!(app.db.sql(&take).await, 1);
    // What the form knows is at most two seconds old.
    let page = eventually("the form says so", async || {
        let page = browser.get("/signup").await;
        page.body.contains(NOTICE).then_some(page)
    })
    .await;
    assert!(page.body.contains("your store starts when a place opens"), "{}", page.body);
    // Signing up is possible all the same: the store waits for its place.
    let r = browser.sign_up(&[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, "/verify"), "{}", r.body);
    // A port that only rests after use will be free in a minute: that is not full.
    app.db
        .sql("UPDATE port_allocations SET store_id = NULL, cool_until = NOW(6) + INTERVAL 60 SECOND WHERE port = 8001")
        .await;
    eventually("the form is as before", async || (!browser.get("/signup").await.body.contains(NOTICE)).then_some(()))
        .await;
}

#[actix_web::test]
async fn mariadb_restarts_under_the_panel_and_it_recovers_without_a_restart() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut mariadb = TestMariadb::start();
    let db = mariadb.database().await;
    hosting::services::seed_defaults::ensure_server(&db.db, "local-1").await.unwrap();
    let redis = TestRedis::start();
    let services = Services { db: db.db.clone(), queue: redis.queue(), keys: db.keys.clone() };
    let stop = CancellationToken::new();
    let base = serve(services.clone(), &redis.url, &stop);
    let app = App { db, redis, services, base, mailer: Mailer::memory(), stop: stop.clone() };
    let (browser, _) = app.customer("ana@example.com", "Ana's Bikes").await;

    // An owner keeps asking all the time; each answer is right or says what is wrong, and none hangs.
    let asking = {
        let (browser, stop) = (browser.clone(), stop.clone());
        actix_web::rt::spawn(async move {
            let (mut fine, mut degraded) = (0, 0);
            while !stop.is_cancelled() {
                let begun = Instant::now();
                let page = browser.get("/dashboard").await;
                assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
                match page.status {
                    200 => fine += 1,
                    503 => {
                        assert!(page.body.contains("We cannot reach our database"), "{}", page.body);
                        assert!(!page.body.to_lowercase().contains("sqlx") && !page.body.contains(".sock"));
                        degraded += 1;
                    }
                    other => panic!("{other}: {}", page.body),
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            (fine, degraded)
        })
    };
    for _ in 0..2 {
        mariadb.down();
        eventually("the dashboard says that it cannot be shown", async || {
            (browser.get("/dashboard").await.status == 503).then_some(())
        })
        .await;
        assert_eq!(browser.get("/pricing").await.status, 200);
        assert_eq!(browser.json("/readyz").await.status, 503);
        mariadb.up();
        eventually("the panel is ready again", async || (browser.json("/readyz").await.status == 200).then_some(()))
            .await;
        // Not one good connection but all of them: more at once than there are.
        let pages = futures_util::future::join_all((0..60).map(|_| browser.get("/dashboard"))).await;
        assert_eq!(pages.iter().filter(|p| p.status == 200).count(), 60);
    }
    let r = app.browser().sign_up(&[("email", "eva@example.com"), ("store_name", "Eva's")]).await;
    assert_eq!(r.status, 303, "{}", r.body);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM customers").await, 2);
    stop.cancel();
    let (fine, degraded) = asking.await.unwrap();
    assert!(fine > 0 && degraded > 0, "{fine} {degraded}");
}
