//! Signing out other devices.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// Ends one session of a customer, or all but `own`.
///
/// # Errors
/// `NotFound` when the session is not theirs, or over.
pub async fn end_sessions(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    own: u64,
    which: Option<u64>,
) -> Result<(), ServiceError> {
    transact!(services.db, tx => end(&mut tx, services, actor, customer_id, own, which))
}

async fn end(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    own: u64,
    which: Option<u64>,
) -> Result<(), ServiceError> {
    let ended = match which {
        None => tx.login_sessions().revoke_all_of_customer(customer_id, Some(own)).await?,
        Some(id) if tx.login_sessions().revoke_of_customer(customer_id, id).await? => 1,
        Some(_) => return Err(ServiceError::NotFound),
    };
    let details = serde_json::json!({ "sessions_ended": ended });
    let target = customer_id.to_string();
    audited(tx, services, actor, "customer.end_sessions", ("customer", &target), "done", details).await
}
