//! Starts a store's database page. The undo of each step takes back what is the page's own.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::db_admin::{
    account::MakeAccount, container::StartContainer, files::WriteFiles, healthy::Healthy, open::Open, reserve::Reserve,
    route::Route, verify::Verify,
};
use std::sync::Arc;

/// The job.
pub struct StartDbAdmin {
    steps: Vec<Arc<dyn Step>>,
}

impl StartDbAdmin {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Reserve(m())),
                Arc::new(MakeAccount(m())),
                Arc::new(WriteFiles(m())),
                Arc::new(StartContainer(m())),
                Arc::new(Healthy(m())),
                Arc::new(Route(m())),
                Arc::new(Verify(m())),
                Arc::new(Open(m())),
            ],
        }
    }
}

impl Job for StartDbAdmin {
    fn kind(&self) -> &'static str {
        hosting::jobs::START_DB_ADMIN
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
