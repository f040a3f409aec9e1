//! Lets visitors in again, after a look at the shop from behind and one from the front.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::lifecycle::{
    door::{Door, Show},
    record::{Fact, Record},
};
use crate::steps::verify::{Verify, VerifyOpen};
use std::sync::Arc;

/// The job.
pub struct EndMaintenance {
    steps: Vec<Arc<dyn Step>>,
}

impl EndMaintenance {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Verify(m())),
                Arc::new(Door(m(), Show::Open)),
                Arc::new(VerifyOpen(m())),
                Arc::new(Record(m(), Fact::Maintenance(false))),
            ],
        }
    }
}

impl Job for EndMaintenance {
    fn kind(&self) -> &'static str {
        hosting::jobs::END_MAINTENANCE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
