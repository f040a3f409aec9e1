//! Sets up a store. In order: what is reserved, what is made, what is looked at; the undo of each
//! step runs in reverse when one fails for good.

use crate::engine::step::Class;
use crate::engine::{Job, Step, StepError};
use crate::machine::Machine;
use crate::steps::{
    brand::MakeItYours,
    containers::Containers,
    errors::{DISK_FULL, no_room},
    healthy::Healthy,
    open::Open,
    place_template::PlaceTemplate,
    prepare::Prepare,
    render_stack::RenderStack,
    reserve::Reserve,
    route::Route,
    verify::Verify,
};
use std::sync::Arc;

/// Below this many free bytes nothing can be written that matters.
const DISK_IS_FULL: u64 = 8 << 20;

/// The job.
pub struct ProvisionStore {
    steps: Vec<Arc<dyn Step>>,
    machine: Arc<Machine>,
}

impl ProvisionStore {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self {
            steps: vec![
                Arc::new(Reserve(m())),
                Arc::new(Prepare(m())),
                Arc::new(PlaceTemplate(m())),
                Arc::new(RenderStack(m())),
                Arc::new(Containers(m())),
                Arc::new(Healthy(m())),
                Arc::new(MakeItYours(m())),
                Arc::new(Route(m())),
                Arc::new(Verify(m())),
                Arc::new(Open(m())),
            ],
            machine: machine.clone(),
        }
    }
}

impl Job for ProvisionStore {
    fn kind(&self) -> &'static str {
        hosting::jobs::PROVISION_STORE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
    /// A store that does not fit is taken back and not waited for: its half would hold the last of the
    /// space, and somebody has to make room anyway. Retry is one click. A part that broke down because
    /// the disk filled up under it says so instead of naming the part.
    fn judge(&self, error: StepError) -> StepError {
        let full = error.code == DISK_FULL
            || (error.class == Class::Passing && self.machine.disk_room().is_some_and(|(free, _)| free < DISK_IS_FULL));
        if full { no_room(&error.detail) } else { error }
    }
}
