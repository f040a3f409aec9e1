//! An owner changes the password. Other sessions end, this one gets a new cookie, links to a new password die.

use super::passwords::{CUSTOMER_LENGTH, Passwords};
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
    let hash = passwords.replace(current, &customer.password_hash, new, CUSTOMER_LENGTH, &customer.email).await?;
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
