//! Removes a store: routing first, data last. There is no way back, so no step has an undo; a step
//! that fails is tried again, and a failed job can be retried.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::{release::Release, remove_containers::RemoveContainers, remove_data::RemoveData, unroute::Unroute};
use std::sync::Arc;

/// The job.
pub struct DeprovisionStore {
    steps: Vec<Arc<dyn Step>>,
}

impl DeprovisionStore {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Unroute(m())),
                Arc::new(RemoveContainers(m())),
                Arc::new(RemoveData(m())),
                Arc::new(Release(m())),
            ],
        }
    }
}

impl Job for DeprovisionStore {
    fn kind(&self) -> &'static str {
        hosting::jobs::DEPROVISION_STORE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
