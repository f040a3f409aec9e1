//! Stops a job: at once while it waits untouched, else at its next step boundary, undone.

use super::{ServiceError, Services, audited};
use crate::db::{DbError, Queries, Tx};
use crate::domain::{Actor, StoreState, Uid};
use crate::jobs;
use crate::transact;

/// Asks a job to stop; `true` when it is over already.
///
/// # Errors
/// `NotFound`; `Conflict` when it has ended.
pub async fn cancel_job(services: &Services, actor: &Actor, uid: &Uid) -> Result<bool, ServiceError> {
    let (over, job) = transact!(services.db, tx => cancel_in(&mut tx, services, actor, uid))?;
    if let Some(job) = job {
        services.queue.announce(&[job]).await;
    }
    Ok(over)
}

async fn cancel_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    uid: &Uid,
) -> Result<(bool, Option<crate::db::jobs::JobRef>), ServiceError> {
    let job = tx.jobs().find(uid).await?.ok_or(ServiceError::NotFound)?;
    let over = tx.jobs().cancel(job.id).await.map_err(|e| match e {
        DbError::Stale(_) => ServiceError::Conflict(format!("This job is {} now", job.state.as_str())),
        other => other.into(),
    })?;
    // A set-up that never began leaves its store without a future: it counts as failed.
    if over
        && job.kind == jobs::PROVISION_STORE
        && let Some(store_id) = job.store_id
    {
        let _ = tx.stores().move_state(store_id, StoreState::Provisioning, StoreState::Failed).await;
        tx.stores().release_addresses(store_id).await?;
    }
    let details = serde_json::json!({ "kind": job.kind, "at_once": over });
    audited(tx, services, actor, "job.cancel", ("job", &job.uid), "done", details).await?;
    // A waiting retry wakes up to undo what it did.
    let wake = (!over).then_some(crate::db::jobs::JobRef {
        id: job.id,
        uid: *uid,
        server_id: job.server_id,
        priority: job.priority,
    });
    Ok((over, wake))
}
