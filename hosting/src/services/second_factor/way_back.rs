//! The way back for an owner who lost phone and recovery codes: staff plan a reset, the owner is told at once and can stop
//! it for a day, then the factor goes. Nobody who only talks support into it gets in before the owner hears of it.

use super::{notice, take_all};
use crate::crypto::sha256;
use crate::db::factor_resets::FactorReset;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::rights::{Capability, Reach, may};
use crate::domain::{Actor, Email, HumanText, Person, Role};
use crate::jobs::MailArgs;
use crate::services::prove_password::{Proven, need};
use crate::services::{ServiceError, Services, audited, once};
use crate::transact;

/// What staff filled in.
#[derive(Debug)]
pub struct Wish<'a> {
    /// The customer's address, typed.
    pub name: &'a str,
    /// How they made sure who asks; kept in the audit log.
    pub reason: &'a str,
    /// The staff member's own password was right.
    pub proven: Option<&'a Proven>,
}

/// Plans the reset and tells the owner.
///
/// # Errors
/// `Denied`; `NotFound`; `Invalid` on `name`, `reason` or `password`; `Conflict` when there is no factor, one is planned
/// already, or the form was sent before.
pub async fn plan(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    form_key: &[u8; 32],
    wish: &Wish<'_>,
) -> Result<(), ServiceError> {
    let staff = actor.id.filter(|_| may(actor.role, Capability::ManageCustomers, Reach::All)).map(Person::Staff);
    let staff = staff.ok_or(ServiceError::Denied("admins and super admins"))?;
    let customer = services.db.read().await?.customers().get(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let mut wrong = Vec::new();
    let reason = HumanText::parse("reason", wish.reason).map_err(|e| wrong.push(("reason", e.0))).ok();
    if wish.name.trim() != customer.email {
        wrong.push(("name", format!("Type {} as it is written", customer.email)));
    }
    need(wish.proven, staff, &mut wrong);
    let (Some(reason), true) = (reason, wrong.is_empty()) else { return Err(ServiceError::Invalid(wrong)) };
    let mail = transact!(services.db, tx => plan_in(&mut tx, services, actor, customer_id, form_key, reason.as_str()))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn plan_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    form_key: &[u8; 32],
    reason: &str,
) -> Result<JobRef, ServiceError> {
    once(tx, form_key, "plan_factor_reset").await?;
    let customer = tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    if !matches!(customer.state.as_str(), "active" | "suspended") {
        return Err(ServiceError::Conflict("This account is not open".into()));
    }
    if tx.second_factors().lock(Person::Customer(customer_id)).await?.is_none_or(|f| f.confirmed_at.is_none()) {
        return Err(ServiceError::Conflict("This account has no second factor to reset".into()));
    }
    if tx.factor_resets().open(customer_id).await?.is_some() {
        return Err(ServiceError::Conflict("A reset is planned already".into()));
    }
    let id = tx.factor_resets().insert(customer_id, reason).await?;
    let mail = MailArgs {
        template: "factor_reset_planned".into(),
        customer_id: Some(customer_id),
        about: Some(id),
        ..MailArgs::default()
    };
    let mail = tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?;
    let details = serde_json::json!({ "reset": id, "reason": reason });
    note(tx, services, actor, "customer.plan_factor_reset", customer_id, details).await?;
    Ok(mail)
}

/// The planned reset behind the link of a mail.
///
/// # Errors
/// Database trouble.
pub async fn behind_link(services: &Services, token: &str) -> Result<Option<FactorReset>, ServiceError> {
    Ok(services.db.read().await?.factor_resets().find_stop(&sha256(token.as_bytes())).await?)
}

/// The owner stops it by the link of the mail.
///
/// # Errors
/// `NotFound` when nothing is planned behind it any more.
pub async fn stop_by_link(services: &Services, actor: &Actor, token: &str) -> Result<(), ServiceError> {
    transact!(services.db, tx => link_in(&mut tx, services, actor, token))
}

async fn link_in(tx: &mut Tx, services: &Services, actor: &Actor, token: &str) -> Result<(), ServiceError> {
    let reset = tx.factor_resets().find_stop(&sha256(token.as_bytes())).await?.ok_or(ServiceError::NotFound)?;
    let customer = tx.customers().lock(reset.customer_id).await?.ok_or(ServiceError::NotFound)?;
    let by = Actor { role: Role::Customer, id: Some(customer.id), name: customer.email, ..actor.clone() };
    stop_in(tx, services, &by, &reset, "link").await
}

/// Staff stop it.
///
/// # Errors
/// `Conflict` when nothing is planned.
pub async fn stop(services: &Services, actor: &Actor, customer_id: u64) -> Result<(), ServiceError> {
    transact!(services.db, tx => staff_stop(&mut tx, services, actor, customer_id))
}

async fn staff_stop(tx: &mut Tx, services: &Services, actor: &Actor, customer_id: u64) -> Result<(), ServiceError> {
    tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let open = tx.factor_resets().open(customer_id).await?;
    let open = open.ok_or_else(|| ServiceError::Conflict("No reset is planned any more".into()))?;
    stop_in(tx, services, actor, &open, "staff").await
}

/// Somebody signed in with a code or a passkey, which the reset would take away: they are not lost.
pub(in crate::services) async fn not_lost(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    how: &str,
) -> Result<(), ServiceError> {
    let Person::Customer(id) = person else { return Ok(()) };
    match tx.factor_resets().open(id).await? {
        Some(open) => stop_in(tx, services, actor, &open, &format!("signed in with a {how}")).await,
        None => Ok(()),
    }
}

async fn stop_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    reset: &FactorReset,
    by: &str,
) -> Result<(), ServiceError> {
    if !tx.factor_resets().end(reset.id, true).await? {
        return Err(ServiceError::NotFound);
    }
    let details = serde_json::json!({ "reset": reset.id, "by": by });
    note(tx, services, actor, "customer.stop_factor_reset", reset.customer_id, details).await
}

