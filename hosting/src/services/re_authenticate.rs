//! A session whose person proved themselves again, by password or passkey: it gets a new cookie, and opens what asks for a fresh proof.

use super::prove_password::Proven;
use super::{ServiceError, Services, audited};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// The new cookie value.
///
/// # Errors
/// `Conflict` when the session ended meanwhile.
pub async fn re_authenticate(
    services: &Services,
    actor: &Actor,
    session_id: u64,
    proven: &Proven,
) -> Result<Secret, ServiceError> {
    transact!(services.db, tx => record(&mut tx, services, actor, session_id, proven))
}

async fn record(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    session_id: u64,
    proven: &Proven,
) -> Result<Secret, ServiceError> {
    let token = random_token();
    tx.login_sessions()
        .authenticated_again(session_id, &sha256(token.expose().as_bytes()))
        .await
        .map_err(|_| ServiceError::Conflict("You were signed out meanwhile. Sign in again".into()))?;
    let person = proven.person();
    let (action, id) = (format!("{}.re_authenticate", person.kind()), person.id().to_string());
    audited(tx, services, actor, &action, (person.kind(), &id), "done", proven.details()).await?;
    Ok(token)
}
