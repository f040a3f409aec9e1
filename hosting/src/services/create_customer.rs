//! An account for somebody who did not sign up: staff type the address, its owner chooses the password.

use super::passwords::Passwords;
use super::{ServiceError, Services, audited};
use crate::crypto::random_token;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email};
use crate::jobs::MailArgs;
use crate::transact;

/// Makes the account and mails its owner a link to choose a password; returns the row id.
///
/// # Errors
/// `Invalid` on `email`.
pub async fn create_customer(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    email: &str,
) -> Result<u64, ServiceError> {
    let email = Email::parse(email).map_err(|e| ServiceError::field("email", e.0))?;
    // A password nobody ever sees.
    let hash = passwords.hash(&random_token()).await;
    let hash = hash.ok_or_else(|| ServiceError::Conflict("We could not make the account. Try again".into()))?;
    let (id, job) = transact!(services.db, tx => insert(&mut tx, services, actor, &email, &hash))?;
    services.queue.announce(&[job]).await;
    Ok(id)
}

async fn insert(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    email: &Email,
    hash: &str,
) -> Result<(u64, JobRef), ServiceError> {
    let id = tx.customers().insert_invited(email, hash).await.map_err(|e| {
        if e.is_duplicate("customers_email_key") {
            ServiceError::field("email", "This address has an account already")
        } else {
            e.into()
        }
    })?;
    let job = invite(tx, actor, id).await?;
    let details = serde_json::json!({ "job": job.uid.to_string() });
    audited(tx, services, actor, "customer.create", ("customer", &id.to_string()), "done", details).await?;
    Ok((id, job))
}

/// Orders the mail with the link.
pub(super) async fn invite(tx: &mut Tx, actor: &Actor, customer_id: u64) -> Result<JobRef, ServiceError> {
    let mail = MailArgs { template: "invitation".into(), customer_id: Some(customer_id), ..MailArgs::default() };
    Ok(tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?)
}
