//! Gives the store's administrator a new password; until it is recorded the former one comes back.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::lifecycle::admin_password::{Choose, Keep, LogIn, Set};
use std::sync::Arc;

/// The job.
pub struct ResetAdminPassword {
    steps: Vec<Arc<dyn Step>>,
}

impl ResetAdminPassword {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self { steps: vec![Arc::new(Choose(m())), Arc::new(Set(m())), Arc::new(LogIn(m())), Arc::new(Keep(m()))] }
    }
}

impl Job for ResetAdminPassword {
    fn kind(&self) -> &'static str {
        hosting::jobs::RESET_ADMIN_PASSWORD
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
