//! The page's container, on the store's network.

use super::reserve::none_free;
use crate::docker::ContainerSpec;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::on_demand;
use async_trait::async_trait;
use hosting::db::stores::Store;
use hosting::domain::PortPool;
use std::sync::Arc;
use std::time::Duration;

/// The step that starts it.
pub struct StartContainer(pub Arc<Machine>);

#[async_trait]
impl Step for StartContainer {
    fn name(&self) -> &'static str {
        "container"
    }
    fn title(&self) -> &'static str {
        "Start the database page"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(2)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        on_demand::start(&self.0, cx, PortPool::StoreDbAdmin, |stack| page_of(stack.db_admin), none_free).await
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        remove(&self.0, &subject.store).await
    }
}

/// The page's container as it should be.
///
/// # Errors
/// Its port is gone.
pub fn page_of(page: Option<ContainerSpec>) -> StepResult<ContainerSpec> {
    page.ok_or_else(|| {
        StepError::last("reservation_gone", "The database page's place is gone. Start it again", "no port is reserved")
    })
}

/// The step that removes it.
pub struct RemoveContainer(pub Arc<Machine>);

#[async_trait]
impl Step for RemoveContainer {
    fn name(&self) -> &'static str {
        "container"
    }
    fn title(&self) -> &'static str {
        "Stop the database page"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        remove(&self.0, &subject.store).await?;
        cx.detail("The page's container is gone");
        Ok(serde_json::Value::Null)
    }
}

/// Removes the container; gone is fine.
///
/// # Errors
/// Engine trouble.
pub async fn remove(machine: &Machine, store: &Store) -> StepResult<()> {
    on_demand::remove(machine, store, "db-admin").await
}
