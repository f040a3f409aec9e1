//! The job engine: takes jobs, runs their steps, records everything, undoes what failed.
//!
//! * [`step`]: what a job and a step are, and how a step says "try again", "give up" or "this
//!   server is unfit".
//! * [`recorder`]: one writer per process; everything that running jobs write in the same moment
//!   goes into one transaction.
//! * [`runner`]: one job from claim to end.
//! * [`supervisor`]: the loops around it: wake-ups, sweep, take-over, leases, schedules, drain.
//!
//! Semantics: at-least-once delivery, idempotent steps, one final state set under the claim's epoch.

pub mod fail_point;
pub mod host_lock;
pub mod recorder;
pub mod runner;
pub mod scheduler;
pub mod step;
pub mod supervisor;

pub use step::{Job, Step, StepContext, StepError, StepResult, Weight};
pub use supervisor::{Engine, EngineConfig};
