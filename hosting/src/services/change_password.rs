//! An owner changes the password. Other sessions end, this one gets a new cookie, links to a new password die.

use super::passwords::{CUSTOMER_LENGTH, Passwords, check_new};
use super::{ServiceError, Services, audited};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::customers::Customer;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{DbError, Queries, Tx};
use crate::domain::Actor;
use crate::jobs::MailArgs;
use crate::transact;

/// Changes it; returns the new cookie value.
///
/// # Errors
/// `Invalid` on `current_password` or `new_password`.
pub async fn change_password(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    session_id: u64,
    customer_id: u64,
    current: &Secret,
    new: &str,
) -> Result<Secret, ServiceError> {
    let customer = services.db.read().await?.customers().get(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let mut wrong = Vec::new();
    if !passwords.verify(current, Some(&customer.password_hash)).await {
        wrong.push(("current_password", "This is not your current password".to_owned()));
    }
    let checked = check_new(new, CUSTOMER_LENGTH, &customer.email).map_err(|e| wrong.push(("new_password", e))).ok();
    if checked.as_ref().is_some_and(|n| n.expose() == current.expose()) {
        wrong.push(("new_password", "Choose a password that differs from the current one".into()));
    }
    let (Some(checked), true) = (checked, wrong.is_empty()) else { return Err(ServiceError::Invalid(wrong)) };
    let hash = passwords
        .hash(&checked)
        .await
        .ok_or_else(|| ServiceError::Conflict("We could not store your password. Try again".into()))?;
    let (token, mail) = transact!(services.db, tx => change(&mut tx, services, actor, session_id, &customer, &hash))?;
    services.queue.announce(&[mail]).await;
    Ok(token)
}

async fn change(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    session_id: u64,
    customer: &Customer,
    hash: &str,
) -> Result<(Secret, JobRef), ServiceError> {
    let ended = |e: DbError| match e {
        DbError::Stale(words) => ServiceError::Conflict(format!("Nothing was changed: {words}")),
        other => other.into(),
    };
    tx.customers().set_password(customer.id, &customer.password_hash, hash).await.map_err(ended)?;
    tx.login_sessions().revoke_all_of_customer(customer.id, Some(session_id)).await?;
    tx.password_resets().consume_all(customer.id).await?;
    let token = random_token();
    tx.login_sessions().authenticated_again(session_id, &sha256(token.expose().as_bytes())).await.map_err(ended)?;
    let mail = MailArgs { template: "password_changed".into(), customer_id: Some(customer.id), ..MailArgs::default() };
    let mail = tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?;
    let (target, details) = (customer.id.to_string(), serde_json::json!({}));
    audited(tx, services, actor, "customer.change_password", ("customer", &target), "done", details).await?;
    Ok((token, mail))
}
