//! The customer's answer, on their pages or behind the link of a mail; and whether they want to be asked at all.

use super::note;
use crate::crypto::sha256;
use crate::db::customer_views::ViewRow;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Role};
use crate::services::{ServiceError, Services, audited};
use crate::transact;

/// Answers a question of theirs, or ends what they allowed.
///
/// # Errors
/// `NotFound` when it is not theirs; `Conflict` when it is over.
pub async fn answer(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    view_id: u64,
    allow: bool,
) -> Result<(), ServiceError> {
    transact!(services.db, tx => answer_in(&mut tx, services, actor, customer_id, view_id, allow))
}

async fn answer_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    view_id: u64,
    allow: bool,
) -> Result<(), ServiceError> {
    tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let open = tx.customer_views().open_of_customer(customer_id).await?;
    let view = open.into_iter().find(|v| v.id == view_id).ok_or(ServiceError::NotFound)?;
    match (view.state.as_str(), allow) {
        ("asked", _) => record(tx, services, actor, &view, allow).await,
        // What they allowed they can take back.
        (_, false) => super::end::end_in(tx, services, actor, &view, "the customer ended it").await,
        (_, true) => Ok(()),
    }
}

async fn record(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    view: &ViewRow,
    allow: bool,
) -> Result<(), ServiceError> {
    if !tx.customer_views().answer(view.id, allow).await? {
        return Err(ServiceError::Conflict("This question is over".into()));
    }
    let action = if allow { "customer.view_allow" } else { "customer.view_refuse" };
    note(tx, services, actor, action, view, serde_json::json!({ "view": view.id })).await
}

/// The question behind the link of a mail.
///
/// # Errors
/// Database trouble.
pub async fn behind_link(services: &Services, token: &str) -> Result<Option<ViewRow>, ServiceError> {
    Ok(services.db.read().await?.customer_views().find_consent(&sha256(token.as_bytes())).await?)
}

/// Answers by the link of the mail, which only the customer's mailbox has.
///
/// # Errors
/// `NotFound` when the link does not work any more.
pub async fn answer_by_link(services: &Services, actor: &Actor, token: &str, allow: bool) -> Result<(), ServiceError> {
    transact!(services.db, tx => link_in(&mut tx, services, actor, token, allow))
}

async fn link_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    token: &str,
    allow: bool,
) -> Result<(), ServiceError> {
    let hash = sha256(token.as_bytes());
    let view = tx.customer_views().find_consent(&hash).await?.ok_or(ServiceError::NotFound)?;
    let customer = tx.customers().lock(view.customer_id).await?.ok_or(ServiceError::NotFound)?;
    let by = Actor { role: Role::Customer, id: Some(customer.id), name: customer.email, ..actor.clone() };
    record(tx, services, &by, &view, allow).await
}

/// Saves whether support has to ask.
///
/// # Errors
/// Database trouble.
pub async fn want_asking(services: &Services, actor: &Actor, customer_id: u64, ask: bool) -> Result<(), ServiceError> {
    transact!(services.db, tx => want_in(&mut tx, services, actor, customer_id, ask))
}

async fn want_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    ask: bool,
) -> Result<(), ServiceError> {
    tx.customers().set_ask_before_view(customer_id, ask).await?;
    let (target, details) = (customer_id.to_string(), serde_json::json!({ "ask_before_view": ask }));
    audited(tx, services, actor, "customer.change_viewing", ("customer", &target), "done", details).await
}
