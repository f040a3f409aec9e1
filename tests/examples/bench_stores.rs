//! How fast stores come up: N one after the other, then M at once, on this machine's Docker. Prints
//! one JSON line with milliseconds from the order (row committed and announced) to `active`, and
//! the medians of every step. Nothing is deleted before the end (ext4 avoids inodes freed lately).
//!
//! `cargo run -p shopfleet-tests --example bench_stores -- [N] [M]`, environment as for the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use hosting::db::Queries;
use hosting::domain::JobState;
use shopfleet_tests::shop_server::ShopServer;
use std::collections::BTreeMap;
use std::time::Instant;

fn median(mut all: Vec<u128>) -> u128 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

#[tokio::main]
async fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (one_by_one, at_once) = (numbers.first().copied().unwrap_or(5), numbers.get(1).copied().unwrap_or(0));
    let server = ShopServer::new().await;
    let (_engine, _stop) = server.engine();
    let mut runs = Vec::new();
    let mut steps: BTreeMap<(u16, String), Vec<u128>> = BTreeMap::new();
    for n in 0..one_by_one {
        let begun = Instant::now();
        let (_, job) = server.order(&format!("Bench {n}"), &format!("bench-{n}")).await;
        server.reaches(&job, JobState::Finished).await;
        runs.push(begun.elapsed().as_millis());
        for step in server.db.db.read().await.unwrap().jobs().steps(job.id).await.unwrap() {
            if let Some(to) = step.finished_at {
                let from = step.started_at;
                let took = u128::try_from((to - from).whole_milliseconds()).unwrap_or(0);
                steps.entry((step.position, step.name)).or_default().push(took);
            }
        }
    }
    let begun = Instant::now();
    let mut jobs = Vec::new();
    for n in 0..at_once {
        jobs.push(server.order(&format!("Crowd {n}"), &format!("crowd-{n}")).await.1);
    }
    for job in &jobs {
        server.reaches(job, JobState::Finished).await;
    }
    let last = begun.elapsed().as_millis();
    let medians: BTreeMap<String, u128> =
        steps.into_iter().map(|((p, n), t)| (format!("{p} {n}"), median(t))).collect();
    println!(
        "{}",
        serde_json::json!({ "live_ms": u64::try_from(median(runs.clone())).unwrap(), "runs_ms": format!("{runs:?}"),
            "steps_ms": format!("{medians:?}"), "at_once": at_once, "last_of_them_ms": u64::try_from(last).unwrap() })
    );
    // For looking at what was made: SHOPFLEET_BENCH_KEEP_S=600.
    if let Some(seconds) = std::env::var("SHOPFLEET_BENCH_KEEP_S").ok().and_then(|s| s.parse().ok()) {
        eprintln!("kept for {seconds} s in {}", server.top.display());
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
    }
}
