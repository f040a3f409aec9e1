//! Announcing jobs and publishing progress. Best effort: a failure is logged, the sweep finds the rows.

use super::{COMMAND_TIMEOUT, PROGRESS_CHANNEL, QueueError, stream_key};
use crate::crypto::Secret;
use crate::db::jobs::JobRef;
use deadpool_redis::{Manager, Pool, Runtime};
use std::time::Duration;

/// Pooled connection to Redis.
#[derive(Clone)]
pub struct Queue {
    pool: Pool,
    url: Secret,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    /// A pool; connections are opened when first used.
    ///
    /// # Errors
    /// A malformed URL.
    pub fn connect(url: &Secret) -> Result<Self, QueueError> {
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_response_timeout(Some(COMMAND_TIMEOUT));
        let info = super::client(url)?.get_connection_info().clone();
        let manager = Manager::new_with_config(info, config).map_err(|_| QueueError::BadUrl)?;
        let pool = Pool::builder(manager)
            .max_size(16)
            .wait_timeout(Some(Duration::from_secs(1)))
            .create_timeout(Some(Duration::from_secs(1)))
            .recycle_timeout(Some(Duration::from_secs(1)))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| QueueError::Unavailable(e.to_string()))?;
        Ok(Self { pool, url: url.clone() })
    }

    /// The URL, for connections of their own (blocking reads, subscriptions).
    #[must_use]
    pub fn url(&self) -> &Secret {
        &self.url
    }

    /// A pooled connection, for scripts of the rate limiter.
    ///
    /// # Errors
    /// No connection within a second.
    pub async fn conn(&self) -> Result<deadpool_redis::Connection, QueueError> {
        Ok(self.pool.get().await?)
    }

    /// Wakes workers for jobs whose rows are committed. Never fails: what is not announced is swept.
    pub async fn announce(&self, jobs: &[JobRef]) {
        if jobs.is_empty() {
            return;
        }
        let sent = async {
            let mut conn = self.pool.get().await?;
            let mut pipe = redis::pipe();
            for job in jobs {
                pipe.cmd("XADD").arg(stream_key(job.server_id, job.priority)).arg("*").arg("id").arg(job.id).ignore();
            }
            pipe.query_async::<()>(&mut conn).await?;
            Ok::<_, QueueError>(())
        };
        if let Err(error) = sent.await {
            tracing::warn!(error = %error, jobs = jobs.len(), "could not announce jobs; the sweep will find them");
        }
    }

    /// Publishes progress messages.
    ///
    /// # Errors
    /// Redis trouble; watchers then read the rows.
    pub async fn publish(&self, messages: &[String]) -> Result<(), QueueError> {
        let mut conn = self.pool.get().await?;
        let mut pipe = redis::pipe();
        for message in messages {
            pipe.cmd("PUBLISH").arg(PROGRESS_CHANNEL).arg(message).ignore();
        }
        pipe.query_async::<()>(&mut conn).await?;
        Ok(())
    }

    /// A round trip.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn ping(&self) -> Result<(), QueueError> {
        let mut conn = self.pool.get().await?;
        redis::cmd("PING").query_async::<()>(&mut conn).await?;
        Ok(())
    }

    /// The server's version.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn version(&self) -> Result<String, QueueError> {
        let mut conn = self.pool.get().await?;
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut conn).await?;
        Ok(info.lines().find_map(|l| l.strip_prefix("redis_version:")).unwrap_or("unknown").trim().to_owned())
    }
}
