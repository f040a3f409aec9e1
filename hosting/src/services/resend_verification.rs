//! Sends the confirmation link again. The answer is the same whether the address is known or not.

use super::{ServiceError, Services};
use crate::db::audit::NewEvent;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::login_sessions::NewSession;
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
    user_agent: &str,
    form_key: &[u8; 32],
) -> Result<(), ServiceError> {
    let job =
        transact!(services.db, tx => resend_in(&mut tx, services, actor, email, visitor_hash, user_agent, form_key))?;
    services.queue.announce(&job.into_iter().collect::<Vec<_>>()).await;
    Ok(())
}

async fn resend_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    email: &Email,
    visitor_hash: &[u8; 32],
    user_agent: &str,
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
        let stores = tx.stores().list_of_customer(customer.id).await?;
        let visitor = NewSession {
            token_hash: visitor_hash,
            customer_id: None,
            admin_id: None,
            address: &actor.address,
            user_agent,
        };
        mail.template = "verify_email".into();
        mail.store_id = stores.iter().find(|s| s.state == StoreState::Requested).map(|s| s.id);
        mail.visitor_session_id = Some(tx.login_sessions().insert(&visitor).await?);
    }
    let job = tx.jobs().insert(&NewJob::mail(&mail, None, &by)).await?;
    tx.audit()
        .append(
            &services.keys,
            &by,
            &NewEvent {
                action: "customer.resend_verification",
                target_kind: "customer",
                target_id: &customer.id.to_string(),
                outcome: "done",
                details: serde_json::json!({ "template": mail.template }),
            },
        )
        .await?;
    Ok(Some(job))
}
