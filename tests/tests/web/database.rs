//! The database page from the owner's side: the panel with the real worker, container and phpMyAdmin.

use crate::support::{App, Browser, PASSWORD, Page, serve};
use hosting::crypto::Secret;
use hosting::domain::{Email, HostName, JobState};
use hosting::services::passwords::Passwords;
use reqwest::{Client, redirect::Policy};
use shopfleet_tests::eventually;
use shopfleet_tests::shop_server::ShopServer;
use tokio_util::sync::CancellationToken;

const HERE: &str = "/dashboard/database";

#[actix_web::test]
async fn the_database_page_opens_from_the_panel_and_from_nowhere_else() {
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let stop = CancellationToken::new();
    let base = serve(server.services(), &server.redis.url, &stop);
    let store = server.live("Ana's Bikes", "ana-bikes").await;
    server.live("Eva", "eva-shop").await;
    let hash = Passwords::new().hash(&Secret::new(PASSWORD)).await.unwrap();
    server
        .db
        .sql(&format!("UPDATE customers SET password_hash = '{hash}', state = 'active', email_verified_at = NOW(6)"))
        .await;
    let browser = || Browser {
        base: base.as_str().to_owned(),
        client: Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap(),
    };
    let sign_in = async |slug: &str| {
        let b = browser();
        let email = Email::parse(&format!("{slug}@example.com")).unwrap();
        let r = b.submit("/login", &[("email", email.as_str()), ("password", PASSWORD)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, "/dashboard"), "{}", r.body);
        b
    };
    let (ana, eva) = (sign_in("ana-bikes").await, sign_in("eva-shop").await);

    // Closed: nothing can be opened; the password has to be fresh.
    assert!(ana.get(HERE).await.body.contains("is closed"));
    let tokens = |page: &Page| (page.hidden("csrf_token"), page.hidden("form_key"));
    let (csrf, key) = tokens(&ana.get(HERE).await);
    let fields = [("csrf_token", csrf.as_str()), ("form_key", key.as_str())];
    assert_eq!(ana.post("/dashboard/database/open", &fields).await.status, 409);
    server.db.sql("UPDATE login_sessions SET authenticated_at = NOW(6) - INTERVAL 11 MINUTE").await;
    let r = ana.submit(HERE, &[]).await;
    assert_eq!(r.location, "/reauthenticate?next=%2Fdashboard%2Fdatabase");
    assert!(ana.get(&r.location).await.body.contains("tables of your store"));
    for b in [&ana, &eva] {
        let r = b.submit("/reauthenticate", &[("password", PASSWORD), ("next", HERE)]).await;
        assert_eq!((r.status, r.location.as_str()), (303, HERE));
    }
    let r = ana.submit(HERE, &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, HERE), "{}", r.body);
    eventually("the page is open", async || {
        (ana.json("/dashboard/database/state").await.body.contains("open")).then_some(())
    })
    .await;
    let page = ana.get(HERE).await;
    assert!(page.body.contains("page is open") && page.body.contains("30 minutes"), "{}", page.body);

    // A ticket is in a form of this answer only, and only this answer may post elsewhere.
    let host = HostName::parse(store.host.as_deref().unwrap()).unwrap().database_page().unwrap();
    let origin = format!("http://{}:{}", host.as_str(), server.edge_port);
    assert!(!page.header("content-security-policy").contains(&origin));
    let way_in = ana.submit_at(HERE, "/dashboard/database/open", &[]).await;
    assert_eq!(way_in.status, 200, "{}", way_in.body);
    assert!(way_in.body.contains(&format!("action=\"{origin}/enter\"")), "{}", way_in.body);
    let policy = way_in.header("content-security-policy");
    assert!(policy.contains(&format!("form-action 'self' {origin};")), "{policy}");
    assert_eq!(way_in.header("cache-control"), "no-store");
    let ticket = way_in.hidden("ticket");
    assert_eq!(ticket.len(), 64);
    // The same key again makes no second ticket.
    let used = page.hidden_of("/dashboard/database/open", "form_key");
    let again = [("csrf_token", csrf.as_str()), ("form_key", used.as_str())];
    assert_eq!(ana.post("/dashboard/database/open", &again).await.status, 200, "this key was not used yet");
    assert_eq!(ana.post("/dashboard/database/open", &again).await.status, 303);

    let guest = || {
        Client::builder()
            .resolve(host.as_str(), ([127, 0, 0, 1], server.edge_port).into())
            .redirect(Policy::none())
            .cookie_store(true)
            .build()
            .unwrap()
    };
    let enter = async |client: &Client, ticket: &str| {
        Page::of(client.post(format!("{origin}/enter")).form(&[("ticket", ticket)]).send().await.unwrap()).await
    };
    let (own, stranger) = (guest(), guest());
    assert_eq!(Page::of(own.get(&origin).send().await.unwrap()).await.status, 403, "no ticket, no page");
    let entered = enter(&own, &ticket).await;
    assert_eq!((entered.status, entered.location.as_str()), (303, "/"));
    let cookie = entered.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains(&ticket), "{cookie}");
    let tables = own.get(format!("{origin}/index.php?route=/database/structure&db=shop")).send().await.unwrap();
    assert!(Page::of(tables).await.body.contains("wp_posts"));
    assert_eq!(enter(&stranger, &ticket).await.status, 403, "used");
    let refused = enter(&stranger, &"0".repeat(64)).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains(&format!("{}/dashboard/database", server.machine.panel_url)));

    // Another customer sees their own store's page only; theirs is closed.
    let theirs = eva.get(HERE).await;
    assert!(theirs.body.contains("is closed") && !theirs.body.contains("Bikes"), "{}", theirs.body);
    let (csrf, key) = tokens(&theirs);
    let fields = [("csrf_token", csrf.as_str()), ("form_key", key.as_str()), ("store", "1"), ("store_id", "1")];
    assert_eq!(eva.post("/dashboard/database/open", &fields).await.status, 409);
    // Nothing of the ticket is kept: rows, jobs, lines, audit.
    for (table, column) in [("jobs", "args"), ("job_lines", "text"), ("audit_events", "details")] {
        let n = server.db.number(&format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{ticket}%'")).await;
        assert_eq!(n, 0, "{table}");
    }
    assert!(
        server
            .db
            .number("SELECT COUNT(*) FROM audit_events WHERE action = 'store.open_db_admin' AND role = 'customer'")
            .await
            >= 2
    );

    // Closing: the way in and the session end.
    let r = ana.submit_at(HERE, "/dashboard/database/stop", &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, HERE), "{}", r.body);
    let job = server.newest(&store, hosting::jobs::STOP_DB_ADMIN).await;
    server.reaches(&job, JobState::Finished).await;
    assert!(ana.get(HERE).await.body.contains("is closed"));
    assert_eq!(Page::of(own.get(&origin).send().await.unwrap()).await.status, 421);
    stop.cancel();
}

#[actix_web::test]
async fn a_store_that_is_not_live_has_no_database_page() {
    let app = App::new().await;
    let (b, job) = app.customer("ana@example.com", "Ana").await;
    assert!(b.get(HERE).await.body.contains("while your store is live"));
    let (csrf, key) = (b.get("/dashboard").await.hidden("csrf_token"), "k".repeat(40));
    let fields = [("csrf_token", csrf.as_str()), ("form_key", key.as_str())];
    for path in [HERE, "/dashboard/database/open", "/dashboard/database/stop"] {
        assert_eq!(b.post(path, &fields).await.status, 404, "{path}");
    }
    app.make_live(&job).await;
    let r = b.submit(HERE, &[]).await;
    assert_eq!((r.status, r.location.as_str()), (303, HERE), "{}", r.body);
    assert!(b.get(HERE).await.body.contains("is starting"));
    assert_eq!(app.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'start_db_admin'").await, 1);
    assert_eq!(app.db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'store.start_db_admin'").await, 1);
}
