//! The progress hub: one subscription per process, nothing lost, whatever Redis does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hosting::db::Queries;
use hosting::domain::JobState;
use hosting::progress::{Hub, Update};
use shopfleet_tests::engine::Bench;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Follows a job as a web process does, until it has ended; returns every line's number once.
async fn follow(bench: &Bench, hub: &Hub, id: u64) -> Vec<u32> {
    let mut watcher = hub.watch(id);
    let mut seen: Vec<u32> = Vec::new();
    loop {
        let last = seen.last().copied().unwrap_or(0);
        let mut conn = bench.db.db.read().await.unwrap();
        // State before lines: a line written after the end would otherwise be missed.
        let over = conn.jobs().get(id).await.unwrap().unwrap().state.is_over();
        seen.extend(conn.progress().range(id, last + 1, u32::MAX, 10_000).await.unwrap().iter().map(|l| l.seq));
        drop(conn);
        if over {
            return seen;
        }
        while let Update::Lines(lines) =
            tokio::time::timeout(Duration::from_secs(20), watcher.next()).await.expect("an update within 20 s")
        {
            let last = seen.last().copied().unwrap_or(0);
            seen.extend(lines.iter().map(|l| l.seq).filter(|seq| *seq > last));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_see_every_line_once_and_in_order() {
    let bench = Bench::new().await;
    *bench.world.slow_ms.lock().unwrap() = 200;
    let hub = Hub::start(bench.redis.url.clone(), CancellationToken::new());
    let job = bench.insert().await;
    let (_engine, _stop) = bench.engine("one");
    let (a, b) = tokio::join!(follow(&bench, &hub, job.id), follow(&bench, &hub, job.id));
    assert_eq!(a, (1..=9).collect::<Vec<u32>>());
    assert_eq!(a, b);
    assert_eq!(hub.counts(), (0, 0), "watchers that left are forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_restart_in_mid_job_loses_no_line() {
    let mut bench = Bench::new().await;
    *bench.world.slow_ms.lock().unwrap() = 1_500;
    let hub = Hub::start(bench.redis.url.clone(), CancellationToken::new());
    let job = bench.submit().await;
    let (_engine, _stop) = bench.engine("one");
    shopfleet_tests::eventually("step b", async || (bench.job(&job).await.current_step == "b").then_some(())).await;
    bench.redis.down();
    let seen = {
        let following = follow(&bench, &hub, job.id);
        tokio::pin!(following);
        // Redis is away while step b ends.
        match tokio::time::timeout(Duration::from_millis(700), &mut following).await {
            Ok(seen) => seen,
            Err(_) => following.await,
        }
    };
    bench.redis.up();
    assert_eq!(seen, (1..=9).collect::<Vec<u32>>());
    bench.reaches(&job, JobState::Finished).await;
}
