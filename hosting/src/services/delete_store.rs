//! Deleting a store: asked for by the owner it waits seven days and can be taken back; staff who
//! may operate can force it. The work itself is the `deprovision_store` job.

use super::prove_password::{Proven, need};
use super::resellers::whose;
use super::{ServiceError, Services, audited_store};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::stores::Store;
use crate::db::{DbError, Queries, Tx};
use crate::domain::{Actor, Person, Role, StoreState};
use crate::jobs::{self, MailArgs};
use crate::transact;

/// Days between asking and deleting.
pub const WAIT_DAYS: u32 = 7;

/// Plans the deletion of a store in [`WAIT_DAYS`] days.
///
/// # Errors
/// `NotFound` for a store of others; `Invalid` on `password`; `Conflict` when it can't be deleted now or is planned already.
pub async fn schedule(
    services: &Services,
    actor: &Actor,
    store: &Store,
    proven: Option<&Proven>,
) -> Result<(), ServiceError> {
    // A reseller proves their own password.
    let by = actor.id.filter(|_| actor.role == Role::Reseller).unwrap_or(store.customer_id);
    let mut wrong = Vec::new();
    need(proven, Person::Customer(by), &mut wrong);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let mail = transact!(services.db, tx => schedule_in(&mut tx, services, actor, store))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn schedule_in(tx: &mut Tx, services: &Services, actor: &Actor, store: &Store) -> Result<JobRef, ServiceError> {
    whose(tx, actor, store.customer_id).await?;
    tx.stores().schedule_deletion(store.id, WAIT_DAYS).await.map_err(stale)?;
    let mail = notice(tx, actor, store, "deletion_planned").await?;
    audit(tx, services, actor, store, "store.schedule_deletion").await?;
    Ok(mail)
}

/// Takes a planned deletion back.
///
/// # Errors
/// `Conflict` when none is planned, or it has begun.
pub async fn cancel(services: &Services, actor: &Actor, store: &Store) -> Result<(), ServiceError> {
    let mail = transact!(services.db, tx => cancel_in(&mut tx, services, actor, store))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn cancel_in(tx: &mut Tx, services: &Services, actor: &Actor, store: &Store) -> Result<JobRef, ServiceError> {
    whose(tx, actor, store.customer_id).await?;
    tx.stores().cancel_deletion(store.id).await.map_err(stale)?;
    let mail = notice(tx, actor, store, "deletion_cancelled").await?;
    audit(tx, services, actor, store, "store.cancel_deletion").await?;
    Ok(mail)
}

/// Tells the owner, whoever asked.
async fn notice(tx: &mut Tx, actor: &Actor, store: &Store, template: &str) -> Result<JobRef, ServiceError> {
    let mail = MailArgs {
        template: template.into(),
        customer_id: Some(store.customer_id),
        admin_id: None,
        store_id: Some(store.id),
        job: None,
        visitor_session_id: None,
        about: None,
    };
    Ok(tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?)
}

/// Deletes now: by staff with a reason, or by the housekeeping job when the wait is over.
///
/// # Errors
/// `Conflict` when the store is in no state to be deleted or another job is changing it.
pub async fn delete_now(
    services: &Services,
    actor: &Actor,
    store_id: u64,
    reason: &str,
) -> Result<JobRef, ServiceError> {
    let job = transact!(services.db, tx => delete_in(&mut tx, services, actor, store_id, reason))?;
    services.queue.announce(&[job]).await;
    Ok(job)
}

async fn delete_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store_id: u64,
    reason: &str,
) -> Result<JobRef, ServiceError> {
    let state = tx.stores().lock(store_id).await?.ok_or(ServiceError::NotFound)?;
    if !matches!(state, StoreState::Active | StoreState::Suspended | StoreState::Failed) {
        return Err(ServiceError::Conflict(format!("The store is {} now", state.as_str())));
    }
    let store = tx.stores().get(store_id).await?.ok_or(ServiceError::NotFound)?;
    // The job first: its unique key refuses while another job is changing the store.
    let job = tx
        .jobs()
        .insert(&NewJob::for_store(jobs::DEPROVISION_STORE, store.id, store.customer_id, store.server_id, actor))
        .await
        .map_err(|e| {
            if e.is_duplicate("jobs_one_change_per_store") {
                ServiceError::Conflict("Another job is changing this store. Wait until it has ended".into())
            } else {
                e.into()
            }
        })?;
    tx.stores().move_state(store_id, state, StoreState::Deleting).await.map_err(stale)?;
    let details = serde_json::json!({ "reason": reason, "job": job.uid.to_string() });
    audited_store(tx, services, actor, &store, "store.delete", details).await?;
    Ok(job)
}

fn stale(e: DbError) -> ServiceError {
    match e {
        DbError::Stale(words) => ServiceError::Conflict(words.to_owned()),
        other => other.into(),
    }
}

async fn audit(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
    action: &str,
) -> Result<(), ServiceError> {
    audited_store(tx, services, actor, store, action, serde_json::json!({ "name": store.name })).await
}
