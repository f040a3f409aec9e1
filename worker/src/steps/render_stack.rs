//! Write the compose file: what runs, for people who look.

use super::Subject;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::files::root::Owner;
use crate::machine::Machine;
use crate::render::compose::compose_file;
use crate::shop::images::ImageSet;
use async_trait::async_trait;
use std::sync::Arc;

/// The step.
pub struct RenderStack(pub Arc<Machine>);

#[async_trait]
impl Step for RenderStack {
    fn name(&self) -> &'static str {
        "render_stack"
    }
    fn title(&self) -> &'static str {
        "Write down how your store runs"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        write_compose(&self.0, &subject, &self.0.images()?).await?;
        Ok(serde_json::Value::Null)
    }
    // Taken back with the directory.
}

/// Writes `compose.yml` from the reservation as it is now.
///
/// # Errors
/// Reservation or directory gone.
pub async fn write_compose(machine: &Machine, subject: &Subject, images: &ImageSet) -> StepResult<()> {
    let stack = subject.stack(machine, images).await?;
    let text = compose_file(&stack, images)
        .map_err(|e| StepError::last("compose_template", "We could not describe your store. We have been told", e))?;
    let dir = machine.dir(&subject.store);
    let root =
        dir.open()?.ok_or_else(|| StepError::passing("files", "We are trying again", "the directory vanished"))?;
    Ok(root.write("compose.yml", text.as_bytes(), Owner { uid: 0, gid: 0, mode: 0o600 })?)
}
