//! Makes a staff account. Only the command line calls this for the first one: there is no open set-up window.

use super::passwords::{Passwords, STAFF_LENGTH, check_new};
use super::{ServiceError, Services, audited, once};
use crate::crypto::Secret;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::rights::may_grant;
use crate::domain::{Actor, Email, HumanText, Role};
use crate::jobs::MailArgs;
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

/// Characters of a temporary password.
pub const TEMPORARY_LENGTH: usize = 16;

/// Makes a staff account with a temporary password, which is mailed, works for 24 hours, and has to be replaced before
/// anything else. Returns the row id and the password, to be shown once.
///
/// # Errors
/// `Denied` when the actor may not give the role; `Invalid` with words for `email`, `name` or `role`; `Conflict` when
/// the address has an account or the form was sent before.
pub async fn invite_admin(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    form_key: &[u8; 32],
    (email, name, role): (&str, &str, &str),
) -> Result<(u64, Secret), ServiceError> {
    let mut wrong = Vec::new();
    let email = Email::parse(email).map_err(|e| wrong.push(("email", e.0))).ok();
    let name = HumanText::parse("name", name).map_err(|e| wrong.push(("name", e.0))).ok();
    let role = Role::parse(role).filter(|r| r.is_staff());
    if role.is_none() {
        wrong.push(("role", "Choose a role".into()));
    }
    let (Some(email), Some(name), Some(role)) = (email, name, role) else { return Err(ServiceError::Invalid(wrong)) };
    if !may_grant(actor.role, role) {
        return Err(ServiceError::Denied("super admins"));
    }
    let password = Secret::random(TEMPORARY_LENGTH);
    let hash = passwords
        .hash(&password)
        .await
        .ok_or_else(|| ServiceError::Conflict("The password could not be hashed; try again".into()))?;
    let invite = Invite { email: &email, name: name.as_str(), role, hash: &hash, password: &password };
    let (id, mail) = transact!(services.db, tx => insert_temporary(&mut tx, services, actor, form_key, &invite))?;
    services.queue.announce(&[mail]).await;
    Ok((id, password))
}

struct Invite<'a> {
    email: &'a Email,
    name: &'a str,
    role: Role,
    hash: &'a str,
    password: &'a Secret,
}

async fn insert_temporary(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    invite: &Invite<'_>,
) -> Result<(u64, JobRef), ServiceError> {
    once(tx, form_key, "create_admin").await?;
    let id = insert(tx, services, actor, invite.email, invite.name, invite.role, invite.hash).await?;
    tx.admins().set_temporary(&services.keys, id, invite.hash, invite.password).await?;
    let mail = MailArgs { template: "admin_temporary_password".into(), admin_id: Some(id), ..MailArgs::default() };
    Ok((id, tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?))
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
    let details = serde_json::json!({ "email": email.as_str(), "role": role.as_str() });
    audited(tx, services, actor, "admin.create", ("admin", &id.to_string()), "done", details).await?;
    Ok(id)
}
