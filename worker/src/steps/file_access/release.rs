//! Free what file access had: its port and its record. Keys, the password's hash and the host key stay for the next time.

use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::render_stack::write_compose;
use crate::steps::reserve::PORT_REST_SECONDS;
use crate::steps::subject::fenced;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::domain::PortPool;
use std::sync::Arc;

/// The last step of closing.
pub struct Release(pub Arc<Machine>);

#[async_trait]
impl Step for Release {
    fn name(&self) -> &'static str {
        "release"
    }
    fn title(&self) -> &'static str {
        "Free the place"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        release(&self.0, cx).await?;
        cx.say("File access is closed");
        Ok(serde_json::Value::Null)
    }
}

/// Frees everything and writes the compose file without it.
///
/// # Errors
/// Database or file system trouble.
pub async fn release(machine: &Machine, cx: &mut StepContext) -> StepResult<()> {
    let subject = Subject::load(machine, cx).await?;
    let store = &subject.store;
    let mut tx = fenced(machine, cx).await?;
    tx.stores().lock(store.id).await?;
    tx.ports().release(store.id, Some(PortPool::StoreSftp), PORT_REST_SECONDS).await?;
    tx.file_access().forget(store.id).await?;
    tx.commit().await?;
    cx.fail_point("freed").await?;
    if machine.dir(store).open()?.is_some() {
        write_compose(machine, &subject, &machine.images()?).await?;
    }
    cx.detail("The port of file access is free again");
    Ok(())
}
