//! The loops around the runner: wake-ups from Redis, the sweep that makes Redis optional, take-over
//! of lost jobs, lease renewal, schedules, drain.

use super::recorder::Recorder;
use super::runner::{self, Run, RunEnd};
use super::step::{Job, Weight};
use hosting::Db;
use hosting::db::job_claims::{self, Claim, LEASE_SECONDS};
use hosting::queue::{Consumer, Queue};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How an engine runs.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// This process: `server/boot/pid/start`.
    pub owner: String,
    /// Row id of its server.
    pub server_id: u64,
    /// Where store directories and host locks live.
    pub data_dir: Option<PathBuf>,
    /// Light jobs at once.
    pub light_slots: usize,
    /// Heavy jobs at once.
    pub heavy_slots: usize,
    /// Whether this engine turns schedules into jobs when it leads.
    pub schedules: bool,
}

impl EngineConfig {
    /// Defaults for a process: hundreds of light jobs, two heavy ones per core but at least four.
    #[must_use]
    pub fn new(owner: String, server_id: u64, data_dir: Option<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { owner, server_id, data_dir, light_slots: 512, heavy_slots: (cores * 2).max(4), schedules: true }
    }
}

/// Renewal interval; five beats fit into a lease.
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// The sweep: due rows nobody announced, and lost jobs.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Jobs of one claim: enough that a claim costs little per job, few enough that its locks are short.
const PAGE: usize = 256;
/// Without renewal for this long a worker stops its jobs by itself, before the lease ends.
const GIVE_UP_AFTER: Duration = Duration::from_secs(LEASE_SECONDS as u64 - 2);

struct Running {
    weight: Weight,
    lost: CancellationToken,
}

