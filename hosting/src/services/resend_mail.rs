//! Sending a mail of the mail log again, and a test mail.

use super::{ServiceError, Services, audited};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, JobState, Uid};
use crate::jobs::MailArgs;
use crate::transact;

/// Sends a mail again: drawn anew from the same facts, with new one-time links. Returns the job that does it.
///
/// # Errors
/// `NotFound`; `Conflict` while it is still being tried, or when its job is forgotten.
pub async fn resend_mail(services: &Services, actor: &Actor, id: u64) -> Result<JobRef, ServiceError> {
    let job = transact!(services.db, tx => resend_in(&mut tx, services, actor, id))?;
    services.queue.announce(&[job]).await;
    Ok(job)
}

async fn resend_in(tx: &mut Tx, services: &Services, actor: &Actor, id: u64) -> Result<JobRef, ServiceError> {
    let mail = tx.mail_messages().get(id).await?.ok_or(ServiceError::NotFound)?;
    let forgotten =
        || ServiceError::Conflict("What this mail was made from is forgotten. Send it from where it belongs".into());
    let uid = Uid::parse(&mail.job_uid).map_err(|_| forgotten())?;
    let job = tx.jobs().find(&uid).await?.ok_or_else(forgotten)?;
    if matches!(job.state, JobState::Queued | JobState::Started | JobState::Retrying) {
        return Err(ServiceError::Conflict("This mail is still being tried. Retry its job to hurry it".into()));
    }
    let args: MailArgs = serde_json::from_value(job.args).map_err(|_| forgotten())?;
    let again = tx.jobs().insert(&NewJob::mail(&args, None, actor)).await?;
    let details =
        serde_json::json!({ "recipient": mail.recipient, "mail": mail.template, "job": again.uid.to_string() });
    audited(tx, services, actor, "mail.resend", ("mail", &id.to_string()), "done", details).await?;
    Ok(again)
}

/// Orders a test mail to the staff member who asks. It is tried once: the job says in words what came of it.
///
/// # Errors
/// `Denied` for anybody without a staff account; database trouble.
pub async fn send_test_mail(services: &Services, actor: &Actor) -> Result<JobRef, ServiceError> {
    let Some(admin_id) = actor.id.filter(|_| actor.role.is_staff()) else { return Err(ServiceError::Denied("staff")) };
    let args = MailArgs { template: "test_mail".into(), admin_id: Some(admin_id), ..MailArgs::default() };
    let order = NewJob { max_attempts: 1, deadline_seconds: Some(120), ..NewJob::mail(&args, None, actor) };
    let job = transact!(services.db, tx => async {
        let job = tx.jobs().insert(&order).await?;
        let details = serde_json::json!({ "job": job.uid.to_string() });
        audited(&mut tx, services, actor, "mail.test", ("mail", "test"), "done", details).await?;
        Ok::<_, ServiceError>(job)
    })?;
    services.queue.announce(&[job]).await;
    Ok(job)
}
