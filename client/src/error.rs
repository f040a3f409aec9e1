//! Why an operation did not do what was asked.

use crate::types::{FieldProblem, ProblemCode};
use std::time::Duration;

/// Why an operation did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The panel said no, and why.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// No answer: the network, the panel, or a proxy between. Changes that carry a key were tried again before.
    #[error("the panel does not answer: {0}")]
    Transport(String),
    /// An answer that is none of the API's.
    #[error("this does not answer like a Shopfleet panel: {0}")]
    Answer(String),
    /// The log-in is over, or nobody knows whether its renewal happened: log in with the password again.
    #[error("the log-in is over; log in again")]
    LogInAgain,
    /// The address of the panel is none, or would send credentials unencrypted.
    #[error("{0}")]
    Address(String),
    /// The call itself makes no sense.
    #[error("{0}")]
    Use(String),
    /// The log-in cannot be kept.
    #[error("cannot keep the log-in: {0}")]
    Keep(#[from] std::io::Error),
}

impl Error {
    /// The stable code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }
}

/// A refusal of the panel (RFC 9457).
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Stable.
    pub code: ProblemCode,
    /// HTTP status.
    pub status: u16,
    /// What happened and what to do next.
    pub detail: String,
    /// Names the request in the panel's logs.
    pub request_id: String,
    /// What is wrong field by field (code `invalid`).
    pub fields: Vec<FieldProblem>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.fields.is_empty() {
            return f.write_str(self.detail.trim_end());
        }
        for (n, field) in self.fields.iter().enumerate() {
            let gap = if n == 0 { "" } else { "; " };
            write!(f, "{gap}{}: {}", field.field, field.message.trim_end_matches('.'))?;
        }
        Ok(())
    }
}
