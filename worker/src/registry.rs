//! Every job in one list, and what they are made with.

use crate::engine::Job;
use crate::jobs::{
    deprovision_store, export_data, housekeeping, noop, provision_store, reconcile_server, repair_store, send_mail,
};
use crate::machine::Machine;
use anyhow::Context;
use hosting::config::WorkerConfig;
use hosting::config::url_like::BaseUrl;
use hosting::mail::Mailer;
use hosting::services::Services;
use std::sync::Arc;

/// What this server can do now, for its heartbeat.
#[derive(Debug, Clone, Default)]
pub struct Fitness {
    /// Why it can't take work, '' = it can.
    pub unfit_reason: String,
    /// Platforms whose images it has.
    pub platforms: Vec<String>,
    /// Versions, images, memory, disk, load.
    pub facts: serde_json::Value,
}

/// What jobs are made with: clients of this server's Docker, edge and disk.
pub struct Parts {
    services: Services,
    base_url: BaseUrl,
    machine: Arc<Machine>,
}

impl Parts {
    /// Connects to what this server has.
    ///
    /// # Errors
    /// Malformed configuration; a Docker that is down is not an error here (jobs wait).
    pub async fn new(services: &Services, config: &WorkerConfig, server_id: u64) -> anyhow::Result<Self> {
        let base_url = hosting::config::value("SHOPFLEET_BASE_URL")?
            .context("SHOPFLEET_BASE_URL is not set: links in mails need it")?;
        let base_url =
            BaseUrl::parse(&base_url).map_err(|e| anyhow::anyhow!("SHOPFLEET_BASE_URL is not usable: {e}"))?;
        let machine = Arc::new(Machine::new(services, config, server_id)?);
        // Unpacking a template takes seconds; jobs that need it wait for the same work.
        let warming = machine.clone();
        tokio::spawn(async move { warming.warm_up().await });
        Ok(Self { services: services.clone(), base_url, machine })
    }

    /// Every job this worker can do.
    #[must_use]
    pub fn jobs(&self) -> Vec<Arc<dyn Job>> {
        vec![
            Arc::new(noop::Noop::default()),
            Arc::new(housekeeping::Housekeeping::new(self.services.clone())),
            Arc::new(export_data::ExportData::new(self.services.clone())),
            Arc::new(send_mail::SendMail::new(self.services.clone(), Mailer::smtp(), self.base_url.clone())),
            Arc::new(provision_store::ProvisionStore::new(&self.machine)),
            Arc::new(deprovision_store::DeprovisionStore::new(&self.machine)),
            Arc::new(repair_store::RepairStore::new(&self.machine)),
            Arc::new(reconcile_server::ReconcileServer::new(&self.machine)),
        ]
    }

    /// Looks at the server, for its heartbeat.
    pub async fn fitness(&self) -> Fitness {
        self.machine.report().await
    }
}
