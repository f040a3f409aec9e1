//! Compares rows with what is on this server, both ways (I-02, I-03).
//!
//! Missing parts of active stores are repaired by a `repair_store` job. Objects with our label whose
//! store is deleted or failed are removed once the store has been left alone for a while. Everything
//! else that does not fit (a label of a store we have no record of, a directory without a row) is
//! reported and never touched: it may be somebody's only copy.

use crate::docker::{LABEL_KIND, LABEL_SERVER, LABEL_STORE, Listed};
use crate::engine::{Job, Step, StepContext, StepError, StepResult, Weight};
use crate::machine::Machine;
use crate::shop::template;
use crate::steps::db_admin::idle::StopIdlePages;
use crate::steps::file_access::idle::StopIdleAccess;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::jobs::{JobFilter, NewJob};
use hosting::db::stores::Store;
use hosting::domain::{Actor, JobState, StoreState, Uid};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long a store's row must have been left alone before its left-overs are removed.
const GRACE_SECONDS: i64 = 300;

/// The job.
pub struct ReconcileServer {
    steps: Vec<Arc<dyn Step>>,
}

impl ReconcileServer {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Repair(m())),
                Arc::new(StopIdlePages(m())),
                Arc::new(StopIdleAccess(m())),
                Arc::new(Sweep(m())),
                Arc::new(Prune(m())),
            ],
        }
    }
}

impl Job for ReconcileServer {
    fn kind(&self) -> &'static str {
        hosting::jobs::RECONCILE_SERVER
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}

/// Containers every store in service has, running.
const PARTS: [&str; 3] = ["db", "redis", "web"];

/// What is missing of one store.
fn missing(store: &Store, containers: &[Listed], routed: &BTreeSet<String>, directory: bool) -> Vec<String> {
    let name = store.object_name();
    let mut missing: Vec<String> = PARTS
        .iter()
        .map(|part| format!("{name}-{part}"))
        .filter(|wanted| !containers.iter().any(|c| c.name == *wanted && c.state == "running"))
        .collect();
    if !routed.contains(&name) {
        missing.push("route".into());
    }
    if !directory {
        missing.push("directory".into());
    }
    missing
}

struct Repair(Arc<Machine>);

#[async_trait]
impl Step for Repair {
    fn name(&self) -> &'static str {
        "repair"
    }
    fn title(&self) -> &'static str {
        "Repair stores with missing parts"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let containers = machine.docker.containers_by_label(&format!("{LABEL_SERVER}={}", machine.server)).await?;
        let routed: BTreeSet<String> = machine.edge.routed()?.into_iter().collect();
        let stores = machine.services.db.read().await?.stores().list_on_server(machine.server_id).await?;
        let (mut looked_at, mut ordered) = (0, 0);
        for store in stores.iter().filter(|s| s.state == StoreState::Active) {
            looked_at += 1;
            let mut missing = missing(store, &containers, &routed, machine.dir(store).open()?.is_some());
            if machine.services.db.read().await?.stores().has_expired_addresses(store.id).await? {
                // The way to it is written anew without them.
                missing.push("the end of a former address".into());
            }
            if missing.is_empty() {
                continue;
            }
            if missing.iter().any(|m| m == "directory") {
                // Data cannot be made again by starting containers: people decide, from a backup.
                cx.error(format!("The directory of store {} is gone; it is not started without its data", store.uid));
                continue;
            }
            let actor = Actor::system("reconciler");
            let job = NewJob::for_store(
                hosting::jobs::REPAIR_STORE,
                store.id,
                store.customer_id,
                Some(machine.server_id),
                &actor,
            );
            let mut tx = machine.services.db.begin().await?;
            match tx.jobs().insert(&job).await {
                Ok(job) => {
                    tx.commit().await?;
                    machine.services.queue.announce(&[job]).await;
                    ordered += 1;
                    cx.warn(format!("Store {} misses {}; repair is job {}", store.uid, missing.join(", "), job.uid));
                }
                // It is being changed right now; the next look tells.
                Err(e) if e.is_duplicate("jobs_one_change_per_store") => tx.rollback().await?,
                Err(e) => return Err(e.into()),
            }
        }
        Ok(serde_json::json!({ "stores": looked_at, "repairs": ordered }))
    }
}

