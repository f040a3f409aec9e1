//! Containers of a store that run on demand: its database page and its file access.

use super::Subject;
use super::containers::FOREIGN_PORT_REST_SECONDS;
use super::render_stack::write_compose;
use super::subject::fenced;
use crate::docker::{ContainerSpec, DockerError, LABEL_STORE};
use crate::engine::{StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::stack::Stack;
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::PortPool;
use std::time::Duration;

/// Ports tried before the server is called full.
const TRIES: u32 = 20;

/// Makes and starts the container that `spec_of` takes from the store's stack; another port of `pool` where a stranger
/// has ours. The output is its port.
///
/// # Errors
/// `none_free` when the pool is empty; Engine trouble.
pub async fn start(
    machine: &Machine,
    cx: &mut StepContext,
    pool: PortPool,
    spec_of: fn(Stack) -> StepResult<ContainerSpec>,
    none_free: fn() -> StepError,
) -> StepResult {
    machine.ensure_firewall().await?;
    let subject = Subject::load(machine, cx).await?;
    let images = machine.images()?;
    for _ in 0..TRIES {
        let spec = spec_of(subject.stack(machine, &images).await?)?;
        write_compose(machine, &subject, &images).await?;
        machine.docker.ensure_container(&spec).await?;
        cx.fail_point("made").await?;
        match machine.docker.start(&spec.name).await {
            Ok(()) => return Ok(serde_json::json!({ "port": spec.publish.map(|p| p.0) })),
            Err(DockerError::PortInUse { cause, .. }) => {
                cx.warn(format!("Another program listens on our port; taking another: {cause}"));
                let mut tx = fenced(machine, cx).await?;
                let store = subject.store.id;
                tx.ports().release(store, Some(pool), FOREIGN_PORT_REST_SECONDS).await?;
                tx.ports().allocate(machine.server_id, pool, store).await?.ok_or_else(none_free)?;
                tx.commit().await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(none_free())
}

/// Removes a store's container of that service until it is not there twice in a row: a creation whose request was given
/// up may still be under way inside the Engine. Never one that is not this store's.
///
/// # Errors
/// Engine trouble.
pub async fn remove(machine: &Machine, store: &Store, service: &str) -> StepResult<()> {
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
            Some(found) if found.labels.get(LABEL_STORE) == Some(&store.uid.to_string()) => {
                clean = 0;
                machine.docker.remove_container(&name).await?;
            }
            Some(_) => return Ok(()),
        }
    }
    Err(StepError::passing("still_there", "We are trying again", format!("{name} keeps coming back")))
}
