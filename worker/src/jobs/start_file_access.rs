//! Opens file access to a store, or opens it anew after keys or password changed. The undo of each step closes it.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::file_access::{
    container::StartContainer, files::WriteFiles, healthy::Healthy, open::Open, reserve::Reserve,
};
use std::sync::Arc;

/// The job.
pub struct StartFileAccess {
    steps: Vec<Arc<dyn Step>>,
}

impl StartFileAccess {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Reserve(m())),
                Arc::new(WriteFiles(m())),
                Arc::new(StartContainer(m())),
                Arc::new(Healthy(m())),
                Arc::new(Open(m())),
            ],
        }
    }
}

impl Job for StartFileAccess {
    fn kind(&self) -> &'static str {
        hosting::jobs::START_FILE_ACCESS
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
