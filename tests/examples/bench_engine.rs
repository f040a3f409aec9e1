//! Rates and delays of the job engine on real MariaDB (durable commits) and Redis. Prints one JSON line.
//!
//! `SHOPFLEET_TEST_DATABASE_URL=… cargo run --release -p shopfleet-tests --example bench_engine`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::cast_precision_loss)]

use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::jobs::NewJob;
use serde_json::json;
use shopfleet_tests::{TestDb, TestRedis, eventually};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use worker::engine::{Engine, EngineConfig, Job, Step, StepContext, StepResult, Weight};

/// Notes when its step began.
#[derive(Default)]
struct Probe {
    steps: Vec<Arc<dyn Step>>,
}
struct Note(Arc<Mutex<HashMap<u64, Instant>>>);

impl Job for Probe {
    fn kind(&self) -> &'static str {
        hosting::jobs::NOOP
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}

#[async_trait]
impl Step for Note {
    fn name(&self) -> &'static str {
        "note"
    }
    fn title(&self) -> &'static str {
        "Note the time"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        self.0.lock().unwrap().insert(cx.job().id, Instant::now());
        cx.detail("Nothing to do");
        Ok(serde_json::Value::Null)
    }
}

#[tokio::main]
async fn main() {
    let jobs: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(10_000);
    let db = TestDb::new().await;
    let redis = TestRedis::start();
    let server = hosting::services::seed_defaults::ensure_server(&db.db, "local-1").await.unwrap();
    let durable = db.number("SELECT CAST(@@innodb_flush_log_at_trx_commit AS SIGNED)").await;
    let seen: Arc<Mutex<HashMap<u64, Instant>>> = Arc::default();
    let probe: Arc<dyn Job> = Arc::new(Probe { steps: vec![Arc::new(Note(seen.clone()))] });
    let mut config = EngineConfig::new("local-1/bench".into(), server, None);
    config.schedules = false;
    let stop = CancellationToken::new();
    let _engine = Engine::start(db.db.clone(), redis.queue(), vec![probe], config, stop.clone());
    let queue = redis.queue();

    // Delay from the enqueuing commit to the first step, one job at a time on an idle worker.
    let mut delays = Vec::new();
    for _ in 0..500 {
        let mut tx = db.db.begin().await.unwrap();
        let job = tx.jobs().insert(&NewJob::noop(json!({}))).await.unwrap();
        let before = Instant::now();
        tx.commit().await.unwrap();
        queue.announce(&[job]).await;
        let started = eventually_fast(&seen, job.id).await;
        delays.push(started.duration_since(before).as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    delays.sort_by(f64::total_cmp);
    let (p50, p99) = (delays[delays.len() / 2], delays[delays.len() * 99 / 100]);

    // Rate: rows first, then announced at once; done when every row says finished.
    let mut rates = Vec::new();
    for _ in 0..3 {
        let before_count = db.number("SELECT COUNT(*) FROM jobs WHERE state = 'finished'").await;
        let started = Instant::now();
        let new: Vec<NewJob> = (0..jobs).map(|n| NewJob::noop(json!({ "n": n }))).collect();
        for chunk in new.chunks(500) {
            let mut tx = db.db.begin().await.unwrap();
            let refs = tx.jobs().insert_many(chunk).await.unwrap();
            tx.commit().await.unwrap();
            queue.announce(&refs).await;
        }
        let want = before_count + i64::try_from(jobs).unwrap();
        eventually("all finished", async || {
            (db.number("SELECT COUNT(*) FROM jobs WHERE state = 'finished'").await >= want).then_some(())
        })
        .await;
        rates.push(jobs as f64 / started.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    println!(
        "{}",
        json!({ "bench": "engine", "jobs": jobs, "innodb_flush_log_at_trx_commit": durable,
            "enqueue_to_first_step_ms": { "p50": round(p50), "p99": round(p99) },
            "noop_jobs_per_second": { "median": rates[1].round(), "all": rates.iter().map(|r| r.round()).collect::<Vec<_>>() } })
    );
    stop.cancel();
}

async fn eventually_fast(seen: &Arc<Mutex<HashMap<u64, Instant>>>, id: u64) -> Instant {
    loop {
        if let Some(at) = seen.lock().unwrap().get(&id) {
            return *at;
        }
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

fn round(ms: f64) -> f64 {
    (ms * 100.0).round() / 100.0
}
