//! A made-up job whose "world" is a set in memory: each step creates one object, each undo removes
//! exactly that one. It lets the engine be tested without Docker.

use crate::{TestDb, TestRedis};
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::jobs::{JobRef, JobRow, NewJob};
use hosting::domain::JobState;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use worker::engine::{Engine, EngineConfig, Job, Step, StepContext, StepError, StepResult, Weight};

/// What exists, and every apply and undo that ran, in order.
#[derive(Default)]
pub struct World {
    pub objects: Mutex<BTreeSet<String>>,
    pub history: Mutex<Vec<String>>,
    /// Makes step `b` report an unfit server while above zero.
    pub unfit: Mutex<u32>,
    /// How long step `b` takes, ms.
    pub slow_ms: Mutex<u64>,
}

impl World {
    pub fn objects(&self) -> Vec<String> {
        self.objects.lock().unwrap().iter().cloned().collect()
    }
    pub fn history(&self) -> Vec<String> {
        self.history.lock().unwrap().clone()
    }
    fn note(&self, what: &str, job: u64, step: &str) {
        self.history.lock().unwrap().push(format!("{what} {job}/{step}"));
    }
}

/// Kind of the made-up job: an existing kind, because kinds are constants.
pub const KIND: &str = "noop";

pub struct ThreeSteps {
    steps: Vec<Arc<dyn Step>>,
}

impl ThreeSteps {
    pub fn job(world: &Arc<World>) -> Arc<dyn Job> {
        let step = |name, title| -> Arc<dyn Step> { Arc::new(Create { name, title, world: world.clone() }) };
        Arc::new(Self { steps: vec![step("a", "Make a"), step("b", "Make b"), step("c", "Make c")] })
    }
}

impl Job for ThreeSteps {
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

struct Create {
    name: &'static str,
    title: &'static str,
    world: Arc<World>,
}

#[async_trait]
impl Step for Create {
    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        self.title
    }
    fn deadline(&self) -> Duration {
        Duration::from_secs(20)
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let job = cx.job().id;
        self.world.note("apply", job, self.name);
        if self.name == "b" {
            let unfit = {
                let mut n = self.world.unfit.lock().unwrap();
                let was = *n;
                *n = was.saturating_sub(1);
                was
            };
            if unfit > 0 {
                return Err(StepError::unfit(
                    "docker_down",
                    "The server is resting. We go on as soon as it is back",
                    "test",
                ));
            }
            let slow = *self.world.slow_ms.lock().unwrap();
            tokio::time::sleep(Duration::from_millis(slow)).await;
        }
        cx.say(format!("Making {}", self.name));
        cx.detail(format!("technical {}\nsecond line", self.name));
        if self.name == "c" {
            // Outputs of earlier steps are handed back, whoever ran them.
            assert_eq!(cx.output::<String>("a")?, format!("{job}/a"));
        }
        self.world.objects.lock().unwrap().insert(format!("{job}/{}", self.name));
        Ok(json!(format!("{job}/{}", self.name)))
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let job = cx.job().id;
        self.world.note("undo", job, self.name);
        self.world.objects.lock().unwrap().remove(&format!("{job}/{}", self.name));
        Ok(())
    }
}

/// Database, Redis, one server, one world; engines are started by the test.
pub struct Bench {
    pub db: TestDb,
    pub redis: TestRedis,
    pub world: Arc<World>,
    pub server_id: u64,
}

impl Bench {
    pub async fn new() -> Self {
        Self::on(TestDb::new().await).await
    }

    /// On a database of the test's own choice.
    pub async fn on(db: TestDb) -> Self {
        let server_id = hosting::services::seed_defaults::ensure_server(&db.db, "local-1").await.unwrap();
        Self { db, redis: TestRedis::start(), world: Arc::default(), server_id }
    }

    /// Starts an engine as process `name`.
    pub fn engine(&self, name: &str) -> (Engine, CancellationToken) {
        self.engine_of_size(name, 512)
    }

    /// Starts an engine that runs at most `slots` light jobs at once.
    pub fn engine_of_size(&self, name: &str, slots: usize) -> (Engine, CancellationToken) {
        let stop = CancellationToken::new();
        let mut config = EngineConfig::new(format!("local-1/{name}"), self.server_id, None);
        config.schedules = false;
        config.light_slots = slots;
        let engine = Engine::start(
            self.db.db.clone(),
            self.redis.queue(),
            vec![ThreeSteps::job(&self.world)],
            config,
            stop.clone(),
        );
        (engine, stop)
    }

    /// Inserts a job without announcing it.
    pub async fn insert(&self) -> JobRef {
        let mut tx = self.db.db.begin().await.unwrap();
        let job = tx.jobs().insert(&NewJob::noop(json!({}))).await.unwrap();
        tx.commit().await.unwrap();
        job
    }

    /// Inserts and announces a job.
    pub async fn submit(&self) -> JobRef {
        let job = self.insert().await;
        self.redis.queue().announce(&[job]).await;
        job
    }

    pub async fn job(&self, job: &JobRef) -> JobRow {
        self.db.db.read().await.unwrap().jobs().get(job.id).await.unwrap().unwrap()
    }

    /// Waits until the job is in `state`.
    pub async fn reaches(&self, job: &JobRef, state: JobState) -> JobRow {
        crate::eventually(&format!("job in state {}", state.as_str()), async || {
            let row = self.job(job).await;
            (row.state == state).then_some(row)
        })
        .await
    }

    /// Lines are numbered 1, 2, 3 … without gaps, and the row knows the last number.
    pub async fn assert_gapless(&self, job: &JobRef) -> usize {
        let lines = self.db.db.read().await.unwrap().progress().range(job.id, 1, u32::MAX, 100_000).await.unwrap();
        let numbers: Vec<u32> = lines.iter().map(|l| l.seq).collect();
        let expected: Vec<u32> = (1..=u32::try_from(lines.len()).unwrap()).collect();
        assert_eq!(numbers, expected);
        assert_eq!(self.job(job).await.last_seq as usize, lines.len());
        lines.len()
    }
}
