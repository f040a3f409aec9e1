//! A job's life.
//!
//! ```text
//! queued ──► started ──► finished
//!   ▲  ▲        │ ├────► cancelled
//!   │  └────────┤ ├────► failed ──(retry, clean up)──► queued
//!   │ hand back │ ▼
//!   └────── retrying
//! ```
//! `finished` is final. `failed` and `cancelled` end the attempt; a person may order a new one.
//! The same table is a trigger in the database.

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waiting for a worker.
    Queued,
    /// A worker holds its lease.
    Started,
    /// Failed for a reason that may pass; due again at `run_at`.
    Retrying,
    /// Done.
    Finished,
    /// Given up, with a reason.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

impl JobState {
    /// All states, in the order people read them.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Started, Self::Retrying, Self::Finished, Self::Failed, Self::Cancelled];
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Started => "started",
            Self::Retrying => "retrying",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
    /// Nothing more happens by itself.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Cancelled)
    }
    /// The table of legal moves (I-04).
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use JobState as S;
        matches!(
            (self, next),
            (S::Queued, S::Started | S::Cancelled | S::Failed)
                | (S::Started, S::Queued | S::Retrying | S::Finished | S::Failed | S::Cancelled)
                | (S::Retrying, S::Started | S::Queued | S::Failed | S::Cancelled)
                | (S::Failed | S::Cancelled, S::Queued)
        )
    }
}

/// Whether the job is doing or taking back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Steps are applied in order.
    Apply,
    /// Steps are undone in reverse order.
    Undo,
}

impl Phase {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Undo => "undo",
        }
    }
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "undo" { Self::Undo } else { Self::Apply }
    }
}

/// Which stream a job is announced on; high ones are read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// A person is waiting.
    High,
    /// Ordinary.
    Normal,
    /// Housekeeping.
    Low,
}

impl Priority {
    /// All, most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];
    /// As stored: 0 to 2.
    #[must_use]
    pub fn as_u8(self) -> u8 {
        self as u8
    }
    /// Reads the stored number.
    #[must_use]
    pub fn from_u8(n: u8) -> Self {
        match n {
            0 => Self::High,
            1 => Self::Normal,
            _ => Self::Low,
        }
    }
    /// Part of a stream's key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// What a job does; `hosting::jobs` holds the arguments, `worker::jobs` the bodies.
pub type JobKind = &'static str;

#[cfg(test)]
mod tests {
    use super::JobState;

    /// The trigger's list in the migration and the table in code must say the same.
    #[test]
    fn the_database_and_the_code_agree_on_legal_moves() {
        let sql = include_str!("../../../migrations/20261121000025_create_job_state_trigger.sql");
        for from in JobState::ALL {
            for to in JobState::ALL {
                let written = sql.contains(&format!("'{}>{}'", from.as_str(), to.as_str()));
                assert_eq!(written, from.may_become(to), "{} > {}", from.as_str(), to.as_str());
            }
        }
    }
}
