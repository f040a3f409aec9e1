//! Seals every secret again under the current key: a key that may have leaked opens nothing afterwards. It stays in
//! the list, last, because the audit chain and form tokens go by the oldest key.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// Values sealed again in one transaction.
const BATCH: u32 = 200;

/// Rotates in batches, each with its audit row; safe to interrupt and to run again. Returns how many values
/// were sealed again: 0 when all are under the current key.
///
/// # Errors
/// A value that cannot be opened: its key is missing in `SHOPFLEET_MASTER_KEY`.
pub async fn rotate_secrets(services: &Services, actor: &Actor) -> Result<usize, ServiceError> {
    let mut total = 0;
    loop {
        let done = transact!(services.db, tx => batch(&mut tx, services, actor))?;
        total += done;
        if done == 0 {
            return Ok(total);
        }
    }
}

async fn batch(tx: &mut Tx, services: &Services, actor: &Actor) -> Result<usize, ServiceError> {
    let done = tx.settings().rotate(&services.keys).await?
        + tx.secrets().rotate(&services.keys, BATCH).await?
        + tx.tickets().rotate_files(&services.keys).await?
        + tx.webhooks().rotate_keys(&services.keys).await?;
    if done > 0 {
        let details = serde_json::json!({ "values": done });
        audited(tx, services, actor, "secrets.rotate", ("key", services.keys.current_id()), "done", details).await?;
    }
    Ok(done)
}
