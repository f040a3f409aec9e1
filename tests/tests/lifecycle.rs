//! Changes of a store in service, on real Docker, nginx, MariaDB and WordPress: each works, each step
//! twice gives the same, a failure at each step leaves the store as it was, every undo may run twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use hosting::domain::store::SuspendCause;
use hosting::domain::{Actor, JobState, StoreState};
use hosting::services::ServiceError;
use hosting::services::change_store::{StoreChange, change_store};
use hosting::services::delete_store::delete_now;
use shopfleet_tests::changes::{changes, do_it, facts, ready_for, take_back};
use shopfleet_tests::shop_server::{Census, ShopServer};
use worker::engine::fail_point::{self, Action};

/// Fail points are process-wide, and two cores carry one set-up at a time best.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn every_change_does_what_it_says() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Ana's Bikes", "ana-bikes").await;
    let host = store.host.clone().unwrap();
    let before = facts(&server, &store).await;
    assert_eq!((before.front, before.staff, before.running), (200, 200, 3));
    let services = server.services();
    let order = async |change: &StoreChange| change_store(&services, &Actor::operator(), store.id, change).await;

    // Suspended: visitors read why, the data stays, the containers rest, and nobody wakes them.
    let suspend = StoreChange::Suspend { cause: SuspendCause::Review, reason: "We look at a report".into() };
    hosting::services::db_admin::start(&services, &Actor::operator(), &store).await.unwrap();
    server.reaches(&server.newest(&store, hosting::jobs::START_DB_ADMIN).await, JobState::Finished).await;
    do_it(&server, &store, &suspend).await;
    let (status, body) = server.get(&host, "/").await;
    assert_eq!(status, 503);
    assert!(body.contains("This shop is paused.") && body.contains("It is being checked."), "{body}");
    assert!(!body.contains("We look at a report"), "the reason is the owner's to read");
    let now = facts(&server, &store).await;
    assert_eq!((now.state, now.running, now.staff), (StoreState::Suspended, 0, 503));
    assert_eq!(now.census, before.census, "the database page is closed, everything else is kept");
    assert_eq!(server.store(store.id).await.suspend_reason, "We look at a report");
    server.reconcile().await;
    assert_eq!(facts(&server, &store).await, now);
    for wrong in [suspend, StoreChange::Restart, StoreChange::Maintenance { on: true }] {
        assert!(matches!(order(&wrong).await, Err(ServiceError::Conflict(_))), "{wrong:?}");
    }
    do_it(&server, &store, &StoreChange::Resume { reason: "All is well".into() }).await;
    assert_eq!(facts(&server, &store).await, before);
    assert!(matches!(order(&StoreChange::Resume { reason: "x".into() }).await, Err(ServiceError::Conflict(_))));

    // Restarted, also when its owner changed title and password in the shop.
    let mut shop = server.shop(&store).await;
    sqlx::query("UPDATE wp_options SET option_value = 'My own title' WHERE option_name = 'blogname'")
        .execute(&mut shop)
        .await
        .unwrap();
    sqlx::query("UPDATE wp_users SET user_pass = 'x' WHERE ID = 1").execute(&mut shop).await.unwrap();
    drop(shop);
    let web = format!("{}-web", store.object_name());
    let started = || {
        let out = std::process::Command::new("docker").args(["inspect", "-f", "{{.State.StartedAt}}", &web]).output();
        String::from_utf8(out.unwrap().stdout).unwrap()
    };
    let first = started();
    do_it(&server, &store, &StoreChange::Restart).await;
    assert_ne!(started(), first);
    assert_eq!(facts(&server, &store).await.front, 200);

    // Maintenance: visitors see the page, the shop's own staff pages work; it survives repair and restart.
    do_it(&server, &store, &StoreChange::Maintenance { on: true }).await;
    let (status, body) = server.get(&host, "/").await;
    assert_eq!(status, 503);
    assert!(body.contains("being worked on"), "{body}");
    assert_eq!(server.get(&host, "/wp-login.php").await.0, 200);
    assert_eq!(server.get(&host, "/shop/").await.0, 503);
    assert!(matches!(order(&StoreChange::Maintenance { on: true }).await, Err(ServiceError::Conflict(_))));
    do_it(&server, &store, &StoreChange::Restart).await;
    server.machine.docker.stop(&web, 5).await.unwrap();
    server.reconcile().await;
    server.reaches(&server.newest(&store, hosting::jobs::REPAIR_STORE).await, JobState::Finished).await;
    let now = facts(&server, &store).await;
    assert_eq!((now.front, now.staff, now.running, now.maintenance), (503, 200, 3, true));
    do_it(&server, &store, &StoreChange::Maintenance { on: false }).await;
    let now = facts(&server, &store).await;
    assert_eq!((now.front, now.maintenance), (200, false));

    // A new password: works, is the one that is shown, and stands in no line.
    do_it(&server, &store, &StoreChange::ResetAdminPassword).await;
    let reset = facts(&server, &store).await;
    assert_ne!(reset.password, before.password);
    assert_ne!(reset.hash, before.hash);
    let job = server.newest(&store, hosting::jobs::RESET_ADMIN_PASSWORD).await;
    assert!(!server.log(&job).await.contains(&reset.password));
    assert_eq!(
        server
            .db
            .number("SELECT COUNT(*) FROM store_secrets WHERE name IN ('admin_password_new', 'admin_hash_former')")
            .await,
        0
    );

    // Another plan: live, without a restart, and back.
    let first = started();
    let plan = |p: &str| StoreChange::ChangePlan { plan: p.into(), reason: "They grew".into() };
    do_it(&server, &store, &plan("business")).await;
    let now = facts(&server, &store).await;
    assert_eq!(now.web_memory, 1024 << 20);
    assert_ne!(now.plan, before.plan);
    let pool = worker::shop::branding::buffer_pool(&mut server.shop(&store).await).await.unwrap();
    assert!(pool > 256 << 20, "{pool}");
    let compose = std::fs::read_to_string(server.machine.dir(&store).path().join("compose.yml")).unwrap();
    assert!(compose.contains("1024m"), "{compose}");
    for (wrong, field) in [(plan("business"), "plan"), (plan("none"), "plan"), (plan("x'--"), "plan")] {
        match order(&wrong).await {
            Err(ServiceError::Invalid(fields)) => assert_eq!(fields[0].0, field),
            other => panic!("{other:?}"),
        }
    }
    // Not into a plan that is smaller than what the store takes on disk, looked at where it lies.
    let room = server.db.number("SELECT CAST(disk_mb AS SIGNED) FROM plans WHERE slug = 'trial'").await;
    server.db.sql("UPDATE plans SET disk_mb = 5 WHERE slug = 'trial'").await;
    let job = order(&plan("trial")).await.unwrap();
    server.reaches(&job, JobState::Failed).await;
    assert!(server.log(&job).await.contains("has room for 5 MB. Delete files first"), "{}", server.log(&job).await);
    assert_eq!(facts(&server, &store).await, now, "nothing changed");
    server.db.sql(&format!("UPDATE plans SET disk_mb = {room} WHERE slug = 'trial'")).await;
    do_it(&server, &store, &plan("trial")).await;
    let now = facts(&server, &store).await;
    assert_eq!((now.web_memory, now.plan), (before.web_memory, before.plan));
    assert_eq!(started(), first, "nothing was restarted");

    // Another name.
    do_it(&server, &store, &StoreChange::Rename { name: "Ana & Söhne".into() }).await;
    let now = facts(&server, &store).await;
    assert_eq!((now.name.as_str(), now.title.as_str()), ("Ana & Söhne", "Ana &amp; Söhne"));
    assert!(server.get(&host, "/").await.1.contains("<title>Ana &amp; Söhne"));
    for wrong in ["", "Ana & Söhne", &"x".repeat(200)] {
        assert!(
            matches!(order(&StoreChange::Rename { name: wrong.into() }).await, Err(ServiceError::Invalid(_))),
            "{wrong}"
        );
    }

    // Another address: the shop answers there and calls itself so; the former one leads on, for a while.
    let address = |a: &str| StoreChange::ChangeAddress { address: a.into() };
    let taken = server.live("Eva", "eva-shop").await;
    for wrong in ["", "a", "admin", "ana-bikes", "eva-shop", "evashop", "x--db", "ana bikes"] {
        assert!(matches!(order(&address(wrong)).await, Err(ServiceError::Invalid(_))), "{wrong}");
    }
    let job = delete_now(&services, &Actor::operator(), taken.id, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    do_it(&server, &store, &address("new-place")).await;
    let moved = server.store(store.id).await;
    let there = moved.host.clone().unwrap();
    assert_eq!((moved.slug.as_str(), there.clone()), ("new-place", format!("new-place.{}", server.base_domain)));
    assert_eq!(server.get(&there, "/").await.0, 200);
    let client = reqwest::Client::builder()
        .resolve(&host, ([127, 0, 0, 1], server.edge_port).into())
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let r = client.get(format!("http://{host}:{}/shop/?a=1", server.edge_port)).send().await.unwrap();
    assert_eq!(r.status().as_u16(), 301);
    assert_eq!(r.headers()["location"], format!("http://{there}:{}/shop/?a=1", server.edge_port).as_str());
    let mut shop = server.shop(&store).await;
    let home: String = sqlx::query_scalar("SELECT option_value FROM wp_options WHERE option_name = 'home'")
        .fetch_one(&mut shop)
        .await
        .unwrap();
    assert_eq!(home, format!("http://{there}:{}", server.edge_port));
    drop(shop);
    // The redirect outlives a restart of the way in, and ends when its time is over.
    do_it(&server, &store, &StoreChange::Maintenance { on: true }).await;
    do_it(&server, &store, &StoreChange::Maintenance { on: false }).await;
    assert_eq!(server.get(&host, "/").await.0, 301);
    server.db.sql("UPDATE store_addresses SET redirect_until = NOW(6) - INTERVAL 1 SECOND WHERE kind = 'former'").await;
    server.reconcile().await;
    server.reaches(&server.newest(&store, hosting::jobs::REPAIR_STORE).await, JobState::Finished).await;
    // The job asks the edge for the hosts a store has, not for one it let go: an old worker of nginx may answer a while.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while server.get(&host, "/").await.0 != 421 {
        assert!(std::time::Instant::now() < end, "the former address still leads somewhere");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(server.db.number("SELECT COUNT(*) FROM store_addresses").await, 1);

    // Who may not, may not; who may, is in the audit log.
    let customer = Actor { role: hosting::domain::Role::Customer, id: Some(store.customer_id), ..Actor::operator() };
    let denied = change_store(&services, &customer, store.id, &plan("business")).await;
    assert!(matches!(denied, Err(ServiceError::Denied(_))), "{denied:?}");
    let n = server.db.number("SELECT COUNT(DISTINCT action) FROM audit_events WHERE action IN ('store.suspend', 'store.suspended', 'store.resume', 'store.resumed', 'store.restart', 'store.start_maintenance', 'store.end_maintenance', 'store.reset_admin_password', 'store.change_plan', 'store.rename', 'store.change_address')").await;
    assert_eq!(n, 11);
    // One change at a time.
    fail_point::set("restart_store.restart.before", Action::Pause(1500), 1);
    let job = order(&StoreChange::Restart).await.unwrap();
    assert!(matches!(order(&StoreChange::Restart).await, Err(ServiceError::Conflict(_))));
    server.reaches(&job, JobState::Finished).await;

    // A suspended store can be deleted.
    do_it(&server, &store, &StoreChange::Suspend { cause: SuspendCause::Request, reason: "Asked".into() }).await;
    let job = delete_now(&services, &Actor::operator(), store.id, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(server.census().await, Census::default());
}

/// What PHP in the shop's web container prints.
fn php(store: &hosting::db::stores::Store, code: &str, argument: &str) -> String {
    let web = format!("{}-web", store.object_name());
    let out =
        std::process::Command::new("docker").args(["exec", &web, "php8.2", "-r", code, argument]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_in_every_table_follow_the_address() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Ana's Bikes", "ana-links").await;
    let host = store.host.clone().unwrap();
    let (port, there) = (server.edge_port, format!("ana-moved.{}", server.base_domain));
    let (from, to) = (format!("http://{host}:{port}"), format!("http://{there}:{port}"));
    let mut shop = server.shop(&store).await;
    let run = async |shop: &mut sqlx::MySqlConnection, sql: &str, value: &str| {
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
        if !value.is_empty() {
            query = query.bind(value.to_owned());
        }
        query.execute(shop).await.unwrap();
    };
    let option = |name: &str| format!("INSERT INTO wp_options (option_name, option_value) VALUES ('{name}', ?)");
    // Packed by PHP itself: a list, an object with a private part, and a packed value inside a packed one.
    let pack = "class Bag { private $home; public $n = 1.5; function __construct($u) { $this->home = $u . '/für'; } } \
                $u = $argv[1]; echo serialize(['logo' => \"$u/a.png\", $u => true, 'bag' => new Bag($u), 'again' => serialize([$u])]);";
    let packed = php(&store, pack, &from);
    assert!(packed.contains("\0Bag\0home"), "{packed}");
    run(&mut shop, &option("packed"), &packed).await;
    run(&mut shop, &option("json"), &format!(r#"{{"u":"{}\/x","n":1}}"#, from.replace('/', "\\/"))).await;
    run(&mut shop, &option("bent"), &format!("a:1:{{i:0;s:3:\"{from}\";}}")).await;
    run(&mut shop, &option("words"), &format!("ana@{host} {from}9/ {host} //{host}:{port}")).await;
    run(
        &mut shop,
        "CREATE TABLE plugin_pages (id INT UNSIGNED PRIMARY KEY, body TEXT, short VARCHAR(60), slug VARCHAR(200) UNIQUE)",
        "",
    )
    .await;
    run(&mut shop, "INSERT INTO plugin_pages (id, body) VALUES (4000000000, ?)", &format!("<img src='{from}/i.png'>"))
        .await;
    run(&mut shop, "UPDATE plugin_pages SET slug = ?", &from).await;
    run(
        &mut shop,
        "INSERT INTO wp_posts (ID, guid, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered) \
         SELECT 100000 + seq, CONCAT('x', seq), ?, '', '', '', '', '' FROM seq_1_to_5000",
        &format!("<a href=\"{from}/shop/\">Shop</a>"),
    )
    .await;
    run(&mut shop, "UPDATE wp_posts SET guid = ? WHERE ID = 100001", &format!("{from}/?p=1")).await;
    drop(shop);

    let begun = std::time::Instant::now();
    do_it(&server, &store, &StoreChange::ChangeAddress { address: "ana-moved".into() }).await;
    println!("5,000 posts: the whole change took {:?}", begun.elapsed());
    let mut shop = server.shop(&store).await;
    let read = async |shop: &mut sqlx::MySqlConnection, sql: &str| -> String {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(shop).await.unwrap()
    };
    let value = |name: &str| format!("SELECT option_value FROM wp_options WHERE option_name = '{name}'");
    let packed = read(&mut shop, &value("packed")).await;
    assert_eq!(
        packed,
        php(&store, pack, &to)
            .replace(&format!("s:{}:\"{to}\";b:1", to.len()), &format!("s:{}:\"{from}\";b:1", from.len())),
        "keys stay"
    );
    assert_eq!(read(&mut shop, &value("json")).await, format!(r#"{{"u":"{}\/x","n":1}}"#, to.replace('/', "\\/")));
    assert_eq!(
        read(&mut shop, &value("bent")).await,
        format!("a:1:{{i:0;s:3:\"{from}\";}}"),
        "what cannot be read stays"
    );
    assert_eq!(read(&mut shop, &value("words")).await, format!("ana@{host} {from}9/ {host} //{there}:{port}"));
    assert_eq!(read(&mut shop, "SELECT body FROM plugin_pages").await, format!("<img src='{to}/i.png'>"));
    assert_eq!(read(&mut shop, "SELECT slug FROM plugin_pages").await, from, "what has to be unique stays");
    assert_eq!(read(&mut shop, "SELECT guid FROM wp_posts WHERE ID = 100001").await, format!("{from}/?p=1"));
    let count =
        |host: &str| format!("SELECT COUNT(*) FROM wp_posts WHERE ID > 100000 AND post_content LIKE '%//{host}:%'");
    let posts = async |shop: &mut sqlx::MySqlConnection, host: &str| -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(count(host))).fetch_one(shop).await.unwrap()
    };
    assert_eq!((posts(&mut shop, &host).await, posts(&mut shop, &there).await), (0, 5000));
    drop(shop);
    let log = server.log(&server.newest(&store, hosting::jobs::CHANGE_ADDRESS).await).await;
    assert!(log.contains("links in your pages and settings lead to the new address now"), "{log}");

    // A failure after it: every link leads back.
    fail_point::set("change_address.verify.before", Action::Fail, 1);
    let job = change_store(
        &server.services(),
        &Actor::operator(),
        store.id,
        &StoreChange::ChangeAddress { address: "ana-again".into() },
    )
    .await
    .unwrap();
    server.reaches(&job, JobState::Failed).await;
    fail_point::clear();
    let mut shop = server.shop(&store).await;
    assert_eq!((posts(&mut shop, "ana-again").await, posts(&mut shop, &there).await), (0, 5000));
    assert_eq!(read(&mut shop, &value("packed")).await, packed);
    assert_eq!(server.get(&there, "/").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_every_change_twice_gives_the_same() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Shop", "twice-changes").await;
    for (kind, change, steps) in changes() {
        for group in steps.chunks(3) {
            ready_for(&server, &store, &change).await;
            for step in group {
                fail_point::set(&format!("{kind}.{step}.after"), Action::Passing, 1);
            }
            let job = change_store(&server.services(), &Actor::operator(), store.id, &change).await.unwrap();
            server.hurry_until(&job, JobState::Finished).await;
            fail_point::clear();
            let now = facts(&server, &store).await;
            match &change {
                StoreChange::Suspend { .. } => assert_eq!((now.front, now.running), (503, 0), "{kind}"),
                StoreChange::Maintenance { on: true } => assert_eq!((now.front, now.staff), (503, 200), "{kind}"),
                StoreChange::ChangePlan { .. } => assert_eq!(now.web_memory, 1024 << 20, "{kind}"),
                StoreChange::Rename { name } => assert_eq!(&now.name, name, "{kind}"),
                _ => assert_eq!((now.front, now.running, now.state), (200, 3, StoreState::Active), "{kind}"),
            }
            take_back(&server, &store, &change).await;
        }
    }
    assert_eq!(
        server
            .db
            .number("SELECT COUNT(*) FROM jobs WHERE kind = 'send_mail' AND unique_key LIKE 'suspend_store:%'")
            .await,
        2 + 2,
        "one notice per suspension"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_at_each_step_of_every_change_leaves_the_store_as_it_was() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Shop", "failing-changes").await;
    for (kind, change, steps) in changes() {
        ready_for(&server, &store, &change).await;
        let before = facts(&server, &store).await;
        // After the record the change stands; failing before it is the test.
        for step in steps {
            fail_point::clear();
            let at = if *step == "record" { "before" } else { "after" };
            fail_point::set(&format!("{kind}.{step}.{at}"), Action::Fail, 1);
            for other in steps {
                fail_point::set(&format!("{kind}.{other}.undo.after"), Action::Passing, 1);
            }
            let job = change_store(&server.services(), &Actor::operator(), store.id, &change).await.unwrap();
            server.hurry_until(&job, JobState::Failed).await;
            assert!(!server.job(&job).await.cleanup_pending, "{kind}.{step}");
            assert_eq!(facts(&server, &store).await, before, "{kind}.{step}\n{}", server.log(&job).await);
        }
        fail_point::clear();
        do_it(&server, &store, &change).await;
        take_back(&server, &store, &change).await;
    }
}
