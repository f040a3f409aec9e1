//! What visitors meet at the store's address.

use super::settle;
use crate::edge::Target;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use async_trait::async_trait;
use std::sync::Arc;

/// What the step shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// "This shop is paused", with the cause in the record.
    Suspended,
    /// "This shop is being worked on"; its own staff pages stay open.
    Maintenance,
    /// The shop, or its maintenance page if that is on.
    Shop,
    /// The shop, whatever is on.
    Open,
}

/// The step.
pub struct Door(pub Arc<Machine>, pub Show);

#[async_trait]
impl Step for Door {
    fn name(&self) -> &'static str {
        "door"
    }
    fn title(&self) -> &'static str {
        match self.1 {
            Show::Suspended => "Show visitors that your store is paused",
            Show::Maintenance => "Show visitors the maintenance page",
            Show::Shop | Show::Open => "Let visitors in",
        }
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        let port = subject.reserved(&self.0).await?.web_port;
        let to = match self.1 {
            Show::Suspended => Target::Suspended(subject.store.suspend_cause),
            Show::Maintenance => Target::Maintenance(port),
            Show::Shop if subject.store.maintenance => Target::Maintenance(port),
            Show::Shop | Show::Open => Target::Port(port),
        };
        cx.detail(format!("The address leads to {to}"));
        settle::lead(&self.0, &subject, to).await?;
        Ok(serde_json::Value::Null)
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        settle::door(&self.0, &subject).await
    }
}
