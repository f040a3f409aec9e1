//! The files that say who gets in.

use super::reserve::host_key_in;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::file_access::files;
use crate::steps::Subject;
use crate::steps::subject::fenced;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::services::file_access::PASSWORD_HASH;
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
        "Write who may sign in"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let store = subject.store.id;
        let mut tx = fenced(machine, cx).await?;
        let host_key = host_key_in(&mut tx, machine, store).await?;
        let keys: Vec<String> = tx.file_access().keys(store).await?.into_iter().map(|k| k.public_key).collect();
        let password_hash = tx.secrets().get(&machine.services.keys, store, PASSWORD_HASH).await?;
        tx.commit().await?;
        cx.hide(&host_key.private);
        let idle_minutes = Values::load(&machine.services.db).await?.file_access_idle_minutes();
        let (dir, count, password) = (machine.dir(&subject.store), keys.len(), password_hash.is_some());
        tokio::task::spawn_blocking(move || {
            let access = files::Access {
                keys: &keys,
                password_hash: password_hash.as_ref(),
                host_key: &host_key.private,
                idle_minutes,
            };
            files::write(&dir, &access)
        })
        .await
        .map_err(|e| StepError::passing("files", "We are trying again", e))??;
        cx.detail(format!("{count} keys, {}", if password { "and a password" } else { "no password" }));
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
        "Remove its files"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        remove(&self.0, cx).await?;
        Ok(serde_json::Value::Null)
    }
}

/// Removes the folder; gone is fine.
///
/// # Errors
/// A file system error.
pub async fn remove(machine: &Machine, cx: &mut StepContext) -> StepResult<()> {
    let subject = Subject::load(machine, cx).await?;
    let dir = machine.dir(&subject.store);
    tokio::task::spawn_blocking(move || files::remove(&dir))
        .await
        .map_err(|e| StepError::passing("files", "We are trying again", e))??;
    cx.detail("The files of file access are gone");
    Ok(())
}
