//! `kill -9` of the real worker at every step boundary and in the middle of steps, on real Docker:
//! its successor ends the work, and nothing is left over or doubled.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hosting::domain::{Actor, JobState, StoreState};
use hosting::services::delete_store::delete_now;
use shopfleet_tests::shop_server::{Census, ShopServer};
use shopfleet_tests::worker_process::WorkerProcess;
use std::time::{Duration, Instant};

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

#[tokio::test(flavor = "multi_thread")]
async fn kill_at_every_boundary_of_set_up_and_deletion_ends_live_and_then_clean() {
    let server = ShopServer::new().await;
    let empty = server.census().await;
    assert_eq!(empty, Census::default());
    let set_up: Vec<String> =
        SET_UP.iter().flat_map(|s| ["before", "after"].map(|p| format!("provision_store.{s}.{p}"))).collect();
    let deletion: Vec<String> =
        DELETION.iter().flat_map(|s| ["before", "after"].map(|p| format!("deprovision_store.{s}.{p}"))).collect();
    let mut longest = Duration::ZERO;
    for (n, point) in set_up.iter().enumerate() {
        let mut worker = WorkerProcess::start(&server);
        WorkerProcess::arm(&server, point, "kill");
        let (id, job) = server.order("Kill me", &format!("kill-{n}")).await;
        worker.dies(point).await;
        let died = Instant::now();
        let mut worker = WorkerProcess::start(&server);
        server.reaches(&job, JobState::Finished).await;
        longest = longest.max(died.elapsed());
        let row = server.job(&job).await;
        assert_eq!((row.crashes, row.attempt), (1, 1), "{point}");
        let store = server.store(id).await;
        assert_eq!(store.state, StoreState::Active, "{point}");
        assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200, "{point}");
        let census = server.census().await;
        assert_eq!(
            (census.containers.len(), census.networks.len(), census.directories.len(), census.routes.len()),
            (3, 1, 1, 1),
            "{point}: {census:?}"
        );
        assert_eq!(census.rows[..3], ["1 port", "1 subnet", "1 address"], "{point}");

        let killed_at = deletion.get(n);
        if let Some(point) = killed_at {
            WorkerProcess::arm(&server, point, "kill");
        }
        let job = delete_now(&server.services(), &Actor::operator(), id, "test").await.unwrap();
        let _successor = match killed_at {
            Some(point) => {
                worker.dies(point).await;
                Some(WorkerProcess::start(&server))
            }
            None => None,
        };
        server.reaches(&job, JobState::Finished).await;
        assert_eq!(server.store(id).await.state, StoreState::Deleted);
        assert_eq!(server.census().await, empty, "{killed_at:?}");
    }
    println!("longest way from the worker's death to a live store: {longest:?}");
    assert!(longest < Duration::from_secs(30), "{longest:?}");
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
