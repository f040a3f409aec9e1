//! The page's files: how it signs on, and where tickets wait.

use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::db_admin::{account, files};
use crate::steps::Subject;
use crate::steps::subject::secret;
use async_trait::async_trait;
use hosting::services::settings::Values;
use std::sync::Arc;

/// The step that writes them.
pub struct WriteFiles(pub Arc<Machine>);

#[async_trait]
impl Step for WriteFiles {
    fn name(&self) -> &'static str {
        "files"
    }
    fn title(&self) -> &'static str {
        "Write how the page signs on"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let password = subject.secret(machine, cx, secret::DB_ADMIN_PASSWORD).await?;
        let settings = Values::load(&machine.services.db).await?;
        let dir = machine.dir(&subject.store);
        let (panel, secure) = (machine.panel_url.clone(), settings.text("edge_public_scheme") == "https");
        let idle_seconds = settings.db_admin_idle_seconds();
        tokio::task::spawn_blocking(move || {
            let access =
                files::Access { user: account::NAME, password: &password, idle_seconds, panel: &panel, secure };
            files::write(&dir, &access)
        })
        .await
        .map_err(|e| StepError::passing("files", "We are trying again", e))??;
        Ok(serde_json::Value::Null)
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        remove(&self.0, cx).await
    }
}

/// The step that removes them.
pub struct RemoveFiles(pub Arc<Machine>);

#[async_trait]
impl Step for RemoveFiles {
    fn name(&self) -> &'static str {
        "files"
    }
    fn title(&self) -> &'static str {
        "Remove the page's files"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        remove(&self.0, cx).await?;
        Ok(serde_json::Value::Null)
    }
}

/// Removes the page's folders; gone is fine.
///
/// # Errors
/// A file system error.
pub async fn remove(machine: &Machine, cx: &mut StepContext) -> StepResult<()> {
    let subject = Subject::load(machine, cx).await?;
    let dir = machine.dir(&subject.store);
    tokio::task::spawn_blocking(move || files::remove(&dir))
        .await
        .map_err(|e| StepError::passing("files", "We are trying again", e))??;
    cx.detail("The page's files are gone");
    Ok(())
}
