//! Handing a store over to another customer: its owner offers it to an address, whoever owns that address takes it within
//! seven days; staff do both at once. The work is a job; here are the rules.
//!
//! Offering says nothing about whether there is an account: the answer is the same, only the mail differs.

use super::{ServiceError, Services, audited};
use crate::db::customers::Customer;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::stores::Store;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email, StoreState, Uid};
use crate::jobs::{self, ChangeArgs, MailArgs};
use crate::transact;

/// Offers a store to an address.
///
/// # Errors
/// `Invalid` (`email`), `Conflict` when it is not live, will be deleted, or is offered already.
pub async fn offer(services: &Services, actor: &Actor, store: &Store, email: &str) -> Result<(), ServiceError> {
    let email = Email::parse(email).map_err(|e| ServiceError::field("email", e.0))?;
    let mail = transact!(services.db, tx => offer_in(&mut tx, services, actor, store.id, &email))?;
    services.queue.announce(mail.as_slice()).await;
    Ok(())
}

async fn offer_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store_id: u64,
    email: &Email,
) -> Result<Option<JobRef>, ServiceError> {
    let store = need_live(tx, store_id).await?;
    let owner = tx.customers().get(store.customer_id).await?.ok_or(ServiceError::NotFound)?;
    if Email::parse(&owner.email).is_ok_and(|own| own.key() == email.key()) {
        return Err(ServiceError::field("email", "This is your own address"));
    }
    let uid = tx.store_transfers().offer(store_id, store.customer_id, email).await.map_err(|e| {
        if e.is_duplicate("store_transfers_open") {
            ServiceError::Conflict("Your store is offered already. Withdraw that offer first".into())
        } else {
            e.into()
        }
    })?;
    let known = tx.customers().find_by_email(&email.key()).await?.filter(is_good);
    let mail = match known {
        Some(recipient) => Some(tx.jobs().insert(&mail("store_offered", recipient.id, &store, &uid, actor)).await?),
        None => None,
    };
    let details = serde_json::json!({ "name": store.name, "to": email.as_str(), "offer": uid.to_string() });
    audited(tx, services, actor, "store.offer_transfer", ("store", &store.uid.to_string()), "done", details).await?;
    Ok(mail)
}

/// Takes the open offer of a store back.
///
/// # Errors
/// `Conflict` when there is none, or it was taken meanwhile.
pub async fn withdraw(services: &Services, actor: &Actor, store: &Store) -> Result<(), ServiceError> {
    transact!(services.db, tx => withdraw_in(&mut tx, services, actor, store))
}

async fn withdraw_in(tx: &mut Tx, services: &Services, actor: &Actor, store: &Store) -> Result<(), ServiceError> {
    tx.stores().lock(store.id).await?.ok_or(ServiceError::NotFound)?;
    let gone = || ServiceError::Conflict("There is no offer to withdraw. It may have been taken meanwhile".into());
    let offer =
        tx.store_transfers().open_of_store(store.id).await?.filter(|t| t.state == "offered").ok_or_else(gone)?;
    tx.store_transfers().move_on(offer.id, "offered", "withdrawn").await?;
    let details = serde_json::json!({ "offer": offer.uid });
    audited(tx, services, actor, "store.withdraw_transfer", ("store", &store.uid.to_string()), "done", details).await
}

/// Declines an offer to the customer's own address.
///
/// # Errors
/// `NotFound` when there is none such.
pub async fn decline(services: &Services, actor: &Actor, customer_id: u64, offer: &Uid) -> Result<(), ServiceError> {
    transact!(services.db, tx => decline_in(&mut tx, services, actor, customer_id, offer))
}

async fn decline_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    offer: &Uid,
) -> Result<(), ServiceError> {
    let me = recipient(tx, customer_id).await?;
    let found = tx.store_transfers().lock_to(offer, &key_of(&me)?).await?.ok_or(ServiceError::NotFound)?;
    tx.store_transfers().move_on(found.id, "offered", "declined").await?;
    let details = serde_json::json!({ "offer": found.uid });
    let store = tx.stores().get(found.store_id).await?.ok_or(ServiceError::NotFound)?;
    audited(tx, services, actor, "store.decline_transfer", ("store", &store.uid.to_string()), "done", details).await
}

/// Takes an offer to the customer's own address; the job does the rest.
///
/// # Errors
/// `NotFound` when there is none such, `Conflict` when it cannot be taken now.
pub async fn accept(services: &Services, actor: &Actor, customer_id: u64, offer: &Uid) -> Result<JobRef, ServiceError> {
    let job = transact!(services.db, tx => accept_in(&mut tx, services, actor, customer_id, offer))?;
    services.queue.announce(&[job]).await;
    Ok(job)
}

