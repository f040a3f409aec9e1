//! Deleting a staff member. What they did stays in the audit log.

use super::change_admin::leaves_a_super_admin;
use super::{ServiceError, Services, audited, once};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::domain::rights::may_grant;
use crate::transact;

/// Deletes; their sessions end with them.
///
/// # Errors
/// `Conflict` for the last super admin who can sign in, or when the form was sent before; `NotFound`.
pub async fn delete_admin(
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    id: u64,
) -> Result<(), ServiceError> {
    transact!(services.db, tx => delete(&mut tx, services, actor, form_key, id))
}

async fn delete(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    id: u64,
) -> Result<(), ServiceError> {
    once(tx, form_key, "delete_admin").await?;
    let admin = leaves_a_super_admin(tx, id).await?.ok_or(ServiceError::NotFound)?;
    if !may_grant(actor.role, admin.role) {
        return Err(ServiceError::Denied("super admins"));
    }
    tx.admins().delete(id).await?;
    let details = serde_json::json!({ "email": admin.email, "name": admin.name, "role": admin.role });
    audited(tx, services, actor, "admin.delete", ("admin", &id.to_string()), "done", details).await
}
