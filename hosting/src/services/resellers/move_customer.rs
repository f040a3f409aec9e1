//! Staff give a customer to a reseller, to another one, or take them back: whose customer they are changes, and nothing of
//! theirs. They stay signed in; what they asked before stays with whom they asked.

use crate::db::customers::Customer;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::rights::may_grant;
use crate::domain::{Actor, Email, Person, Role, StoreState};
use crate::jobs::MailArgs;
use crate::services::prove_password::{Proven, need};
use crate::services::{ServiceError, Services, audited};
use crate::transact;

/// What a move asks for.
#[derive(Debug)]
pub struct Move<'a> {
    /// Whose customer they were on the page that was shown; `None` = ours.
    pub before: Option<u64>,
    /// Number or address of the reseller; empty = ours.
    pub reseller: &'a str,
    /// Kept in the audit log.
    pub reason: &'a str,
    /// The staff member's own password was right.
    pub proven: Option<&'a Proven>,
}

/// Moves them.
///
/// # Errors
/// `Denied`; `NotFound`; `Invalid` on `reseller`, `reason` or `password`; `Conflict` when the account cannot move, somebody
/// moved it meanwhile, or the reseller's limits would be exceeded.
pub async fn move_customer(services: &Services, actor: &Actor, id: u64, wish: &Move<'_>) -> Result<(), ServiceError> {
    if !may_grant(actor.role, Role::Reseller) {
        return Err(ServiceError::Denied("admins and super admins"));
    }
    let mut wrong = Vec::new();
    let to = to(services, wish.reseller.trim(), &mut wrong).await?;
    let reason = wish.reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 {
        wrong.push(("reason", "Say why, in at most 200 characters".to_owned()));
    }
    let staff = actor.id.filter(|_| actor.role.is_staff()).map(Person::Staff);
    need(wish.proven, staff.ok_or(ServiceError::Denied("staff"))?, &mut wrong);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let jobs = transact!(services.db, tx => move_in(&mut tx, services, actor, id, (wish.before, to, reason)))?;
    services.queue.announce(&jobs).await;
    Ok(())
}

/// Row id of the reseller that was typed.
async fn to(
    services: &Services,
    typed: &str,
    wrong: &mut Vec<(&'static str, String)>,
) -> Result<Option<u64>, ServiceError> {
    if typed.is_empty() {
        return Ok(None);
    }
    let mut conn = services.db.read().await?;
    let id = match (typed.parse::<u64>(), Email::parse(typed)) {
        (Ok(id), _) => Some(id),
        (_, Ok(email)) => conn.customers().find_by_email(&email.key()).await?.map(|c| c.id),
        _ => None,
    };
    let found = match id {
        Some(id) => conn.resellers().get(id).await?,
        None => None,
    };
    if found.is_none() {
        wrong.push(("reseller", "There is no reseller with this address or number".to_owned()));
    }
    Ok(found.map(|r| r.customer_id))
}

async fn move_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    id: u64,
    (before, to, reason): (Option<u64>, Option<u64>, &str),
) -> Result<Vec<JobRef>, ServiceError> {
    let customer = tx.customers().lock(id).await?.ok_or(ServiceError::NotFound)?;
    let from = tx.resellers().of_customer(id).await?;
    if from == to {
        let words =
            if to.is_some() { "They are this reseller's customer already" } else { "They are our customer already" };
        return Err(ServiceError::field("reseller", words));
    }
    if from != before {
        return Err(ServiceError::Conflict(
            "This customer was moved since you opened the page. Look at it again".into(),
        ));
    }
    if let Some(to) = to {
        check(tx, &customer, to).await?;
    }
    tx.resellers().adopt(id, to).await?;
    let mut jobs = vec![tell(tx, actor, id, "provider_changed", id).await?];
    for (reseller, template) in [(from, "customer_left"), (to, "customer_arrived")] {
        if let Some(reseller) = reseller {
            jobs.push(tell(tx, actor, reseller, template, id).await?);
        }
    }
    let details = serde_json::json!({ "before": from, "after": to, "reason": reason });
    let target = id.to_string();
    audited(tx, services, actor, "customer.change_reseller", ("customer", &target), "done", details).await?;
    for (reseller, action) in [(from, "customer.give_customer_up"), (to, "customer.receive_customer")] {
        if let Some(reseller) = reseller {
            let details = serde_json::json!({ "customer": id, "reason": reason });
            audited(tx, services, actor, action, ("customer", &reseller.to_string()), "done", details).await?;
        }
    }
    Ok(jobs)
}

/// Whether the account may become a customer of `to`, and the reseller has room for it.
async fn check(tx: &mut Tx, customer: &Customer, to: u64) -> Result<(), ServiceError> {
    if customer.role != Role::Customer {
        return Err(ServiceError::Conflict("A reseller cannot be a customer of another one".into()));
    }
    if customer.state != "active" {
        return Err(ServiceError::Conflict("This account is not open".into()));
    }
    let gone = || ServiceError::field("reseller", "There is no reseller with this address or number");
    let limits = tx.resellers().lock(to).await?.ok_or_else(gone)?;
    if tx.customers().get(to).await?.is_none_or(|c| c.state != "active") {
        return Err(ServiceError::Conflict("The account of this reseller is not open".into()));
    }
    let used = tx.resellers().used(to).await?;
    if used.customers >= i64::from(limits.max_customers) {
        return Err(ServiceError::Conflict(format!(
            "This reseller has {} customers, as many as they may. Raise the limit first",
            limits.max_customers
        )));
    }
    let mut stores = tx.stores().list_of_customer(customer.id).await?;
    stores.retain(|s| s.state != StoreState::Deleted);
    if used.stores + i64::try_from(stores.len()).unwrap_or(i64::MAX) > i64::from(limits.max_stores) {
        return Err(ServiceError::Conflict(format!(
            "The customers of this reseller have {} stores of {}, and this customer brings {}. Raise the limit first",
            used.stores,
            limits.max_stores,
            stores.len()
        )));
    }
    let sold = tx.resellers().plans(to).await?;
    if let Some(store) = stores.iter().find(|s| !sold.contains(&s.plan_id)) {
        return Err(ServiceError::Conflict(format!(
            "{} is of a plan that this reseller may not sell. Let them sell it, or change the plan first",
            store.name
        )));
    }
    Ok(())
}

async fn tell(
    tx: &mut Tx,
    actor: &Actor,
    who: u64,
    template: &'static str,
    customer: u64,
) -> Result<JobRef, ServiceError> {
    let mail =
        MailArgs { template: template.into(), customer_id: Some(who), about: Some(customer), ..MailArgs::default() };
    Ok(tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?)
}
