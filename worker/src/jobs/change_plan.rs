//! Gives a store the limits of another plan while it runs.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::lifecycle::{
    limits::SetLimits,
    record::{Fact, Record},
};
use crate::steps::verify::Verify;
use std::sync::Arc;

/// The job.
pub struct ChangePlan {
    steps: Vec<Arc<dyn Step>>,
}

impl ChangePlan {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self { steps: vec![Arc::new(SetLimits(m())), Arc::new(Verify(m())), Arc::new(Record(m(), Fact::Plan))] }
    }
}

impl Job for ChangePlan {
    fn kind(&self) -> &'static str {
        hosting::jobs::CHANGE_PLAN
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
