//! Run-time logs of stores on their way to the people who look at them.
//!
//! The web front reaches no server. It asks through Redis, and the store's worker answers there: the last lines once,
//! or new ones for as long as a lease says that somebody watches. Lines are masked before they leave the server, and
//! nothing is kept: half a minute in Redis for an answer, nothing for what is followed. While Redis or the worker is
//! away there is no log to look at and nothing else is lost: the store's own log stays where it is written.

mod hub;

pub use hub::{LogHub, LogWatcher, Update};

use crate::domain::{Level, LogFilter, LogSource, StoreLogLine};
use crate::queue::{Queue, QueueError};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Most lines in one answer.
pub const MOST_LINES: u32 = 1000;
/// Longest line, bytes; longer ones are cut and say so.
pub const LONGEST_LINE: usize = 2048;
/// A followed log may bring so many lines a second; the rest is left out and counted.
pub const LINES_PER_SECOND: u32 = 200;
/// Channel of new lines.
pub const LINES_CHANNEL: &str = "sf:1:store_log:lines";
/// How long a lease holds without being renewed.
pub const LEASE_SECONDS: u64 = 12;
/// How often watchers renew it.
pub const RENEW_EVERY: Duration = Duration::from_secs(4);
/// How long the web front waits for an answer.
const PATIENCE: Duration = Duration::from_millis(4500);
/// How long an answer waits to be fetched.
const ANSWER_SECONDS: u64 = 30;

/// What is asked of a server's worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "lowercase")]
pub enum Ask {
    /// The last lines, once.
    Read {
        /// Names the answer: a random word.
        id: String,
        /// Row id of the store.
        store: u64,
        /// Which lines.
        filter: LogFilter,
        /// How many.
        lines: u32,
        /// Only what came after this (Unix nanoseconds); 0: whatever there is.
        after: i64,
    },
    /// New lines while the lease holds; said again with each renewal, so that a worker that was started anew goes on.
    Follow {
        /// Row id of the store.
        store: u64,
    },
}

/// The answer to [`Ask::Read`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    /// In order of time.
    pub lines: Vec<WireLine>,
    /// Looking took too long: older lines were not searched.
    pub partial: bool,
    /// Why there are none, for people; empty when all is well.
    pub problem: String,
}

/// New lines of one store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Batch {
    /// Row id of the store.
    pub store: u64,
    /// In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<WireLine>,
    /// Lines left out just now, because the store writes too many.
    #[serde(default)]
    pub left_out: u64,
    /// There were more than that: nobody counted.
    #[serde(default)]
    pub or_more: bool,
    /// Why the log cannot be followed, for people; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// Following begins here, a little before now: who watched already has seen some of what comes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begun: bool,
}

impl Batch {
    /// Nothing yet.
    #[must_use]
    pub fn of(store: u64) -> Self {
        Self { store, lines: Vec::new(), left_out: 0, or_more: false, problem: String::new(), begun: false }
    }
}

/// A line on the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WireLine {
    /// Unix nanoseconds
    pub t: i64,
    /// source
    pub s: LogSource,
    /// level
    pub l: u8,
    /// text
    pub x: String,
}

impl From<&StoreLogLine> for WireLine {
    fn from(line: &StoreLogLine) -> Self {
        Self { t: line.at, s: line.source, l: line.level.as_u8(), x: line.text.clone() }
    }
}

impl From<WireLine> for StoreLogLine {
    fn from(w: WireLine) -> Self {
        Self { at: w.t, source: w.s, level: Level::from_u8(w.l), text: w.x }
    }
}

/// Channel on which a server's worker hears what is asked.
#[must_use]
pub fn ask_channel(server_id: u64) -> String {
    format!("sf:1:store_log:ask:{server_id}")
}

fn answer_key(id: &str) -> String {
    format!("sf:1:store_log:answer:{id}")
}

fn lease_key(store: u64) -> String {
    format!("sf:1:store_log:watched:{store}")
}

/// Why there is nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nobody listens there: the worker is away.
    #[error("no worker of this server listens")]
    Nobody,
    /// It heard the question and did not answer in time.
    #[error("the worker did not answer in time")]
    Late,
    /// Redis.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Asks a server for the last lines of one of its stores and waits for them. The caller has looked the store up within
