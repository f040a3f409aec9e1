//! Restarts a store; the shop is away for a few seconds.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::healthy::Healthy;
use crate::steps::lifecycle::power::Restart;
use crate::steps::verify::Verify;
use std::sync::Arc;

/// The job.
pub struct RestartStore {
    steps: Vec<Arc<dyn Step>>,
}

impl RestartStore {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self { steps: vec![Arc::new(Restart(m())), Arc::new(Healthy(m())), Arc::new(Verify(m()))] }
    }
}

impl Job for RestartStore {
    fn kind(&self) -> &'static str {
        hosting::jobs::RESTART_STORE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
