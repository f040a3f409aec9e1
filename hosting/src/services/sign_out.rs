//! Signing out: the session row ends, whatever the browser keeps.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// Ends a session of a customer or a staff member.
///
/// # Errors
/// Database trouble.
pub async fn sign_out(services: &Services, actor: &Actor, session_id: u64) -> Result<(), ServiceError> {
    transact!(services.db, tx => end(&mut tx, services, actor, session_id))
}

async fn end(tx: &mut Tx, services: &Services, actor: &Actor, session_id: u64) -> Result<(), ServiceError> {
    tx.login_sessions().revoke(session_id).await?;
    let (action, kind) =
        if actor.role.is_staff() { ("admin.sign_out", "admin") } else { ("customer.sign_out", "customer") };
    let id = actor.id.unwrap_or_default().to_string();
    audited(tx, services, actor, action, (kind, &id), "done", serde_json::json!({})).await
}
