//! Orders a new attempt of a failed job, or the clean-up of what it left.

use super::{ServiceError, Services, audited};
use crate::db::jobs::{JobRef, JobRow};
use crate::db::{DbError, Queries, Tx};
use crate::domain::{Actor, JobState, StoreState, Uid};
use crate::jobs;
use crate::transact;

/// What the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Do it again (a waiting retry: now).
    Retry,
    /// Do all of it again, also what is done and stands: steps look before they act, so nothing is made twice.
    StartOver,
    /// Only take back what it left.
    CleanUp,
    /// Its worker is silent: let another one take it.
    Release,
}

/// Retries, cleans up or releases a job. Owners may retry their own failed set-up; the caller has
/// looked the job up within the actor's scope.
///
/// # Errors
/// `NotFound`; `Conflict` when the job has moved on or another job is changing the store.
pub async fn retry_job(services: &Services, actor: &Actor, uid: &Uid, wish: Wish) -> Result<JobRef, ServiceError> {
    let job = transact!(services.db, tx => retry_in(&mut tx, services, actor, uid, wish))?;
    services.queue.announce(&[job]).await;
    Ok(job)
}

async fn retry_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    uid: &Uid,
    wish: Wish,
) -> Result<JobRef, ServiceError> {
    let job = tx.jobs().find(uid).await?.ok_or(ServiceError::NotFound)?;
    let moved_on = || ServiceError::Conflict(format!("This job is {} now", job.state.as_str()));
    match (wish, job.state) {
        (Wish::Retry | Wish::StartOver, JobState::Failed | JobState::Cancelled) => {
            // A failed set-up was undone: the store starts over from the beginning of its life.
            if job.kind == jobs::PROVISION_STORE
                && let Some(store_id) = job.store_id
            {
                reopen_store(tx, store_id).await?;
            }
            requeue(tx, &job, false, actor).await?;
            if wish == Wish::StartOver {
                tx.jobs().forget_done(job.id).await?;
            }
        }
        (Wish::Retry, JobState::Retrying | JobState::Queued) => {
            tx.jobs().hurry(job.id).await.map_err(|_| moved_on())?;
        }
        (Wish::CleanUp, JobState::Failed | JobState::Cancelled) => requeue(tx, &job, true, actor).await?,
        (Wish::Release, JobState::Started) => tx.jobs().release(job.id).await.map_err(|_| moved_on())?,
        _ => return Err(moved_on()),
    }
    let action = match wish {
        Wish::Retry => "job.retry",
        Wish::StartOver => "job.start_over",
        Wish::CleanUp => "job.clean_up",
        Wish::Release => "job.release",
    };
    let details = serde_json::json!({ "kind": job.kind, "attempt": job.attempt });
    audited(tx, services, actor, action, ("job", &job.uid), "done", details).await?;
    Ok(JobRef { id: job.id, uid: *uid, server_id: job.server_id, priority: job.priority })
}

async fn requeue(tx: &mut Tx, job: &JobRow, from_undo: bool, actor: &Actor) -> Result<(), ServiceError> {
    tx.jobs().requeue(job.id, from_undo, &actor.name).await.map_err(|e| match e {
        DbError::Duplicate { .. } => {
            ServiceError::Conflict("Another job is changing this store. Wait until it has ended".into())
        }
        DbError::Stale(words) => ServiceError::Conflict(words.to_owned()),
        other => other.into(),
    })
}

async fn reopen_store(tx: &mut Tx, store_id: u64) -> Result<(), ServiceError> {
    match tx.stores().lock(store_id).await? {
        Some(StoreState::Failed) => {
            Ok(tx.stores().move_state(store_id, StoreState::Failed, StoreState::Provisioning).await?)
        }
        Some(StoreState::Provisioning) => Ok(()),
        Some(state) => Err(ServiceError::Conflict(format!("The store is {} now", state.as_str()))),
        None => Err(ServiceError::NotFound),
    }
}
