//! Removing a passkey.

use super::notice;
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person};
use crate::services::prove_password::{Proven, need};
use crate::services::{ServiceError, Services, audited};
use crate::transact;

/// Removes one; whoever is signed in elsewhere stays so.
///
/// # Errors
/// `Invalid` on `password`; `NotFound` when it is not theirs.
pub async fn remove(
    services: &Services,
    actor: &Actor,
    person: Person,
    id: u64,
    proven: Option<&Proven>,
) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    need(proven, person, &mut wrong);
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    let mail = transact!(services.db, tx => remove_in(&mut tx, services, actor, person, id))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn remove_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    id: u64,
) -> Result<JobRef, ServiceError> {
    tx.passkeys().remove(person, id).await?.ok_or(ServiceError::NotFound)?;
    let mail = notice(tx, actor, person, "passkey_removed").await?;
    let (action, target) = (format!("{}.remove_passkey", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": id });
    audited(tx, services, actor, &action, (person.kind(), &target), "done", details).await?;
    Ok(mail)
}
