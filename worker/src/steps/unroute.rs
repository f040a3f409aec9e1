//! Take the web address out of service: always the first thing of a removal.

use super::Subject;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use async_trait::async_trait;
use std::sync::Arc;

/// The step of a deletion.
pub struct Unroute(pub Arc<Machine>);

#[async_trait]
impl Step for Unroute {
    fn name(&self) -> &'static str {
        "unroute"
    }
    fn title(&self) -> &'static str {
        "Take the web address out of service"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        withdraw(&self.0, &subject).await?;
        cx.detail("The web address leads nowhere now");
        Ok(serde_json::Value::Null)
    }
}

/// Withdraws whatever is routed for a store and waits until it is so.
///
/// # Errors
/// The edge is down or refuses.
pub async fn withdraw(machine: &Machine, subject: &Subject) -> StepResult<()> {
    super::db_admin::route::withdraw(machine, subject).await?;
    let name = subject.store.object_name();
    let routed = machine.edge.current(&name)?.is_some();
    match subject.address(machine).await {
        Ok(address) => Ok(machine.edge.withdraw(&name, &[address.host], address.probe_port).await?),
        // The name was released before; then nothing may be routed any more either.
        Err(_) if routed => Ok(machine.edge.withdraw(&name, &[], 0).await?),
        Err(_) => Ok(()),
    }
}
