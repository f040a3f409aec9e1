//! How long a job waits whose worker was killed and whose machine is gone: only the lease tells. A child process with
//! the identity of another machine takes jobs and is ended with SIGKILL; a second engine, which cannot know the
//! process, gets them when the leases end. Prints one JSON line. Used by `scripts/bench`.
//!
//! `SHOPFLEET_TEST_DATABASE_URL=… bench_takeover [ROUNDS]`
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use async_trait::async_trait;
use hosting::crypto::Secret;
use hosting::db::jobs::NewJob;
use hosting::db::{Db, Queries};
use hosting::queue::Queue;
use serde_json::json;
use shopfleet_tests::{TestDb, TestRedis, eventually};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use worker::engine::{Engine, EngineConfig, Job, Step, StepContext, StepResult, Weight};

const JOBS: usize = 5;

struct Work(Vec<Arc<dyn Step>>);
/// Never ends in the child; notes the moment in the successor.
enum Hold {
    Forever,
    Note(Arc<Mutex<Vec<Instant>>>),
}

impl Job for Work {
    fn kind(&self) -> &'static str {
        hosting::jobs::NOOP
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.0
    }
}

#[async_trait]
impl Step for Hold {
    fn name(&self) -> &'static str {
        "hold"
    }
    fn title(&self) -> &'static str {
        "Hold"
    }
    fn deadline(&self) -> Duration {
        Duration::from_secs(300)
    }
    async fn apply(&self, _: &mut StepContext) -> StepResult {
        match self {
            Self::Forever => std::future::pending().await,
            Self::Note(seen) => {
                seen.lock().unwrap().push(Instant::now());
                Ok(serde_json::Value::Null)
            }
        }
    }
}

fn engine(db: Db, queue: Queue, owner: &str, server: u64, step: Hold, stop: &CancellationToken) -> Engine {
    let job: Arc<dyn Job> = Arc::new(Work(vec![Arc::new(step)]));
    let mut config = EngineConfig::new(owner.into(), server, None);
    config.schedules = false;
    Engine::start(db, queue, vec![job], config, stop.clone())
}

/// The worker that dies. Addresses come by environment: they hold a password.
async fn child(server: u64) {
    let secret = |name: &str| Secret::new(std::env::var(name).unwrap());
    let db = Db::connect(&secret("BENCH_DATABASE_URL"), 5).unwrap();
    let queue = Queue::connect(&secret("BENCH_REDIS_URL")).unwrap();
    let owner = format!("local-1/elsewher/{}/1", std::process::id());
    let _engine = engine(db, queue, &owner, server, Hold::Forever, &CancellationToken::new());
    std::future::pending::<()>().await;
}

#[tokio::main]
async fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    if a.first().is_some_and(|w| w == "child") {
        return child(a[1].parse().unwrap()).await;
    }
    let rounds: u64 = a.first().and_then(|n| n.parse().ok()).unwrap_or(3);
    let mut all = Vec::new();
    for round in 0..rounds {
        let (db, redis) = (TestDb::new().await, TestRedis::start());
        let server = hosting::services::seed_defaults::ensure_server(&db.db, "local-1").await.unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["child", &server.to_string()])
            .env("BENCH_DATABASE_URL", db.url.expose())
            .env("BENCH_REDIS_URL", redis.url.expose())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut tx = db.db.begin().await.unwrap();
        let new: Vec<NewJob> = (0..JOBS).map(|n| NewJob::noop(json!({ "n": n }))).collect();
        let refs = tx.jobs().insert_many(&new).await.unwrap();
        tx.commit().await.unwrap();
        redis.queue().announce(&refs).await;
        eventually("the child holds all jobs", async || {
            (db.number("SELECT COUNT(*) FROM job_steps WHERE state = 'started'").await >= i64::try_from(JOBS).unwrap())
                .then_some(())
        })
        .await;
        let seen: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let stop = CancellationToken::new();
        let successor =
            engine(db.db.clone(), redis.queue(), "local-1/otherone/1/1", server, Hold::Note(seen.clone()), &stop);
        // Different moments between two renewals.
        tokio::time::sleep(Duration::from_millis(2500 + round * 700)).await;
        let killed = Instant::now();
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(seen.lock().unwrap().is_empty(), "a living worker lost its job");
        eventually("all jobs are taken over", async || (seen.lock().unwrap().len() >= JOBS).then_some(())).await;
        all.extend(seen.lock().unwrap().iter().map(|at| at.duration_since(killed).as_secs_f64()));
        stop.cancel();
        successor.drained(Duration::from_secs(5)).await;
    }
    all.sort_by(f64::total_cmp);
    let round = |s: f64| (s * 100.0).round() / 100.0;
    println!(
        "{}",
        json!({ "bench": "takeover", "jobs": all.len(), "median_s": round(all[all.len() / 2]),
            "longest_s": round(all[all.len() - 1]), "shortest_s": round(all[0]) })
    );
}
