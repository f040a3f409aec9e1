//! What should run and what visitors should meet, as the record says; and making it so.

use crate::edge::{Entry, Target};
use crate::engine::{StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::subject::Address;
use futures_util::future::try_join_all;
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::{HostName, StoreState};

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
    let entries = entries(machine, subject, &address, to).await?;
    Ok(machine.edge.publish(&subject.store.object_name(), &entries, address.probe_port).await?)
}

/// The store's address and its former ones, which lead on to it.
///
/// # Errors
/// Database trouble.
pub async fn entries(machine: &Machine, subject: &Subject, address: &Address, to: Target) -> StepResult<Vec<Entry>> {
    let formers = machine.services.db.read().await?.stores().former_addresses(subject.store.id).await?;
    let mut entries = vec![Entry { host: address.host.clone(), target: to }];
    let seen = address.url.rsplit_once(':').is_some_and(|(_, port)| port == address.port.to_string());
    let moved = Target::Moved(address.host.clone(), seen.then_some(address.port));
    entries.extend(
        formers
            .iter()
            .filter_map(|host| HostName::parse(host).ok())
            .filter(|host| *host != address.host)
            .map(|host| Entry { host, target: moved.clone() }),
    );
    Ok(entries)
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
