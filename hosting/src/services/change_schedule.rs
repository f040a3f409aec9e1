//! Running a schedule now, pausing and resuming it.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// What is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Due now (a paused one stays paused).
    RunNow,
    /// Not run by itself any more.
    Pause,
    /// Run by itself again.
    Resume,
}

/// Changes a schedule.
///
/// # Errors
/// `NotFound`; `Conflict` when a paused one is to run.
pub async fn change_schedule(
    services: &Services,
    actor: &Actor,
    name: &str,
    change: Change,
) -> Result<(), ServiceError> {
    transact!(services.db, tx => change_in(&mut tx, services, actor, name, change))
}

async fn change_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    name: &str,
    change: Change,
) -> Result<(), ServiceError> {
    let found = tx.schedules().list().await?.into_iter().find(|s| s.name == name).ok_or(ServiceError::NotFound)?;
    let action = match change {
        Change::RunNow if found.paused => {
            return Err(ServiceError::Conflict("This schedule is paused. Resume it first".into()));
        }
        Change::RunNow => {
            tx.schedules().run_now(&found.name).await?;
            "schedule.run"
        }
        Change::Pause => {
            tx.schedules().pause(&found.name, true).await?;
            "schedule.pause"
        }
        Change::Resume => {
            tx.schedules().pause(&found.name, false).await?;
            "schedule.resume"
        }
    };
    audited(tx, services, actor, action, ("schedule", &found.name), "done", serde_json::json!({})).await?;
    Ok(())
}
