//! Sends the confirmation link again. The answer is the same whether the address is known or not.

use super::{ServiceError, Services, audited};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email, StoreState};
use crate::jobs::MailArgs;
use crate::transact;

/// Orders a new mail if the address waits for one.
///
/// # Errors
/// Database trouble.
pub async fn resend_verification(
    services: &Services,
    actor: &Actor,
    email: &Email,
    visitor_hash: &[u8; 32],
    form_key: &[u8; 32],
) -> Result<(), ServiceError> {
    let job = transact!(services.db, tx => resend_in(&mut tx, services, actor, email, visitor_hash, form_key))?;
    services.queue.announce(&job.into_iter().collect::<Vec<_>>()).await;
    Ok(())
}

async fn resend_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    email: &Email,
    visitor_hash: &[u8; 32],
    form_key: &[u8; 32],
) -> Result<Option<JobRef>, ServiceError> {
    if !tx.form_keys().take(form_key, "resend_verification").await? {
        return Ok(None);
    }
    let Some(customer) = tx.customers().find_by_email(&email.key()).await? else { return Ok(None) };
    let by = Actor { name: customer.email.clone(), ..actor.clone() };
    let mut mail = MailArgs {
        template: "account_exists".into(),
        customer_id: Some(customer.id),
        admin_id: None,
        store_id: None,
        job: None,
        visitor_session_id: None,
        about: None,
    };
    if customer.state == "unverified" {
        // The sign-up of this browser; from any other one the newest. The link stays the signer-up's: whoever asks
        // for a mail to somebody else's address gets no rights by it.
        let own = match tx.login_sessions().find_visitor(visitor_hash).await? {
            Some(visitor) => tx.sign_ups().find(customer.id, visitor).await?,
            None => None,
        };
        let sign_up = match own {
            Some(own) => Some(own),
            None => tx.sign_ups().newest(customer.id).await?,
        };
        mail.template = "verify_email".into();
        mail.visitor_session_id = sign_up.as_ref().map(|s| s.visitor_session_id);
        let stores = tx.stores().list_of_customer(customer.id).await?;
        mail.store_id = stores
            .iter()
            .find(|s| s.state == StoreState::Requested && sign_up.as_ref().is_none_or(|u| u.store_id == s.id))
            .map(|s| s.id);
    }
    let job = tx.jobs().insert(&NewJob::mail(&mail, None, &by)).await?;
    let details = serde_json::json!({ "template": mail.template });
    audited(tx, services, &by, "customer.resend_verification", ("customer", &customer.id.to_string()), "done", details)
        .await?;
    Ok(Some(job))
}
