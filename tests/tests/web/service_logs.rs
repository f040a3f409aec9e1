//! The product's own log in the panel, and processes that staff restart from there.

use crate::support::App;
use futures_util::StreamExt;
use hosting::db::Queries;
use hosting::db::service_lines::{NewServiceLine, ServiceLineFilter};
use hosting::domain::Role;
use hosting::process_watch;
use hosting::service_log::{self, PanelLayer};
use reqwest::Method;
use shopfleet_tests::eventually;
use time::macros::datetime;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt;

#[actix_web::test]
async fn what_processes_log_is_kept_masked_found_and_followed_by_those_who_may() {
    let app = App::new().await;
    let stop = CancellationToken::new();
    let kept = service_log::keep(app.services.db.clone(), "worker", "local-1".into(), stop.clone()).expect("the first");
    let subscriber = tracing_subscriber::registry().with(PanelLayer);
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("request", request_id = "0199b1c0-7a11");
        let _in = span.enter();
        tracing::warn!(path = "/x?token=very-secret&page=2", "a slow answer <script>alert(1)</script>");
        tracing::error!(error = "disk\nfull", "it failed");
    });
    tracing::subscriber::with_default(tracing_subscriber::registry().with(PanelLayer), || {
        for i in 0..1000 {
            tracing::info!(i, "flood");
        }
    });
    eventually("lines are kept", async || {
        (app.db.number("SELECT COUNT(*) FROM service_lines WHERE text LIKE '%left out%'").await > 0).then_some(())
    })
    .await;
    let kept_lines = app.db.number("SELECT COUNT(*) FROM service_lines").await;
    assert!(kept_lines < 700, "a flood is cut short: {kept_lines}");
    let mut tx = app.services.db.begin().await.unwrap();
    let old = NewServiceLine {
        at: datetime!(2026-01-02 03:04),
        level: 1,
        correlation: String::new(),
        text: "long ago".into(),
    };
    tx.service_lines().add("web", "panel-1", &[old]).await.unwrap();
    tx.commit().await.unwrap();

    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let page = grace.get("/admin/logs?level=warn").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("a slow answer &lt;script&gt;alert(1)&lt;/script&gt; path=/x?token=••••••&amp;page=2"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("very-secret") && !page.body.contains("long ago"));
    assert!(page.body.contains("/admin/logs?correlation=0199b1c0-7a11"), "{}", page.body);
    assert!(grace.get("/admin/logs?level=error").await.body.contains("it failed error=disk full"));
    assert!(!grace.get("/admin/logs?level=error").await.body.contains("a slow answer"));
    let page = grace.get("/admin/logs?correlation=0199b1c0-7a11&service=worker").await.body;
    assert!(page.contains("a slow answer") && page.contains("it failed") && !page.contains("flood"));
    assert!(grace.get("/admin/logs?service=web&from=2026-01-02&to=2026-01-03").await.body.contains("long ago"));
    assert!(!grace.get("/admin/logs?from=2026-01-03&to=2026-01-04").await.body.contains("long ago"));
    assert!(grace.get("/admin/logs?find=it+failed").await.body.contains("it failed"));
    assert!(grace.get("/admin/logs?find=%25").await.body.contains("Nothing like this"), "a sign is a sign");
    assert!(grace.get("/admin/logs?from=yesterday").await.body.contains("Enter times like"));
    let older = grace.get("/admin/logs").await.body;
    assert!(older.contains("200 lines") && older.contains("rel=\"next\""), "a page is a page");

    // Live: new lines of the filter, and no others.
    let answer = grace.request(Method::GET, "/admin/logs/stream?level=error").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let mut stream = answer.bytes_stream();
    let mut tx = app.services.db.begin().await.unwrap();
    for (level, text) in [(1, "quiet"), (3, "loud")] {
        let line =
            NewServiceLine { at: datetime!(2026-11-21 03:04), level, correlation: String::new(), text: text.into() };
        tx.service_lines().add("web", "panel-1", &[line]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut seen = String::new();
    while !seen.contains("loud") {
        seen.push_str(&String::from_utf8_lossy(&stream.next().await.unwrap().unwrap()));
    }
    assert!(!seen.contains("quiet") && !seen.contains("long ago"), "{seen}");
    let support = app.staff("sam@example.com", Role::Support).await;
    assert_eq!(support.get("/admin/logs").await.status, 403);
    assert!(!support.get("/admin").await.body.contains("Service logs"));
    // Old lines are forgotten.
    app.services.db.read().await.unwrap().service_lines().forget_old(14).await.unwrap();
    assert_eq!(app.db.number("SELECT COUNT(*) FROM service_lines WHERE text = 'long ago'").await, 0);
    stop.cancel();
    kept.await.unwrap();
}

#[actix_web::test]
async fn no_filter_of_the_log_reads_more_than_a_page_and_some() {
    let app = App::new().await;
    app.db
        .sql(
            "INSERT INTO service_lines (at, service, place, level, correlation, text) \
             SELECT NOW(6) - INTERVAL 300000 - seq SECOND, IF(seq % 10 = 0, 'web', 'worker'), 'p', \
             IF(seq % 5000 = 0, 3, IF(seq % 900 = 0, 2, 1)), CONCAT('c', seq % 50000), CONCAT('line ', seq) FROM seq_1_to_300000",
        )
        .await;
    let of = |service: &str, level, correlation: &str| ServiceLineFilter {
        service: service.into(),
        level,
        correlation: correlation.into(),
        ..ServiceLineFilter::default()
    };
    let middle = hosting::clock::now_plain() - time::Duration::seconds(150_000);
    let day = ServiceLineFilter {
        from: Some(middle),
        to: Some(middle + time::Duration::hours(1)),
        ..ServiceLineFilter::default()
    };
    for (name, filter) in [
        ("all", of("", 0, "")),
        ("before", ServiceLineFilter { before: Some(100_000), ..ServiceLineFilter::default() }),
        ("web", of("web", 0, "")),
        ("warnings", of("", 2, "")),
        ("errors", of("", 3, "")),
        ("errors of web", of("web", 3, "")),
        ("one request", of("", 0, "c777")),
        ("an hour in the middle", day.clone()),
        ("errors of an hour", ServiceLineFilter { level: 3, ..day }),
    ] {
        let mut conn = app.services.db.read().await.unwrap();
        let before = reads(&mut conn).await;
        let rows = conn.service_lines().list(&filter, 51).await.unwrap().len();
        let read = reads(&mut conn).await - before;
        println!("{name}: {rows} lines, {read} rows read");
        assert!(rows > 0 || name == "errors of an hour", "{name}");
        assert!(read < 12_000, "{name} read {read} rows of 300,000");
    }
}

/// Rows that this connection read so far.
async fn reads(conn: &mut hosting::db::Conn) -> i64 {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SHOW SESSION STATUS LIKE 'Handler_read%'").fetch_all(conn.conn()).await.unwrap();
    rows.iter().map(|(_, n)| n.parse::<i64>().unwrap()).sum()
}

#[actix_web::test]
async fn a_process_ends_in_order_when_a_super_admin_asks_and_nobody_else_can() {
    let app = App::new().await;
    let stop = CancellationToken::new();
    let watched =
        process_watch::watch(app.services.db.clone(), "worker", "local-1".into(), "0.1.0", true, stop.clone());
    let grace = app.staff("grace@example.com", Role::SuperAdmin).await;
    let page = eventually("it is on the page", async || {
        let page = grace.get("/admin/system").await;
        page.body.contains("Worker on local-1").then_some(page)
    })
    .await;
    let way = page.body.split("/admin/system/restart?process=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let way = format!("/admin/system/restart?process={way}").replace("&amp;", "&");
    let ada = app.staff("ada@example.com", Role::Admin).await;
    assert_eq!(ada.get(&way).await.status, 403);
    assert!(!ada.get("/admin/system").await.body.contains("/admin/system/restart"));
    let confirm = grace.get(&way).await;
    assert!(confirm.body.contains("Restart Worker on local-1?") && confirm.body.contains("jobs go on where they were"));
    let owner = confirm.hidden("process");
    for nobody in ["worker/1/none", "\u{94}\"\u{b}x"] {
        let gone = grace.submit_at(&way, "/admin/system/restart", &[("process", nobody)]).await;
        assert_eq!(gone.status, 409, "{}", gone.body);
        assert!(!stop.is_cancelled());
    }
    let asked = grace.submit_at(&way, "/admin/system/restart", &[("process", &owner)]).await;
    assert_eq!((asked.status, asked.location.as_str()), (303, "/admin/system"), "{}", asked.body);
    // It ends as on SIGTERM: the token that everything of the process listens to.
    stop.cancelled().await;
    watched.await.unwrap();
    assert_eq!(app.db.number("SELECT COUNT(*) FROM service_processes").await, 0);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'process.restart'").await, 1);
    // Its successor is another one, and not asked.
    let next = CancellationToken::new();
    let watched =
        process_watch::watch(app.services.db.clone(), "worker", "local-1".into(), "0.1.0", true, next.clone());
    eventually("the next one is there", async || {
        grace.get("/admin/system").await.body.contains("Worker on local-1").then_some(())
    })
    .await;
    assert!(!next.is_cancelled());
    next.cancel();
    watched.await.unwrap();
    // Old proof of the password: asked for again.
    app.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    assert!(grace.get(&way).await.location.starts_with("/admin/reauthenticate"));
}
