//! Stops a store's database page: the way to it first, its record last. There is nothing to take
//! back: a step that fails is tried again, and the reconciler orders it anew.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::db_admin::{
    account::DropAccount, container::RemoveContainer, files::RemoveFiles, release::Release, route::Unroute,
};
use std::sync::Arc;

/// The job.
pub struct StopDbAdmin {
    steps: Vec<Arc<dyn Step>>,
}

impl StopDbAdmin {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Unroute(m())),
                Arc::new(RemoveContainer(m())),
                Arc::new(DropAccount(m())),
                Arc::new(RemoveFiles(m())),
                Arc::new(Release(m())),
            ],
        }
    }
}

impl Job for StopDbAdmin {
    fn kind(&self) -> &'static str {
        hosting::jobs::STOP_DB_ADMIN
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
