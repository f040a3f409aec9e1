//! Shows visitors the maintenance page; the shop's own staff pages stay open.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::lifecycle::{
    door::{Door, Show},
    record::{Fact, Record},
};
use std::sync::Arc;

/// The job.
pub struct StartMaintenance {
    steps: Vec<Arc<dyn Step>>,
}

impl StartMaintenance {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self { steps: vec![Arc::new(Door(m(), Show::Maintenance)), Arc::new(Record(m(), Fact::Maintenance(true)))] }
    }
}

impl Job for StartMaintenance {
    fn kind(&self) -> &'static str {
        hosting::jobs::START_MAINTENANCE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
