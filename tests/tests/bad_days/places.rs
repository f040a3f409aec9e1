//! Every port of a server is taken.

use crate::ONE;
use hosting::domain::{Actor, JobState, StoreState};
use hosting::services::delete_store::delete_now;
use shopfleet_tests::eventually;
use shopfleet_tests::shop_server::ShopServer;
use worker::engine::fail_point;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_a_place_waits_in_words_and_starts_by_itself_when_one_is_free() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    server.db.sql("DELETE FROM port_allocations WHERE pool = 'store_web' ORDER BY port DESC LIMIT 19").await;
    let (first, job) = server.order("First", "first-shop").await;
    server.reaches(&job, JobState::Finished).await;
    let before = server.census().await;
    let (second, job) = server.order("Second", "second-shop").await;
    let row = eventually("the second store waits", async || {
        let row = server.job(&job).await;
        (row.state == JobState::Retrying).then_some(row)
    })
    .await;
    assert_eq!(row.error_code, "no_room");
    let words = "All places on our server are taken right now. We go on as soon as one is free";
    assert_eq!((row.error_reason.as_str(), row.attempt), (words, 1));
    let detail = row.error_detail.unwrap();
    assert_eq!(detail, format!("no free port on {}: widen its pools", server.machine.server));
    // Nothing is half made while it waits.
    assert_eq!(server.census().await.containers, before.containers);
    assert_eq!(server.census().await.rows, before.rows);

    let deletion = delete_now(&server.services(), &Actor::operator(), first, "test").await.unwrap();
    server.reaches(&deletion, JobState::Finished).await;
    // A freed port rests for a minute; the test does not wait for the clock.
    server.db.sql("UPDATE port_allocations SET cool_until = NOW(6) WHERE cool_until > NOW(6)").await;
    server.reaches(&job, JobState::Finished).await;
    let store = server.store(second).await;
    assert_eq!(store.state, StoreState::Active);
    assert_eq!(server.get(store.host.as_deref().unwrap(), "/").await.0, 200);
}