struct Sweep(Arc<Machine>);

/// What a labelled object's store says about it.
enum Verdict {
    /// Belongs here.
    Keep,
    /// Its store is gone for long enough.
    Remove(Box<Store>),
    /// No record of such a store.
    Report,
}

#[async_trait]
impl Step for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }
    fn title(&self) -> &'static str {
        "Remove what outlived its store"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let mut by_store: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let containers = machine.docker.containers_by_label(&format!("{LABEL_KIND}=store")).await?;
        let networks = machine.docker.networks_by_label(&format!("{LABEL_KIND}=store")).await?;
        for object in containers.iter().chain(&networks) {
            // Another server's objects on the same Engine (several workers in a test) are not ours.
            if object.labels.get(LABEL_SERVER).is_some_and(|s| *s == machine.server) {
                let store = object.labels.get(LABEL_STORE).cloned().unwrap_or_default();
                by_store.entry(store).or_default().push(object.name.clone());
            }
        }
        let (mut removed, mut reported) = (0, 0);
        for (uid, names) in by_store {
            match self.verdict(&uid).await? {
                Verdict::Keep => {}
                Verdict::Report => {
                    reported += 1;
                    cx.warn(format!("No record of store {uid}, but these carry its label: {}", names.join(", ")));
                }
                Verdict::Remove(store) => {
                    crate::steps::remove_containers::remove_all(machine, &store).await?;
                    removed += names.len();
                    cx.warn(format!("Removed left-overs of deleted store {uid}: {}", names.join(", ")));
                }
            }
        }
        Ok(serde_json::json!({ "removed": removed, "reported": reported }))
    }
}

impl Sweep {
    async fn verdict(&self, uid: &str) -> StepResult<Verdict> {
        let Ok(uid) = Uid::parse(uid) else { return Ok(Verdict::Report) };
        let mut conn = self.0.services.db.read().await?;
        let Some(store) = conn.stores().find(&uid).await? else { return Ok(Verdict::Report) };
        let gone = matches!(store.state, StoreState::Deleted | StoreState::Failed | StoreState::Requested);
        if !gone || conn.jobs().changing(store.id).await?.is_some() {
            return Ok(Verdict::Keep);
        }
        let alone = conn.stores().seconds_since_change(store.id).await?;
        Ok(if alone > GRACE_SECONDS { Verdict::Remove(Box::new(store)) } else { Verdict::Keep })
    }
}

struct Prune(Arc<Machine>);

#[async_trait]
impl Step for Prune {
    fn name(&self) -> &'static str {
        "prune"
    }
    fn title(&self) -> &'static str {
        "Remove templates of older images"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        // Read before the look at jobs: a set-up that starts later reads this list or a newer one.
        let Ok(images) = machine.images() else { return Ok(serde_json::json!({ "removed": 0 })) };
        let image = images.id("template-woocommerce")?.to_owned();
        let running = JobFilter {
            kind: Some(hosting::jobs::PROVISION_STORE.to_owned()),
            state: Some(JobState::Started),
            limit: 1000,
            ..JobFilter::default()
        };
        let running = machine.services.db.read().await?.jobs().list(&running).await?;
        // One that began under the list before may be copying; the next minute is early enough.
        if running.iter().any(|job| job.server_id.is_none_or(|id| id == machine.server_id)) {
            return Ok(serde_json::json!({ "removed": 0, "waiting": running.len() }));
        }
        let dir = machine.data_dir.clone();
        let removed = tokio::task::spawn_blocking(move || template::prune(&dir, &image))
            .await
            .map_err(|e| StepError::passing("files", "We are trying again", e))??;
        if !removed.is_empty() {
            cx.detail(format!("Removed templates of images that are no longer current: {}", removed.join(", ")));
        }
        Ok(serde_json::json!({ "removed": removed.len() }))
    }
}
