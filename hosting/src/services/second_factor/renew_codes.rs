//! New recovery codes; the old ones stop working.

use super::{fresh_codes, notice};
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person};
use crate::services::{ServiceError, Services, audited, once};
use crate::transact;

/// Replaces them all; returns the new ones, to be shown once.
///
/// # Errors
/// `Conflict` when there is no active factor, or the form was sent before.
pub async fn renew_codes(
    services: &Services,
    actor: &Actor,
    person: Person,
    form_key: &[u8; 32],
) -> Result<Vec<String>, ServiceError> {
    let (codes, mail) = transact!(services.db, tx => renew(&mut tx, services, actor, person, form_key))?;
    services.queue.announce(&[mail]).await;
    Ok(codes)
}

async fn renew(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    form_key: &[u8; 32],
) -> Result<(Vec<String>, JobRef), ServiceError> {
    once(tx, form_key, "renew_codes").await?;
    let factor = tx.second_factors().lock(person).await?.filter(|f| f.confirmed_at.is_some());
    let factor = factor.ok_or_else(|| ServiceError::Conflict("There is no second factor yet".into()))?;
    let (codes, hashes) = fresh_codes();
    tx.second_factors().set_codes(factor.id, &hashes).await?;
    let mail = notice(tx, actor, person, "recovery_codes_new").await?;
    let action = format!("{}.renew_recovery_codes", person.kind());
    let target = person.id().to_string();
    audited(tx, services, actor, &action, (person.kind(), &target), "done", serde_json::json!({})).await?;
    Ok((codes, mail))
}
