//! Sets up a store. In order: what is reserved, what is made, what is looked at; the undo of each
//! step runs in reverse when one fails for good.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::{
    brand::MakeItYours, containers::Containers, healthy::Healthy, open::Open, place_template::PlaceTemplate,
    prepare::Prepare, render_stack::RenderStack, reserve::Reserve, route::Route, verify::Verify,
};
use std::sync::Arc;

/// The job.
pub struct ProvisionStore {
    steps: Vec<Arc<dyn Step>>,
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
}
