//! The Docker engine dies and comes back while stores are set up, run and are deleted.

use crate::ONE;
use hosting::domain::{Actor, JobState, StoreState};
use hosting::services::delete_store::delete_now;
use shopfleet_tests::eventually;
use shopfleet_tests::own_engine::{OwnEngine, in_own_network};
use shopfleet_tests::shop_server::{Census, ShopServer};
use worker::engine::fail_point::{self, Action};

const WAITING: &str = "The server for your store is not ready right now. Nothing is lost; we go on as soon as it is";

/// The first process of each of a store's containers.
fn processes(engine: &OwnEngine, project: &str) -> Vec<String> {
    let names = ["db", "redis", "web"].map(|part| format!("{project}-{part}"));
    let mut args = vec!["inspect", "-f", "{{.State.Pid}}"];
    args.extend(names.iter().map(String::as_str));
    engine.words(&args)
}

#[test]
fn the_engine_is_killed_and_restarted_in_mid_job() {
    const NAME: &str = "engine_restart::the_engine_is_killed_and_restarted_in_mid_job";
    let _one = ONE.blocking_lock();
    if !in_own_network(NAME) {
        return;
    }
    let mut engine = OwnEngine::start(env!("CARGO_TARGET_TMPDIR"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(go(&mut engine));
}

async fn go(engine: &mut OwnEngine) {
    let server = ShopServer::with_docker(&engine.host()).await;
    let (_engine, _stop) = server.engine();
    fail_point::clear();
    let (first, job) = server.order("Was there", "was-there").await;
    server.reaches(&job, JobState::Finished).await;
    let first = server.store(first).await;
    let host = first.host.clone().unwrap();
    let before = processes(engine, &first.object_name());

    // kill -9, then a restart as for an update: in the middle of making, of waiting and of taking back.
    let mut stores = vec![];
    for (n, point) in ["containers.made", "healthy.before", "place_template.before"].iter().enumerate() {
        fail_point::clear();
        fail_point::set(&format!("provision_store.{point}"), Action::Pause(1_000), 1);
        let (id, job) = server.order("Restart", &format!("restart-{n}")).await;
        let step = point.split('.').next().unwrap();
        eventually(step, async || (server.job(&job).await.current_step == step).then_some(())).await;
        if n == 1 {
            engine.stop();
        } else {
            engine.kill();
        }
        // Said in words, and no attempt is spent on it.
        let row = eventually("the job waits", async || {
            let row = server.job(&job).await;
            (row.state == JobState::Retrying).then_some(row)
        })
        .await;
        assert_eq!((row.error_code.as_str(), row.error_reason.as_str()), ("docker_down", WAITING), "{point}");
        assert_eq!(row.attempt, 1);
        assert!(server.machine.report().await.unfit_reason.contains("does not answer"));
        engine.up();
        server.reaches(&job, JobState::Finished).await;
        let store = server.store(id).await;
        assert_eq!(store.state, StoreState::Active, "{point}");
        assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200, "{point}");
        let census = server.census().await;
        let parts = (census.containers.len(), census.networks.len(), census.directories.len(), census.routes.len());
        assert_eq!(parts, (3 * (n + 2), n + 2, n + 2, n + 2), "{point}: {census:?}");
        stores.push(id);
    }
    // Where the engine lets its containers live on, they did.
    assert_eq!(processes(engine, &first.object_name()), before);
    assert_eq!(server.get(&host, "/").await.0, 200);

    // A deletion meets the dead engine and ends when it is back; others are not touched.
    engine.kill();
    let job = delete_now(&server.services(), &Actor::operator(), stores[0], "test").await.unwrap();
    eventually("the deletion waits", async || (server.job(&job).await.state == JobState::Retrying).then_some(())).await;
    engine.up();
    server.reaches(&job, JobState::Finished).await;
    assert_eq!(server.census().await.containers.len(), 9);

    // Without live-restore the stores end with the engine. What it does not start again by itself (it leaves out
    // those that were running when the setting was changed) our minutely look finds and repairs.
    engine.stop();
    engine.live_restore = false;
    engine.up();
    server.reconcile().await;
    for id in [stores[1], stores[2], first.id] {
        let host = server.store(id).await.host.unwrap();
        eventually("the store answers again", async || (server.get(&host, "/").await.0 == 200).then_some(())).await;
    }
    for job in server.jobs_of(hosting::jobs::REPAIR_STORE).await {
        server.reaches(&job, JobState::Finished).await;
    }
    assert_ne!(processes(engine, &first.object_name()), before);
    for id in [stores[1], stores[2], first.id] {
        let job = delete_now(&server.services(), &Actor::operator(), id, "test").await.unwrap();
        server.reaches(&job, JobState::Finished).await;
    }
    assert_eq!(server.census().await, Census::default());
    assert_eq!(engine.words(&["ps", "-aq"]), Vec::<String>::new());
}
