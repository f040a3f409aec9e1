//! The blocking reader of a worker: one connection of its own, never from the pool.
//!
//! A blocking read must not be cancelled half way (the entry would look delivered), so it blocks for
//! at most two seconds and the caller looks at its stop flag between reads. After any error the
//! connection is dropped and made again with back-off.

use super::{GROUP, QueueError, stream_key};
use crate::crypto::Secret;
use crate::domain::Priority;
use redis::streams::StreamReadReply;
use std::time::Duration;

/// Longest block of one read, milliseconds.
const BLOCK_MS: usize = 2_000;

/// A member of the group on the six streams of one server (its own and `any`).
pub struct Consumer {
    url: Secret,
    name: String,
    streams: Vec<String>,
    conn: Option<redis::aio::MultiplexedConnection>,
    /// Pending entries of an earlier connection are read first ('0'), then new ones ('>').
    recovered: bool,
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Entries of one read: job ids, and what to acknowledge once they are claimed.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Row ids, most urgent stream first.
    pub job_ids: Vec<u64>,
    entries: Vec<(String, Vec<String>)>,
}

impl Consumer {
    /// A consumer called `name` for a server; connects at the first read.
    #[must_use]
    pub fn new(url: Secret, name: String, server_id: u64) -> Self {
        let streams =
            Priority::ALL.into_iter().flat_map(|p| [stream_key(Some(server_id), p), stream_key(None, p)]).collect();
        Self { url, name, streams, conn: None, recovered: false }
    }

    async fn connected(&mut self) -> Result<&mut redis::aio::MultiplexedConnection, QueueError> {
        if self.conn.is_none() {
            let config = redis::AsyncConnectionConfig::new()
                .set_connection_timeout(Some(Duration::from_secs(1)))
                // XREADGROUP blocks longer than any sane response time-out.
                .set_response_timeout(None);
            let mut conn = super::client(&self.url)?.get_multiplexed_async_connection_with_config(&config).await?;
            for stream in &self.streams {
                create_group(&mut conn, stream).await?;
            }
            self.recovered = false;
            self.conn = Some(conn);
        }
        self.conn.as_mut().ok_or_else(|| QueueError::Unavailable("no connection".into()))
    }

    /// Waits up to two seconds for entries, at most `count` per stream.
    ///
    /// # Errors
    /// Redis trouble; the next call connects anew. A flushed Redis heals by itself.
    pub async fn read(&mut self, count: usize) -> Result<Delivery, QueueError> {
        let streams = self.streams.clone();
        let name = self.name.clone();
        let recovered = self.recovered;
        let conn = self.connected().await?;
        let mut cmd = redis::cmd("XREADGROUP");
        cmd.arg("GROUP").arg(GROUP).arg(&name).arg("COUNT").arg(count);
        if recovered {
            cmd.arg("BLOCK").arg(BLOCK_MS);
        }
        cmd.arg("STREAMS").arg(&streams);
        for _ in &streams {
            cmd.arg(if recovered { ">" } else { "0" });
        }
        let reply: Result<Option<StreamReadReply>, redis::RedisError> = cmd.query_async(conn).await;
        match reply {
            Ok(reply) => {
                self.recovered = true;
                Ok(delivery(reply.unwrap_or_default()))
            }
            Err(error) => {
                // NOGROUP after a flush as well as a lost connection: start over.
                self.conn = None;
                Err(error.into())
            }
        }
    }

    /// Acknowledges and deletes entries whose jobs are claimed (or can't be: the rows know better).
    pub async fn done(&mut self, delivery: &Delivery) {
        if delivery.entries.is_empty() {
            return;
        }
        let Some(conn) = self.conn.as_mut() else { return };
        let mut pipe = redis::pipe();
        for (stream, ids) in &delivery.entries {
            pipe.cmd("XACK").arg(stream).arg(GROUP).arg(ids).ignore();
            pipe.cmd("XDEL").arg(stream).arg(ids).ignore();
        }
        let acknowledged = tokio::time::timeout(super::COMMAND_TIMEOUT, pipe.query_async::<()>(conn)).await;
        if !matches!(acknowledged, Ok(Ok(()))) {
            // Delivered again later; the claim then finds nothing to do.
            self.conn = None;
        }
    }

    /// Takes entries that a dead consumer of this server left unacknowledged for a minute.
    pub async fn adopt(&mut self) {
        let streams = self.streams.clone();
        let name = self.name.clone();
        let Ok(conn) = self.connected().await else { return };
        for stream in streams {
            let claimed: Result<redis::Value, _> = redis::cmd("XAUTOCLAIM")
                .arg(&stream)
                .arg(GROUP)
                .arg(&name)
                .arg(60_000)
                .arg("0")
                .arg("COUNT")
                .arg(1000)
                .arg("JUSTID")
                .query_async(conn)
                .await;
            if claimed.is_err() {
                self.conn = None;
                return;
            }
        }
        self.recovered = false;
    }
}

async fn create_group(conn: &mut redis::aio::MultiplexedConnection, stream: &str) -> Result<(), QueueError> {
    let made: Result<(), redis::RedisError> =
        redis::cmd("XGROUP").arg("CREATE").arg(stream).arg(GROUP).arg("0").arg("MKSTREAM").query_async(conn).await;
    match made {
        Err(error) if error.code() != Some("BUSYGROUP") => Err(error.into()),
        _ => Ok(()),
    }
}

fn delivery(reply: StreamReadReply) -> Delivery {
    let mut out = Delivery::default();
    for stream in reply.keys {
        let mut ids = Vec::with_capacity(stream.ids.len());
        for entry in stream.ids {
            if let Some(id) = entry.get::<u64>("id") {
                out.job_ids.push(id);
            }
            ids.push(entry.id);
        }
        if !ids.is_empty() {
            out.entries.push((stream.key, ids));
        }
    }
    out
}
