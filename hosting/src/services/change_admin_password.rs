//! A staff member replaces the own password: other sessions end, this one gets a new cookie.

use super::passwords::{Passwords, STAFF_LENGTH};
use super::{ServiceError, Services, audited};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::admins::Admin;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{DbError, Queries, Tx};
use crate::domain::Actor;
use crate::jobs::MailArgs;
use crate::transact;

/// Changes it; returns the new cookie value.
///
/// # Errors
/// `Invalid` on `current_password` or `new_password`.
pub async fn change_admin_password(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    session_id: u64,
    admin_id: u64,
    current: &Secret,
    new: &str,
) -> Result<Secret, ServiceError> {
    let admin = services.db.read().await?.admins().get(admin_id).await?.ok_or(ServiceError::NotFound)?;
    let hash = passwords.replace(current, &admin.password_hash, new, STAFF_LENGTH, &admin.email).await?;
    let (token, mail) = transact!(services.db, tx => change(&mut tx, services, actor, session_id, &admin, &hash))?;
    services.queue.announce(&[mail]).await;
    Ok(token)
}

async fn change(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    session_id: u64,
    admin: &Admin,
    hash: &str,
) -> Result<(Secret, JobRef), ServiceError> {
    let ended = |e: DbError| match e {
        DbError::Stale(words) => ServiceError::Conflict(format!("Nothing was changed: {words}")),
        other => other.into(),
    };
    tx.admins().set_password(admin.id, &admin.password_hash, hash).await.map_err(ended)?;
    tx.login_sessions().revoke_others_of_admin(admin.id, session_id).await?;
    let token = random_token();
    tx.login_sessions().authenticated_again(session_id, &sha256(token.expose().as_bytes())).await.map_err(ended)?;
    let mail = MailArgs { template: "admin_password_changed".into(), admin_id: Some(admin.id), ..MailArgs::default() };
    let mail = tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?;
    audited(
        tx,
        services,
        actor,
        "admin.change_password",
        ("admin", &admin.id.to_string()),
        "done",
        serde_json::json!({ "was_temporary": admin.must_change_password }),
    )
    .await?;
    Ok((token, mail))
}
