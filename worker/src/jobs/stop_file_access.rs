//! Closes file access to a store: connections first, the record last. There is nothing to take back: a step that fails
//! is tried again, and the reconciler orders it anew.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::file_access::{container::RemoveContainer, files::RemoveFiles, release::Release};
use std::sync::Arc;

/// The job.
pub struct StopFileAccess {
    steps: Vec<Arc<dyn Step>>,
}

impl StopFileAccess {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self { steps: vec![Arc::new(RemoveContainer(m())), Arc::new(RemoveFiles(m())), Arc::new(Release(m()))] }
    }
}

impl Job for StopFileAccess {
    fn kind(&self) -> &'static str {
        hosting::jobs::STOP_FILE_ACCESS
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
