//! One job, from claim to end.
//!
//! The runner, not the job, does recording, progress, retry classes, deadlines, cancellation at step
//! boundaries, undo in reverse, and resuming after a crash. Finished steps are skipped when a job is
//! delivered again, and what they recorded is handed back.

use super::recorder::Recorder;
use super::step::{Class, Job, Step, StepContext, StepError, StepResult};
use super::{fail_point, host_lock};
use futures_util::FutureExt;
use hosting::db::job_claims::{Claim, MAX_CRASHES};
use hosting::db::job_records::{End, Event, Failure, Outcome, StepEvent};
use hosting::domain::{Audience, Level, Phase};
use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How a run ended, for logs and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Done.
    Finished,
    /// Given up.
    Failed,
    /// Stopped by a person.
    Cancelled,
    /// Will be tried again.
    Retrying,
    /// Handed back untouched or at a step boundary.
    HandedBack,
    /// Lost to another worker.
    Fenced,
}

/// What the runner needs besides the job.
#[derive(Clone)]
pub struct Run {
    /// Where records go.
    pub recorder: Recorder,
    /// Cancelled when the lease is lost: stop at once, write nothing.
    pub lost: CancellationToken,
    /// Cancelled on drain: hand back at the next step boundary.
    pub drain: CancellationToken,
    /// Where host locks live; `None` in tests without a data directory.
    pub data_dir: Option<PathBuf>,
    /// This process, for host locks.
    pub owner: String,
}

/// The code of a job that a person stopped.
pub const CANCELLED: &str = "cancelled";

/// Runs a claimed job to its end.
pub async fn run(job: Arc<dyn Job>, claim: Claim, run: Run) -> RunEnd {
    let lost = run.lost.clone();
    tokio::select! {
        biased;
        () = lost.cancelled() => RunEnd::Fenced,
        end = Execution::new(job, claim, run).go() => end,
    }
}

struct Execution {
    job: Arc<dyn Job>,
    cx: StepContext,
    run: Run,
    /// Steps that may have left something: recorded in any state but `undone`.
    touched: Vec<bool>,
    cancel_requested: bool,
}

/// Internal flow: the run is over.
struct Over(RunEnd);

impl Execution {
    fn new(job: Arc<dyn Job>, claim: Claim, run: Run) -> Self {
        let mut outputs = std::collections::HashMap::new();
        let mut touched = Vec::new();
        for step in job.steps() {
            let record = claim.steps.get(step.name());
            touched.push(record.is_some_and(|(state, _)| state != "undone"));
            if let Some((state, output)) = record
                && state != "undone"
                && let Some(output) = output
            {
                outputs.insert(step.name().to_owned(), output.clone());
            }
        }
        let cancel_requested = claim.cancel_requested;
        let cx = StepContext {
            seq: claim.last_seq,
            claim: Arc::new(claim),
            recorder: run.recorder.clone(),
            outputs,
            step: "",
            mask: hosting::progress::Mask::default(),
            lost: run.lost.clone(),
        };
        Self { job, cx, run, touched, cancel_requested }
    }

    async fn go(mut self) -> RunEnd {
        match self.flow().await {
            Ok(end) | Err(Over(end)) => end,
        }
    }

    async fn flow(&mut self) -> Result<RunEnd, Over> {
        let claim = self.cx.claim.clone();
        if claim.crashes >= MAX_CRASHES {
            self.cx.error(format!(
                "The worker died {} times while running this job; it is not run again by itself",
                claim.crashes
            ));
            let failure = Failure {
                code: "worker_died".into(),
                reason: "This kept stopping half way, so we have paused it. We have been told".into(),
                detail: format!(
                    "{} worker processes ended while running it; look at the worker's log before retrying",
                    claim.crashes
                ),
            };
            let left_over = self.touched.iter().any(|t| *t);
            return self.end(End::Failed { failure, left_over }, RunEnd::Failed).await;
        }
        let Some(_lock) = self.lock_host().await? else { return Err(Over(RunEnd::HandedBack)) };
        if claim.crashes > 0 {
            self.cx.warn("Taken over after the worker before stopped; going on where it was");
        }
        if claim.phase == Phase::Undo {
            let failure = Failure {
                code: claim.error_code.clone(),
                reason: claim.error_reason.clone(),
                detail: claim.error_detail.clone().unwrap_or_default(),
            };
            return self.undo(failure).await;
        }
        if claim.overdue {
            let error = StepError::last(
                "deadline",
                "This took longer than it may. We have been told",
                "the job's deadline passed",
            );
            return self.give_up(error).await;
        }
        self.apply().await
    }

