//! The page's web address.

use crate::edge::{Entry, Target};
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::shop::db_admin::route_name;
use crate::steps::Subject;
use crate::steps::subject::fenced;
use async_trait::async_trait;
use hosting::db::Queries;
use std::sync::Arc;

/// The step that connects it.
pub struct Route(pub Arc<Machine>);

#[async_trait]
impl Step for Route {
    fn name(&self) -> &'static str {
        "route"
    }
    fn title(&self) -> &'static str {
        "Connect the page's address"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let address = super::address(machine, &subject).await?;
        let port = subject.reserved(machine).await?.db_admin_port.ok_or_else(super::reserve::none_free)?;
        let entries = [Entry { host: address.host.clone(), target: Target::Port(port) }];
        machine.edge.publish(&route_name(&subject.store.object_name()), &entries, address.probe_port).await?;
        cx.detail(format!("{} leads to port {port}", address.host.as_str()));
        Ok(serde_json::json!({ "host": address.host, "port": port }))
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        withdraw(&self.0, &subject).await
    }
}

/// The step that disconnects it: always the first thing of stopping.
pub struct Unroute(pub Arc<Machine>);

#[async_trait]
impl Step for Unroute {
    fn name(&self) -> &'static str {
        "unroute"
    }
    fn title(&self) -> &'static str {
        "Close the way to the page"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let mut tx = fenced(machine, cx).await?;
        if tx.db_admin().find(subject.store.id).await?.is_some() {
            tx.db_admin().set_state(subject.store.id, "stopping").await?;
        }
        tx.commit().await?;
        withdraw(machine, &subject).await?;
        cx.detail("The page's address leads nowhere now");
        Ok(serde_json::Value::Null)
    }
}

/// Withdraws the page's route and waits until it is so; gone is fine.
///
/// # Errors
/// The edge is down or refuses.
pub async fn withdraw(machine: &Machine, subject: &Subject) -> StepResult<()> {
    let name = route_name(&subject.store.object_name());
    if machine.edge.current(&name)?.is_none() {
        return Ok(());
    }
    let (hosts, port) = match super::address(machine, subject).await {
        Ok(address) => (vec![address.host], address.probe_port),
        Err(_) => (vec![], 0),
    };
    Ok(machine.edge.withdraw(&name, &hosts, port).await?)
}
