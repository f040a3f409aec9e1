//! The worker's desk for run-time logs: it hears what the panel asks and answers for its own stores only.
//!
//! A question names a store by its row id; which containers that means is read from our own record and checked against
//! their labels. One look reads at most what the Engine keeps (10 MB a container), for four seconds, two at a time. A
//! log is followed while its lease holds, once for all who watch it, and never more logs at once than [`MOST_FOLLOWED`].

mod follow;
mod look;
pub mod parse;

use crate::docker::LABEL_STORE;
use crate::machine::Machine;
use hosting::db::stores::Store;
use hosting::db::{DbResult, Queries};
use hosting::domain::StoreState;
use hosting::progress::Mask;
use hosting::store_logs::{self, Answer, Ask, Batch};
use parse::Service;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Logs followed at once on a server.
pub const MOST_FOLLOWED: usize = 20;
/// Looks at once; more wait their turn, briefly.
const LOOKS: usize = 2;

/// The desk of one worker.
#[derive(Clone)]
pub struct Desk {
    machine: Arc<Machine>,
    looks: Arc<Semaphore>,
    followed: Arc<Mutex<HashSet<u64>>>,
    stop: CancellationToken,
}

impl Desk {
    /// Opens the desk; it serves until `stop` is cancelled. Redis may be away: it subscribes again every second.
    pub fn open(machine: Arc<Machine>, stop: CancellationToken) -> Self {
        let open =
            Self { machine, looks: Arc::new(Semaphore::new(LOOKS)), followed: Arc::default(), stop: stop.clone() };
        let desk = open.clone();
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                let (machine, hearing) = (desk.machine.clone(), desk.clone());
                tokio::select! {
                    () = stop.cancelled() => break,
                    ended = store_logs::listen(&machine.services.queue, machine.server_id, move |ask| hearing.heard(ask)) => {
                        let Err(error) = ended;
                        tracing::debug!(error = %error, "the desk for store logs is shut for a moment");
                    }
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        open
    }

    /// Logs followed now.
    #[must_use]
    pub fn following(&self) -> usize {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn heard(&self, ask: Ask) {
        let desk = self.clone();
        tokio::spawn(async move {
            match ask {
                Ask::Read { id, store, filter, lines, after } => {
                    let found = match desk.looks.acquire().await {
                        Ok(_turn) => desk.look(store, &filter, lines, after).await,
                        Err(_) => return,
                    };
                    let answer = found.unwrap_or_else(|problem| Answer { problem, ..Answer::default() });
                    if let Err(error) = store_logs::answer(&desk.machine.services.queue, &id, &answer).await {
                        tracing::warn!(error = %error, store, "an answer about a store's log got lost");
                    }
                }
                Ask::Follow { store } => desk.start_following(store).await,
            }
        });
    }

    /// Follows a log unless it is followed already.
    async fn start_following(&self, store: u64) {
        let begun = {
            let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
            if followed.contains(&store) {
                return;
            }
            followed.len() < MOST_FOLLOWED && followed.insert(store)
        };
        let ended = if begun {
            let ended = self.follow(store).await;
            self.followed.lock().unwrap_or_else(PoisonError::into_inner).remove(&store);
            ended
        } else {
            Err("Too many logs are being followed on this server right now. Reload to see newer lines".to_owned())
        };
        if let Err(problem) = ended {
            let batch = Batch { problem, ..Batch::of(store) };
            let _ = store_logs::send(&self.machine.services.queue, &batch).await;
        }
    }

    /// The store's containers with a log, and what must not be seen in it. Only a store of this server; words else.
    async fn subject(&self, id: u64) -> Result<Subject, String> {
        let store = self.store(id).await.map_err(|error| {
            tracing::warn!(error = %error, store = id, "cannot look a store up to read its log");
            "Our records were not reachable for a moment. Reload the page".to_owned()
        })?;
        let gone = || "This store has no log".to_owned();
        let (store, mask) = store.ok_or_else(gone)?;
        if !matches!(store.state, StoreState::Active | StoreState::Suspended) {
            return Err(gone());
        }
        let mut containers = Vec::new();
        for (service, name) in [(Service::Web, "web"), (Service::Database, "db")] {
            let name = format!("{}-{name}", store.object_name());
            match self.machine.docker.inspect(&name).await {
                Ok(Some(found)) if found.labels.get(LABEL_STORE) == Some(&store.uid.to_string()) => {
                    containers.push((service, name));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "cannot look at a container to read its log");
                    return Err("The server does not show its logs right now. Reload in a minute".to_owned());
                }
            }
        }
        Ok(Subject { id, containers, mask })
    }

    async fn store(&self, id: u64) -> DbResult<Option<(Store, Mask)>> {
        let mut conn = self.machine.services.db.read().await?;
        let Some(store) = conn.stores().get(id).await?.filter(|s| s.server_id == Some(self.machine.server_id)) else {
            return Ok(None);
        };
        let mut mask = Mask::default();
        for (name, _) in conn.secrets().list(id).await? {
            // A log-in name is no secret, and a common word would black out the log.
            if name != crate::steps::subject::secret::ADMIN_LOGIN
                && let Some(secret) = conn.secrets().get(&self.machine.services.keys, id, &name).await?
            {
                mask.add(&secret);
            }
        }
        Ok(Some((store, mask)))
    }
}

/// A store whose log is read.
struct Subject {
    id: u64,
    containers: Vec<(Service, String)>,
    mask: Mask,
}
