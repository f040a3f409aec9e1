//! The disk of the stores is full.

use crate::ONE;
use hosting::domain::{Actor, JobState, StoreState};
use hosting::services::retry_job::{Wish, retry_job};
use shopfleet_tests::eventually;
use shopfleet_tests::loop_disk::LoopDisk;
use shopfleet_tests::shop_server::{Census, ShopServer};
use worker::engine::fail_point::{self, Action};

const WORDS: &str = "Our server has no room for your store right now. Nothing of it is left behind";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_before_anything_is_copied_and_one_retry_heals() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let disk = LoopDisk::ext4(900);
    let server = ShopServer::with_stores_in(disk.path()).await;
    let (_engine, _stop) = server.engine();
    disk.fill(300);
    let (id, job) = server.order("No room", "no-room").await;
    let row = server.reaches(&job, JobState::Failed).await;
    assert_eq!(row.error_code, "disk_full");
    assert_eq!(server.db.number("SELECT COUNT(*) FROM job_steps WHERE name = 'place_template'").await, 0);
    assert!(row.error_reason.starts_with(WORDS), "{}", row.error_reason);
    let detail = row.error_detail.unwrap();
    assert!(detail.contains("MiB are free in") && detail.contains("then retry"), "{detail}");
    assert_eq!(server.store(id).await.state, StoreState::Failed);
    assert_eq!(server.census().await, Census::default());
    // The owner hears of it once.
    assert_eq!(server.db.number("SELECT COUNT(*) FROM jobs WHERE kind = 'send_mail'").await, 1);
    // The panel hears of it, too, and placement goes elsewhere.
    let report = server.machine.report().await;
    assert!(report.unfit_reason.contains("less than 1 GiB is free"), "{}", report.unfit_reason);
    disk.empty();
    retry_job(&server.services(), &Actor::operator(), &job.uid, Wish::Retry).await.unwrap();
    server.reaches(&job, JobState::Finished).await;
    let store = server.store(id).await;
    assert_eq!(store.state, StoreState::Active);
    assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_in_mid_job_leaves_a_clean_slate_and_one_retry_heals() {
    let _one = ONE.lock().await;
    let disk = LoopDisk::ext4(900);
    let server = ShopServer::with_stores_in(disk.path()).await;
    let (_engine, _stop) = server.engine();
    // While files are copied, and while the shop's own database writes.
    for (step, slug) in [("place_template", "full-copy"), ("containers", "full-start")] {
        fail_point::clear();
        fail_point::set(&format!("provision_store.{step}.before"), Action::Pause(4_000), 1);
        let before = server.census().await;
        let (id, job) = server.order("Full", slug).await;
        eventually(step, async || (server.job(&job).await.current_step == step).then_some(())).await;
        disk.fill(0);
        let row = server.reaches(&job, JobState::Failed).await;
        assert_eq!(row.error_code, "disk_full", "{step}\n{}", server.log(&job).await);
        assert!(row.error_reason.starts_with(WORDS), "{step}: {}", row.error_reason);
        assert_eq!(server.store(id).await.state, StoreState::Failed);
        assert_eq!(server.census().await, before, "{step}");
        assert!(!server.job(&job).await.cleanup_pending);
        disk.empty();
        retry_job(&server.services(), &Actor::operator(), &job.uid, Wish::Retry).await.unwrap();
        server.reaches(&job, JobState::Finished).await;
        let store = server.store(id).await;
        assert_eq!(store.state, StoreState::Active, "{step}");
        assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200, "{step}");
    }
    fail_point::clear();
}
