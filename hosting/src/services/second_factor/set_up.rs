//! Setting a second factor up: a secret that waits, then a code that proves the app has it.

use super::{end_others, fresh_codes, generator, notice, password_of, step_of};
use crate::crypto::Secret;
use crate::db::jobs::JobRef;
use crate::db::{DbError, Queries, Tx};
use crate::domain::{Actor, Person};
use crate::services::settings::Values;
use crate::services::{ServiceError, Services, audited};
use crate::transact;

/// What an app needs.
#[derive(Debug)]
pub struct Pending {
    /// The `otpauth:` address, for the picture.
    pub address: Secret,
    /// The key, in groups of four, for typing.
    pub key: Secret,
}

const ACTIVE: &str = "A second factor is active already. Turn it off first. Nothing was changed";

/// Begins with a fresh secret. An active factor is not touched, and a new one is refused beside it.
///
/// # Errors
/// `Conflict` when a factor is active.
pub async fn begin(services: &Services, actor: &Actor, person: Person) -> Result<(), ServiceError> {
    let secret = Secret::new(totp_rs::Secret::generate().to_base32());
    transact!(services.db, tx => begin_in(&mut tx, services, actor, person, &secret))
}

async fn begin_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    secret: &Secret,
) -> Result<(), ServiceError> {
    if tx.second_factors().lock(person).await?.is_some_and(|f| f.confirmed_at.is_some()) {
        return Err(ServiceError::Conflict(ACTIVE.into()));
    }
    tx.second_factors().begin(&services.keys, person, secret).await?;
    let action = format!("{}.begin_second_factor", person.kind());
    let target = (person.kind(), person.id().to_string());
    audited(tx, services, actor, &action, (target.0, &target.1), "done", serde_json::json!({})).await
}

/// The secret that waits, for the page that shows it.
///
/// # Errors
/// Database trouble.
pub async fn pending(services: &Services, person: Person) -> Result<Option<Pending>, ServiceError> {
    let (_, email) = password_of(services, person).await?;
    let product = Values::load(&services.db).await?.text("product_name").to_owned();
    let mut conn = services.db.read().await?;
    let Some(factor) = conn.second_factors().find(person).await?.filter(|f| f.confirmed_at.is_none()) else {
        return Ok(None);
    };
    let Some(secret) = conn.second_factors().pending_secret(&services.keys, factor.id).await? else { return Ok(None) };
    let address = generator(&secret, &product, &email).and_then(|g| g.to_url().ok());
    let Some(address) = address else { return Ok(None) };
    let key: Vec<&str> = (0..secret.expose().len())
        .step_by(4)
        .map(|at| &secret.expose()[at..(at + 4).min(secret.expose().len())])
        .collect();
    Ok(Some(Pending { address: Secret::new(address), key: Secret::new(key.join(" ")) }))
}

/// Makes the waiting factor active when the code is right; every other session ends. Returns the recovery codes, to be
/// shown once.
///
/// # Errors
/// `Invalid` on `code`; `NotFound` when nothing waits; `Conflict` when a factor is active.
pub async fn confirm(
    services: &Services,
    actor: &Actor,
    person: Person,
    session_id: u64,
    code: &str,
) -> Result<Vec<String>, ServiceError> {
    let (codes, mail) = transact!(services.db, tx => confirm_in(&mut tx, services, actor, person, session_id, code))?;
    services.queue.announce(&[mail]).await;
    Ok(codes)
}

async fn confirm_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    session_id: u64,
    code: &str,
) -> Result<(Vec<String>, JobRef), ServiceError> {
    let factor = tx.second_factors().lock(person).await?.ok_or(ServiceError::NotFound)?;
    if factor.confirmed_at.is_some() {
        return Err(ServiceError::Conflict(ACTIVE.into()));
    }
    let secret = tx.second_factors().pending_secret(&services.keys, factor.id).await?.ok_or(ServiceError::NotFound)?;
    let Some(step) = step_of(&secret, code, factor.now) else {
        return Err(ServiceError::field("code", "This code is not right. Enter the newest one your app shows"));
    };
    tx.second_factors().confirm(&services.keys, factor.id, &secret, step).await.map_err(|e| match e {
        DbError::Stale(_) => ServiceError::Conflict(ACTIVE.into()),
        other => other.into(),
    })?;
    let (codes, hashes) = fresh_codes();
    tx.second_factors().set_codes(factor.id, &hashes).await?;
    let ended = end_others(tx, person, session_id).await?;
    let mail = notice(tx, actor, person, "second_factor_on").await?;
    let action = format!("{}.turn_on_second_factor", person.kind());
    let details = serde_json::json!({ "sessions_ended": ended });
    audited(tx, services, actor, &action, (person.kind(), &person.id().to_string()), "done", details).await?;
    Ok((codes, mail))
}
