//! A store's database page: started on demand, entered by one-time tickets, stopped by its owner or
//! when nobody has used it for a while. The work is the worker's; here are the rules and records.

use super::{ServiceError, Services, audited_store, changing_job};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::stores::Store;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, StoreState};
use crate::jobs::{self, TicketArgs};
use crate::transact;

/// Orders the page; `None` when it is open already.
///
/// # Errors
/// `Conflict` when the store is not in service or another job is changing it.
pub async fn start(services: &Services, actor: &Actor, store: &Store) -> Result<Option<JobRef>, ServiceError> {
    let job = transact!(services.db, tx => start_in(&mut tx, services, actor, store))?;
    services.queue.announce(job.as_slice()).await;
    Ok(job)
}

async fn start_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
) -> Result<Option<JobRef>, ServiceError> {
    if tx.stores().lock(store.id).await? != Some(StoreState::Active) {
        return Err(ServiceError::Conflict("The database page opens while the store is live. It is not now".into()));
    }
    if tx.db_admin().find(store.id).await?.is_some_and(|p| p.is_running()) {
        return Ok(None);
    }
    let job = changing_job(tx, jobs::START_DB_ADMIN, actor, store).await?;
    tx.db_admin().order(store.id).await?;
    audited_store(
        tx,
        services,
        actor,
        store,
        "store.start_db_admin",
        serde_json::json!({ "job": job.uid.to_string() }),
    )
    .await?;
    Ok(Some(job))
}

/// Makes a ticket for one entry within [`crate::db::db_admin::TICKET_SECONDS`] seconds, and the job
/// that hands it to the page. The ticket itself is in the answer and nowhere else.
///
/// # Errors
/// `Conflict` when the page is not open.
pub async fn ticket(services: &Services, actor: &Actor, store: &Store) -> Result<(Secret, JobRef), ServiceError> {
    let (ticket, job) = transact!(services.db, tx => ticket_in(&mut tx, services, actor, store))?;
    services.queue.announce(&[job]).await;
    Ok((ticket, job))
}

async fn ticket_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
) -> Result<(Secret, JobRef), ServiceError> {
    tx.stores().lock(store.id).await?.ok_or(ServiceError::NotFound)?;
    if !tx.db_admin().find(store.id).await?.is_some_and(|p| p.is_running()) {
        return Err(ServiceError::Conflict("The database page is closed. Start it first".into()));
    }
    let ticket = random_token();
    let ticket_id = tx.db_admin().insert_ticket(store.id, &sha256(ticket.expose().as_bytes())).await?;
    let mut job = NewJob::for_store(jobs::ADMIT_TO_DB_ADMIN, store.id, store.customer_id, store.server_id, actor);
    job.args = serde_json::to_value(TicketArgs { store_id: store.id, ticket_id }).unwrap_or_default();
    // It changes nothing of the store, and a person waits.
    job.exclusive = false;
    job.deadline_seconds = Some(60);
    let job = tx.jobs().insert(&job).await?;
    audited_store(tx, services, actor, store, "store.open_db_admin", serde_json::json!({ "job": job.uid.to_string() }))
        .await?;
    Ok((ticket, job))
}

/// Orders the page's end; safe when there is none.
///
/// # Errors
/// `Conflict` while another job is changing the store.
pub async fn stop(services: &Services, actor: &Actor, store: &Store, reason: &str) -> Result<JobRef, ServiceError> {
    let job = transact!(services.db, tx => stop_in(&mut tx, services, actor, store, reason))?;
    services.queue.announce(&[job]).await;
    Ok(job)
}

async fn stop_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
    reason: &str,
) -> Result<JobRef, ServiceError> {
    tx.stores().lock(store.id).await?.ok_or(ServiceError::NotFound)?;
    let job = changing_job(tx, jobs::STOP_DB_ADMIN, actor, store).await?;
    // No ticket is made from here on.
    if tx.db_admin().find(store.id).await?.is_some() {
        tx.db_admin().set_state(store.id, "stopping").await?;
    }
    let details = serde_json::json!({ "reason": reason, "job": job.uid.to_string() });
    audited_store(tx, services, actor, store, "store.stop_db_admin", details).await?;
    Ok(job)
}
