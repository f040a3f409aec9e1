//! What owners choose about themselves: name, time zone, theme, and which mails they want.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, HumanText, time_zone};
use crate::transact;

/// What was posted.
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    /// Name, may be empty.
    pub name: &'a str,
    /// Time zone.
    pub time_zone: &'a str,
    /// `auto`, `light` or `dark`.
    pub theme: &'a str,
}

/// Saves name, time zone and theme.
///
/// # Errors
/// `Invalid` with words for `name`, `time_zone` or `theme`.
pub async fn change_profile(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    profile: Profile<'_>,
) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    let name = if profile.name.trim().is_empty() {
        Some(String::new())
    } else {
        let checked = HumanText::parse("name", profile.name).map_err(|e| wrong.push(("name", e.0)));
        checked.ok().map(|n| n.as_str().to_owned())
    };
    let zone = time_zone::parse(profile.time_zone);
    if zone.is_none() {
        wrong.push(("time_zone", "Choose a time zone from the list".into()));
    }
    let theme = ["auto", "light", "dark"].into_iter().find(|t| *t == profile.theme);
    if theme.is_none() {
        wrong.push(("theme", "Choose a theme".into()));
    }
    let (Some(name), Some(zone), Some(theme)) = (name, zone, theme) else { return Err(ServiceError::Invalid(wrong)) };
    transact!(services.db, tx => save(&mut tx, services, actor, customer_id, (&name, zone, theme)))
}

async fn save(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    (name, zone, theme): (&str, &str, &str),
) -> Result<(), ServiceError> {
    tx.customers().set_profile(customer_id, name, zone, theme).await?;
    let details = serde_json::json!({ "time_zone": zone, "theme": theme });
    let target = customer_id.to_string();
    audited(tx, services, actor, "customer.change_profile", ("customer", &target), "done", details).await
}

/// Saves which mails somebody wants: of sign-ins from new places, of their store, and, resellers, of tickets. Those about the account's safety are always sent.
///
/// # Errors
/// Database trouble.
pub async fn change_notices(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    (new_place, store, tickets): (bool, bool, bool),
) -> Result<(), ServiceError> {
    transact!(services.db, tx => save_notices(&mut tx, services, actor, customer_id, (new_place, store, tickets)))
}

async fn save_notices(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    (new_place, store, tickets): (bool, bool, bool),
) -> Result<(), ServiceError> {
    tx.customers().set_notices(customer_id, new_place, store).await?;
    let mut details = serde_json::json!({ "new_place": new_place, "store": store });
    if tx.resellers().get(customer_id).await?.is_some() {
        tx.resellers().set_notices(customer_id, tickets).await?;
        details["tickets"] = tickets.into();
    }
    let target = customer_id.to_string();
    audited(tx, services, actor, "customer.change_notices", ("customer", &target), "done", details).await
}
