//! One follower of store logs per web process, however many watchers. While a log has watchers, its lease is renewed
//! here; when the last one leaves, the lease runs out and the server stops reading.

use super::{Batch, LINES_CHANNEL, RENEW_EVERY, renew};
use crate::domain::StoreLogLine;
use crate::queue::{Queue, QueueError};
use futures_util::StreamExt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Batches a watcher may be behind before it loses some.
const BUFFER: usize = 64;

/// What a watcher hears.
#[derive(Debug, Clone)]
pub enum Update {
    /// New lines, in order of arrival; and how many were left out before them.
    Lines {
        /// The lines.
        lines: Arc<Vec<StoreLogLine>>,
        /// Left out because the store writes too many.
        left_out: u64,
        /// There were more.
        or_more: bool,
    },
    /// A worker begins to follow, a little before now.
    Begun,
    /// Whether a worker is there to send any; words when it can't.
    Heard {
        /// It heard the last renewal.
        alive: bool,
        /// Why it cannot follow; else empty.
        problem: String,
    },
    /// The watcher was too slow, or Redis was away: lines may be missing.
    Behind,
}

struct Watched {
    server: u64,
    sender: broadcast::Sender<Update>,
}

type Logs = Arc<Mutex<HashMap<u64, Watched>>>;

/// The follower of one process.
#[derive(Clone)]
pub struct LogHub {
    logs: Logs,
    queue: Queue,
}

/// A registration for one store's log; dropping it ends it.
pub struct LogWatcher {
    store: u64,
    receiver: Option<broadcast::Receiver<Update>>,
    logs: Logs,
}

impl LogHub {
    /// Starts the follower; it runs until `stop` is cancelled. Nothing is asked of Redis while nobody watches but the
    /// one subscription.
    #[must_use]
    pub fn start(queue: Queue, stop: CancellationToken) -> Self {
        let hub = Self { logs: Arc::default(), queue };
        let (follower, renewer, end) = (hub.clone(), hub.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                tokio::select! {
                    () = stop.cancelled() => break,
                    result = follower.follow() => {
                        if let Err(error) = result {
                            tracing::debug!(error = %error, "the subscription to store logs is lost; trying again");
                        }
                    }
                }
                follower.tell_all(&Update::Behind);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(RENEW_EVERY);
            loop {
                tokio::select! {
                    () = end.cancelled() => break,
                    _ = tick.tick() => renewer.renew_all().await,
                }
            }
        });
        hub
    }

    /// Registers a watcher of a store on a server and renews the lease at once.
    pub async fn watch(&self, server: u64, store: u64) -> LogWatcher {
        let watcher = {
            let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
            let log = logs.entry(store).or_insert_with(|| Watched { server, sender: broadcast::channel(BUFFER).0 });
            log.server = server;
            LogWatcher { store, receiver: Some(log.sender.subscribe()), logs: self.logs.clone() }
        };
        self.renew_one(server, store).await;
        watcher
    }

    /// Logs with watchers now.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    async fn renew_all(&self) {
        let all: Vec<(u64, u64)> = {
            let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
            logs.iter().map(|(store, w)| (w.server, *store)).collect()
        };
        for (server, store) in all {
            self.renew_one(server, store).await;
        }
    }

    async fn renew_one(&self, server: u64, store: u64) {
        let alive = renew(&self.queue, server, store).await.unwrap_or(false);
        self.tell(store, Update::Heard { alive, problem: String::new() });
    }

    fn tell(&self, store: u64, update: Update) {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(&store) {
            let _ = log.sender.send(update);
        }
    }

    fn tell_all(&self, update: &Update) {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        for log in logs.values() {
            let _ = log.sender.send(update.clone());
        }
    }

    async fn follow(&self) -> Result<(), QueueError> {
        let client = crate::queue::client(self.queue.url())?;
        let mut subscription = tokio::time::timeout(Duration::from_secs(2), client.get_async_pubsub())
            .await
            .map_err(|_| QueueError::Unavailable("no connection within 2 s".into()))??;
        subscription.subscribe(LINES_CHANNEL).await?;
        let mut messages = subscription.on_message();
        while let Some(message) = messages.next().await {
            let Ok(batch) = serde_json::from_slice::<Batch>(message.get_payload_bytes()) else { continue };
            if !batch.problem.is_empty() {
                self.tell(batch.store, Update::Heard { alive: true, problem: batch.problem });
                continue;
            }
            if batch.begun {
                self.tell(batch.store, Update::Begun);
                continue;
            }
            let lines = Arc::new(batch.lines.into_iter().map(StoreLogLine::from).collect());
            self.tell(batch.store, Update::Lines { lines, left_out: batch.left_out, or_more: batch.or_more });
        }
        Err(QueueError::Unavailable("the subscription ended".into()))
    }
}

impl LogWatcher {
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

impl Drop for LogWatcher {
    fn drop(&mut self) {
        self.receiver = None;
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if logs.get(&self.store).is_some_and(|w| w.sender.receiver_count() == 0) {
            logs.remove(&self.store);
        }
    }
}
