//! The store's containers: stopped, started, or both.

use super::settle;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::containers::Containers;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// Longest time containers may take to end and to start.
const LIMIT: Duration = Duration::from_mins(5);

/// Stops them.
pub struct Stop(pub Arc<Machine>);

#[async_trait]
impl Step for Stop {
    fn name(&self) -> &'static str {
        "stop"
    }
    fn title(&self) -> &'static str {
        "Stop your store"
    }
    fn deadline(&self) -> Duration {
        LIMIT
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        settle::stop(&self.0, &subject).await?;
        cx.detail("The containers are stopped; their data is kept");
        Ok(serde_json::Value::Null)
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        settle::power(&self.0, cx, &subject).await
    }
}

/// Starts them; one that is missing or has another configuration is made again.
pub struct Start(pub Arc<Machine>);

#[async_trait]
impl Step for Start {
    fn name(&self) -> &'static str {
        "start"
    }
    fn title(&self) -> &'static str {
        "Start your store"
    }
    fn deadline(&self) -> Duration {
        LIMIT
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        Containers(self.0.clone()).apply(cx).await
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        settle::power(&self.0, cx, &subject).await
    }
}

/// Stops and starts them.
pub struct Restart(pub Arc<Machine>);

#[async_trait]
impl Step for Restart {
    fn name(&self) -> &'static str {
        "restart"
    }
    fn title(&self) -> &'static str {
        "Restart your store"
    }
    fn deadline(&self) -> Duration {
        LIMIT
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        settle::stop(&self.0, &subject).await?;
        cx.fail_point("stopped").await?;
        Containers(self.0.clone()).apply(cx).await
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        settle::power(&self.0, cx, &subject).await
    }
}
