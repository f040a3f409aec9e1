//! Look at the page through the edge: shut for strangers, the shop's tables with a ticket.

use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::shop::db_admin::{files, verify};
use crate::steps::Subject;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// The step.
pub struct Verify(pub Arc<Machine>);

#[async_trait]
impl Step for Verify {
    fn name(&self) -> &'static str {
        "verify"
    }
    fn title(&self) -> &'static str {
        "Check that only you get in"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(2)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let address = super::address(machine, &subject).await?;
        let ticket = files::own_ticket(&machine.dir(&subject.store))?;
        cx.hide(&ticket);
        verify::verify(&address, &ticket).await?;
        cx.detail("403 without a ticket and with a used one; with one the shop's tables are there");
        Ok(serde_json::Value::Null)
    }
}
