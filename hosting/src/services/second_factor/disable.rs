//! Turning a second factor off: by its owner with password and code, or by a super admin for a staff member who lost it.

use super::check::{Code, use_up};
use super::{end_others, notice, take_all};
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::rights::may_grant;
use crate::domain::{Actor, Person};
use crate::services::prove_password::{Proven, need};
use crate::services::{ServiceError, Services, audited, once};
use crate::transact;

/// Turns it off; every other session ends, the owner is told.
///
/// # Errors
/// `Invalid` on `password` or `code`.
pub async fn disable(
    services: &Services,
    actor: &Actor,
    person: Person,
    session_id: u64,
    proven: Option<&Proven>,
    code: &str,
) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    need(proven, person, &mut wrong);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let mail = transact!(services.db, tx => disable_in(&mut tx, services, actor, person, session_id, code))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn disable_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    session_id: u64,
    code: &str,
) -> Result<JobRef, ServiceError> {
    if use_up(tx, services, person, code).await? == Code::Wrong {
        return Err(ServiceError::field("code", "This code is not right, or was used before"));
    }
    tx.second_factors().remove(person).await?;
    let ended = end_others(tx, person, session_id).await?;
    let mail = notice(tx, actor, person, "second_factor_off").await?;
    let action = format!("{}.turn_off_second_factor", person.kind());
    let details = serde_json::json!({ "sessions_ended": ended });
    audited(tx, services, actor, &action, (person.kind(), &person.id().to_string()), "done", details).await?;
    Ok(mail)
}

/// Takes factor and passkeys of a staff member away who lost them; their sessions end. Where a factor is required, they
/// set up a new one before anything else.
///
/// # Errors
/// `Denied`; `Conflict` for oneself, when there is none, or when the form was sent before.
pub async fn remove_of_admin(
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    id: u64,
) -> Result<(), ServiceError> {
    if actor.id == Some(id) && actor.role.is_staff() {
        return Err(ServiceError::Conflict("Turn your own second factor off on your own page".into()));
    }
    let mail = transact!(services.db, tx => remove_in(&mut tx, services, actor, form_key, id))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn remove_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    id: u64,
) -> Result<JobRef, ServiceError> {
    once(tx, form_key, "remove_factor").await?;
    let admin = tx.admins().lock(id).await?.ok_or(ServiceError::NotFound)?;
    if !may_grant(actor.role, admin.role) {
        return Err(ServiceError::Denied("super admins"));
    }
    let Some((mail, passkeys)) = take_all(tx, Person::Staff(id)).await? else {
        return Err(ServiceError::Conflict("There is no second factor to remove, and no passkey".into()));
    };
    tx.login_sessions().revoke_all_of_admin(id).await?;
    let mail = notice(tx, actor, Person::Staff(id), mail).await?;
    let (target, details) = (id.to_string(), serde_json::json!({ "passkeys": passkeys }));
    audited(tx, services, actor, "admin.remove_second_factor", ("admin", &target), "done", details).await?;
    Ok(mail)
}
