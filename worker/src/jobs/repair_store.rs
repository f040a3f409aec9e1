//! Makes and starts the missing parts of a store that is in service, and looks at it again. Nothing
//! is taken back: the undo of these steps never touches a store that is in service.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::{containers::Containers, healthy::Healthy, render_stack::RenderStack, route::Route, verify::Verify};
use std::sync::Arc;

/// The job.
pub struct RepairStore {
    steps: Vec<Arc<dyn Step>>,
}

impl RepairStore {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(RenderStack(m())),
                Arc::new(Containers(m())),
                Arc::new(Healthy(m())),
                Arc::new(Route(m())),
                Arc::new(Verify(m())),
            ],
        }
    }
}

impl Job for RepairStore {
    fn kind(&self) -> &'static str {
        hosting::jobs::REPAIR_STORE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
