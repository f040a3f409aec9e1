//! The database page on real Docker, nginx, MariaDB and phpMyAdmin: who gets in, how it ends, and
//! what is left when anything fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use hosting::crypto::Secret;
use hosting::db::jobs::JobRef;
use hosting::db::stores::Store;
use hosting::domain::{Actor, HostName, JobState};
use hosting::jobs::STOP_DB_ADMIN;
use hosting::services::{ServiceError, db_admin, delete_store::delete_now};
use reqwest::{Client, redirect::Policy};
use shopfleet_tests::shop_server::{Census, ShopServer};
use std::time::{Duration, Instant};
use worker::engine::fail_point::{self, Action};
use worker::shop::db_admin::account;

/// Fail points are process-wide, and two cores carry one set-up at a time best.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const START: [&str; 8] = ["reserve", "account", "files", "container", "healthy", "route", "verify", "open"];
const STOP: [&str; 5] = ["unroute", "container", "account", "files", "release"];

/// A browser that knows the way to a store's page.
struct Guest {
    client: Client,
    url: String,
}

impl Guest {
    fn new(server: &ShopServer, store: &Store) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let host = HostName::parse(store.host.as_deref().unwrap()).unwrap().database_page().unwrap();
        let client = Client::builder()
            .resolve(host.as_str(), ([127, 0, 0, 1], server.edge_port).into())
            .redirect(Policy::none())
            .cookie_store(true)
            .build()
            .unwrap();
        Self { client, url: format!("http://{}:{}", host.as_str(), server.edge_port) }
    }
    async fn get(&self, path: &str) -> (u16, String) {
        let r = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (r.status().as_u16(), r.text().await.unwrap())
    }
    async fn enter(&self, ticket: &str) -> u16 {
        let request = self.client.post(format!("{}/enter", self.url)).form(&[("ticket", ticket)]);
        request.send().await.unwrap().status().as_u16()
    }
    async fn tables(&self) -> (u16, String) {
        self.get("/index.php?route=/database/structure&db=shop").await
    }
}

async fn start(server: &ShopServer, store: &Store) -> JobRef {
    db_admin::start(&server.services(), &Actor::operator(), store).await.unwrap().expect("a job")
}

async fn open(server: &ShopServer, store: &Store) {
    let job = start(server, store).await;
    server.reaches(&job, JobState::Finished).await;
}

/// A ticket that waits at the page.
async fn ticket(server: &ShopServer, store: &Store) -> Secret {
    let (ticket, job) = db_admin::ticket(&server.services(), &Actor::operator(), store).await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    ticket
}

