//! Gives a store another name, in the shop and in our records.

use crate::engine::{Job, Step};
use crate::machine::Machine;
use crate::steps::lifecycle::{
    name::{NoteTitle, SetTitle},
    record::{Fact, Record},
};
use std::sync::Arc;

/// The job.
pub struct RenameStore {
    steps: Vec<Arc<dyn Step>>,
}

impl RenameStore {
    /// On this server.
    #[must_use]
    pub fn new(machine: &Arc<Machine>) -> Self {
        let m = || machine.clone();
        Self { steps: vec![Arc::new(NoteTitle(m())), Arc::new(SetTitle(m())), Arc::new(Record(m(), Fact::Name))] }
    }
}

impl Job for RenameStore {
    fn kind(&self) -> &'static str {
        hosting::jobs::RENAME_STORE
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}
