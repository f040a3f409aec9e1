//! Somebody who is signed in was refused: a row in the audit log.

use super::{ServiceError, Services, audited};
use crate::db::Tx;
use crate::domain::Actor;
use crate::transact;

/// Longest name of a route that the log takes.
const LONGEST: usize = 64;

/// Notes it; `route` is a verb and a pattern of ours, never what was typed.
///
/// # Errors
/// Database trouble.
pub async fn note(services: &Services, actor: &Actor, route: &str) -> Result<(), ServiceError> {
    let route: String = route.chars().take(LONGEST).collect();
    transact!(services.db, tx => note_in(&mut tx, services, actor, &route))
}

async fn note_in(tx: &mut Tx, services: &Services, actor: &Actor, route: &str) -> Result<(), ServiceError> {
    audited(tx, services, actor, "access.refuse", ("route", route), "refused", serde_json::json!({})).await
}
