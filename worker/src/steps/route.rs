//! Connect the web address: the edge leads the host name to the store's port.

use super::Subject;
use super::lifecycle::settle;
use crate::edge::Entry;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use async_trait::async_trait;
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
        let entries = [Entry { host: address.host.clone(), target: settle::target(&subject.store, port) }];
        machine.edge.publish(&subject.store.object_name(), &entries, address.probe_port).await?;
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