/// the person's scope.
///
/// # Errors
/// Nobody answers.
pub async fn read(
    queue: &Queue,
    server_id: u64,
    store: u64,
    filter: &LogFilter,
    lines: u32,
    after: i64,
) -> Result<Answer, NoAnswer> {
    let id = crate::crypto::random_token().expose().to_owned();
    let lines = lines.clamp(1, MOST_LINES);
    let ask = Ask::Read { id: id.clone(), store, filter: filter.clone(), lines, after };
    let begun = Instant::now();
    if !publish(queue, &ask_channel(server_id), &ask).await? {
        return Err(NoAnswer::Nobody);
    }
    let mut pause = Duration::from_millis(10);
    while begun.elapsed() < PATIENCE {
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_millis(100));
        let mut conn = queue.conn().await?;
        let found: Option<Vec<u8>> =
            redis::cmd("GETDEL").arg(answer_key(&id)).query_async(&mut conn).await.map_err(QueueError::from)?;
        if let Some(found) = found {
            return serde_json::from_slice(&found).map_err(|_| NoAnswer::Late);
        }
    }
    Err(NoAnswer::Late)
}

/// The worker's answer.
///
/// # Errors
/// Redis trouble.
pub async fn answer(queue: &Queue, id: &str, answer: &Answer) -> Result<(), QueueError> {
    let text = serde_json::to_vec(answer).unwrap_or_default();
    let mut conn = queue.conn().await?;
    redis::cmd("SET").arg(answer_key(id)).arg(text).arg("EX").arg(ANSWER_SECONDS).query_async::<()>(&mut conn).await?;
    Ok(())
}

/// Says that somebody follows a store's log, and wakes its worker; `false`: no worker hears it.
///
/// # Errors
/// Redis trouble.
pub async fn renew(queue: &Queue, server_id: u64, store: u64) -> Result<bool, QueueError> {
    let mut conn = queue.conn().await?;
    redis::cmd("SET").arg(lease_key(store)).arg(1).arg("EX").arg(LEASE_SECONDS).query_async::<()>(&mut conn).await?;
    drop(conn);
    publish(queue, &ask_channel(server_id), &Ask::Follow { store }).await
}

/// Whether somebody still follows a store's log.
///
/// # Errors
/// Redis trouble.
pub async fn is_watched(queue: &Queue, store: u64) -> Result<bool, QueueError> {
    let mut conn = queue.conn().await?;
    Ok(redis::cmd("EXISTS").arg(lease_key(store)).query_async(&mut conn).await?)
}

/// New lines for whoever follows.
///
/// # Errors
/// Redis trouble; these lines are then not seen live.
pub async fn send(queue: &Queue, batch: &Batch) -> Result<(), QueueError> {
    publish(queue, LINES_CHANNEL, batch).await.map(|_| ())
}

async fn publish<T: Serialize>(queue: &Queue, channel: &str, message: &T) -> Result<bool, QueueError> {
    let text = serde_json::to_vec(message).unwrap_or_default();
    let mut conn = queue.conn().await?;
    let heard: u64 = redis::cmd("PUBLISH").arg(channel).arg(text).query_async(&mut conn).await?;
    Ok(heard > 0)
}

/// What a server's worker is asked, one after the other; it subscribes again by itself after trouble.
///
/// # Errors
/// Redis is away: call again after a pause.
pub async fn listen(
    queue: &Queue,
    server_id: u64,
    mut heard: impl FnMut(Ask) + Send,
) -> Result<std::convert::Infallible, QueueError> {
    use futures_util::StreamExt;
    let client = crate::queue::client(queue.url())?;
    let mut subscription = tokio::time::timeout(Duration::from_secs(2), client.get_async_pubsub())
        .await
        .map_err(|_| QueueError::Unavailable("no connection within 2 s".into()))??;
    subscription.subscribe(ask_channel(server_id)).await?;
    let mut messages = subscription.on_message();
    while let Some(message) = messages.next().await {
        match serde_json::from_slice::<Ask>(message.get_payload_bytes()) {
            Ok(ask) => heard(ask),
            Err(error) => tracing::warn!(error = %error, "a question about a store's log was not understood"),
        }
    }
    Err(QueueError::Unavailable("the subscription ended".into()))
}
