//! Starts a suspended store again and looks at it like a visitor before it counts as open.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::healthy::Healthy;
use crate::steps::lifecycle::{
    door::{Door, Show},
    power::Start,
    record::{Fact, Record},
};
use crate::steps::verify::Verify;
use std::sync::Arc;

/// The job.
pub struct ResumeStore {
    steps: Vec<Arc<dyn Step>>,
}

impl ResumeStore {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Start(m())),
                Arc::new(Healthy(m())),
                Arc::new(Door(m(), Show::Shop)),
                Arc::new(Verify(m())),
                Arc::new(Record(m(), Fact::Resumed)),
            ],
        }
    }
}

impl Job for ResumeStore {
    fn kind(&self) -> &'static str {
        hosting::jobs::RESUME_STORE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
