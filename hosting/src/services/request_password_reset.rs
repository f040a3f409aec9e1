//! Asking for a link to a new password. Known and unknown addresses cause the same work (a job and an
//! audit row each), so that neither the answer nor its time tells which is which. The link itself is made
//! when the mail is sent. Staff have no such path: a super admin resets them.

use super::{ServiceError, Services, audited};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email};
use crate::jobs::MailArgs;
use crate::transact;

/// Orders the mail if the address has an open account. The same form sent twice does it once.
///
/// # Errors
/// Database trouble.
pub async fn request_password_reset(
    services: &Services,
    actor: &Actor,
    email: &Email,
    form_key: &[u8; 32],
) -> Result<(), ServiceError> {
    let job = transact!(services.db, tx => order(&mut tx, services, actor, email, form_key))?;
    services.queue.announce(&job.into_iter().collect::<Vec<_>>()).await;
    Ok(())
}

async fn order(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    email: &Email,
    form_key: &[u8; 32],
) -> Result<Option<JobRef>, ServiceError> {
    if !tx.form_keys().take(form_key, "password_reset").await? {
        return Ok(None);
    }
    let customer = tx.customers().find_by_email(&email.key()).await?.filter(|c| c.state != "closed");
    let customer_id = customer.map(|c| c.id);
    let mail = MailArgs { template: "password_reset".into(), customer_id, ..MailArgs::default() };
    let job = tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?;
    let target = customer_id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    let outcome = if customer_id.is_some() { "done" } else { "refused" };
    let details = serde_json::json!({ "job": job.uid.to_string() });
    audited(tx, services, actor, "customer.request_password_reset", ("customer", &target), outcome, details).await?;
    Ok(Some(job))
}
