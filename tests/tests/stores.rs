//! Setting up and deleting stores on real Docker, nginx, MariaDB and Redis.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use hosting::db::Queries;
use hosting::domain::{Actor, JobState, StoreState};
use hosting::services::delete_store::delete_now;
use hosting::services::retry_job::{Wish, retry_job};
use shopfleet_tests::shop_server::{Census, ShopServer};
use std::time::{Duration, Instant};
use worker::engine::fail_point::{self, Action};

/// Fail points are process-wide, and two cores carry one set-up at a time best.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const STEPS: [&str; 10] = [
    "reserve",
    "prepare",
    "place_template",
    "render_stack",
    "containers",
    "healthy",
    "brand",
    "route",
    "verify",
    "open",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_store_goes_from_order_to_live_and_is_deleted_without_a_trace() {
    let _one = ONE.lock().await;
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    assert_eq!(server.census().await, Census::default());
    let begun = Instant::now();
    let (id, job) = server.order("Ana's Bikes & Parts", "ana-bikes").await;
    server.reaches(&job, JobState::Finished).await;
    println!("live after {} ms\n{}", begun.elapsed().as_millis(), server.log(&job).await);
    let store = server.store(id).await;
    assert_eq!(store.state, StoreState::Active);
    let host = store.host.clone().unwrap();
    let (status, body) = server.get(&host, "/").await;
    assert_eq!(status, 200);
    assert!(body.contains("<title>Ana&#039;s Bikes &amp; Parts"), "{}", &body[..500]);
    assert_eq!(server.get("nobody.s0.localhost", "/").await.0, 421);
    // What the shop must not answer.
    for path in ["/wp-config.php", "/.htaccess", "/wp-admin/install.php", "/wp-content/uploads/x.php"] {
        assert_eq!(server.get(&host, path).await.0, 403, "{path}");
    }
    let census = server.census().await;
    assert_eq!(census.containers.len(), 3, "{census:?}");
    assert_eq!(census.routes.len(), 1);

    // Nothing of the template is left, and each account has this shop's own password only.
    let mut conn = server.db.db.read().await.unwrap();
    let panel = conn.secrets().get(&server.db.keys, id, "panel_password").await.unwrap().unwrap();
    let mut shop =
        worker::shop::branding::connect(&server.machine.dir(&store), &panel, Duration::from_secs(5)).await.unwrap();
    assert_eq!(worker::shop::branding::traces_of_template(&mut shop).await.unwrap(), Vec::<String>::new());
    // Nor of the log-in that verified it.
    let sessions = "SELECT COUNT(*) FROM wp_usermeta WHERE meta_key = 'session_tokens' AND meta_value <> ''";
    let begun = Instant::now();
    while sqlx::query_scalar::<_, i64>(sessions).fetch_one(&mut shop).await.unwrap() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the session of the verification is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let locked: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.authentication_string') IN ('', 'invalid') \
         AND NOT COALESCE(JSON_VALUE(Priv, '$.account_locked'), '0') IN ('1', 'true')",
    )
    .fetch_one(&mut shop)
    .await
    .unwrap();
    assert_eq!(locked, 0, "an account without a password is open");
    // Secrets are in no container's arguments, environment or labels, and in no line of the log.
    let log = server.log(&job).await;
    let inspected =
        std::process::Command::new("docker").arg("inspect").args(&census.containers).output().unwrap().stdout;
    let inspected = String::from_utf8(inspected).unwrap();
    for name in ["admin_password", "db_password", "panel_password", "key_seed"] {
        let value = conn.secrets().get(&server.db.keys, id, name).await.unwrap().unwrap();
        assert!(!log.contains(value.expose()) && !inspected.contains(value.expose()), "{name} shows");
    }
    drop(conn);
    drop(shop);

    let job = delete_now(&server.services(), &Actor::operator(), id, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(server.store(id).await.state, StoreState::Deleted);
    assert_eq!(server.census().await, Census::default());
    assert_eq!(server.get(&host, "/").await.0, 421);
    assert_eq!(server.db.number("SELECT COUNT(*) FROM port_allocations WHERE cool_until > NOW(6)").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_twice_gives_one_store() {
    let _one = ONE.lock().await;
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    fail_point::clear();
    // Done but not recorded: each step runs again on what it made. A few at a time, as attempts are limited.
    for (n, group) in STEPS.chunks(3).enumerate() {
        for step in group {
            fail_point::set(&format!("provision_store.{step}.after"), Action::Passing, 1);
        }
        let (id, job) = server.order("Twice", &format!("twice-{n}-shop")).await;
        server.hurry_until(&job, JobState::Finished).await;
        let store = server.store(id).await;
        assert_eq!(store.state, StoreState::Active, "{group:?}");
        assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200);
        fail_point::clear();
    }
    assert_eq!(server.census().await.containers.len(), 3 * STEPS.chunks(3).len());
    assert_eq!(
        server.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'send_mail'").await,
        STEPS.chunks(3).len() as i64
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_at_each_step_leaves_a_clean_slate_and_every_undo_may_run_twice() {
    let _one = ONE.lock().await;
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    for step in &STEPS[..9] {
        fail_point::clear();
        fail_point::set(&format!("provision_store.{step}.after"), Action::Fail, 1);
        // Undone but not recorded: each undo runs again.
        for other in STEPS {
            fail_point::set(&format!("provision_store.{other}.undo.after"), Action::Passing, 1);
        }
        let slug = format!("fail-{}", step.replace('_', "-"));
        let (id, job) = server.order("Fails", &slug).await;
        server.hurry_until(&job, JobState::Failed).await;
        assert_eq!(server.store(id).await.state, StoreState::Failed, "{step}");
        assert_eq!(server.census().await, Census::default(), "{step}\n{}", server.log(&job).await);
        assert!(!server.job(&job).await.cleanup_pending);
    }
    // The last one comes up when its owner tries again.
    fail_point::clear();
    let (id, job) = server.order("Second try", "second-try").await;
    fail_point::set("provision_store.verify.before", Action::Fail, 1);
    server.reaches(&job, JobState::Failed).await;
    retry_job(&server.services(), &Actor::operator(), &job.uid, Wish::Retry).await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(server.store(id).await.state, StoreState::Active);
    fail_point::clear();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_after_opening_never_takes_a_live_store_back() {
    let _one = ONE.lock().await;
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    fail_point::clear();
    fail_point::set("provision_store.open.after", Action::Fail, 1);
    let (id, job) = server.order("Stays", "stays-open").await;
    server.reaches(&job, JobState::Failed).await;
    let store = server.store(id).await;
    assert_eq!(store.state, StoreState::Active);
    assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200);
    assert_eq!(server.census().await.containers.len(), 3);
    fail_point::clear();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_and_a_subnet_in_a_strangers_hands_are_passed_over() {
    let _one = ONE.lock().await;
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    fail_point::clear();
    let first = u16::try_from(
        server.db.number("SELECT CAST(MIN(port) AS SIGNED) FROM port_allocations WHERE pool = 'store_web'").await,
    )
    .unwrap();
    let _stranger = std::net::TcpListener::bind(("127.0.0.1", first)).unwrap();
    let subnet = server.db.number("SELECT CAST(MIN(subnet) AS SIGNED) FROM subnet_allocations").await;
    let subnet = std::net::Ipv4Addr::from(u32::try_from(subnet).unwrap());
    let name = format!("stranger-{}", std::process::id());
    let made = std::process::Command::new("docker")
        .args(["network", "create", "--subnet", &format!("{subnet}/28"), &name])
        .output()
        .unwrap();
    assert!(made.status.success());
    let (id, job) = server.order("Elsewhere", "elsewhere").await;
    server.reaches(&job, JobState::Finished).await;
    let removed = std::process::Command::new("docker").args(["network", "rm", &name]).output().unwrap();
    assert!(removed.status.success());
    let row = server
        .db
        .number(&format!(
            "SELECT CAST(port AS SIGNED) FROM port_allocations WHERE pool = 'store_web' AND store_id = {id}"
        ))
        .await;
    assert_ne!(row, i64::from(first));
    assert_eq!(server.get(server.store(id).await.host.as_deref().unwrap(), "/").await.0, 200);
    // The file for people says what runs.
    let compose =
        std::fs::read_to_string(server.machine.dir(&server.store(id).await).path().join("compose.yml")).unwrap();
    assert!(compose.contains(&format!("127.0.0.1:{row}:8080")), "{compose}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_image_is_explained_and_a_retry_after_mending_succeeds() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let list = server.top.join("images.json");
    let good = std::fs::read_to_string(&list).unwrap();
    let mut doc: serde_json::Value = serde_json::from_str(&good).unwrap();
    doc["store-web"] = format!("sha256:{}", "0".repeat(64)).into();
    std::fs::write(&list, doc.to_string()).unwrap();
    let (id, job) = server.order("No image", "no-image").await;
    let row = server.reaches(&job, JobState::Failed).await;
    assert_eq!(row.error_code, "image_missing");
    assert!(row.error_detail.unwrap().contains("scripts/images"));
    assert_eq!(server.store(id).await.state, StoreState::Failed);
    assert_eq!(server.census().await, Census::default());
    std::fs::write(&list, good).unwrap();
    retry_job(&server.services(), &Actor::operator(), &job.uid, Wish::Retry).await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(server.store(id).await.state, StoreState::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn docker_compose_agrees_with_what_runs() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let (id, job) = server.order("Compose", "compose-shop").await;
    server.reaches(&job, JobState::Finished).await;
    let dir = server.machine.dir(&server.store(id).await).path();
    let compose = |args: &[&str]| {
        let run = |program: &str, first: &[&str]| {
            std::process::Command::new(program)
                .args(first)
                .args(args)
                .current_dir(&dir)
                .output()
                .ok()
                .filter(|o| o.status.success())
        };
        run("docker", &["compose"]).or_else(|| run("docker-compose", &[])).map(|o| String::from_utf8(o.stdout).unwrap())
    };
    assert!(
        compose(&["version"]).is_some(),
        "neither docker compose nor docker-compose is installed: run ./scripts/test, which installs it"
    );
    assert!(
        compose(&["config"]).expect("config").contains("store-redis")
            || compose(&["config"]).unwrap().contains("sha256:")
    );
    let listed = compose(&["ps", "-a"]).expect("ps");
    for name in server.census().await.containers {
        assert!(listed.contains(&name), "{name} is not in\n{listed}");
    }
    compose(&["down"]).expect("down");
    let census = server.census().await;
    assert_eq!((census.containers.len(), census.networks.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_of_older_images_go_when_nothing_copies_from_them() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let templates = server.machine.data_dir.join(worker::shop::layout::TEMPLATES);
    let names = || {
        let mut names: Vec<String> = std::fs::read_dir(&templates)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| n != ".lock")
            .collect();
        names.sort();
        names
    };
    let current = names();
    assert_eq!(current.len(), 1);
    for old in ["000000000000000000000000", "111111111111111111111111.new"] {
        std::fs::create_dir_all(templates.join(old).join("db")).unwrap();
        std::fs::write(templates.join(old).join("db/x"), "x").unwrap();
    }
    // A set-up that runs may be copying: nothing is touched.
    fail_point::set("provision_store.place_template.before", Action::Pause(1_500), 1);
    let (_, job) = server.order("Copies", "copies").await;
    shopfleet_tests::eventually("the set-up runs", async || {
        (server.job(&job).await.current_step == "place_template").then_some(())
    })
    .await;
    server.reconcile().await;
    assert_eq!(names().len(), 3);
    server.reaches(&job, JobState::Finished).await;
    server.reconcile().await;
    assert_eq!(names(), current);
    server.reconcile().await;
    assert_eq!(names(), current);
    fail_point::clear();
}
