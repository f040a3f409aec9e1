//! Staff close an account, and open it again while its stores wait for their deletion. From then on it goes the way of
//! every closing (`close_account::proceed`): stores, the last mail, forgetting the person.

use super::delete_store::WAIT_DAYS;
use super::prove_password::{Proven, need};
use super::{ServiceError, Services, audited};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, StoreState};
use crate::jobs::MailArgs;
use crate::transact;

/// What a closing asks for.
#[derive(Debug)]
pub struct Closing<'a> {
    /// The customer's address, typed.
    pub name: &'a str,
    /// Kept in the audit log.
    pub reason: &'a str,
    /// The staff member's own password was right.
    pub proven: Option<&'a Proven>,
}

/// Closes an account: nobody signs in any more, its stores are deleted after the usual wait, and the person is forgotten.
///
/// # Errors
/// `NotFound`; `Invalid` on `name`, `reason` or `password`; `Conflict` when it is closed already, or a store is being
/// changed right now.
pub async fn close_customer(
    services: &Services,
    actor: &Actor,
    id: u64,
    closing: &Closing<'_>,
) -> Result<(), ServiceError> {
    let mut conn = services.db.read().await?;
    let customer = conn.customers().get(id).await?.ok_or(ServiceError::NotFound)?;
    drop(conn);
    let mut wrong = Vec::new();
    let reason = closing.reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 {
        wrong.push(("reason", "Say why, in at most 200 characters".to_owned()));
    }
    if closing.name.trim() != customer.email {
        wrong.push(("name", format!("Type {} as it is written", customer.email)));
    }
    let staff = actor.id.filter(|_| actor.role.is_staff()).map(Person::Staff);
    need(closing.proven, staff.ok_or(ServiceError::Denied("staff"))?, &mut wrong);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let job = transact!(services.db, tx => close_in(&mut tx, services, actor, id, reason))?;
    services.queue.announce(&[job]).await;
    Ok(())
}

async fn close_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    id: u64,
    reason: &str,
) -> Result<JobRef, ServiceError> {
    let customer = tx.customers().lock(id).await?.ok_or(ServiceError::NotFound)?;
    if customer.state == "unverified" {
        return Err(ServiceError::Conflict("This address was never confirmed, so there is no account to close".into()));
    }
    let moved =
        |_| ServiceError::Conflict("This account was changed since you opened the page. Look at it again".into());
    tx.customers().set_closed(id, true, WAIT_DAYS).await.map_err(moved)?;
    let mut stores = 0;
    for store in tx.stores().list_of_customer(id).await? {
        if matches!(store.state, StoreState::Provisioning) {
            return Err(ServiceError::Conflict(
                "A store of this customer is being set up. Wait until that has ended".into(),
            ));
        }
        if matches!(store.state, StoreState::Active | StoreState::Suspended | StoreState::Failed)
            && store.delete_after.is_none()
        {
            tx.stores().schedule_deletion(store.id, WAIT_DAYS).await.map_err(moved)?;
            stores += 1;
        }
    }
    super::resellers::limits::end_with_account(tx, services, actor, id).await?;
    tx.password_resets().consume_all(id).await?;
    tx.login_sessions().revoke_all_of_customer(id, None).await?;
    let mail = MailArgs { template: "staff_closed_account".into(), customer_id: Some(id), ..MailArgs::default() };
    let job = tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?;
    let details =
        serde_json::json!({ "before": customer.state, "after": "closed", "reason": reason, "stores": stores });
    audited(tx, services, actor, "customer.close", ("customer", &id.to_string()), "done", details).await?;
    Ok(job)
}

/// Opens a closed account again; stores that wait for their deletion stay.
///
/// # Errors
/// `NotFound`; `Conflict` when it is not closed.
pub async fn reopen_customer(services: &Services, actor: &Actor, id: u64) -> Result<(), ServiceError> {
    transact!(services.db, tx => reopen_in(&mut tx, services, actor, id))
}

async fn reopen_in(tx: &mut Tx, services: &Services, actor: &Actor, id: u64) -> Result<(), ServiceError> {
    tx.customers().lock(id).await?.ok_or(ServiceError::NotFound)?;
    let moved =
        |_| ServiceError::Conflict("This account is not closed, or its stores are being deleted already".into());
    tx.customers().set_closed(id, false, WAIT_DAYS).await.map_err(moved)?;
    let mut stores = 0;
    for store in tx.stores().list_of_customer(id).await? {
        if store.delete_after.is_some() && tx.stores().cancel_deletion(store.id).await.is_ok() {
            stores += 1;
        }
    }
    let details = serde_json::json!({ "before": "closed", "after": "active", "stores": stores });
    audited(tx, services, actor, "customer.reopen", ("customer", &id.to_string()), "done", details).await
}
