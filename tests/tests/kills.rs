//! `kill -9` of the real worker at every step boundary and in the middle of steps, on real Docker:
//! its successor ends the work, and nothing is left over or doubled.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hosting::db::Queries;
use hosting::domain::{Actor, HostName, JobState, StoreState};
use hosting::services::change_store::{StoreChange, change_store};
use hosting::services::delete_store::delete_now;
use hosting::services::{db_admin, file_access};
use shopfleet_tests::changes;
use shopfleet_tests::shop_server::{Census, ShopServer};
use shopfleet_tests::worker_process::WorkerProcess;
use std::time::{Duration, Instant};
use worker::shop::db_admin::account;

/// Every boundary of a set-up: the step's start is recorded, it is applied but not recorded, it is recorded.
const SET_UP: [&str; 10] = [
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
const DELETION: [&str; 4] = ["unroute", "remove_containers", "remove_data", "release"];

/// Fail points in the middle of steps: half of the work is done, nothing of it is recorded.
const MIDDLE: [&str; 4] = ["prepare.made", "place_template.placed", "containers.made", "brand.committed"];

#[tokio::test(flavor = "multi_thread")]
async fn kill_at_every_boundary_of_set_up_and_deletion_ends_live_and_then_clean() {
    let server = ShopServer::new().await;
    let empty = server.census().await;
    assert_eq!(empty, Census::default());
    let boundaries = |job: &str, steps: &[&str]| -> Vec<String> {
        steps.iter().flat_map(|s| ["before", "after"].map(|p| format!("{job}.{s}.{p}"))).collect()
    };
    let mut set_up = boundaries("provision_store", &SET_UP);
    set_up.extend(MIDDLE.map(|p| format!("provision_store.{p}")));
    set_up.sort_by_key(|p| SET_UP.iter().position(|s| p.contains(&format!(".{s}."))));
    let deletion = boundaries("deprovision_store", &DELETION);
    let mut longest = Duration::ZERO;
    // Two kills under each job: a third would stop it for good, which another test shows.
    for (n, points) in set_up.chunks(2).enumerate() {
        let (id, job) = server.order("Kill me", &format!("kill-{n}")).await;
        for point in points {
            WorkerProcess::arm(&server, point, "kill");
            WorkerProcess::start(&server).dies(point).await;
        }
        let died = Instant::now();
        let worker = WorkerProcess::start(&server);
        server.reaches(&job, JobState::Finished).await;
        longest = longest.max(died.elapsed());
        let row = server.job(&job).await;
        assert_eq!((row.crashes, row.attempt), (2, 1), "{points:?}");
        let store = server.store(id).await;
        assert_eq!(store.state, StoreState::Active, "{points:?}");
        assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200, "{points:?}");
        let census = server.census().await;
        assert_eq!(
            (census.containers.len(), census.networks.len(), census.directories.len(), census.routes.len()),
            (3, 1, 1, 1),
            "{points:?}: {census:?}"
        );
        assert_eq!(census.rows[..3], ["1 port", "1 subnet", "1 address"], "{points:?}");
        let mails = format!("SELECT COUNT(*) FROM jobs WHERE kind = 'send_mail' AND store_id = {id}");
        assert_eq!(server.db.number(&mails).await, 1, "{points:?}");
        drop(worker);

        let points = deletion.chunks(2).nth(n).unwrap_or_default();
        let job = delete_now(&server.services(), &Actor::operator(), id, "test").await.unwrap();
        for point in points {
            WorkerProcess::arm(&server, point, "kill");
            WorkerProcess::start(&server).dies(point).await;
        }
        let _worker = WorkerProcess::start(&server);
        server.reaches(&job, JobState::Finished).await;
        assert_eq!(server.store(id).await.state, StoreState::Deleted);
        assert_eq!(server.census().await, empty, "{points:?}");
    }
    println!("longest way from the worker's last death to a live store: {longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_in_the_middle_of_steps_ends_live() {
    let server = ShopServer::new().await;
    let mut worker = WorkerProcess::start(&server);
    // Twice in one set-up, each time in the middle of whatever step is running then.
    let (id, job) = server.order("Kill me", "kill-middle").await;
    for step in ["place_template", "containers"] {
        let begun = Instant::now();
        while server.job(&job).await.current_step != step {
            assert!(begun.elapsed() < Duration::from_secs(60), "{step} was not reached");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        worker.kill();
        worker = WorkerProcess::start(&server);
    }
    server.reaches(&job, JobState::Finished).await;
    let store = server.store(id).await;
    assert_eq!(store.state, StoreState::Active);
    assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200);
    let census = server.census().await;
    assert_eq!((census.containers.len(), census.networks.len(), census.directories.len()), (3, 1, 1), "{census:?}");
    worker.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_while_taking_back_ends_with_a_clean_slate() {
    let server = ShopServer::new().await;
    for step in ["reserve", "containers", "route"] {
        let mut worker = WorkerProcess::start(&server);
        WorkerProcess::arm(&server, "provision_store.verify.before", "fail");
        let (id, job) = server.order("Kill me", &format!("undo-{step}")).await;
        // The failure has removed the file: arm the next point while the undo waits for its turn.
        let begun = Instant::now();
        while WorkerProcess::fail_point_file(&server).exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "verify was not reached");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        WorkerProcess::arm(&server, &format!("provision_store.{step}.undo.after"), "kill");
        // Routes are undone within milliseconds; a worker that was faster ends the job by itself.
        let begun = Instant::now();
        while server.job(&job).await.state != JobState::Failed && WorkerProcess::fail_point_file(&server).exists() {
            assert!(begun.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if !WorkerProcess::fail_point_file(&server).exists() {
            worker.dies(step).await;
            worker = WorkerProcess::start(&server);
        }
        server.reaches(&job, JobState::Failed).await;
        let _ = std::fs::remove_file(WorkerProcess::fail_point_file(&server));
        assert_eq!(server.store(id).await.state, StoreState::Failed, "{step}");
        assert_eq!(server.census().await, Census::default(), "{step}");
        worker.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_at_every_boundary_of_the_database_page_ends_open_and_then_closed() {
    const START: [&str; 8] = ["reserve", "account", "files", "container", "healthy", "route", "verify", "open"];
    const STOP: [&str; 5] = ["unroute", "container", "account", "files", "release"];
    let points = |job: &str, steps: &[&str], middle: &str| -> Vec<String> {
        let mut all: Vec<String> =
            steps.iter().flat_map(|s| ["before", "after"].map(|p| format!("{job}.{s}.{p}"))).collect();
        let step = middle.split('.').next().unwrap();
        let at = all.iter().position(|p| p.ends_with(&format!("{step}.after"))).unwrap();
        all.insert(at, format!("{job}.{middle}"));
        all
    };
    let starts = points("start_db_admin", &START, "container.made");
    let stops = points("stop_db_admin", &STOP, "release.freed");
    let server = ShopServer::new().await;
    let mut worker = WorkerProcess::start(&server);
    let store = server.live("Kill me", "kill-page").await;
    worker.kill();
    let before = server.census().await;
    let page = HostName::parse(store.host.as_deref().unwrap()).unwrap().database_page().unwrap();
    let services = server.services();
    for (n, points) in starts.chunks(2).enumerate() {
        let job = db_admin::start(&services, &Actor::operator(), &store).await.unwrap().unwrap();
        kill_at(&server, points).await;
        let mut worker = WorkerProcess::start(&server);
        server.reaches(&job, JobState::Finished).await;
        assert_eq!(server.job(&job).await.crashes as usize, points.len(), "{points:?}");
        // It refuses strangers, and with a ticket, as the job's own look has shown, it lets in.
        assert_eq!(server.get(page.as_str(), "/").await.0, 403, "{points:?}");
        let census = server.census().await;
        assert_eq!((census.containers.len(), census.routes.len()), (4, 2), "{points:?}: {census:?}");
        let (_, admit) = db_admin::ticket(&services, &Actor::operator(), &store).await.unwrap();
        server.reaches(&admit, JobState::Finished).await;
        worker.kill();

        let points = stops.chunks(2).nth(n).unwrap_or_default();
        let job = db_admin::stop(&services, &Actor::operator(), &store, "test").await.unwrap();
        kill_at(&server, points).await;
        let mut worker = WorkerProcess::start(&server);
        server.reaches(&job, JobState::Finished).await;
        assert_eq!(server.census().await, before, "{points:?}");
        assert_eq!(server.get(page.as_str(), "/").await.0, 421, "{points:?}");
        assert_eq!(account::count(&mut server.shop(&store).await).await.unwrap(), 0, "{points:?}");
        assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200, "{points:?}");
        worker.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_at_every_boundary_of_file_access_ends_open_and_then_closed() {
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ ana@laptop";
    let boundaries = |job: &str, steps: &[&str]| -> Vec<String> {
        steps.iter().flat_map(|s| ["before", "after"].map(|p| format!("{job}.{s}.{p}"))).collect()
    };
    let mut starts = boundaries("start_file_access", &["reserve", "files", "container", "healthy", "open"]);
    starts.insert(5, "start_file_access.container.made".into());
    let mut stops = boundaries("stop_file_access", &["container", "files", "release"]);
    stops.insert(5, "stop_file_access.release.freed".into());
    let server = ShopServer::new().await;
    let mut worker = WorkerProcess::start(&server);
    let store = server.live("Kill me", "kill-files").await;
    let services = server.services();
    file_access::add_key(&services, &Actor::operator(), &store, "", KEY).await.unwrap();
    // The host key stays from the first time on.
    let job = file_access::start(&services, &Actor::operator(), &store).await.unwrap().unwrap();
    server.reaches(&job, JobState::Finished).await;
    let job = file_access::stop(&services, &Actor::operator(), &store, "test").await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    worker.kill();
    let before = server.census().await;
    for (n, points) in starts.chunks(2).enumerate() {
        let job = file_access::start(&services, &Actor::operator(), &store).await.unwrap().unwrap();
        kill_at(&server, points).await;
        let mut worker = WorkerProcess::start(&server);
        server.reaches(&job, JobState::Finished).await;
        assert_eq!(server.job(&job).await.crashes as usize, points.len(), "{points:?}");
        let census = server.census().await;
        assert_eq!(census.containers.len(), 4, "{points:?}: {census:?}");
        let open = server.db.db.read().await.unwrap().file_access().find(store.id).await.unwrap().unwrap();
        assert!(open.is_running() && open.host_key.starts_with("ssh-ed25519 "), "{points:?}: {open:?}");
        worker.kill();

        let points = stops.chunks(2).nth(n).unwrap_or_default();
        let job = file_access::stop(&services, &Actor::operator(), &store, "test").await.unwrap();
        kill_at(&server, points).await;
        let mut worker = WorkerProcess::start(&server);
        server.reaches(&job, JobState::Finished).await;
        assert_eq!(server.census().await, before, "{points:?}");
        assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200, "{points:?}");
        worker.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_at_every_boundary_of_every_change_ends_with_the_change_done() {
    let server = ShopServer::new().await;
    let mut worker = WorkerProcess::start(&server);
    let store = server.live("Shop", "kill-changes").await;
    worker.kill();
    for (kind, change, steps) in changes::changes() {
        let mut points: Vec<String> =
            steps.iter().flat_map(|s| ["before", "after"].map(|p| format!("{kind}.{s}.{p}"))).collect();
        let middle: &[&str] = match kind {
            "restart_store" => &["restart.stopped"],
            "change_plan" => &["limits.some"],
            "change_address" => &["rewrite.written", "rewrite.moved"],
            "reset_admin_password" => &["set.committed"],
            "resume_store" => &["start.made"],
            "transfer_store" => &["set.committed", "email.committed", "record.committed"],
            _ => &[],
        };
        points.extend(middle.iter().map(|m| format!("{kind}.{m}")));
        points.sort_by_key(|p| steps.iter().position(|s| p.contains(&format!(".{s}."))));
        // A step's own points in the order they are passed.
        points.sort_by_key(|p| {
            let step = steps.iter().position(|s| p.contains(&format!(".{s}.")));
            (
                step,
                match p.rsplit('.').next() {
                    Some("before") => 0,
                    Some("after") => 2,
                    _ => 1,
                },
            )
        });
        for points in points.chunks(2) {
            let mut worker = WorkerProcess::start(&server);
            changes::ready_for(&server, &store, &change).await;
            worker.kill();
            let job = change_store(&server.services(), &Actor::operator(), store.id, &change).await.unwrap();
            kill_at(&server, points).await;
            let mut worker = WorkerProcess::start(&server);
            server.reaches(&job, JobState::Finished).await;
            let now = changes::facts(&server, &store).await;
            match &change {
                StoreChange::Suspend { .. } => assert_eq!((now.front, now.running), (503, 0), "{points:?}"),
                StoreChange::Maintenance { on: true } => assert_eq!((now.front, now.staff), (503, 200), "{points:?}"),
                StoreChange::ChangePlan { .. } => assert_eq!(now.web_memory, 1024 << 20, "{points:?}"),
                StoreChange::Rename { name } => assert_eq!(&now.name, name, "{points:?}"),
                _ => assert_eq!((now.front, now.running, now.maintenance), (200, 3, false), "{points:?}"),
            }
            changes::take_back(&server, &store, &change).await;
            worker.kill();
        }
    }
}

/// A worker after another dies at one of these points.
async fn kill_at(server: &ShopServer, points: &[String]) {
    for point in points {
        WorkerProcess::arm(server, point, "kill");
        WorkerProcess::start(server).dies(point).await;
    }
}