/// Does those that are due; returns how many. Called by housekeeping.
///
/// # Errors
/// Database trouble.
pub async fn proceed(services: &Services) -> Result<usize, ServiceError> {
    let due = services.db.read().await?.factor_resets().due(50).await?;
    let actor = Actor::system("housekeeping");
    for reset in &due {
        let mail = transact!(services.db, tx => reset_in(&mut tx, services, &actor, reset))?;
        services.queue.announce(&mail.into_iter().collect::<Vec<_>>()).await;
    }
    Ok(due.len())
}

async fn reset_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    reset: &FactorReset,
) -> Result<Option<JobRef>, ServiceError> {
    let person = Person::Customer(reset.customer_id);
    tx.customers().lock(reset.customer_id).await?.ok_or(ServiceError::NotFound)?;
    if !tx.factor_resets().end(reset.id, false).await? {
        return Ok(None);
    }
    let Some((mail, passkeys)) = take_all(tx, person).await? else { return Ok(None) };
    let ended = tx.login_sessions().revoke_all_of_customer(reset.customer_id, None).await?;
    let mail = notice(tx, actor, person, mail).await?;
    let details = serde_json::json!({ "reset": reset.id, "sessions_ended": ended, "passkeys": passkeys });
    note(tx, services, actor, "customer.reset_factor", reset.customer_id, details).await?;
    Ok(Some(mail))
}

async fn note(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    action: &str,
    customer_id: u64,
    details: serde_json::Value,
) -> Result<(), ServiceError> {
    audited(tx, services, actor, action, ("customer", &customer_id.to_string()), "done", details).await
}

/// From the command line of the machine: takes factor and passkeys of a staff member away at once, the last super
/// admin's too.
///
/// # Errors
/// `NotFound` when nobody has the address; `Conflict` when they have neither.
pub async fn reset_of_admin(services: &Services, actor: &Actor, email: &str) -> Result<(), ServiceError> {
    let email = Email::parse(email).map_err(|e| ServiceError::field("email", e.0))?;
    let mail = transact!(services.db, tx => admin_in(&mut tx, services, actor, &email))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn admin_in(tx: &mut Tx, services: &Services, actor: &Actor, email: &Email) -> Result<JobRef, ServiceError> {
    if actor.role != Role::Operator {
        return Err(ServiceError::Denied("the command line of the machine"));
    }
    let found = tx.admins().find_by_email(&email.key()).await?.ok_or(ServiceError::NotFound)?;
    let person = Person::Staff(found.id);
    let Some((mail, passkeys)) = take_all(tx, person).await? else {
        return Err(ServiceError::Conflict(format!("{} has no second factor and no passkey", email.as_str())));
    };
    let ended = tx.login_sessions().revoke_all_of_admin(found.id).await?;
    let mail = notice(tx, actor, person, mail).await?;
    let target = found.id.to_string();
    let details = serde_json::json!({ "sessions_ended": ended, "passkeys": passkeys });
    audited(tx, services, actor, "admin.reset_factor", ("admin", &target), "done", details).await?;
    Ok(mail)
}
