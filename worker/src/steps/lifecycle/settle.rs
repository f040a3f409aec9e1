//! What should run and what visitors should meet, as the record says; and making it so.

use crate::edge::{Entry, Target};
use crate::engine::{StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use futures_util::future::try_join_all;
use hosting::db::stores::Store;
use hosting::domain::StoreState;

/// Where the store's address leads, by its record.
#[must_use]
pub fn target(store: &Store, port: u16) -> Target {
    match store.state {
        StoreState::Suspended => Target::Suspended(store.suspend_cause),
        _ if store.maintenance => Target::Maintenance(port),
        _ => Target::Port(port),
    }
}

/// Leads the store's address somewhere and waits until it is so.
///
/// # Errors
/// The edge is down or refuses; the former route is in force.
pub async fn lead(machine: &Machine, subject: &Subject, to: Target) -> StepResult<()> {
    let address = subject.address(machine).await?;
    let entries = [Entry { host: address.host, target: to }];
    Ok(machine.edge.publish(&subject.store.object_name(), &entries, address.probe_port).await?)
}

/// Leads the store's address where its record says.
///
/// # Errors
/// As [`lead`].
pub async fn door(machine: &Machine, subject: &Subject) -> StepResult<()> {
    let port = subject.reserved(machine).await?.web_port;
    lead(machine, subject, target(&subject.store, port)).await
}

/// Stops the store's containers; they stay stopped when the Engine is started again.
///
/// # Errors
/// Engine trouble, or one that still runs.
pub async fn stop(machine: &Machine, subject: &Subject) -> StepResult<()> {
    let stack = subject.stack(machine, &machine.images()?).await?;
    let seconds = |n: u32| i32::try_from(n).unwrap_or(30);
    try_join_all(stack.containers.iter().map(|c| machine.docker.stop(&c.name, seconds(c.stop_seconds)))).await?;
    for name in stack.names() {
        if machine.docker.inspect(&name).await?.is_some_and(|s| s.running) {
            return Err(StepError::passing("still_running", "We are trying again", format!("{name} still runs")));
        }
    }
    Ok(())
}

/// Makes the containers run or rest, as the record says.
///
/// # Errors
/// Engine trouble.
pub async fn power(machine: &Machine, cx: &mut StepContext, subject: &Subject) -> StepResult<()> {
    match subject.store.state {
        StoreState::Suspended => stop(machine, subject).await?,
        StoreState::Active => {
            let stack = subject.stack(machine, &machine.images()?).await?;
            try_join_all(stack.containers.iter().map(|c| machine.docker.ensure_container(c))).await?;
            try_join_all(stack.containers.iter().map(|c| machine.docker.start(&c.name))).await?;
            machine.docker.wait_running(&stack.names(), std::time::Duration::from_secs(30)).await?;
        }
        other => cx.warn(format!("The store is {}; its containers are left as they are", other.as_str())),
    }
    Ok(())
}
