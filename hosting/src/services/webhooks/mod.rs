//! Receivers of events: registered, changed, paused, resumed, deleted. An owner's is told of their own, the panel's of
//! everything.

pub mod deliveries;
pub mod secret;

use super::{ServiceError, Services, audited, once};
use crate::crypto::Secret;
use crate::db::webhooks::{Side, Webhook};
use crate::db::{Queries, Tx};
use crate::domain::webhook::{ReceiverUrl, chosen};
use crate::domain::{Actor, Uid};
use crate::transact;

/// Receivers of one owner.
const OWNERS_MOST: usize = 10;
/// Receivers of the panel.
const PANELS_MOST: usize = 50;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct HookWish<'a> {
    /// Where.
    pub url: &'a str,
    /// What it is for; may be empty.
    pub note: &'a str,
    /// Kinds of events.
    pub events: &'a [&'a str],
}

struct Checked {
    url: ReceiverUrl,
    note: String,
    events: String,
}

fn check(side: Side, wish: &HookWish<'_>) -> Result<Checked, ServiceError> {
    let mut wrong = Vec::new();
    let url = ReceiverUrl::parse(wish.url).map_err(|e| wrong.push(("url", e.0))).ok();
    let note = match wish.note.trim() {
        "" => Some(String::new()),
        text => crate::domain::HumanText::parse("name", text)
            .map(|t| t.as_str().to_owned())
            .map_err(|e| wrong.push(("note", e.0)))
            .ok(),
    };
    let events = chosen(wish.events.iter().copied(), side.customer().is_some());
    let events = events.map_err(|e| wrong.push(("events", e.0))).ok();
    match (url, note, events) {
        (Some(url), Some(note), Some(events)) => Ok(Checked { url, note, events }),
        _ => Err(ServiceError::Invalid(wrong)),
    }
}

/// Registers one; the secret is shown now and never again.
///
/// # Errors
/// `Invalid` on `url`, `note`, `events`; `Conflict` when there are too many, or the form was sent before.
pub async fn create(
    services: &Services,
    actor: &Actor,
    side: Side,
    wish: &HookWish<'_>,
    form_key: Option<&[u8; 32]>,
) -> Result<(Uid, Secret), ServiceError> {
    let checked = check(side, wish)?;
    let secret = secret::fresh();
    let uid = transact!(services.db, tx => create_in(&mut tx, services, actor, side, &checked, &secret, form_key))?;
    Ok((uid, secret))
}

async fn create_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    side: Side,
    checked: &Checked,
    secret: &Secret,
    form_key: Option<&[u8; 32]>,
) -> Result<Uid, ServiceError> {
    if let Some(key) = form_key {
        once(tx, key, "webhook.create").await?;
    }
    if let Side::Owner(id) = side {
        tx.customers().lock(id).await?.ok_or(ServiceError::NotFound)?;
    }
    let most = if matches!(side, Side::Owner(_)) { OWNERS_MOST } else { PANELS_MOST };
    if tx.webhooks().list(side).await?.len() >= most {
        return Err(ServiceError::Conflict(format!("There are {most} webhooks already. Delete one first")));
    }
    let facts = (checked.url.as_str(), checked.note.as_str(), checked.events.as_str());
    let uid = tx.webhooks().insert(&services.keys, side, facts, secret).await?;
    // An address may hold a token of its owner: only its host is written down.
    let details = serde_json::json!({ "host": host(checked.url.as_str()), "events": checked.events, "customer": side.customer() });
    audited(tx, services, actor, "webhook.create", ("webhook", &uid.to_string()), "done", details).await?;
    Ok(uid)
}

/// The host of an address, for logs and lists.
#[must_use]
pub fn host(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Another address, name or list of events.
///
/// # Errors
/// `NotFound`; `Invalid` as [`create`].
pub async fn change(
    services: &Services,
    actor: &Actor,
    side: Side,
    uid: &Uid,
    wish: &HookWish<'_>,
) -> Result<(), ServiceError> {
    let checked = check(side, wish)?;
    transact!(services.db, tx => async {
        let hook = locked(&mut tx, side, uid).await?;
        tx.webhooks().change(hook.id, checked.url.as_str(), &checked.note, &checked.events).await?;
        let details = serde_json::json!({ "before": format!("{} {}", host(&hook.url), hook.events),
            "after": format!("{} {}", host(checked.url.as_str()), checked.events), "customer": side.customer() });
        audited(&mut tx, services, actor, "webhook.change", ("webhook", &uid.to_string()), "done", details).await
    })
}

/// What is done to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Nothing is sent; events are kept.
    Pause,
    /// What waits is sent.
    Resume,
    /// Gone, with everything that waits.
    Delete,
}

/// Pauses, resumes or deletes one.
///
/// # Errors
/// `NotFound`; `Conflict` when it is so already.
pub async fn switch(
    services: &Services,
    actor: &Actor,
    side: Side,
    uid: &Uid,
    switch: Switch,
) -> Result<(), ServiceError> {
    transact!(services.db, tx => async {
        let hook = locked(&mut tx, side, uid).await?;
        let action = match switch {
            Switch::Pause if hook.paused => return Err(ServiceError::Conflict("It is paused already".into())),
            Switch::Resume if !hook.paused => return Err(ServiceError::Conflict("It is not paused".into())),
            Switch::Pause => {
                tx.webhooks().pause(hook.id, "You paused it").await?;
                "webhook.pause"
            }
            Switch::Resume => {
                tx.webhooks().resume(hook.id).await?;
                tx.webhooks().hurry(hook.id).await?;
                "webhook.resume"
            }
            Switch::Delete => {
                tx.webhooks().delete(hook.id).await?;
                "webhook.delete"
            }
        };
        let details = serde_json::json!({ "host": host(&hook.url), "customer": side.customer() });
        audited(&mut tx, services, actor, action, ("webhook", &uid.to_string()), "done", details).await
    })
}

async fn locked(tx: &mut Tx, side: Side, uid: &Uid) -> Result<Webhook, ServiceError> {
    let hook = tx.webhooks().find(side, uid).await?.ok_or(ServiceError::NotFound)?;
    if !tx.webhooks().lock(hook.id).await? {
        return Err(ServiceError::NotFound);
    }
    tx.webhooks().find(side, uid).await?.ok_or(ServiceError::NotFound)
}
