//! Gives a store to another customer: the former owner's doors are shut, the store admin gets the new owner's address
//! and a new password, and only then the record changes. Until it does, everything comes back to the former owner.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::lifecycle::{
    admin_password::{Choose, LogIn, Set},
    close_database::CloseDatabase,
    transfer::{Agree, HandOver, SetEmail},
};
use std::sync::Arc;

/// The job.
pub struct TransferStore {
    steps: Vec<Arc<dyn Step>>,
}

impl TransferStore {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Agree(m())),
                Arc::new(CloseDatabase(m())),
                Arc::new(Choose(m())),
                Arc::new(Set(m())),
                Arc::new(SetEmail(m())),
                Arc::new(LogIn(m())),
                Arc::new(HandOver(m())),
            ],
        }
    }
}

impl Job for TransferStore {
    fn kind(&self) -> &'static str {
        hosting::jobs::TRANSFER_STORE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
