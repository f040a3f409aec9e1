//! The end of a view: by the staff member, by the customer, or because its time is over.

use super::note;
use crate::db::customer_views::ViewRow;
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::services::{ServiceError, Services};
use crate::transact;

/// Ends the running view of a staff member.
///
/// # Errors
/// Database trouble. One that is over already is no error.
pub async fn end(services: &Services, actor: &Actor, customer_id: u64, view_id: u64) -> Result<(), ServiceError> {
    transact!(services.db, tx => stop(&mut tx, services, actor, customer_id, view_id))
}

async fn stop(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    view_id: u64,
) -> Result<(), ServiceError> {
    let open = tx.customer_views().open_of_customer(customer_id).await?;
    match open.into_iter().find(|v| v.id == view_id) {
        Some(view) => end_in(tx, services, actor, &view, "stopped").await,
        None => Ok(()),
    }
}

pub(super) async fn end_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    view: &ViewRow,
    cause: &str,
) -> Result<(), ServiceError> {
    if !tx.customer_views().end(view.id).await? {
        return Ok(());
    }
    let action = if view.started_at.is_some() { "customer.view_end" } else { "customer.view_withdraw" };
    note(tx, services, actor, action, view, serde_json::json!({ "view": view.id, "cause": cause })).await
}

/// Writes the end of views down that nobody ended; returns how many. Called by housekeeping.
///
/// # Errors
/// Database trouble.
pub async fn sweep(services: &Services) -> Result<usize, ServiceError> {
    let due = services.db.read().await?.customer_views().due(200).await?;
    let actor = Actor::system("housekeeping");
    for view in &due {
        transact!(services.db, tx => end_in(&mut tx, services, &actor, view, "time or sign-in over"))?;
    }
    Ok(due.len())
}
