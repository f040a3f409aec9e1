//! Taking failed jobs off the list of what needs somebody. The jobs and their logs stay.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Uid};
use crate::transact;

/// Dismisses all failed jobs up to and including `newest`, the newest that the person saw; returns how many. Those
/// that left something behind stay: they wait for a clean-up.
///
/// # Errors
/// `NotFound` when there is no such job.
pub async fn dismiss_failed(services: &Services, actor: &Actor, newest: &Uid) -> Result<u64, ServiceError> {
    transact!(services.db, tx => dismiss_in(&mut tx, services, actor, newest))
}

async fn dismiss_in(tx: &mut Tx, services: &Services, actor: &Actor, newest: &Uid) -> Result<u64, ServiceError> {
    let job = tx.jobs().find(newest).await?.ok_or(ServiceError::NotFound)?;
    let count = tx.jobs().dismiss_failed(job.id).await?;
    let details = serde_json::json!({ "jobs": count });
    audited(tx, services, actor, "job.dismiss_failed", ("job", &job.uid), "done", details).await?;
    Ok(count)
}
