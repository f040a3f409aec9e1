//! Staff give an account another address, with a reason. Both addresses are told.

use super::{ServiceError, Services, audited};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email};
use crate::jobs::MailArgs;
use crate::transact;

/// Changes it. Every device is signed out and every link to a new password ends.
///
/// # Errors
/// `NotFound`; `Invalid` on `email` or `reason`; `Conflict` when the address is not `before` any more.
pub async fn change_customer_email(
    services: &Services,
    actor: &Actor,
    id: u64,
    before: &str,
    email: &str,
    reason: &str,
) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    let email = Email::parse(email).map_err(|e| wrong.push(("email", e.0))).ok();
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 {
        wrong.push(("reason", "Say why, in at most 200 characters".into()));
    }
    let (Some(email), true) = (email, wrong.is_empty()) else { return Err(ServiceError::Invalid(wrong)) };
    let jobs = transact!(services.db, tx => change_in(&mut tx, services, actor, id, before, &email, reason))?;
    services.queue.announce(&jobs).await;
    Ok(())
}

async fn change_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    id: u64,
    before: &str,
    email: &Email,
    reason: &str,
) -> Result<Vec<JobRef>, ServiceError> {
    let customer = tx.customers().lock(id).await?.ok_or(ServiceError::NotFound)?;
    if customer.state == "unverified" {
        return Err(ServiceError::Conflict(
            "This address was never confirmed: whoever it belongs to signs up again".into(),
        ));
    }
    if customer.email != before || customer.state == "closed" {
        return Err(ServiceError::Conflict(
            "This account was changed since you opened the page. Look at it again".into(),
        ));
    }
    if customer.email == email.as_str() {
        return Err(ServiceError::field("email", "This is the address it has"));
    }
    tx.customers().set_unproven_email(id, email).await.map_err(|e| {
        if e.is_duplicate("customers_email_key") {
            ServiceError::field("email", "This address has an account already")
        } else {
            e.into()
        }
    })?;
    tx.password_resets().consume_all(id).await?;
    tx.login_sessions().revoke_all_of_customer(id, None).await?;
    // Wishes of the owner's own end; this one is carried out at once.
    let change = tx.email_changes().insert(id, &customer.email, email.as_str()).await?;
    tx.email_changes().end_all(id).await?;
    let mut jobs = Vec::new();
    for template in ["email_changed_old", "email_changed"] {
        let mail =
            MailArgs { template: template.into(), customer_id: Some(id), about: Some(change), ..MailArgs::default() };
        jobs.push(tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?);
    }
    let details = serde_json::json!({ "before": customer.email, "after": email.as_str(), "reason": reason });
    audited(tx, services, actor, "customer.change_email", ("customer", &id.to_string()), "done", details).await?;
    Ok(jobs)
}