    /// Waits up to five seconds for a predecessor on this host to be gone. `None`: handed back.
    async fn lock_host(&mut self) -> Result<Option<Option<host_lock::HostLock>>, Over> {
        let (Some(dir), Some(store)) = (self.run.data_dir.clone(), self.cx.claim.store_id) else {
            return Ok(Some(None));
        };
        for _ in 0..50 {
            match host_lock::try_lock(&dir, store, &self.run.owner) {
                Ok(Some(lock)) => return Ok(Some(Some(lock))),
                Ok(None) => tokio::time::sleep(Duration::from_millis(100)).await,
                Err(error) => {
                    tracing::error!(error = %error, dir = %dir.display(), "cannot lock a store on this host");
                    break;
                }
            }
        }
        self.end(End::HandBack { delay_ms: 2_000 }, RunEnd::HandedBack).await?;
        Ok(None)
    }

    async fn apply(&mut self) -> Result<RunEnd, Over> {
        let job = self.job.clone();
        let steps = job.steps();
        for (index, step) in steps.iter().enumerate() {
            if self.cancel_requested {
                return self.stop_by_request().await;
            }
            if self.is_finished(step.as_ref()) {
                continue;
            }
            if self.run.drain.is_cancelled() {
                self.cx.detail("The worker is stopping; another one goes on from here");
                return self.end(End::HandBack { delay_ms: 0 }, RunEnd::HandedBack).await;
            }
            self.cx.step = step.name();
            self.write_step(index, step.as_ref(), "started", None).await?;
            self.touched[index] = true;
            match self.attempt(step.as_ref(), false).await {
                Ok(output) => {
                    let last = index + 1 == steps.len();
                    self.finish_step(index, step.as_ref(), output, last).await?;
                    if let Err(error) = self.point(step.as_ref(), "recorded").await {
                        if last {
                            return Ok(RunEnd::Finished);
                        }
                        return self.step_failed(index, step.as_ref(), error).await;
                    }
                }
                Err(error) => return self.step_failed(index, step.as_ref(), error).await,
            }
        }
        if steps.iter().all(|s| self.is_finished(s.as_ref())) {
            // Everything was recorded before, only the end was not.
            return self.end(End::Finished, RunEnd::Finished).await;
        }
        Ok(RunEnd::Finished)
    }

    fn is_finished(&self, step: &dyn Step) -> bool {
        self.cx.claim.steps.get(step.name()).is_some_and(|(state, _)| state == "finished" || state == "skipped")
    }

    async fn stop_by_request(&mut self) -> Result<RunEnd, Over> {
        self.cx.step = "";
        self.cx.say("Stopped on request; taking back what was done");
        self.undo(Failure {
            code: CANCELLED.into(),
            reason: "Stopped on request".into(),
            detail: "a person cancelled the job".into(),
        })
        .await
    }

