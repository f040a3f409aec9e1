//! Proving the password again before something sensitive. The session gets a new cookie.

use super::passwords::Passwords;
use super::{ServiceError, Services, audited};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// The new cookie value, or `None` when the password is wrong.
///
/// # Errors
/// `Conflict` when the session ended meanwhile.
pub async fn re_authenticate(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    session_id: u64,
    customer_id: u64,
    password: &Secret,
) -> Result<Option<Secret>, ServiceError> {
    let customer = services.db.read().await?.customers().get(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let right = passwords.verify(password, Some(&customer.password_hash)).await;
    transact!(services.db, tx => record(&mut tx, services, actor, session_id, right))
}

/// The same for staff.
///
/// # Errors
/// `Conflict` when the session ended meanwhile.
pub async fn re_authenticate_admin(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    session_id: u64,
    admin_id: u64,
    password: &Secret,
) -> Result<Option<Secret>, ServiceError> {
    let admin = services.db.read().await?.admins().get(admin_id).await?.ok_or(ServiceError::NotFound)?;
    let right = passwords.verify(password, Some(&admin.password_hash)).await;
    transact!(services.db, tx => record(&mut tx, services, actor, session_id, right))
}

async fn record(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    session_id: u64,
    right: bool,
) -> Result<Option<Secret>, ServiceError> {
    let token = right.then(random_token);
    if let Some(token) = &token {
        tx.login_sessions()
            .authenticated_again(session_id, &sha256(token.expose().as_bytes()))
            .await
            .map_err(|_| ServiceError::Conflict("You were signed out meanwhile. Sign in again".into()))?;
    }
    let kind = if actor.role.is_staff() { "admin" } else { "customer" };
    let (action, id) = (format!("{kind}.re_authenticate"), actor.id.unwrap_or_default().to_string());
    let outcome = if right { "done" } else { "refused" };
    audited(tx, services, actor, &action, (kind, &id), outcome, serde_json::json!({})).await?;
    Ok(token)
}
