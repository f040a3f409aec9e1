//! Removes every container and network that carries the store's label, running or not.

use super::Subject;
use crate::docker::{DockerResult, Listed};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use hosting::db::stores::Store;
use std::sync::Arc;
use std::time::Duration;

/// The Engine answers a creation within this time on a quiet machine.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(300);

/// The step of a deletion: the shop gets time to end by itself first.
pub struct RemoveContainers(pub Arc<Machine>);

#[async_trait]
impl Step for RemoveContainers {
    fn name(&self) -> &'static str {
        "remove_containers"
    }
    fn title(&self) -> &'static str {
        "Stop your store"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(5)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let containers = machine.docker.containers_by_label(&Machine::label(&subject.store)).await?;
        try_join_all(containers.iter().map(|c| machine.docker.stop(&c.id, 10))).await?;
        let removed = remove_all(machine, &subject.store).await?;
        cx.detail(format!("{removed} containers and networks are removed"));
        Ok(serde_json::json!({ "removed": removed }))
    }
}

/// Removes containers, then networks, until nothing was there twice in a row: a creation whose
/// request was given up may still be under way inside the Engine. Returns how many there were.
///
/// # Errors
/// Engine trouble; something that stays.
pub async fn remove_all(machine: &Machine, store: &Store) -> StepResult<usize> {
    let (docker, label) = (&machine.docker, Machine::label(store));
    let (mut removed, mut clean) = (0, 0);
    for round in 0..10 {
        let found: DockerResult<(Vec<Listed>, Vec<Listed>)> =
            async { tokio::try_join!(docker.containers_by_label(&label), docker.networks_by_label(&label)) }.await;
        let (containers, networks) = found?;
        if containers.is_empty() && networks.is_empty() {
            clean += 1;
            if clean == 2 {
                return Ok(removed);
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
            continue;
        }
        clean = 0;
        removed += containers.len() + networks.len();
        try_join_all(containers.iter().map(|c| docker.remove_container(&c.id))).await?;
        for network in &networks {
            match docker.remove_network(&network.id).await {
                Ok(()) => {}
                // A container of it is still ending; the next round meets it again.
                Err(crate::docker::DockerError::Conflict { .. }) if round < 9 => {}
                Err(e) => return Err(e.into()),
            }
        }
        if round > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Err(StepError::passing("still_there", "We are trying again", format!("objects with {label} keep coming back")))
}
