//! Making a customer a reseller, setting the limits, and taking the role back.

use crate::db::{Queries, Tx};
use crate::domain::rights::may_grant;
use crate::domain::{Actor, Role};
use crate::services::{ServiceError, Services, audited, once};
use crate::transact;

/// More than this nobody looks after by hand, and what is used is counted on each of their pages.
const MOST: u32 = 5_000;

/// What an admin typed.
#[derive(Debug)]
pub struct Limits<'a> {
    /// Most customers.
    pub customers: &'a str,
    /// Most stores.
    pub stores: &'a str,
    /// Names of plans they may sell.
    pub plans: &'a [&'a str],
}

/// Sets them; an ordinary customer becomes a reseller, and signs in again.
///
/// # Errors
/// `Denied`; `NotFound`; `Invalid` on `customers`, `stores` or `plans`; `Conflict` for a customer of another reseller.
pub async fn set(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    form_key: &[u8; 32],
    limits: &Limits<'_>,
) -> Result<(), ServiceError> {
    if !may_grant(actor.role, Role::Reseller) {
        return Err(ServiceError::Denied("admins and super admins"));
    }
    let mut wrong = Vec::new();
    let mut number = |name, text: &str| {
        let found = text.trim().parse::<u32>().ok().filter(|n| *n <= MOST);
        if found.is_none() {
            wrong.push((name, format!("Enter a whole number from 0 to {MOST}")));
        }
        found.unwrap_or(0)
    };
    let (customers, stores) = (number("customers", limits.customers), number("stores", limits.stores));
    if limits.plans.is_empty() {
        wrong.push(("plans", "Choose at least one plan".into()));
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    transact!(services.db, tx => set_in(&mut tx, services, actor, customer_id, form_key, (customers, stores, limits.plans)))
}

async fn set_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    form_key: &[u8; 32],
    (customers, stores, plans): (u32, u32, &[&str]),
) -> Result<(), ServiceError> {
    once(tx, form_key, "reseller_limits").await?;
    let customer = tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    if customer.state != "active" {
        return Err(ServiceError::Conflict("This account is not open".into()));
    }
    if tx.resellers().of_customer(customer_id).await?.is_some() {
        return Err(ServiceError::Conflict("This is a customer of another reseller".into()));
    }
    let mut ids = Vec::new();
    for slug in plans {
        let is_slug = slug.len() <= 40 && slug.bytes().all(|b| b.is_ascii_graphic());
        let found = if is_slug { tx.plans().find(slug).await? } else { None };
        let plan = found.ok_or_else(|| ServiceError::field("plans", "Choose plans from the list"))?;
        if !ids.contains(&plan.id) {
            ids.push(plan.id);
        }
    }
    tx.resellers().set(customer_id, customers, stores, &ids).await?;
    tx.resellers().set_code(customer_id, &super::link::new_code()).await?;
    if customer.role != Role::Reseller {
        tx.login_sessions().revoke_all_of_customer(customer_id, None).await?;
    }
    let details = serde_json::json!({
        "before": customer.role, "after": "reseller", "customers": customers, "stores": stores, "plans": plans,
    });
    audited(tx, services, actor, "customer.set_reseller", ("customer", &customer_id.to_string()), "done", details).await
}

/// Takes the role back; their customers become ours.
///
/// # Errors
/// `Denied`; `NotFound`; `Conflict` when they are no reseller.
pub async fn end(services: &Services, actor: &Actor, customer_id: u64) -> Result<(), ServiceError> {
    if !may_grant(actor.role, Role::Reseller) {
        return Err(ServiceError::Denied("admins and super admins"));
    }
    transact!(services.db, tx => end_in(&mut tx, services, actor, customer_id))
}

async fn end_in(tx: &mut Tx, services: &Services, actor: &Actor, customer_id: u64) -> Result<(), ServiceError> {
    let customer = tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    if customer.role != Role::Reseller {
        return Err(ServiceError::Conflict("This customer is no reseller".into()));
    }
    give_up(tx, services, actor, customer_id, "taken back").await
}

/// The role ends with the account: whose account is closed looks after nobody.
///
/// # Errors
/// Database trouble.
pub(in crate::services) async fn end_with_account(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
) -> Result<(), ServiceError> {
    if tx.resellers().get(customer_id).await?.is_none() {
        return Ok(());
    }
    give_up(tx, services, actor, customer_id, "account closed").await
}

async fn give_up(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    why: &str,
) -> Result<(), ServiceError> {
    let ours = tx.resellers().remove(customer_id).await?;
    tx.login_sessions().revoke_all_of_customer(customer_id, None).await?;
    let details =
        serde_json::json!({ "before": "reseller", "after": "customer", "why": why, "customers_now_ours": ours });
    audited(tx, services, actor, "customer.end_reseller", ("customer", &customer_id.to_string()), "done", details).await
}
