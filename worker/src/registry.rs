//! Every job in one list, and what they are made with.

use crate::engine::Job;
use crate::jobs::{
    admit_to_db_admin, change_address, change_plan, deprovision_store, end_maintenance, export_data, housekeeping,
    noop, provision_store, read_mailbox, reconcile_server, rename_store, repair_store, reset_admin_password,
    restart_store, resume_store, send_mail, start_db_admin, start_file_access, start_maintenance, stop_db_admin,
    stop_file_access, suspend_store, transfer_store,
};
use crate::machine::Machine;
use crate::store_logs::Desk;
use crate::usage::Sampler;
use anyhow::Context;
use hosting::config::WorkerConfig;
use hosting::config::url_like::BaseUrl;
use hosting::mail::Mailer;
use hosting::services::Services;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

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
    mail_dir: Option<PathBuf>,
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
        let mut machine = Machine::new(services, config, server_id)?;
        base_url.as_str().clone_into(&mut machine.panel_url);
        let machine = Arc::new(machine);
        // Unpacking a template takes seconds; jobs that need it wait for the same work.
        let warming = machine.clone();
        tokio::spawn(async move { warming.warm_up().await });
        Ok(Self { services: services.clone(), base_url, mail_dir: config.mail_dir.clone(), machine })
    }

    /// Every job this worker can do.
    #[must_use]
    pub fn jobs(&self) -> Vec<Arc<dyn Job>> {
        let mut jobs: Vec<Arc<dyn Job>> = vec![
            Arc::new(noop::Noop::default()),
            Arc::new(housekeeping::Housekeeping::new(self.services.clone())),
            Arc::new(export_data::ExportData::new(self.services.clone())),
            Arc::new(read_mailbox::ReadMailbox::new(self.services.clone(), self.mail_dir.clone())),
            Arc::new(send_mail::SendMail::new(self.services.clone(), Mailer::smtp(), self.base_url.clone())),
        ];
        jobs.extend(server_jobs(&self.machine));
        jobs
    }

    /// Opens the desk that answers for the run-time logs of this server's stores.
    pub fn open_log_desk(&self, stop: CancellationToken) {
        Desk::open(self.machine.clone(), stop);
    }

    /// Measures what this server's stores use, once a minute.
    pub fn measure_usage(&self, stop: CancellationToken) {
        Sampler::new(self.machine.clone()).run(stop);
    }

    /// Looks at the server, for its heartbeat.
    pub async fn fitness(&self) -> Fitness {
        self.machine.report().await
    }
}

/// Every job about a server and its stores.
#[must_use]
pub fn server_jobs(machine: &Arc<Machine>) -> Vec<Arc<dyn Job>> {
    vec![
        Arc::new(provision_store::ProvisionStore::new(machine)),
        Arc::new(deprovision_store::DeprovisionStore::new(machine)),
        Arc::new(repair_store::RepairStore::new(machine)),
        Arc::new(start_db_admin::StartDbAdmin::new(machine)),
        Arc::new(stop_db_admin::StopDbAdmin::new(machine)),
        Arc::new(start_file_access::StartFileAccess::new(machine)),
        Arc::new(stop_file_access::StopFileAccess::new(machine)),
        Arc::new(admit_to_db_admin::AdmitToDbAdmin::new(machine)),
        Arc::new(change_address::ChangeAddress::new(machine)),
        Arc::new(change_plan::ChangePlan::new(machine)),
        Arc::new(end_maintenance::EndMaintenance::new(machine)),
        Arc::new(rename_store::RenameStore::new(machine)),
        Arc::new(reset_admin_password::ResetAdminPassword::new(machine)),
        Arc::new(restart_store::RestartStore::new(machine)),
        Arc::new(resume_store::ResumeStore::new(machine)),
        Arc::new(start_maintenance::StartMaintenance::new(machine)),
        Arc::new(suspend_store::SuspendStore::new(machine)),
        Arc::new(transfer_store::TransferStore::new(machine)),
        Arc::new(reconcile_server::ReconcileServer::new(machine)),
    ]
}