/// A store with nothing of a page: what is there of it is what was there before.
async fn no_page(server: &ShopServer, store: &Store, before: &Census, what: &str) {
    assert_eq!(server.census().await, *before, "{what}");
    assert_eq!(account::count(&mut server.shop(store).await).await.unwrap(), 0, "{what}");
    let dir = server.machine.dir(store).path();
    let left: Vec<String> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|n| n.contains("db-admin"))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "{what}");
    assert!(!std::fs::read_to_string(dir.join("compose.yml")).unwrap().contains("db-admin"), "{what}");
    assert_eq!(Guest::new(server, store).get("/").await.0, 421, "{what}");
    // The shop itself was not touched.
    assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_the_shops_tables_once_and_nothing_else_does() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Ana's Bikes", "ana-bikes").await;
    let before = server.census().await;
    let services = server.services();
    let closed = db_admin::ticket(&services, &Actor::operator(), &store).await;
    assert!(matches!(closed, Err(ServiceError::Conflict(_))), "{closed:?}");
    let begun = Instant::now();
    let job = start(&server, &store).await;
    server.reaches(&job, JobState::Finished).await;
    println!("page open after {} ms\n{}", begun.elapsed().as_millis(), server.log(&job).await);
    assert!(db_admin::start(&services, &Actor::operator(), &store).await.unwrap().is_none(), "it is open");

    let (guest, stranger) = (Guest::new(&server, &store), Guest::new(&server, &store));
    for path in ["/", "/index.php", "/index.php?route=/database/structure&db=shop", "/enter", "/js/messages.php"] {
        let (status, body) = stranger.get(path).await;
        assert_eq!(status, 403, "{path}");
        assert!(!body.contains("pma_"), "{path}: nothing of phpMyAdmin is reached");
    }
    for wrong in ["", "x", &"0".repeat(64), "../used", "' OR 1=1"] {
        assert_eq!(stranger.enter(wrong).await, 403, "{wrong:?}");
    }
    let good = ticket(&server, &store).await;
    assert_eq!(guest.enter(good.expose()).await, 303);
    let (status, body) = guest.tables().await;
    assert_eq!(status, 200);
    assert!(body.contains("wp_options") && body.contains("wp_posts"), "{}", &body[..body.len().min(2000)]);
    assert_eq!(stranger.enter(good.expose()).await, 403, "a second use");
    assert_eq!(stranger.tables().await.0, 403);
    // Another shop's ticket, and an old one.
    let other = server.live("Eva", "eva-shop").await;
    open(&server, &other).await;
    let theirs = ticket(&server, &other).await;
    assert_eq!(stranger.enter(theirs.expose()).await, 403);
    let old = ticket(&server, &store).await;
    let name = hex::encode(hosting::crypto::sha256(old.expose().as_bytes()));
    let waiting = server.machine.dir(&store).path().join("db-admin/state/tickets").join(name);
    std::fs::write(&waiting, (hosting::clock::now().unix_timestamp() - 1).to_string()).unwrap();
    assert_eq!(stranger.enter(old.expose()).await, 403, "an expired ticket");
    assert!(!waiting.exists());
    // One that was never handed over in time is not handed over later.
    server.db.sql("UPDATE db_admin_tickets SET admitted_at = NULL, expires_at = NOW(6) - INTERVAL 1 SECOND").await;

    // The account reaches this shop's tables, from the page only, and its password shows nowhere.
    let mut conn = server.db.db.read().await.unwrap();
    use hosting::db::Queries;
    let password = conn.secrets().get(&server.db.keys, store.id, "db_admin_password").await.unwrap().unwrap();
    drop(conn);
    let page = format!("{}-db-admin", store.object_name());
    let inspected = std::process::Command::new("docker").args(["inspect", &page]).output().unwrap().stdout;
    let inspected = String::from_utf8(inspected).unwrap();
    assert!(!inspected.contains(password.expose()) && !server.log(&job).await.contains(password.expose()));
    for needed in ["\"ReadonlyRootfs\": true", "\"CapDrop\"", "no-new-privileges", "\"HostIp\": \"127.0.0.1\""] {
        assert!(inspected.contains(needed), "{needed}");
    }
    let file = server.machine.dir(&store).path().join("db-admin/config/access.json");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap());
    assert_eq!(mode & 0o7777, 0o400);
    let (status, body) = guest.get("/index.php?route=/server/databases").await;
    assert!(status != 200 || !body.contains("performance_schema"));
    // Not from another shop's network.
    let address = worker::shop::woocommerce::db_admin_address(
        server.db.db.read().await.unwrap().subnets().find(store.id).await.unwrap().unwrap().0,
    );
    let port = server.db.db.read().await.unwrap().ports().find(store.id, hosting::domain::PortPool::StoreDbAdmin).await;
    let port = port.unwrap().unwrap();
    let try_it = |container: &str, host: &str, port: u16| {
        let code = format!("echo @fsockopen('{host}', {port}, $e, $s, 3) ? 'reached' : 'shut';");
        let out = std::process::Command::new("docker").args(["exec", container, "php", "-r", &code]).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let (own, foreign) = (format!("{}-web", store.object_name()), format!("{}-web", other.object_name()));
    let gateway = std::net::Ipv4Addr::from(u32::from(address) - 4).to_string();
    assert_eq!(try_it(&own, &address.to_string(), 8080), "reached", "the test can tell");
    assert_eq!(try_it(&foreign, &address.to_string(), 8080), "shut");
    assert_eq!(try_it(&foreign, &gateway, port), "shut");

    // Stopping ends the session, and what was read of it is worth nothing.
    let job = db_admin::stop(&services, &Actor::operator(), &other, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    let job = db_admin::stop(&services, &Actor::operator(), &store, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(guest.tables().await.0, 421);
    let deletion = delete_now(&services, &Actor::operator(), other.id, "test").await.unwrap();
    server.reaches(&deletion, JobState::Finished).await;
    no_page(&server, &store, &before, "stopped").await;
    let job = db_admin::stop(&services, &Actor::operator(), &store, "again").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    no_page(&server, &store, &before, "stopped twice").await;
    assert_eq!(
        server.db.number("SELECT COUNT(*) FROM audit_events WHERE action LIKE 'store.%_db_admin'").await,
        2 + 3 + 3,
        "two starts, three tickets, three stops"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_the_page_twice_gives_one_page_and_no_page() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Twice", "twice-shop").await;
    let before = server.census().await;
    for round in 0..3 {
        for step in START.chunks(3).nth(round).unwrap() {
            fail_point::set(&format!("start_db_admin.{step}.after"), Action::Passing, 1);
        }
        let job = start(&server, &store).await;
        server.hurry_until(&job, JobState::Finished).await;
        let guest = Guest::new(&server, &store);
        assert_eq!(guest.enter(ticket(&server, &store).await.expose()).await, 303);
        assert!(guest.tables().await.1.contains("wp_options"));
        assert_eq!(server.census().await.containers.len(), 4);
        for step in STOP.chunks(2).nth(round).unwrap() {
            fail_point::set(&format!("stop_db_admin.{step}.after"), Action::Passing, 1);
        }
        let job = db_admin::stop(&server.services(), &Actor::operator(), &store, "test").await.unwrap();
        server.hurry_until(&job, JobState::Finished).await;
        fail_point::clear();
        no_page(&server, &store, &before, &format!("round {round}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_at_each_step_of_the_page_leaves_the_store_as_it_was_and_every_undo_may_run_twice() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Fails", "fails-shop").await;
    let before = server.census().await;
    for step in START {
        fail_point::clear();
        fail_point::set(&format!("start_db_admin.{step}.after"), Action::Fail, 1);
        for other in START {
            fail_point::set(&format!("start_db_admin.{other}.undo.after"), Action::Passing, 1);
        }
        let job = start(&server, &store).await;
        server.hurry_until(&job, JobState::Failed).await;
        fail_point::clear();
        no_page(&server, &store, &before, step).await;
        assert!(!server.job(&job).await.cleanup_pending, "{step}");
    }
    // A stop that fails for good is ordered anew by the reconciler.
    open(&server, &store).await;
    fail_point::set("stop_db_admin.account.before", Action::Fail, 1);
    let job = db_admin::stop(&server.services(), &Actor::operator(), &store, "test").await.unwrap();
    server.reaches(&job, JobState::Failed).await;
    fail_point::clear();
    server.db.sql("UPDATE db_admin_pages SET created_at = NOW(6) - INTERVAL 2 MINUTE").await;
    server.reconcile().await;
    let again = server.newest(&store, STOP_DB_ADMIN).await;
    assert_ne!(again.id, job.id);
    server.reaches(&again, JobState::Finished).await;
    no_page(&server, &store, &before, "after the reconciler").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_nobody_uses_is_stopped_and_a_running_one_goes_with_its_store() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let store = server.live("Idle", "idle-shop").await;
    let before = server.census().await;
    open(&server, &store).await;
    let guest = Guest::new(&server, &store);
    assert_eq!(guest.enter(ticket(&server, &store).await.expose()).await, 303);
    let used = server.machine.dir(&store).path().join("db-admin/state/used");
    let age = |minutes: u64| {
        let file = std::fs::File::options().write(true).open(&used).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(minutes * 60)).unwrap();
    };
    // In use: left alone, and not "missing" or "too much" for the reconciler.
    age(29);
    server.reconcile().await;
    assert_eq!(server.db.number("SELECT COUNT(*) FROM jobs WHERE kind IN ('stop_db_admin', 'repair_store')").await, 0);
    // A use counts; the page's own question whether the session is still good does not.
    age(29);
    guest.get("/index.php?route=/&ajax_request=1&access_time=5").await;
    let seconds = |t: std::time::SystemTime| t.elapsed().unwrap().as_secs();
    assert!(seconds(std::fs::metadata(&used).unwrap().modified().unwrap()) > 1700);
    assert_eq!(guest.tables().await.0, 200);
    assert!(seconds(std::fs::metadata(&used).unwrap().modified().unwrap()) < 60);
    // Its own limit shuts a session earlier.
    let sessions = ["exec", &format!("{}-db-admin", store.object_name()), "php", "-n", "-r"];
    let back = "foreach (glob('/run/sessions/*') as $f) { touch($f, time() - 1801); }";
    let aged = std::process::Command::new("docker").args(sessions).arg(back).output().unwrap();
    assert!(aged.status.success(), "{aged:?}");
    assert_eq!(guest.tables().await.0, 403, "the session is over");
    age(31);
    server.reconcile().await;
    let job = server.newest(&store, STOP_DB_ADMIN).await;
    server.reaches(&job, JobState::Finished).await;
    no_page(&server, &store, &before, "idle").await;

    // A container nobody ordered, and a page whose container was removed, both end clean.
    open(&server, &store).await;
    server.machine.docker.remove_container(&format!("{}-db-admin", store.object_name())).await.unwrap();
    server.reconcile().await;
    eventually_clean(&server, &store, &before, "container gone").await;
    open(&server, &store).await;
    server.db.sql("DELETE FROM db_admin_tickets").await;
    server.db.sql("DELETE FROM db_admin_pages").await;
    server.reconcile().await;
    eventually_clean(&server, &store, &before, "no record").await;

    // Deleting a store with its page open leaves nothing.
    open(&server, &store).await;
    let (_, job) = db_admin::ticket(&server.services(), &Actor::operator(), &store).await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    let job = delete_now(&server.services(), &Actor::operator(), store.id, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(server.census().await, Census::default());
    assert_eq!(guest.get("/").await.0, 421);
}

async fn eventually_clean(server: &ShopServer, store: &Store, before: &Census, what: &str) {
    let job = server.newest(store, STOP_DB_ADMIN).await;
    server.reaches(&job, JobState::Finished).await;
    no_page(server, store, before, what).await;
}
