//! Signing out other devices.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person};
use crate::transact;

/// Ends one session of a person, or all but `own`.
///
/// # Errors
/// `NotFound` when the session is not theirs, or over.
pub async fn end_sessions(
    services: &Services,
    actor: &Actor,
    person: Person,
    own: u64,
    which: Option<u64>,
) -> Result<(), ServiceError> {
    transact!(services.db, tx => end(&mut tx, services, actor, person, own, which))
}

async fn end(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    own: u64,
    which: Option<u64>,
) -> Result<(), ServiceError> {
    let ended = match (which, person) {
        (None, Person::Customer(id)) => tx.login_sessions().revoke_all_of_customer(id, Some(own)).await?,
        (None, Person::Staff(id)) => tx.login_sessions().revoke_others_of_admin(id, own).await?,
        (Some(id), _) if tx.login_sessions().revoke_of(person, id).await? => 1,
        (Some(_), _) => return Err(ServiceError::NotFound),
    };
    let details = serde_json::json!({ "sessions_ended": ended });
    let (action, target) = (format!("{}.end_sessions", person.kind()), person.id().to_string());
    audited(tx, services, actor, &action, (person.kind(), &target), "done", details).await
}
