//! Removing a passkey.

use super::notice;
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person};
use crate::services::prove_password::{Proven, need};
use crate::services::second_factor::end_others;
use crate::services::{ServiceError, Services, audited};
use crate::transact;

/// Removes one; every other session ends, because the device it was on may be lost.
///
/// # Errors
/// `Invalid` on `password`; `NotFound` when it is not theirs.
pub async fn remove(
    services: &Services,
    actor: &Actor,
    (person, session_id): (Person, u64),
    id: u64,
    proven: Option<&Proven>,
) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    need(proven, person, &mut wrong);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let mail = transact!(services.db, tx => remove_in(&mut tx, services, actor, (person, session_id), id))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn remove_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    (person, session_id): (Person, u64),
    id: u64,
) -> Result<JobRef, ServiceError> {
    if !tx.passkeys().remove(person, id).await? {
        return Err(ServiceError::NotFound);
    }
    let ended = end_others(tx, person, session_id).await?;
    let mail = notice(tx, actor, person, "passkey_removed").await?;
    let (action, target) = (format!("{}.remove_passkey", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": id, "sessions_ended": ended });
    audited(tx, services, actor, &action, (person.kind(), &target), "done", details).await?;
    Ok(mail)
}
