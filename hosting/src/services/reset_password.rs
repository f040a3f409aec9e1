//! A new password by the link from the mail: uses the link up, ends every session, tells the owner.

use super::passwords::{CUSTOMER_LENGTH, Passwords, check_new};
use super::{ServiceError, Services, audited};
use crate::crypto::sha256;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::reseller_links::Provider;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Role};
use crate::jobs::MailArgs;
use crate::transact;

/// The address of a usable link, and whose customer that is; changes nothing.
///
/// # Errors
/// Database trouble.
pub async fn look(services: &Services, token: &str) -> Result<Option<(String, Option<Provider>)>, ServiceError> {
    let mut conn = services.db.read().await?;
    let Some(found) = conn.password_resets().find_usable(&sha256(token.as_bytes())).await? else { return Ok(None) };
    let provider = conn.resellers().provider_of(found.customer_id).await?;
    Ok(Some((found.email, provider)))
}

/// Sets the password. Nobody is signed in by it: the next step is the sign-in with all its factors.
///
/// # Errors
/// `NotFound` when the link is used, over, not the newest, or its address changed; `Invalid` on `new_password`,
/// which leaves the link usable.
pub async fn reset_password(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    token: &str,
    new: &str,
) -> Result<(), ServiceError> {
    let token_hash = sha256(token.as_bytes());
    let found = services.db.read().await?.password_resets().find_usable(&token_hash).await?;
    let found = found.ok_or(ServiceError::NotFound)?;
    let new =
        check_new(new, CUSTOMER_LENGTH, &found.email).map_err(|words| ServiceError::field("new_password", words))?;
    let hash = passwords
        .hash(&new)
        .await
        .ok_or_else(|| ServiceError::Conflict("We could not store your password. Try again".into()))?;
    let mail = transact!(services.db, tx => reset(&mut tx, services, actor, &token_hash, &hash))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn reset(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    token_hash: &[u8; 32],
    hash: &str,
) -> Result<JobRef, ServiceError> {
    // Looked at again inside: somebody may have been quicker while the password was hashed.
    let link = tx.password_resets().find_usable(token_hash).await?.ok_or(ServiceError::NotFound)?;
    let customer = tx.customers().lock(link.customer_id).await?.ok_or(ServiceError::NotFound)?;
    if customer.email != link.email || !tx.password_resets().consume(link.id).await? {
        return Err(ServiceError::NotFound);
    }
    tx.password_resets().consume_all(customer.id).await?;
    tx.customers().set_password(customer.id, &customer.password_hash, hash).await?;
    // The link was read at this address: whom staff invited has proven it.
    tx.customers().note_proven(customer.id).await?;
    let ended = tx.login_sessions().revoke_all_of_customer(customer.id, None).await?;
    let by = Actor { role: Role::Customer, id: Some(customer.id), name: customer.email.clone(), ..actor.clone() };
    let mail = MailArgs { template: "password_changed".into(), customer_id: Some(customer.id), ..MailArgs::default() };
    let mail = tx.jobs().insert(&NewJob::mail(&mail, None, &by)).await?;
    let details = serde_json::json!({ "sessions_ended": ended });
    let target = customer.id.to_string();
    audited(tx, services, &by, "customer.reset_password", ("customer", &target), "done", details).await?;
    Ok(mail)
}
