//! Signing out: the session row ends, whatever the browser keeps.

use super::{ServiceError, Services};
use crate::db::audit::NewEvent;
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
    tx.audit()
        .append(
            &services.keys,
            actor,
            &NewEvent {
                action,
                target_kind: kind,
                target_id: &actor.id.unwrap_or_default().to_string(),
                outcome: "done",
                details: serde_json::json!({}),
            },
        )
        .await?;
    Ok(())
}
