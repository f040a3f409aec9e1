//! Suspends a store: visitors first, then the containers; its data stays. The record changes last.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::lifecycle::{
    close_database::CloseDatabase,
    door::{Door, Show},
    power::Stop,
    record::{Fact, Record},
};
use std::sync::Arc;

/// The job.
pub struct SuspendStore {
    steps: Vec<Arc<dyn Step>>,
}

impl SuspendStore {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(CloseDatabase(m())),
                Arc::new(Door(m(), Show::Suspended)),
                Arc::new(Stop(m())),
                Arc::new(Record(m(), Fact::Suspended)),
            ],
        }
    }
}

impl Job for SuspendStore {
    fn kind(&self) -> &'static str {
        hosting::jobs::SUSPEND_STORE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
