//! A reseller makes an account for a customer of theirs.

use crate::crypto::random_token;
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email};
use crate::services::create_customer::invite;
use crate::services::passwords::Passwords;
use crate::services::{ServiceError, Services, audited, once};
use crate::transact;

/// Makes it within the limits, and mails its owner a link to choose a password; returns the row id.
///
/// # Errors
/// `Invalid` on `email`; `Conflict` when the limit is reached, or the form was sent before.
pub async fn create_customer(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    reseller_id: u64,
    form_key: &[u8; 32],
    email: &str,
) -> Result<u64, ServiceError> {
    let email = Email::parse(email).map_err(|e| ServiceError::field("email", e.0))?;
    let hash = passwords.hash(&random_token()).await;
    let hash = hash.ok_or_else(|| ServiceError::Conflict("We could not make the account. Try again".into()))?;
    let (id, job) =
        transact!(services.db, tx => insert(&mut tx, services, actor, reseller_id, form_key, (&email, &hash)))?;
    services.queue.announce(&[job]).await;
    Ok(id)
}

async fn insert(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    reseller_id: u64,
    form_key: &[u8; 32],
    (email, hash): (&Email, &str),
) -> Result<(u64, JobRef), ServiceError> {
    once(tx, form_key, "reseller_customer").await?;
    let reseller = tx.customers().lock(reseller_id).await?.ok_or(ServiceError::NotFound)?;
    if reseller.state != "active" {
        return Err(ServiceError::Conflict("Your account is paused. Contact us to go on".into()));
    }
    let limits = tx.resellers().lock(reseller_id).await?.ok_or(ServiceError::NotFound)?;
    if tx.resellers().used(reseller_id).await?.customers >= i64::from(limits.max_customers) {
        return Err(ServiceError::Conflict(format!(
            "You have {} customers, as many as you may. Ask us for more",
            limits.max_customers
        )));
    }
    let id = tx.customers().insert_invited(email, hash).await.map_err(|e| {
        if e.is_duplicate("customers_email_key") {
            ServiceError::field("email", "This address has an account already")
        } else {
            e.into()
        }
    })?;
    tx.resellers().adopt(id, Some(reseller_id)).await?;
    let job = invite(tx, actor, id).await?;
    let details = serde_json::json!({ "job": job.uid.to_string(), "reseller": reseller_id });
    audited(tx, services, actor, "customer.create", ("customer", &id.to_string()), "done", details).await?;
    Ok((id, job))
}
