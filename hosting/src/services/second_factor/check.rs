//! Whether a code is right, and using it up.

use super::{code_hash, step_of};
use crate::db::{Queries, Tx};
use crate::domain::Person;
use crate::services::{ServiceError, Services};

/// What a code was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// A fresh code of the app.
    App,
    /// A recovery code; this many are left.
    Recovery(i64),
    /// Wrong, or used before.
    Wrong,
}

/// Uses a code up under the lock of the factor's row: of two requests with one code, one is right.
pub(in crate::services) async fn use_up(
    tx: &mut Tx,
    services: &Services,
    person: Person,
    code: &str,
) -> Result<Code, ServiceError> {
    let Some(factor) = tx.second_factors().lock(person).await?.filter(|f| f.confirmed_at.is_some()) else {
        return Ok(Code::Wrong);
    };
    let secret = tx.second_factors().secret(&services.keys, factor.id).await?;
    if let Some(step) = secret.and_then(|s| step_of(&s, code, factor.now)) {
        let fresh = tx.second_factors().use_step(factor.id, step).await?;
        return Ok(if fresh { Code::App } else { Code::Wrong });
    }
    if tx.second_factors().use_code(factor.id, &code_hash(code)).await? {
        return Ok(Code::Recovery(factor.codes_left - 1));
    }
    Ok(Code::Wrong)
}