    /// Runs `apply` or `undo` of a step with its deadline; a panic is a final error.
    async fn attempt(&mut self, step: &dyn Step, undo: bool) -> StepResult {
        let (before, after) = if undo { ("undo.before", "undo.after") } else { ("before", "after") };
        self.point(step, before).await?;
        let deadline = step.deadline();
        let work = async {
            if undo { step.undo(&mut self.cx).await.map(|()| Value::Null) } else { step.apply(&mut self.cx).await }
        };
        let output = match tokio::time::timeout(deadline, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(result)) => result?,
            Ok(Err(panic)) => {
                let words = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                return Err(StepError::last(
                    "panic",
                    "This step broke down. We have been told",
                    words.unwrap_or_else(|| "panic".into()),
                ));
            }
            Err(_) => {
                return Err(StepError::passing(
                    "step_timeout",
                    "This step took longer than it may. We are trying again",
                    format!("step {} was not done after {} s", step.name(), deadline.as_secs()),
                ));
            }
        };
        self.point(step, after).await?;
        Ok(output)
    }

    async fn point(&self, step: &dyn Step, name: &str) -> StepResult<()> {
        let name = format!("{}.{}.{name}", self.cx.claim.kind, step.name());
        match AssertUnwindSafe(fail_point::hit(&name)).catch_unwind().await {
            Ok(result) => result,
            Err(_) => Err(StepError::last("panic", "This step broke down. We have been told", "a fail point panicked")),
        }
    }

    async fn step_failed(&mut self, index: usize, step: &dyn Step, error: StepError) -> Result<RunEnd, Over> {
        let error = self.job.judge(error);
        let claim = self.cx.claim.clone();
        let last = error.class == Class::Passing && claim.attempt >= claim.max_attempts;
        let error = if last { error.given_up(claim.attempt) } else { error };
        let level = if error.class == Class::Final { Level::Error } else { Level::Warning };
        self.cx.line(level, Audience::Owner, &error.reason);
        self.cx.line(level, Audience::Staff, &format!("{}: {}", error.code, error.detail));
        tracing::warn!(job.id = claim.id, job.kind = %claim.kind, step = step.name(), code = error.code, detail = %error.detail, "step failed");
        match error.class {
            Class::Unfit => {
                let delay_ms = 3_000;
                self.write_step(index, step, "failed", None).await?;
                self.end(End::Retry { failure: error.failure(), delay_ms, counts: false }, RunEnd::Retrying).await
            }
            Class::Passing if claim.attempt < claim.max_attempts => {
                let delay_ms = backoff_ms(claim.attempt);
                self.write_step(index, step, "failed", None).await?;
                self.cx.detail(format!(
                    "Attempt {} of {} failed; next one in {:.1} s",
                    claim.attempt,
                    claim.max_attempts,
                    seconds(delay_ms)
                ));
                self.end(End::Retry { failure: error.failure(), delay_ms, counts: true }, RunEnd::Retrying).await
            }
            _ => {
                self.write_step(index, step, "failed", None).await?;
                self.give_up(error).await
            }
        }
    }

    async fn give_up(&mut self, error: StepError) -> Result<RunEnd, Over> {
        self.undo(error.failure()).await
    }

    /// Takes back every touched step, last first. Trouble that may pass waits and comes back here;
    /// a step that cannot be undone is reported and the rest is still undone.
    async fn undo(&mut self, failure: Failure) -> Result<RunEnd, Over> {
        let record = self.cx.record(Event::Undoing(failure.clone()));
        self.write(vec![record]).await?;
        let job = self.job.clone();
        let mut left_over = false;
        for (index, step) in job.steps().iter().enumerate().rev() {
            if !self.touched[index] {
                continue;
            }
            self.cx.step = step.name();
            self.write_step(index, step.as_ref(), "undoing", None).await?;
            match self.attempt(step.as_ref(), true).await {
                Ok(_) => {
                    self.write_step(index, step.as_ref(), "undone", None).await?;
                    self.touched[index] = false;
                }
                Err(error) if error.class != Class::Final && !self.cx.claim.overdue => {
                    self.cx.warn(format!("Cleaning up waits ({}): {}", error.code, error.detail));
                    return self.end(End::Retry { failure, delay_ms: 3_000, counts: false }, RunEnd::Retrying).await;
                }
                Err(error) => {
                    left_over = true;
                    self.cx.error(format!("Could not take back “{}” ({}): {}", step.title(), error.code, error.detail));
                }
            }
        }
        self.cx.step = "";
        if failure.code == CANCELLED && !left_over {
            self.cx.detail("Cancelled; nothing is left behind");
            return self.end(End::Cancelled, RunEnd::Cancelled).await;
        }
        self.cx.detail(if left_over {
            "Failed; something is left behind, use Clean up"
        } else {
            "Failed; nothing is left behind"
        });
        self.end(End::Failed { failure, left_over }, RunEnd::Failed).await
    }

    fn step_event(&self, index: usize, step: &dyn Step, state: &'static str, output: Option<Value>) -> StepEvent {
        let total = self.job.steps().len().max(1);
        let done = if state == "finished" { index + 1 } else { index };
        let progress = u8::try_from(done * 100 / total).unwrap_or(100).min(if state == "finished" { 100 } else { 99 });
        StepEvent {
            name: step.name(),
            position: u16::try_from(index).unwrap_or(u16::MAX),
            title: step.title(),
            state,
            output,
            progress: if matches!(state, "undoing" | "undone") { 0 } else { progress },
        }
    }

    async fn write_step(
        &mut self,
        index: usize,
        step: &dyn Step,
        state: &'static str,
        output: Option<Value>,
    ) -> Result<(), Over> {
        let event = self.step_event(index, step, state, output);
        let record = self.cx.record(Event::Step(event));
        self.write(vec![record]).await
    }

    /// Records a finished step; with the last one the end of the job goes into the same transaction.
    async fn finish_step(&mut self, index: usize, step: &dyn Step, output: Value, last: bool) -> Result<(), Over> {
        self.cx.outputs.insert(step.name().to_owned(), output.clone());
        let event = self.step_event(index, step, "finished", Some(output));
        let mut records = vec![self.cx.record(Event::Step(event))];
        if last {
            records.push(self.cx.record(Event::End(End::Finished)));
        }
        self.write(records).await
    }

    async fn write(&mut self, records: Vec<hosting::db::job_records::Record>) -> Result<(), Over> {
        match self.run.recorder.write(records).await {
            Outcome::Written { cancel_requested } => {
                self.cancel_requested = cancel_requested;
                Ok(())
            }
            Outcome::Fenced => {
                tracing::warn!(job.id = self.cx.claim.id, "another worker has this job now; stopping");
                Err(Over(RunEnd::Fenced))
            }
        }
    }

    async fn end(&mut self, end: End, as_run: RunEnd) -> Result<RunEnd, Over> {
        let record = self.cx.record(Event::End(end));
        self.write(vec![record]).await?;
        Ok(as_run)
    }
}

/// 1 s, 4 s, 9 s … at most 10 min, ± 20 % so that many don't come back at once.
fn backoff_ms(attempt: u32) -> u64 {
    use rand::RngExt;
    let base = (u64::from(attempt) * u64::from(attempt) * 1000).clamp(1000, 600_000);
    let spread = rand::rng().random_range(80..=120);
    base * spread / 100
}

#[allow(clippy::cast_precision_loss)]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
