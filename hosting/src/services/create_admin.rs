//! Makes a staff account. Only the command line calls this for the first one: there is no open set-up window.

use super::passwords::{Passwords, STAFF_LENGTH, check_new};
use super::{ServiceError, Services};
use crate::crypto::Secret;
use crate::db::audit::NewEvent;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email, HumanText, Role};
use crate::transact;

/// Makes a staff account with a password that stays (not a temporary one). Returns its row id.
///
/// # Errors
/// `Invalid` with words for `email`, `name`, `password` or `role`; `Conflict` when the address has an account.
pub async fn create_admin(
    services: &Services,
    actor: &Actor,
    email: &str,
    name: &str,
    role: Role,
    password: &Secret,
) -> Result<u64, ServiceError> {
    let email = Email::parse(email).map_err(|e| ServiceError::field("email", e.0))?;
    let name = HumanText::parse("name", name).map_err(|e| ServiceError::field("name", e.0))?;
    if !role.is_staff() {
        return Err(ServiceError::field("role", "Enter support, admin or super_admin"));
    }
    let password = check_new(password.expose(), STAFF_LENGTH, email.as_str())
        .map_err(|words| ServiceError::field("password", words))?;
    let hash = Passwords::new()
        .hash(&password)
        .await
        .ok_or_else(|| ServiceError::Conflict("The password could not be hashed; try again".into()))?;
    transact!(services.db, tx => insert(&mut tx, services, actor, &email, name.as_str(), role, &hash))
}

async fn insert(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    email: &Email,
    name: &str,
    role: Role,
    password_hash: &str,
) -> Result<u64, ServiceError> {
    let id = tx.admins().insert(email, name, password_hash, role, false).await.map_err(|e| {
        if e.is_duplicate("admins_email_key") {
            ServiceError::Conflict(format!("{} has a staff account already", email.as_str()))
        } else {
            e.into()
        }
    })?;
    tx.audit()
        .append(
            &services.keys,
            actor,
            &NewEvent {
                action: "admin.create",
                target_kind: "admin",
                target_id: &id.to_string(),
                outcome: "done",
                details: serde_json::json!({ "email": email.as_str(), "role": role.as_str() }),
            },
        )
        .await?;
    Ok(id)
}
