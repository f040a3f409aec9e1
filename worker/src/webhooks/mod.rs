//! Sends events to their receivers: a sweep over what is due, each receiver with few requests at once, so that a slow
//! one delays only itself. Rows are claimed under a lease, so any number of workers share the work, and what a worker
//! that died had claimed is sent by another one.

pub mod net;

use hosting::clock::now;
use hosting::db::webhook_deliveries::{Due, DueEndpoint, Tried};
use hosting::db::{DbResult, Queries};
use hosting::services::Services;
use hosting::services::webhooks::deliveries::record;
use hosting::services::webhooks::secret::signatures;
use net::Net;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often what is due is looked for.
const EVERY: Duration = Duration::from_millis(500);
/// Requests of a process at once.
const AT_ONCE: usize = 256;
/// Requests to one receiver at once; one that failed last gets a single one.
const PER_ENDPOINT: u32 = 4;
/// Receivers looked at in a sweep.
const ENDPOINTS: u32 = 500;

/// The sender of a process.
#[derive(Clone)]
pub struct Sender {
    services: Services,
    net: Net,
    room: Arc<Semaphore>,
    busy: Arc<Mutex<HashMap<u64, u32>>>,
    done: Arc<Notify>,
    tasks: TaskTracker,
}

impl Sender {
    /// With the way out it uses.
    #[must_use]
    pub fn new(services: Services, net: Net) -> Self {
        Self {
            services,
            net,
            room: Arc::new(Semaphore::new(AT_ONCE)),
            busy: Arc::default(),
            done: Arc::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// Sends until told to stop; then what is under way ends, within its deadline.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.sweep().await {
                tracing::warn!(error = %error, "webhooks wait for the database");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
                // Somebody has room again, and there may be more for them.
                () = self.done.notified() => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        self.tasks.close();
        let _ = tokio::time::timeout(net::DEADLINE, self.tasks.wait()).await;
    }

    /// Claims what is due and starts sending it. Returns how many were started.
    ///
    /// # Errors
    /// Database trouble; what was claimed is sent when its lease is over.
    pub async fn sweep(&self) -> DbResult<usize> {
        let due = self.services.db.read().await?.webhooks().due_endpoints(ENDPOINTS).await?;
        let mut started = 0;
        for endpoint in due {
            let most = if endpoint.failures > 0 { 1 } else { PER_ENDPOINT };
            let room = most.saturating_sub(self.busy_with(endpoint.id));
            let free = u32::try_from(self.room.available_permits()).unwrap_or(u32::MAX);
            if free == 0 {
                break;
            }
            if room == 0 {
                continue;
            }
            let mut tx = self.services.db.begin().await?;
            let claimed = tx.webhooks().claim(endpoint.id, room.min(free)).await?;
            tx.commit().await?;
            for delivery in claimed {
                let Ok(permit) = self.room.clone().try_acquire_owned() else { break };
                self.count(endpoint.id, 1);
                started += 1;
                let (sender, endpoint) = (self.clone(), endpoint.clone());
                self.tasks.spawn(async move { sender.deliver(endpoint, delivery, permit).await });
            }
        }
        Ok(started)
    }

    async fn deliver(self, endpoint: DueEndpoint, due: Due, permit: OwnedSemaphorePermit) {
        if let Err(error) = self.send(&endpoint, &due).await {
            tracing::warn!(webhook.id = endpoint.id, event = %due.event_id, error = %error, "delivery not recorded; it is made again");
        }
        drop(permit);
        self.count(endpoint.id, -1);
        self.done.notify_one();
    }

    async fn send(&self, endpoint: &DueEndpoint, due: &Due) -> Result<(), hosting::services::ServiceError> {
        let secrets = self.services.db.read().await?.webhooks().secrets(&self.services.keys, endpoint.id).await?;
        // Deleted meanwhile.
        if secrets.is_empty() {
            return Ok(());
        }
        let timestamp = now().unix_timestamp();
        let headers = [
            ("webhook-id", due.event_id.clone()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures(&secrets, &due.event_id, timestamp, &due.body)),
        ];
        let began = Instant::now();
        let reply = self.net.post(&endpoint.url, &due.body, &headers).await;
        let tried = Tried {
            took_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
            status: reply.status,
            error: reply.error,
            answer: reply.answer,
        };
        let outcome = if tried.error.is_none() { "delivered" } else { "failed" };
        metrics::counter!("shopfleet_webhook_attempts_total", "outcome" => outcome).increment(1);
        record(&self.services, endpoint.id, endpoint.failures, due, &tried, rand::random::<f64>()).await
    }

    fn busy_with(&self, endpoint: u64) -> u32 {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).get(&endpoint).copied().unwrap_or(0)
    }

    fn count(&self, endpoint: u64, change: i32) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let now = busy.entry(endpoint).or_insert(0);
        *now = now.saturating_add_signed(change);
        if *now == 0 {
            busy.remove(&endpoint);
        }
    }
}
