//! Remove the store's files and disk limit: the last thing that goes.

use super::Subject;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// The step of a deletion.
pub struct RemoveData(pub Arc<Machine>);

#[async_trait]
impl Step for RemoveData {
    fn name(&self) -> &'static str {
        "remove_data"
    }
    fn title(&self) -> &'static str {
        "Remove your store's files and database"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(30)
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        super::prepare::remove_directory(&self.0, &subject.store).await?;
        cx.detail(format!("{} is gone", self.0.dir(&subject.store).path().display()));
        Ok(serde_json::Value::Null)
    }
}