async fn accept_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    offer: &Uid,
) -> Result<JobRef, ServiceError> {
    let me = recipient(tx, customer_id).await?;
    let found = tx.store_transfers().lock_to(offer, &key_of(&me)?).await?.ok_or(ServiceError::NotFound)?;
    let store = need_live(tx, found.store_id).await?;
    if store.customer_id != found.customer_id {
        return Err(ServiceError::Conflict("This store has another owner by now".into()));
    }
    may_receive(tx, &me, &store).await.map_err(ServiceError::Conflict)?;
    let args = ChangeArgs {
        store_id: store.id,
        to_customer: Some(me.id),
        transfer_id: Some(found.id),
        ..ChangeArgs::default()
    };
    // The job first: its unique key refuses while another job is changing the store.
    let job = order(tx, actor, &store, &args).await?;
    tx.store_transfers().move_on(found.id, "offered", "accepted").await?;
    let details = serde_json::json!({ "name": store.name, "offer": found.uid, "job": job.uid.to_string() });
    audited(tx, services, actor, "store.accept_transfer", ("store", &store.uid.to_string()), "done", details).await?;
    Ok(job)
}

/// The customer that staff name as the new owner.
///
/// # Errors
/// `Invalid` (`email`).
pub(super) async fn named(tx: &mut Tx, store: &Store, email: &str) -> Result<Customer, ServiceError> {
    let email = Email::parse(email).map_err(|e| ServiceError::field("email", e.0))?;
    let found = tx.customers().find_by_email(&email.key()).await?.filter(is_good);
    let found = found.ok_or_else(|| {
        ServiceError::field("email", "There is no customer with this address whose account is open and confirmed")
    })?;
    may_receive(tx, &found, store).await.map_err(|words| ServiceError::field("email", words))?;
    Ok(found)
}

/// The job. It belongs to the new owner, who watches it.
pub(super) async fn order(
    tx: &mut Tx,
    actor: &Actor,
    store: &Store,
    args: &ChangeArgs,
) -> Result<JobRef, ServiceError> {
    let to = args.to_customer.unwrap_or(store.customer_id);
    let mut job = NewJob::for_store(jobs::TRANSFER_STORE, store.id, to, store.server_id, actor);
    job.args = serde_json::to_value(args).unwrap_or_default();
    tx.jobs().insert(&job).await.map_err(|e| {
        if e.is_duplicate("jobs_one_change_per_store") {
            ServiceError::Conflict("Another job is changing this store. Wait until it has ended".into())
        } else {
            e.into()
        }
    })
}

fn is_good(customer: &Customer) -> bool {
    customer.state == "active" && customer.email_verified_at.is_some() && customer.close_after.is_none()
}

/// Whether somebody may own this store as well: an account has one store.
async fn may_receive(tx: &mut Tx, customer: &Customer, store: &Store) -> Result<(), String> {
    if customer.id == store.customer_id {
        return Err("This is the store's owner".into());
    }
    if !is_good(customer) {
        return Err("This account cannot take a store now: it is paused, or will be closed".into());
    }
    let away = |_| "Our records were not reachable for a moment. Try again".to_owned();
    // What resellers may sell is counted by their customers' stores.
    let theirs = tx.resellers().of_customer(store.customer_id).await.map_err(away)?;
    if tx.resellers().of_customer(customer.id).await.map_err(away)? != theirs {
        return Err("The two accounts have different providers, and a store stays with its provider".into());
    }
    if tx.stores().list_of_customer(customer.id).await.map_err(away)?.is_empty() {
        Ok(())
    } else {
        Err("This account has a store already, and an account has one".into())
    }
}

/// The recipient's row, held, so that they cannot get a second store meanwhile.
async fn recipient(tx: &mut Tx, customer_id: u64) -> Result<Customer, ServiceError> {
    tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)
}

fn key_of(customer: &Customer) -> Result<String, ServiceError> {
    Email::parse(&customer.email).map(|e| e.key()).map_err(|_| ServiceError::NotFound)
}

async fn need_live(tx: &mut Tx, store_id: u64) -> Result<Store, ServiceError> {
    let state = tx.stores().lock(store_id).await?.ok_or(ServiceError::NotFound)?;
    let store = tx.stores().get(store_id).await?.ok_or(ServiceError::NotFound)?;
    if state != StoreState::Active {
        return Err(ServiceError::Conflict("A store is handed over while it is live. It is not now".into()));
    }
    if store.delete_after.is_some() {
        return Err(ServiceError::Conflict("This store will be deleted. Cancel that first".into()));
    }
    Ok(store)
}

fn mail(template: &str, customer_id: u64, store: &Store, offer: &Uid, actor: &Actor) -> NewJob {
    let args = MailArgs {
        template: template.to_owned(),
        customer_id: Some(customer_id),
        admin_id: None,
        store_id: Some(store.id),
        job: None,
        visitor_session_id: None,
        about: None,
    };
    NewJob::mail(&args, Some(format!("{template}:{offer}")), actor)
}
