//! Lets one browser into a running database page.

use crate::engine::{Job, Step, Weight};
use crate::machine::Machine;
use crate::steps::db_admin::admit::Admit;
use std::sync::Arc;

/// The job.
pub struct AdmitToDbAdmin {
    steps: Vec<Arc<dyn Step>>,
}

impl AdmitToDbAdmin {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        Self { steps: vec![Arc::new(Admit(machine.clone()))] }
    }
}

impl Job for AdmitToDbAdmin {
    fn kind(&self) -> &'static str {
        hosting::jobs::ADMIT_TO_DB_ADMIN
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
