//! Connect the web address: the edge leads the host name to the store's port.

use super::Subject;
use super::lifecycle::settle;
use super::subject::fenced;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use async_trait::async_trait;
use hosting::db::Queries;
use std::sync::Arc;

/// The step.
pub struct Route(pub Arc<Machine>);

#[async_trait]
impl Step for Route {
    fn name(&self) -> &'static str {
        "route"
    }
    fn title(&self) -> &'static str {
        "Connect the web address"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let address = subject.address(machine).await?;
        let port = subject.reserved(machine).await?.web_port;
        let begun = std::time::Instant::now();
        let to = settle::target(&subject.store, port);
        let entries = settle::entries(machine, &subject, &address, to).await?;
        machine.edge.publish(&subject.store.object_name(), &entries, address.probe_port).await?;
        // Former addresses whose time is over lead nowhere now and are free again.
        let mut tx = fenced(machine, cx).await?;
        tx.stores().release_expired_addresses(subject.store.id).await?;
        tx.commit().await?;
        cx.detail(format!("{} leads to port {port} after {} ms", address.host.as_str(), begun.elapsed().as_millis()));
        Ok(serde_json::json!({ "host": address.host, "port": port }))
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let Some(subject) = Subject::to_undo(&self.0, cx).await? else { return Ok(()) };
        super::unroute::withdraw(&self.0, &subject).await?;
        cx.detail("The web address leads nowhere now");
        Ok(())
    }
}
