//! Progress of jobs: what the worker publishes after its rows are committed, and how a web process
//! follows it. Lines are masked first, then stored, then published, so that what was shown live is
//! always there later.

mod hub;
mod mask;

pub use hub::{Hub, Update, Watcher};
pub use mask::{Mask, mask_by_name};

use crate::domain::{Audience, Level, Line};
use serde::{Deserialize, Serialize};
use time::PlainDateTime;

/// What is published on [`crate::queue::PROGRESS_CHANNEL`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// Row id of the job.
    pub job: u64,
    /// New lines, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<WireLine>,
    /// Steps or state changed: read the rows again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

/// A line on the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WireLine {
    /// seq
    pub n: u32,
    /// attempt
    pub a: u32,
    /// step
    pub s: String,
    /// level
    pub l: u8,
    /// owner may read
    pub o: bool,
    /// Unix milliseconds
    pub t: i64,
    /// text
    pub x: String,
}

impl From<&Line> for WireLine {
    fn from(line: &Line) -> Self {
        Self {
            n: line.seq,
            a: line.attempt,
            s: line.step.clone(),
            l: line.level.as_u8(),
            o: line.audience == Audience::Owner,
            t: i64::try_from(line.at.as_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(0),
            x: line.text.clone(),
        }
    }
}

impl From<WireLine> for Line {
    fn from(w: WireLine) -> Self {
        let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(w.t) * 1_000_000)
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        Self {
            seq: w.n,
            attempt: w.a,
            step: w.s,
            level: Level::from_u8(w.l),
            audience: if w.o { Audience::Owner } else { Audience::Staff },
            at: PlainDateTime::new(at.date(), at.time()),
            text: w.x,
        }
    }
}
