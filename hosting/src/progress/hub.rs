//! One follower per web process, however many watchers.
//!
//! The hub holds one Redis subscription. A watcher registers for a job *first* and reads the rows
//! second, then drops what it has seen by sequence number: nothing falls between. A slow watcher
//! loses its oldest messages (`Update::Behind`) and reads them again from the rows. While Redis is
//! away the hub says `Changed` once a second for every watched job, and watchers read the rows.

use super::Message;
use crate::crypto::Secret;
use crate::domain::Line;
use crate::queue::{PROGRESS_CHANNEL, QueueError};
use futures_util::StreamExt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Messages a watcher may be behind before it has to read the rows.
const BUFFER: usize = 256;

/// What a watcher hears.
#[derive(Debug, Clone)]
pub enum Update {
    /// New lines, in order (maybe some that the watcher has already).
    Lines(Arc<Vec<Line>>),
    /// Steps or state changed, or lines may have been missed: read the rows.
    Changed,
    /// The watcher was too slow: read the rows.
    Behind,
}

type Watched = Arc<Mutex<HashMap<u64, broadcast::Sender<Update>>>>;

/// The follower of one process.
#[derive(Clone, Debug)]
pub struct Hub {
    watched: Watched,
}

/// A registration for one job; dropping it ends it.
#[derive(Debug)]
pub struct Watcher {
    job: u64,
    receiver: Option<broadcast::Receiver<Update>>,
    watched: Watched,
}

impl Hub {
    /// Starts the follower; it runs until `stop` is cancelled.
    #[must_use]
    pub fn start(redis_url: Secret, stop: CancellationToken) -> Self {
        let hub = Self { watched: Arc::default() };
        let runner = hub.clone();
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                tokio::select! {
                    () = stop.cancelled() => break,
                    result = runner.follow(&redis_url) => {
                        if let Err(error) = result {
                            tracing::warn!(error = %error, "progress subscription lost; watchers read the rows");
                        }
                    }
                }
                // Redis is away: let every watcher look at the rows once a second.
                runner.tell_all();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        hub
    }

    /// Registers a watcher of a job. Read the rows after this, not before.
    #[must_use]
    pub fn watch(&self, job: u64) -> Watcher {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = watched.entry(job).or_insert_with(|| broadcast::channel(BUFFER).0);
        Watcher { job, receiver: Some(sender.subscribe()), watched: self.watched.clone() }
    }

    /// Jobs with watchers now, and watchers in all.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        (watched.len(), watched.values().map(broadcast::Sender::receiver_count).sum())
    }

    fn tell_all(&self) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in watched.values() {
            let _ = sender.send(Update::Changed);
        }
    }

    async fn follow(&self, url: &Secret) -> Result<(), QueueError> {
        let client = crate::queue::client(url)?;
        let mut subscription = tokio::time::timeout(Duration::from_secs(2), client.get_async_pubsub())
            .await
            .map_err(|_| QueueError::Unavailable("no connection within 2 s".into()))??;
        subscription.subscribe(PROGRESS_CHANNEL).await?;
        // Whatever happened before the subscription stood.
        self.tell_all();
        let mut messages = subscription.on_message();
        while let Some(message) = messages.next().await {
            let payload = message.get_payload_bytes();
            let Ok(message) = serde_json::from_slice::<Message>(payload) else { continue };
            let sender = {
                let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
                watched.get(&message.job).cloned()
            };
            let Some(sender) = sender else { continue };
            if !message.lines.is_empty() {
                let lines = message.lines.into_iter().map(Line::from).collect();
                let _ = sender.send(Update::Lines(Arc::new(lines)));
            }
            if message.changed {
                let _ = sender.send(Update::Changed);
            }
        }
        Err(QueueError::Unavailable("the subscription ended".into()))
    }
}

impl Watcher {
    /// The next update. Safe to drop half way (cancel-safe).
    pub async fn next(&mut self) -> Update {
        let Some(receiver) = self.receiver.as_mut() else { return std::future::pending().await };
        match receiver.recv().await {
            Ok(update) => update,
            Err(broadcast::error::RecvError::Lagged(_)) => Update::Behind,
            // The hub keeps senders as long as there are watchers; this cannot happen.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.receiver = None;
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.get(&self.job).is_some_and(|s| s.receiver_count() == 0) {
            watched.remove(&self.job);
        }
    }
}
