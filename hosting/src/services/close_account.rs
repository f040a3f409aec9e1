//! Closing an account: asked for, 30 days to take it back, then stores go by the ordinary deletion, a last mail leaves,
//! and the person is forgotten.

use super::prove_password::{Proven, need};
use super::{ServiceError, Services, audited, delete_store, once};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, StoreState};
use crate::jobs::MailArgs;
use crate::transact;

/// Days between asking and closing.
pub const WAIT_DAYS: u32 = 30;

/// Plans it.
///
/// # Errors
/// `Invalid` on `confirm` (the address) or `password`; `Conflict` when it is planned already, or the form was sent before.
pub async fn plan(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    form_key: &[u8; 32],
    (confirm, proven): (&str, Option<&Proven>),
) -> Result<(), ServiceError> {
    let customer = services.db.read().await?.customers().get(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let mut wrong = Vec::new();
    if !confirm.trim().eq_ignore_ascii_case(&customer.email) {
        wrong.push(("confirm", format!("Type your email, {}", customer.email)));
    }
    need(proven, Person::Customer(customer_id), &mut wrong);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let mail = transact!(services.db, tx => plan_in(&mut tx, services, actor, customer_id, form_key))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn plan_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    form_key: &[u8; 32],
) -> Result<JobRef, ServiceError> {
    once(tx, form_key, "close_account").await?;
    if !tx.erasure().plan(customer_id, WAIT_DAYS).await? {
        return Err(ServiceError::Conflict("The closing is planned already".into()));
    }
    note(tx, services, actor, customer_id, "closing_planned", "customer.plan_closing").await
}

/// Takes it back.
///
/// # Errors
/// `Conflict` when none is planned, or it has begun.
pub async fn cancel(services: &Services, actor: &Actor, customer_id: u64) -> Result<(), ServiceError> {
    let mail = transact!(services.db, tx => cancel_in(&mut tx, services, actor, customer_id))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn cancel_in(tx: &mut Tx, services: &Services, actor: &Actor, customer_id: u64) -> Result<JobRef, ServiceError> {
    if !tx.erasure().cancel(customer_id).await? {
        return Err(ServiceError::Conflict("No closing is planned, or it has begun".into()));
    }
    note(tx, services, actor, customer_id, "closing_cancelled", "customer.cancel_closing").await
}

async fn note(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    template: &str,
    action: &str,
) -> Result<JobRef, ServiceError> {
    let mail = MailArgs { template: template.into(), customer_id: Some(customer_id), ..MailArgs::default() };
    let mail = tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?;
    let target = customer_id.to_string();
    audited(tx, services, actor, action, ("customer", &target), "done", serde_json::json!({})).await?;
    Ok(mail)
}

/// How far a due closing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Stores are being deleted.
    Stores,
    /// The last mail, or another job, is under way.
    Jobs,
    /// The person is forgotten.
    Erased,
}

/// Does the next part of a closing whose time has come. Called again and again until it says [`Closing::Erased`]; each
/// part done twice does nothing the second time.
///
/// # Errors
/// Database trouble.
pub async fn proceed(services: &Services, customer_id: u64) -> Result<Closing, ServiceError> {
    let actor = Actor::system("closing");
    let stores = services.db.read().await?.stores().list_of_customer(customer_id).await?;
    for store in &stores {
        if matches!(store.state, StoreState::Active | StoreState::Suspended | StoreState::Failed) {
            match delete_store::delete_now(services, &actor, store.id, "the account is closed").await {
                // Another job is changing it, or somebody was quicker: next time.
                Ok(_) | Err(ServiceError::Conflict(_)) => {}
                Err(other) => return Err(other),
            }
        }
    }
    transact!(services.db, tx => proceed_in(&mut tx, services, &actor, customer_id))
}

async fn proceed_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
) -> Result<Closing, ServiceError> {
    tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    super::resellers::limits::end_with_account(tx, services, actor, customer_id).await?;
    let mut left = false;
    for store in tx.stores().list_of_customer(customer_id).await? {
        match store.state {
            StoreState::Deleted => {}
            StoreState::Requested => {
                tx.stores().release_addresses(store.id).await?;
                tx.stores().move_state(store.id, StoreState::Requested, StoreState::Deleted).await?;
            }
            _ => left = true,
        }
    }
    if left {
        return Ok(Closing::Stores);
    }
    let key = format!("closed/{customer_id}");
    match tx.erasure().mail_ended(&key).await? {
        None => {
            let mail =
                MailArgs { template: "account_closed".into(), customer_id: Some(customer_id), ..MailArgs::default() };
            tx.jobs().insert(&NewJob::mail(&mail, Some(key), actor)).await?;
            return Ok(Closing::Jobs);
        }
        Some(false) => return Ok(Closing::Jobs),
        Some(true) => {}
    }
    if tx.erasure().busy(customer_id).await? {
        return Ok(Closing::Jobs);
    }
    // First: what happened to things of theirs is found by those things.
    let events = tx.audit().erase_customer(&services.keys, customer_id).await?;
    tx.erasure().erase(customer_id).await?;
    let details = serde_json::json!({ "audit_events": events });
    audited(tx, services, actor, "customer.erase", ("customer", &customer_id.to_string()), "done", details).await?;
    Ok(Closing::Erased)
}
