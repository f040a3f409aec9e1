//! The container with sshd, on the store's network, its port on the server's address.

use super::reserve::none_free;
use crate::docker::ContainerSpec;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::on_demand;
use crate::steps::subject::fenced;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::PortPool;
use std::sync::Arc;
use std::time::Duration;

/// The step that starts it. Another version of keys and password is another configuration, so that the one that runs is
/// removed and made again: nobody who signed in with what is no longer true stays.
pub struct StartContainer(pub Arc<Machine>);

#[async_trait]
impl Step for StartContainer {
    fn name(&self) -> &'static str {
        "container"
    }
    fn title(&self) -> &'static str {
        "Start file access"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(2)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        on_demand::start(&self.0, cx, PortPool::StoreSftp, |stack| spec_of(stack.file_access), none_free).await
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        remove(&self.0, &subject.store).await
    }
}

/// The container as it should be.
///
/// # Errors
/// Its port is gone.
pub fn spec_of(spec: Option<ContainerSpec>) -> StepResult<ContainerSpec> {
    spec.ok_or_else(|| {
        StepError::last("reservation_gone", "The place for file access is gone. Open it again", "no port is reserved")
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
        "Close file access"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let mut tx = fenced(machine, cx).await?;
        if tx.file_access().find(subject.store.id).await?.is_some() {
            tx.file_access().set_state(subject.store.id, "stopping").await?;
        }
        tx.commit().await?;
        remove(machine, &subject.store).await?;
        cx.detail("The container is gone, and every connection with it");
        Ok(serde_json::Value::Null)
    }
}

/// Removes the container; gone is fine.
///
/// # Errors
/// Engine trouble.
pub async fn remove(machine: &Machine, store: &Store) -> StepResult<()> {
    on_demand::remove(machine, store, "sftp").await
}
