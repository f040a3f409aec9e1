//! The page's container, on the store's network.

use super::reserve::none_free;
use crate::docker::{ContainerSpec, DockerError};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::containers::FOREIGN_PORT_REST_SECONDS;
use crate::steps::render_stack::write_compose;
use crate::steps::subject::fenced;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::PortPool;
use std::sync::Arc;
use std::time::Duration;

/// Ports tried before the server is called full.
const TRIES: u32 = 20;

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
        let machine = &self.0;
        machine.ensure_firewall().await?;
        let subject = Subject::load(machine, cx).await?;
        let images = machine.images()?;
        for _ in 0..TRIES {
            let stack = subject.stack(machine, &images).await?;
            let page = page_of(stack.db_admin)?;
            write_compose(machine, &subject, &images).await?;
            machine.docker.ensure_container(&page).await?;
            cx.fail_point("made").await?;
            match machine.docker.start(&page.name).await {
                Ok(()) => return Ok(serde_json::json!({ "port": page.publish.map(|p| p.0) })),
                Err(DockerError::PortInUse { cause, .. }) => {
                    cx.warn(format!("Another program listens on our port; taking another: {cause}"));
                    let mut tx = fenced(machine, cx).await?;
                    let (store, pool) = (subject.store.id, PortPool::StoreDbAdmin);
                    tx.ports().release(store, Some(pool), FOREIGN_PORT_REST_SECONDS).await?;
                    tx.ports().allocate(machine.server_id, pool, store).await?.ok_or_else(none_free)?;
                    tx.commit().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(none_free())
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

/// Removes the container until it is not there twice in a row: a creation whose request was given
/// up may still be under way inside the Engine. Never one that is not this store's.
///
/// # Errors
/// Engine trouble.
pub async fn remove(machine: &Machine, store: &Store) -> StepResult<()> {
    remove_named(machine, store, "db-admin").await
}

/// As [`remove`], another container of the store that runs on demand.
///
/// # Errors
/// Engine trouble.
pub async fn remove_named(machine: &Machine, store: &Store, service: &str) -> StepResult<()> {
    let name = format!("{}-{service}", store.object_name());
    let mut clean = 0;
    for _ in 0..10 {
        match machine.docker.inspect(&name).await? {
            None => {
                clean += 1;
                if clean == 2 {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Some(found) if found.labels.get(crate::docker::LABEL_STORE) == Some(&store.uid.to_string()) => {
                clean = 0;
                machine.docker.remove_container(&name).await?;
            }
            Some(_) => return Ok(()),
        }
    }
    Err(StepError::passing("still_there", "We are trying again", format!("{name} keeps coming back")))
}