struct Shared {
    db: Db,
    queue: Queue,
    recorder: Recorder,
    config: EngineConfig,
    jobs: HashMap<&'static str, Arc<dyn Job>>,
    known: Vec<(&'static str, u16)>,
    running: Mutex<HashMap<(u64, u64), Running>>,
    light: AtomicUsize,
    heavy: AtomicUsize,
    /// Light jobs may wait in their rows that nobody will announce again, for want of a slot.
    light_waits: AtomicBool,
    /// The same of heavy ones.
    heavy_waits: AtomicBool,
    /// The streams had more than could be read last time: due rows are on their way to this engine.
    behind: AtomicBool,
    /// A slot became free for jobs that wait in their rows, or a sweep is wanted.
    sweep: Notify,
    /// A light slot became free: the streams may be read again.
    room: Notify,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A running engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

impl Engine {
    /// Starts all loops; they end when `stop` is cancelled, after running jobs have reached a step
    /// boundary ([`Engine::drained`]).
    #[must_use]
    pub fn start(db: Db, queue: Queue, jobs: Vec<Arc<dyn Job>>, config: EngineConfig, stop: CancellationToken) -> Self {
        let known = jobs.iter().map(|j| (j.kind(), j.schema_version())).collect();
        let shared = Arc::new(Shared {
            recorder: Recorder::start(db.clone(), queue.clone()),
            jobs: jobs.into_iter().map(|j| (j.kind(), j)).collect(),
            known,
            running: Mutex::default(),
            light: AtomicUsize::new(0),
            heavy: AtomicUsize::new(0),
            light_waits: AtomicBool::new(false),
            heavy_waits: AtomicBool::new(false),
            behind: AtomicBool::new(false),
            sweep: Notify::new(),
            room: Notify::new(),
            tasks: TaskTracker::new(),
            db,
            queue,
            config,
            stop,
        });
        let engine = Self { shared };
        tokio::spawn(engine.clone().listen());
        tokio::spawn(engine.clone().sweep());
        tokio::spawn(engine.clone().renew());
        if engine.shared.config.schedules {
            tokio::spawn(engine.clone().schedule());
        }
        engine
    }

    /// Jobs in hand.
    #[must_use]
    pub fn running(&self) -> usize {
        self.shared.light.load(Ordering::SeqCst) + self.shared.heavy.load(Ordering::SeqCst)
    }

    /// Waits until every running job has ended or was handed back, at most `deadline`.
    /// Returns whether all did.
    pub async fn drained(&self, deadline: Duration) -> bool {
        self.shared.tasks.close();
        tokio::time::timeout(deadline, self.shared.tasks.wait()).await.is_ok()
    }

    fn free(&self, weight: Weight) -> usize {
        let (used, slots) = match weight {
            Weight::Light => (&self.shared.light, self.shared.config.light_slots),
            Weight::Heavy => (&self.shared.heavy, self.shared.config.heavy_slots),
        };
        slots.saturating_sub(used.load(Ordering::SeqCst))
    }

    /// Kinds that may be claimed now: those with a free slot.
    fn claimable(&self) -> Vec<(&'static str, u16)> {
        self.shared
            .known
            .iter()
            .filter(|(kind, _)| self.shared.jobs.get(kind).is_some_and(|j| self.free(j.weight()) > 0))
            .copied()
            .collect()
    }

    fn spawn(&self, claims: Vec<Claim>) {
        for claim in claims {
            let Some(job) = self.shared.jobs.get(claim.kind.as_str()).cloned() else { continue };
            let weight = job.weight();
            let lost = CancellationToken::new();
            let key = (claim.id, claim.epoch);
            self.shared
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key, Running { weight, lost: lost.clone() });
            self.count(weight).fetch_add(1, Ordering::SeqCst);
            let run = Run {
                recorder: self.shared.recorder.clone(),
                lost,
                drain: self.shared.stop.clone(),
                data_dir: self.shared.config.data_dir.clone(),
                owner: self.shared.config.owner.clone(),
            };
            let engine = self.clone();
            self.shared.tasks.spawn(async move {
                let _slot = Slot { engine, key };
                let kind = job.kind();
                let (id, started) = (claim.id, Instant::now());
                metrics::histogram!("shopfleet_job_wait_seconds", "kind" => kind)
                    .record(Duration::from_micros(claim.waited_us.unsigned_abs()).as_secs_f64());
                let end = runner::run(job, claim, run).await;
                let word = match end {
                    RunEnd::Finished => "finished",
                    RunEnd::Failed => "failed",
                    RunEnd::Cancelled => "cancelled",
                    RunEnd::Retrying => "retrying",
                    RunEnd::HandedBack => "handed_back",
                    RunEnd::Fenced => "fenced",
                };
                metrics::counter!("shopfleet_job_runs_total", "kind" => kind, "end" => word).increment(1);
                metrics::histogram!("shopfleet_job_run_seconds", "kind" => kind)
                    .record(started.elapsed().as_secs_f64());
                tracing::debug!(job.id = id, job.kind = kind, end = word, "job run ended");
            });
        }
    }

    fn count(&self, weight: Weight) -> &AtomicUsize {
        match weight {
            Weight::Light => &self.shared.light,
            Weight::Heavy => &self.shared.heavy,
        }
    }

    fn waits(&self, weight: Weight) -> &AtomicBool {
        match weight {
            Weight::Light => &self.shared.light_waits,
            Weight::Heavy => &self.shared.heavy_waits,
        }
    }

    /// Waits until a light slot is free. What waits in Redis costs nothing; what was read without a slot
    /// for it would have to be found again in the table.
    async fn room(&self) {
        while self.free(Weight::Light) == 0 {
            tokio::select! {
                () = self.shared.room.notified() => {}
                () = self.shared.stop.cancelled() => return,
            }
        }
    }

    /// Notes whether the streams hold more than was read; when they no longer do, what still waits in the
    /// table is the sweep's.
    fn is_behind(&self, behind: bool) {
        if self.shared.behind.swap(behind, Ordering::SeqCst) && !behind {
            self.shared.sweep.notify_one();
        }
    }

    fn limits(&self) -> job_claims::Limits {
        job_claims::Limits {
            heavy_kinds: self.shared.jobs.values().filter(|j| j.weight() == Weight::Heavy).map(|j| j.kind()).collect(),
            heavy: self.free(Weight::Heavy),
            light: self.free(Weight::Light),
        }
    }

    /// Blocks on the streams and claims what they bring.
    async fn listen(self) {
        let config = &self.shared.config;
        let mut consumer = Consumer::new(self.shared.queue.url().clone(), config.owner.clone(), config.server_id);
        let mut pause = Duration::from_millis(100);
        let mut adopted = Instant::now();
        while !self.shared.stop.is_cancelled() {
            self.room().await;
            let room = self.free(Weight::Light).clamp(1, PAGE);
            match consumer.read(room).await {
                Ok(delivery) => {
                    pause = Duration::from_millis(100);
                    self.is_behind(delivery.job_ids.len() >= room);
                    if !delivery.job_ids.is_empty() {
                        if self.shared.stop.is_cancelled() {
                            break;
                        }
                        match job_claims::claim(
                            &self.shared.db,
                            &delivery.job_ids,
                            config.server_id,
                            &config.owner,
                            &self.claimable(),
                            &self.limits(),
                        )
                        .await
                        {
                            Ok(claims) => {
                                let left = delivery.job_ids.len() > claims.len();
                                self.spawn(claims);
                                if left {
                                    // Perhaps for want of a slot: the sweep finds out, and comes again when one is free.
                                    self.shared.sweep.notify_one();
                                }
                            }
                            Err(error) => {
                                tracing::warn!(error = %error, "could not claim; the sweep will");
                                tokio::time::sleep(pause).await;
                            }
                        }
                        consumer.done(&delivery).await;
                    }
                    if adopted.elapsed() > Duration::from_secs(60) {
                        consumer.adopt().await;
                        adopted = Instant::now();
                    }
                }
                Err(error) => {
                    self.is_behind(false);
                    tracing::warn!(error = %error, "job streams not readable; the sweep goes on every second");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
            }
        }
    }

    /// Claims jobs of dead workers once a second, and due rows nobody announced also when asked to.
    async fn sweep(self) {
        let server_id = self.shared.config.server_id;
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => break,
                _ = ticks.tick() => {
                    if let Err(error) = self.take_over().await {
                        tracing::warn!(error = %error, server = server_id, "lost jobs not looked for");
                    }
                }
                () = self.shared.sweep.notified() => {}
            }
            if let Err(error) = self.take_due().await {
                tracing::warn!(error = %error, server = server_id, "sweep failed");
            }
        }
    }

