//! Every job in one list, and what they are made with.

use crate::engine::Job;
use crate::jobs::{housekeeping, noop};
use hosting::config::WorkerConfig;
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
}

impl Parts {
    /// Connects to what this server has.
    ///
    /// # Errors
    /// Malformed configuration; a Docker that is down is not an error here (jobs wait).
    pub async fn new(services: &Services, _config: &WorkerConfig, _server_id: u64) -> anyhow::Result<Self> {
        Ok(Self { services: services.clone() })
    }

    /// Every job this worker can do.
    #[must_use]
    pub fn jobs(&self) -> Vec<Arc<dyn Job>> {
        vec![Arc::new(noop::Noop::default()), Arc::new(housekeeping::Housekeeping::new(self.services.clone()))]
    }

    /// Looks at the server, for its heartbeat.
    pub async fn fitness(&self) -> Fitness {
        Fitness::default()
    }
}
