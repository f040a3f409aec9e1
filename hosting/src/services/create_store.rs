//! A store for a customer whose address is confirmed and who has none: it starts at once.

use super::place_store::order_set_up;
use super::resellers::{Whose, check_store, whose};
use super::settings::Values;
use super::store_wish::{self, CheckedWish, StoreWish};
use super::{ServiceError, Services, audited};
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// Starts a store; returns the public id of its set-up job. The same form key gives the same job.
///
/// # Errors
/// `NotFound` for a customer of others; `Invalid` with every wrong field; `Conflict` when there is a store already, or a
/// reseller's limit is reached.
pub async fn create_store(
    services: &Services,
    settings: &Values,
    actor: &Actor,
    customer_id: u64,
    wish: &StoreWish,
    form_key: &[u8; 32],
) -> Result<String, ServiceError> {
    let mut tx = services.db.begin().await?;
    let checked = store_wish::check(&mut tx, settings, wish).await;
    tx.rollback().await?;
    let checked = match checked {
        Ok(c) => c,
        Err((_, Some(trouble))) => return Err(trouble.into()),
        Err((fields, None)) => return Err(ServiceError::Invalid(fields)),
    };
    let (uid, job) =
        transact!(services.db, tx => insert(&mut tx, services, settings, actor, customer_id, &checked, form_key))?;
    services.queue.announce(&job.into_iter().collect::<Vec<_>>()).await;
    Ok(uid)
}

async fn insert(
    tx: &mut Tx,
    services: &Services,
    settings: &Values,
    actor: &Actor,
    customer_id: u64,
    wish: &CheckedWish,
    form_key: &[u8; 32],
) -> Result<(String, Option<JobRef>), ServiceError> {
    if !tx.form_keys().take(form_key, "create_store").await? {
        return match tx.form_keys().location(form_key, "create_store").await? {
            Some(uid) if !uid.is_empty() => Ok((uid, None)),
            _ => Err(ServiceError::Conflict("This form was sent before. Look at your store".into())),
        };
    }
    let customer = tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let whose = whose(tx, actor, customer_id).await?;
    let own = whose == Whose::Own;
    if customer.state != "active" {
        let words = if own { "Your account is paused. Contact us to go on" } else { "This account is not open" };
        return Err(ServiceError::Conflict(words.into()));
    }
    if !tx.stores().list_of_customer(customer_id).await?.is_empty() {
        let words = if own { "You have a store already" } else { "This customer has a store already" };
        return Err(ServiceError::Conflict(words.into()));
    }
    check_store(tx, whose, customer_id, wish.plan.id).await?;
    let slug = store_wish::free_slug(tx, settings.text("base_domain"), wish, None).await?;
    let (store_id, store_uid) = store_wish::insert(tx, settings, customer_id, wish, &slug).await?;
    let job = order_set_up(tx, actor, store_id, customer_id, wish.platform).await?;
    let uid = job.uid.to_string();
    tx.form_keys().answer(form_key, &uid).await?;
    let details = serde_json::json!({ "name": wish.name.as_str(), "plan": wish.plan.slug, "job": uid });
    audited(tx, services, actor, "store.create", ("store", &store_uid.to_string()), "done", details).await?;
    Ok((uid, Some(job)))
}
