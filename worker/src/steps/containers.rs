//! Network and containers: made in parallel, started in parallel.

use super::Subject;
use super::render_stack::write_compose;
use super::subject::fenced;
use crate::docker::{DockerError, DockerResult};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::stack::Stack;
use async_trait::async_trait;
use futures_util::future::join_all;
use hosting::db::Queries;
use hosting::domain::PortPool;
use std::sync::Arc;
use std::time::Duration;

/// Seconds a port found in a stranger's hands is left alone.
pub const FOREIGN_PORT_REST_SECONDS: u32 = 3600;
/// Ports and subnets tried before the server is called unfit.
const TRIES: u32 = 20;

/// The step.
pub struct Containers(pub Arc<Machine>);

#[async_trait]
impl Step for Containers {
    fn name(&self) -> &'static str {
        "containers"
    }
    fn title(&self) -> &'static str {
        "Start your store"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(5)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        machine.ensure_firewall().await?;
        let subject = Subject::load(machine, cx).await?;
        let images = machine.images()?;
        for _ in 0..TRIES {
            let stack = subject.stack(machine, &images).await?;
            let begun = std::time::Instant::now();
            let done = async {
                let made_ms = make(machine, &stack).await?;
                if let Err(stopped) = cx.fail_point("made").await {
                    return Ok(Err(stopped));
                }
                let started = join_all(stack.containers.iter().map(|c| machine.docker.start(&c.name))).await;
                started.into_iter().collect::<DockerResult<Vec<()>>>()?;
                Ok(Ok(made_ms))
            };
            match done.await {
                Ok(Err(stopped)) => return Err(stopped),
                Ok(Ok(made_ms)) => {
                    cx.detail(format!(
                        "Containers made after {made_ms} ms, started after {} ms",
                        begun.elapsed().as_millis()
                    ));
                    let port = stack.service("web").and_then(|w| w.publish).map(|p| p.0);
                    return Ok(serde_json::json!({ "port": port, "network": stack.network.cidr() }));
                }
                Err(DockerError::PortInUse { cause, .. }) => {
                    cx.warn(format!("Another program listens on our port; taking another: {cause}"));
                    self.other_port(cx, &subject).await?;
                }
                Err(DockerError::SubnetTaken { cause, .. }) => {
                    cx.warn(format!("Another network uses our addresses; taking others: {cause}"));
                    self.other_subnet(cx, &subject).await?;
                }
                Err(error) => return Err(error.into()),
            }
            write_compose(machine, &subject, &images).await?;
        }
        Err(StepError::unfit(
            "no_room",
            "Our server has no free place right now. We go on as soon as it has",
            format!("{TRIES} ports or subnets in a row are used by strangers on {}", machine.server),
        ))
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let machine = &self.0;
        let Some(subject) = Subject::to_undo(machine, cx).await? else { return Ok(()) };
        let removed = super::remove_containers::remove_all(machine, &subject.store).await?;
        cx.detail(format!("{removed} containers and networks are removed"));
        Ok(())
    }
}

/// Makes everything in parallel; says after how many milliseconds.
async fn make(machine: &Machine, stack: &Stack) -> DockerResult<u128> {
    let docker = &machine.docker;
    let begun = std::time::Instant::now();
    // A container may be made before its network; it only needs it to start.
    // Every request is waited for, also when one has failed: a dropped one may still be carried out
    // by the Engine after the undo has looked.
    let making = join_all(stack.containers.iter().map(|c| docker.ensure_container(c)));
    let (network, made) = tokio::join!(docker.ensure_network(&stack.network), making);
    made.into_iter().fold(network, Result::and)?;
    Ok(begun.elapsed().as_millis())
}

impl Containers {
    async fn other_port(&self, cx: &StepContext, subject: &Subject) -> StepResult<()> {
        let (machine, store) = (&self.0, &subject.store);
        let mut tx = fenced(machine, cx).await?;
        tx.ports().release(store.id, Some(PortPool::StoreWeb), FOREIGN_PORT_REST_SECONDS).await?;
        let port = tx.ports().allocate(machine.server_id, PortPool::StoreWeb, store.id).await?;
        if port.is_none() {
            return Err(StepError::unfit(
                "no_room",
                "All places on our server are taken right now. We go on as soon as one is free",
                format!("no free port on {}", machine.server),
            ));
        }
        Ok(tx.commit().await?)
    }

    async fn other_subnet(&self, cx: &StepContext, subject: &Subject) -> StepResult<()> {
        let (machine, store) = (&self.0, &subject.store);
        // Containers hold addresses of the old subnet.
        super::remove_containers::remove_all(machine, store).await?;
        let mut tx = fenced(machine, cx).await?;
        if tx.subnets().move_on(machine.server_id, store.id).await?.is_none() {
            return Err(StepError::unfit(
                "no_room",
                "All places on our server are taken right now. We go on as soon as one is free",
                format!("no free subnet on {}", machine.server),
            ));
        }
        Ok(tx.commit().await?)
    }
}