    async fn take_over(&self) -> hosting::db::DbResult<()> {
        use hosting::db::Queries;
        let config = &self.shared.config;
        let dead: Vec<String> = {
            let owners = self.shared.db.read().await?.workers().lease_owners(config.server_id).await?;
            owners.into_iter().filter(|o| *o != config.owner && crate::identity::is_dead_here(o)).collect()
        };
        let lost = job_claims::claim_lost(
            &self.shared.db,
            32,
            config.server_id,
            &config.owner,
            &dead,
            &self.claimable(),
            &self.limits(),
        )
        .await?;
        for claim in &lost {
            tracing::warn!(job.id = claim.id, job.kind = %claim.kind, crashes = claim.crashes, "taking over a lost job");
        }
        self.spawn(lost);
        Ok(())
    }

    async fn take_due(&self) -> hosting::db::DbResult<()> {
        let config = &self.shared.config;
        while !self.shared.stop.is_cancelled() {
            let page = (self.free(Weight::Light) + self.free(Weight::Heavy)).min(PAGE);
            let due = if page == 0 {
                job_claims::Due::default()
            } else {
                job_claims::claim_due(
                    &self.shared.db,
                    u32::try_from(page).unwrap_or(u32::MAX),
                    config.server_id,
                    &config.owner,
                    &self.claimable(),
                    &self.limits(),
                )
                .await?
            };
            let none = due.claims.is_empty();
            self.spawn(due.claims);
            self.wait_for_slots();
            // A page that others hold already: they know what they do. And what the streams still bring is claimed by
            // its ids, for a fraction of what ordering a long queue costs: of that one page a second is enough.
            if !due.more || none || self.shared.behind.load(Ordering::SeqCst) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Has the next slot of each full weight ask for a sweep.
    fn wait_for_slots(&self) {
        for weight in [Weight::Light, Weight::Heavy] {
            if weight == Weight::Light && self.shared.behind.load(Ordering::SeqCst) {
                continue;
            }
            if self.free(weight) == 0 {
                self.waits(weight).store(true, Ordering::SeqCst);
                // It became free in between, and nobody saw the note.
                if self.free(weight) > 0 {
                    self.shared.sweep.notify_one();
                }
            }
        }
    }

    /// Renews leases; stops jobs that were taken by somebody else, and all of them when renewal has
    /// failed for so long that the lease is about to end.
    async fn renew(self) {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            if self.shared.stop.is_cancelled() && self.running() == 0 {
                return;
            }
            let asked = Instant::now();
            let snapshot: Vec<(u64, u64)> =
                self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
            match tokio::time::timeout(RENEW_EVERY, job_claims::renew(&self.shared.db, &self.shared.config.owner)).await
            {
                Ok(Ok(held)) => {
                    renewed = asked;
                    let held: std::collections::HashSet<u64> = held.into_iter().collect();
                    let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
                    for key in snapshot {
                        if let Some(job) = running.get(&key)
                            && !held.contains(&key.0)
                        {
                            job.lost.cancel();
                        }
                    }
                }
                Ok(Err(error)) => tracing::warn!(error = %error, "leases not renewed"),
                Err(_) => tracing::warn!("leases not renewed within 2 s"),
            }
            if renewed.elapsed() > GIVE_UP_AFTER {
                let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
                if !running.is_empty() {
                    tracing::error!(
                        jobs = running.len(),
                        "no renewal for too long: stopping all jobs before their leases end"
                    );
                }
                for job in running.values() {
                    job.lost.cancel();
                }
            }
        }
    }

    async fn schedule(self) {
        let kinds: Vec<&'static str> = self.shared.known.iter().map(|(k, _)| *k).collect();
        while !self.shared.stop.is_cancelled() {
            if let Err(error) =
                super::scheduler::tick(&self.shared.db, &self.shared.queue, &self.shared.config.owner, &kinds).await
            {
                tracing::warn!(error = %error, "schedules not looked at");
            }
            tokio::select! {
                () = self.shared.stop.cancelled() => break,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }
}

/// Gives its slot back when the job's task ends, however it ends.
struct Slot {
    engine: Engine,
    key: (u64, u64),
}

impl Drop for Slot {
    fn drop(&mut self) {
        let removed = self.engine.shared.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        if let Some(running) = removed {
            self.engine.count(running.weight).fetch_sub(1, Ordering::SeqCst);
            if running.weight == Weight::Light {
                self.engine.shared.room.notify_one();
            }
            if self.engine.waits(running.weight).swap(false, Ordering::SeqCst) {
                self.engine.shared.sweep.notify_one();
            }
        }
    }
}
