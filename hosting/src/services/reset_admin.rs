//! A temporary password for a staff member who cannot sign in: mailed, shown once, over in 24 hours.

use super::change_admin::leaves_a_super_admin;
use super::create_admin::TEMPORARY_LENGTH;
use super::passwords::Passwords;
use super::{ServiceError, Services, audited, once};
use crate::crypto::Secret;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::domain::rights::may_grant;
use crate::jobs::MailArgs;
use crate::transact;

/// Resets; every session of theirs ends. A second factor stays: the password alone opens nothing.
///
/// # Errors
/// `Conflict` for oneself, for the last super admin who can sign in, or when the form was sent before.
pub async fn reset_admin(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    form_key: &[u8; 32],
    id: u64,
) -> Result<Secret, ServiceError> {
    if actor.id == Some(id) && actor.role.is_staff() {
        return Err(ServiceError::Conflict("Change your own password on your own page. Nothing was changed".into()));
    }
    let password = Secret::random(TEMPORARY_LENGTH);
    let hash = passwords
        .hash(&password)
        .await
        .ok_or_else(|| ServiceError::Conflict("The password could not be hashed; try again".into()))?;
    let mail = transact!(services.db, tx => reset(&mut tx, services, actor, form_key, id, &hash, &password))?;
    services.queue.announce(&[mail]).await;
    Ok(password)
}

async fn reset(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    id: u64,
    hash: &str,
    password: &Secret,
) -> Result<JobRef, ServiceError> {
    once(tx, form_key, "reset_admin").await?;
    let admin = leaves_a_super_admin(tx, id).await?.ok_or(ServiceError::NotFound)?;
    if !may_grant(actor.role, admin.role) {
        return Err(ServiceError::Denied("super admins"));
    }
    tx.admins().set_temporary(&services.keys, id, hash, password).await?;
    let ended = tx.login_sessions().revoke_all_of_admin(id).await?;
    let mail = MailArgs { template: "admin_temporary_password".into(), admin_id: Some(id), ..MailArgs::default() };
    let mail = tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?;
    let details = serde_json::json!({ "sessions_ended": ended });
    audited(tx, services, actor, "admin.reset_password", ("admin", &id.to_string()), "done", details).await?;
    Ok(mail)
}
