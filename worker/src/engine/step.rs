//! What a job is made of.

use super::recorder::Recorder;
use async_trait::async_trait;
use hosting::crypto::Secret;
use hosting::db::DbError;
use hosting::db::job_claims::Claim;
use hosting::db::job_records::{Event, Failure, Record};
use hosting::domain::{Audience, Level, Line};
use hosting::progress::Mask;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What to do about a failed step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// May pass: try the step again after a pause; counts as an attempt.
    Passing,
    /// Will not pass: undo and fail.
    Final,
    /// The server itself is unfit (Docker down, disk full): wait without spending attempts.
    Unfit,
}

/// Why a step failed. Every fallible call in a step has to say which class it is.
#[derive(Debug, Clone)]
pub struct StepError {
    /// What to do about it.
    pub class: Class,
    /// Stable code for the error table and for search.
    pub code: &'static str,
    /// Words for the owner: what happened, what is safe, what happens next.
    pub reason: String,
    /// Words for staff: what was attempted on what, and the cause.
    pub detail: String,
}

/// Result of a step.
pub type StepResult<T = Value> = Result<T, StepError>;

impl StepError {
    /// May pass.
    pub fn passing(code: &'static str, reason: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { class: Class::Passing, code, reason: reason.into(), detail: detail.to_string() }
    }
    /// Will not pass.
    pub fn last(code: &'static str, reason: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { class: Class::Final, code, reason: reason.into(), detail: detail.to_string() }
    }
    /// The server is unfit.
    pub fn unfit(code: &'static str, reason: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { class: Class::Unfit, code, reason: reason.into(), detail: detail.to_string() }
    }
    /// The same after the last of `attempts`: what a step promised about trying again is no longer true.
    #[must_use]
    pub fn given_up(mut self, attempts: u32) -> Self {
        if let Some(before) = self.reason.strip_suffix(TRYING_AGAIN) {
            let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
            self.reason = format!("{before}We tried {times} and stopped. We have been told");
        }
        self
    }
    /// For the job's row.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let clip = |text: &str, max: usize| text.chars().take(max).collect();
        Failure { code: self.code.to_owned(), reason: clip(&self.reason, 480), detail: clip(&self.detail, 4000) }
    }
}

/// How the words of passing trouble end.
const TRYING_AGAIN: &str = "We are trying again";

impl From<DbError> for StepError {
    fn from(e: DbError) -> Self {
        let detail = chain(&e);
        if e.is_passing() {
            Self::passing("database_away", "Our records were not reachable for a moment. We are trying again", detail)
        } else {
            Self::last("database_refused", "We could not record this step. We have been told", detail)
        }
    }
}

/// An error with its causes on one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        out.push_str(": ");
        out.push_str(&e.to_string());
        cause = e.source();
    }
    out
}

/// How much of the machine a job takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Hundreds at once (a mail, a row).
    Light,
    /// A few at once (containers, copies).
    Heavy,
}

/// One step: look, act if needed, verify, return what later steps need.
#[async_trait]
pub trait Step: Send + Sync {
    /// Name in records and fail points; never changes.
    fn name(&self) -> &'static str;
    /// Words for people.
    fn title(&self) -> &'static str;
    /// Longest time `apply` or `undo` may take.
    fn deadline(&self) -> Duration {
        Duration::from_mins(1)
    }
    /// Does it. Runs again after a crash, so "already done" is success.
    async fn apply(&self, cx: &mut StepContext) -> StepResult;
    /// Takes back exactly what `apply` made, also half-done work; runs twice without harm.
    async fn undo(&self, _cx: &mut StepContext) -> StepResult<()> {
        Ok(())
    }
}

/// An ordered list of steps.
pub trait Job: Send + Sync {
    /// Kind from `hosting::jobs`.
    fn kind(&self) -> &'static str;
    /// Newest version of the arguments it understands.
    fn schema_version(&self) -> u16 {
        1
    }
    /// How much of the machine it takes.
    fn weight(&self) -> Weight {
        Weight::Heavy
    }
    /// The steps, in order.
    fn steps(&self) -> &[Arc<dyn Step>];
    /// The last word on a step's error, for what depends on the job and not on the step.
    fn judge(&self, error: StepError) -> StepError {
        error
    }
}

