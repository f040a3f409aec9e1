//! Redis: wake-ups for workers and fan-out of progress. Never truth, never secrets.
//!
//! Keys (all under a versioned prefix, `sf:1:`; a change of meaning raises the number, and the old
//! names stay drained for one release):
//!
//! | key | type | what |
//! | --- | --- | --- |
//! | `sf:1:jobs:{server id or any}:{high,normal,low}` | stream | field `id` = row id of a job that is due; group `workers` |
//! | `sf:1:progress` | pub/sub | [`crate::progress::Message`] as JSON, after the rows are committed |
//! | `sf:1:store_log:ask:{server id}` | pub/sub | [`crate::store_logs::Ask`]: somebody wants lines of a store's log |
//! | `sf:1:store_log:answer:{ask}` | string | [`crate::store_logs::Answer`], for half a minute |
//! | `sf:1:store_log:watched:{store id}` | string | lease: somebody follows this log; gone within seconds when nobody does |
//! | `sf:1:store_log:lines` | pub/sub | [`crate::store_logs::Batch`]: new lines of followed logs |
//! | `sf:1:rate:{purpose}:{key}` | string | counters of the rate limiter |
//!
//! Losing all of it delays work by at most one sweep (a second): the rows are found by polling.
//! Entries are acknowledged and deleted as soon as the row is claimed; a stream is never trimmed
//! by length, which would drop entries nobody has seen.

pub mod consumer;
pub mod producer;

pub use consumer::Consumer;
pub use producer::Queue;

use crate::crypto::Secret;
use crate::domain::Priority;
use std::time::Duration;

/// Name of the consumer group on every job stream.
pub const GROUP: &str = "workers";
/// Channel of progress messages.
pub const PROGRESS_CHANNEL: &str = "sf:1:progress";

/// Trouble with Redis; callers log it and go on, because rows are the truth.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The URL does not parse (not repeated: it may hold a password).
    #[error("the Redis URL is not usable: expected redis://… or redis+unix://…")]
    BadUrl,
    /// No connection, time-out, or an error reply.
    #[error("Redis does not answer: {0}")]
    Unavailable(String),
}

impl From<redis::RedisError> for QueueError {
    fn from(e: redis::RedisError) -> Self {
        Self::Unavailable(e.to_string())
    }
}

impl From<deadpool_redis::PoolError> for QueueError {
    fn from(e: deadpool_redis::PoolError) -> Self {
        Self::Unavailable(e.to_string())
    }
}

/// The stream a job is announced on.
#[must_use]
pub fn stream_key(server_id: Option<u64>, priority: Priority) -> String {
    match server_id {
        Some(id) => format!("sf:1:jobs:{id}:{}", priority.as_str()),
        None => format!("sf:1:jobs:any:{}", priority.as_str()),
    }
}

pub(crate) fn client(url: &Secret) -> Result<redis::Client, QueueError> {
    redis::Client::open(url.expose()).map_err(|_| QueueError::BadUrl)
}

/// How long an ordinary command may take.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);
