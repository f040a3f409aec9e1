//! Gives a store another web address; the former one leads there for 30 days.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::lifecycle::{
    address::{Hold, Lead, Look, Rewrite, Settle},
    close_database::CloseDatabase,
};
use std::sync::Arc;

/// The job.
pub struct ChangeAddress {
    steps: Vec<Arc<dyn Step>>,
}

impl ChangeAddress {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(CloseDatabase(m())),
                Arc::new(Hold(m())),
                Arc::new(Rewrite(m())),
                Arc::new(Lead(m())),
                Arc::new(Look(m())),
                Arc::new(Settle(m())),
            ],
        }
    }
}

impl Job for ChangeAddress {
    fn kind(&self) -> &'static str {
        hosting::jobs::CHANGE_ADDRESS
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
