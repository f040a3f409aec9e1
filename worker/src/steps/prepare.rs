//! Prepare: the store's directory and its disk limit.

use super::Subject;
use super::errors::no_room;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::files::root::Owner;
use crate::host::quota;
use crate::machine::{Machine, ROOM_FOR_A_STORE};
use crate::shop::layout::StoreDir;
use async_trait::async_trait;
use hosting::db::stores::Store;
use std::sync::Arc;
use std::time::Duration;

/// File that says whose directory it is.
const MARKER: &str = ".store";

/// The step.
pub struct Prepare(pub Arc<Machine>);

#[async_trait]
impl Step for Prepare {
    fn name(&self) -> &'static str {
        "prepare"
    }
    fn title(&self) -> &'static str {
        "Prepare space for your store"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(5)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let dir = machine.dir(&subject.store);
        if let Some(owner) = owner_of(&dir)?
            && owner != subject.store.uid.to_string()
        {
            return Err(StepError::last(
                "directory_taken",
                "We could not prepare space for your store. We have been told",
                format!("{} belongs to store {owner}; it was not touched", dir.path().display()),
            ));
        }
        if let Some((free, _)) = machine.disk_room()
            && free < ROOM_FOR_A_STORE
        {
            let (free, needed) = (free >> 20, ROOM_FOR_A_STORE >> 20);
            return Err(no_room(&format!(
                "{free} MiB are free in {}, a new store needs {needed}",
                machine.data_dir.display()
            )));
        }
        dir.prepare()?;
        cx.fail_point("made").await?;
        let root =
            dir.open()?.ok_or_else(|| StepError::passing("files", "We are trying again", "the directory vanished"))?;
        root.write(MARKER, subject.store.uid.to_string().as_bytes(), Owner { uid: 0, gid: 0, mode: 0o400 })?;
        let plan = subject.plan(machine).await?;
        let limited = quota::limit(&machine.quota, &dir.all_paths(), subject.store.id, plan.disk_mb).await?;
        if limited {
            cx.detail(format!("{} is limited to {} MiB", dir.path().display(), plan.disk_mb));
        } else {
            cx.detail(format!("{} is ready; this server's file system cannot limit its size", dir.path().display()));
        }
        Ok(serde_json::json!({ "dir": dir.path(), "disk_limited": limited }))
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let machine = &self.0;
        let Some(subject) = Subject::to_undo(machine, cx).await? else { return Ok(()) };
        remove_directory(machine, &subject.store).await?;
        cx.detail("The store's directory is removed");
        Ok(())
    }
}

/// Removes a store's directory and disk limit; only when its marker says that it is this store's
/// (one without a marker was made a moment ago by the interrupted step itself).
///
/// # Errors
/// A directory of somebody else.
pub async fn remove_directory(machine: &Machine, store: &Store) -> StepResult<()> {
    let dir = machine.dir(store);
    if let Some(owner) = owner_of(&dir)?
        && owner != store.uid.to_string()
    {
        return Err(StepError::last(
            "directory_taken",
            "We could not clean up completely. We have been told",
            format!("{} belongs to store {owner}; it was not touched", dir.path().display()),
        ));
    }
    tokio::task::spawn_blocking(move || dir.remove())
        .await
        .map_err(|e| StepError::passing("files", "We are trying again", e))??;
    Ok(quota::release(&machine.quota, store.id).await?)
}

fn owner_of(dir: &StoreDir) -> StepResult<Option<String>> {
    let Some(root) = dir.open()? else { return Ok(None) };
    Ok(root.read(MARKER, 64)?.map(|t| String::from_utf8_lossy(&t).into_owned()))
}