/// What a step works with.
pub struct StepContext {
    pub(super) claim: Arc<Claim>,
    pub(super) recorder: Recorder,
    pub(super) outputs: HashMap<String, Value>,
    pub(super) seq: u32,
    pub(super) step: &'static str,
    pub(super) mask: Mask,
    pub(super) lost: CancellationToken,
}

impl StepContext {
    /// The claimed job.
    #[must_use]
    pub fn job(&self) -> &Claim {
        &self.claim
    }

    /// The job's arguments.
    ///
    /// # Errors
    /// Arguments of another shape fail the job for good.
    pub fn args<T: DeserializeOwned>(&self) -> StepResult<T> {
        serde_json::from_value(self.claim.args.clone()).map_err(|e| {
            StepError::last(
                "bad_arguments",
                "This job was recorded wrongly. We have been told",
                format!("arguments of {}: {e}", self.claim.kind),
            )
        })
    }

    /// What an earlier step recorded.
    ///
    /// # Errors
    /// A missing or misshaped output is a defect and fails the job.
    pub fn output<T: DeserializeOwned>(&self, step: &str) -> StepResult<T> {
        let value = self.outputs.get(step).cloned().unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|e| {
            StepError::last(
                "missing_output",
                "This job lost track of its own work. We have been told",
                format!("output of step {step}: {e}"),
            )
        })
    }

    /// What an earlier step recorded, if it got that far (for undo).
    #[must_use]
    pub fn output_if_any<T: DeserializeOwned>(&self, step: &str) -> Option<T> {
        serde_json::from_value(self.outputs.get(step)?.clone()).ok()
    }

    /// Masks a secret in every later line of this job.
    pub fn hide(&mut self, secret: &Secret) {
        self.mask.add(secret);
    }

    /// A line in plain words, for the owner and staff.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.line(Level::Info, Audience::Owner, text.as_ref());
    }
    /// A technical line, for staff.
    pub fn detail(&mut self, text: impl AsRef<str>) {
        self.line(Level::Info, Audience::Staff, text.as_ref());
    }
    /// A warning for staff.
    pub fn warn(&mut self, text: impl AsRef<str>) {
        self.line(Level::Warning, Audience::Staff, text.as_ref());
    }
    /// An error for staff.
    pub fn error(&mut self, text: impl AsRef<str>) {
        self.line(Level::Error, Audience::Staff, text.as_ref());
    }

    /// Writes lines; a text of several lines becomes several. Masked, cut, numbered without gaps,
    /// and handed to the recorder in order; committed at the latest with the step's end.
    pub fn line(&mut self, level: Level, audience: Audience, text: &str) {
        let masked = self.mask.apply(text);
        let at = hosting::clock::now_plain();
        let mut lines = Vec::new();
        for part in masked.split('\n') {
            self.seq += 1;
            lines.push(Line {
                seq: self.seq,
                attempt: self.claim.attempt,
                step: self.step.to_owned(),
                level,
                audience,
                at,
                text: hosting::domain::progress::cut(part.trim_end_matches('\r').to_owned()),
            });
        }
        self.recorder.note(self.record(Event::Lines(lines)));
    }

    pub(super) fn record(&self, event: Event) -> Record {
        Record { job_id: self.claim.id, epoch: self.claim.epoch, attempt: self.claim.attempt, event }
    }

    /// Ends when this worker has lost the job; long waits should select on it.
    #[must_use]
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// A named fail point in the middle of a step: `{kind}.{step}.{name}`.
    ///
    /// # Errors
    /// Only when a test set it.
    pub async fn fail_point(&self, name: &str) -> StepResult<()> {
        super::fail_point::hit(&format!("{}.{}.{name}", self.claim.kind, self.step)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_last_attempt_nobody_reads_that_we_try_again() {
        let words = |reason: &str, n| StepError::passing("x", reason, "").given_up(n).reason;
        assert_eq!(
            words("This did not work at once. We are trying again", 4),
            "This did not work at once. We tried 4 times and stopped. We have been told"
        );
        assert_eq!(words("We are trying again", 1), "We tried once and stopped. We have been told");
        assert_eq!(words("Something else", 2), "Something else");
    }
}
