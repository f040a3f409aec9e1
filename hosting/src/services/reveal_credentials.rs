//! Showing a store's credentials to its owner: opened, noted with the time, and audited.

use super::{ServiceError, Services, audited_store};
use crate::crypto::Secret;
use crate::db::stores::Store;
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// Opens the named values of a store (those that exist). The caller has looked the store up within
/// the actor's scope and made sure that the password was proven lately.
///
/// # Errors
/// `NotFound` when none of them exists.
pub async fn reveal_credentials(
    services: &Services,
    actor: &Actor,
    store: &Store,
    names: &[&'static str],
) -> Result<Vec<(&'static str, Secret)>, ServiceError> {
    transact!(services.db, tx => reveal(&mut tx, services, actor, store, names))
}

async fn reveal(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
    names: &[&'static str],
) -> Result<Vec<(&'static str, Secret)>, ServiceError> {
    let mut found = Vec::new();
    for name in names {
        if let Some(value) = tx.secrets().get(&services.keys, store.id, name).await? {
            tx.secrets().mark_revealed(store.id, name).await?;
            found.push((*name, value));
        }
    }
    if found.is_empty() {
        return Err(ServiceError::NotFound);
    }
    let details = serde_json::json!({ "names": found.iter().map(|(n, _)| *n).collect::<Vec<_>>() });
    audited_store(tx, services, actor, store, "store.reveal_credentials", details).await?;
    Ok(found)
}
