//! File access is open from here on.

use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::subject::fenced;
use async_trait::async_trait;
use hosting::db::Queries;
use std::sync::Arc;

/// The step.
pub struct Open(pub Arc<Machine>);

#[async_trait]
impl Step for Open {
    fn name(&self) -> &'static str {
        "open"
    }
    fn title(&self) -> &'static str {
        "Open file access"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        let mut tx = fenced(&self.0, cx).await?;
        tx.file_access().set_state(subject.store.id, "running").await?;
        tx.commit().await?;
        cx.say("File access is open");
        Ok(serde_json::Value::Null)
    }
}
