//! File access (SFTP) to a store's content: opened on demand, by keys or a made password, closed by its owner or when
//! nobody uses it. The work is the worker's; here are the rules and records.

use super::{ServiceError, Services, audited_store, changing_job};
use crate::crypto::Secret;
use crate::db::file_access::MOST_KEYS;
use crate::db::jobs::JobRef;
use crate::db::stores::Store;
use crate::db::{Queries, Tx};
use crate::domain::ssh_key::SshKey;
use crate::domain::{Actor, HumanText, StoreState};
use crate::jobs;
use crate::transact;
use crate::unix_password;

/// Name of the sealed hash of the password among a store's secrets; the password itself is nowhere.
pub const PASSWORD_HASH: &str = "file_access_password_hash";
/// Account that people sign in with.
pub const USER: &str = "shop";
/// Characters of a made password: 24 of 62, far beyond guessing over a network.
const PASSWORD_LENGTH: usize = 24;

/// Opens file access, or opens it anew with the keys and password there are now; `None` when it is open already.
///
/// # Errors
/// `Conflict` when the store is not live, there is neither key nor password, or another job is changing the store.
pub async fn start(services: &Services, actor: &Actor, store: &Store) -> Result<Option<JobRef>, ServiceError> {
    let job = transact!(services.db, tx => start_in(&mut tx, services, actor, store))?;
    services.queue.announce(job.as_slice()).await;
    Ok(job)
}

async fn start_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
) -> Result<Option<JobRef>, ServiceError> {
    need_live(tx, store).await?;
    if tx.file_access().find(store.id).await?.is_some_and(|f| f.is_running()) {
        return Ok(None);
    }
    if !has_a_way_in(tx, store.id).await? {
        return Err(ServiceError::Conflict("Add a key or make a password first, so that you can sign in".into()));
    }
    let job = order(tx, actor, store).await?;
    audited_store(
        tx,
        services,
        actor,
        store,
        "store.start_file_access",
        serde_json::json!({ "job": job.uid.to_string() }),
    )
    .await?;
    Ok(Some(job))
}

/// Closes it; safe when it is closed.
///
/// # Errors
/// `Conflict` while another job is changing the store.
pub async fn stop(services: &Services, actor: &Actor, store: &Store, reason: &str) -> Result<JobRef, ServiceError> {
    let job = transact!(services.db, tx => stop_in(&mut tx, services, actor, store, reason))?;
    services.queue.announce(&[job]).await;
    Ok(job)
}

async fn stop_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
    reason: &str,
) -> Result<JobRef, ServiceError> {
    tx.stores().lock(store.id).await?.ok_or(ServiceError::NotFound)?;
    let job = changing_job(tx, jobs::STOP_FILE_ACCESS, actor, store).await?;
    if tx.file_access().find(store.id).await?.is_some() {
        tx.file_access().set_state(store.id, "stopping").await?;
    }
    let details = serde_json::json!({ "reason": reason, "job": job.uid.to_string() });
    audited_store(tx, services, actor, store, "store.stop_file_access", details).await?;
    Ok(job)
}

/// Adds a public key. Where file access is open, it is opened anew: every session of before ends.
///
/// # Errors
/// `Invalid` (`key`, `name`), `Conflict`.
pub async fn add_key(
    services: &Services,
    actor: &Actor,
    store: &Store,
    name: &str,
    key: &str,
) -> Result<(), ServiceError> {
    let key = SshKey::parse(key).map_err(|e| ServiceError::field("key", e.0))?;
    let name = if name.trim().is_empty() { key.comment() } else { name };
    let name = if name.trim().is_empty() { "Key" } else { name };
    let name = HumanText::parse("name", name).map_err(|e| ServiceError::field("name", e.0))?;
    let job = transact!(services.db, tx => add_key_in(&mut tx, services, actor, store, name.as_str(), &key))?;
    services.queue.announce(job.as_slice()).await;
    Ok(())
}

async fn add_key_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
    name: &str,
    key: &SshKey,
) -> Result<Option<JobRef>, ServiceError> {
    need_live(tx, store).await?;
    let keys = tx.file_access().keys(store.id).await?;
    if i64::try_from(keys.len()).unwrap_or(i64::MAX) >= MOST_KEYS {
        return Err(ServiceError::field("key", format!("There are {MOST_KEYS} keys already. Remove one first")));
    }
    let fingerprint = key.fingerprint();
    tx.file_access().add_key(store.id, name, &key.line(), &fingerprint).await.map_err(|e| {
        if e.is_duplicate("file_access_keys_once") {
            ServiceError::field("key", "This key is on the list already")
        } else {
            e.into()
        }
    })?;
    let job = reopen(tx, actor, store).await?;
    let details = serde_json::json!({ "name": name, "fingerprint": fingerprint });
    audited_store(tx, services, actor, store, "store.add_file_access_key", details).await?;
    Ok(job)
}

/// Removes a key; who signed in with it is cut off.
///
/// # Errors
/// `NotFound`, `Conflict`.
pub async fn remove_key(services: &Services, actor: &Actor, store: &Store, id: u64) -> Result<(), ServiceError> {
    let job = transact!(services.db, tx => remove_key_in(&mut tx, services, actor, store, id))?;
    services.queue.announce(job.as_slice()).await;
    Ok(())
}

async fn remove_key_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
    id: u64,
) -> Result<Option<JobRef>, ServiceError> {
    tx.stores().lock(store.id).await?.ok_or(ServiceError::NotFound)?;
    if !tx.file_access().remove_key(store.id, id).await? {
        return Err(ServiceError::NotFound);
    }
    let job = reopen(tx, actor, store).await?;
    audited_store(tx, services, actor, store, "store.remove_file_access_key", serde_json::json!({ "key": id })).await?;
    Ok(job)
}

/// Makes a password; the former one no longer works. The answer is the only place where it is ever shown.
///
/// # Errors
/// `Conflict`.
pub async fn new_password(services: &Services, actor: &Actor, store: &Store) -> Result<Secret, ServiceError> {
    let password = Secret::random(PASSWORD_LENGTH);
    let hash = Secret::new(unix_password::sha512_crypt(&password));
    let job = transact!(services.db, tx => set_password_in(&mut tx, services, actor, store, Some(&hash)))?;
    services.queue.announce(job.as_slice()).await;
    Ok(password)
}

/// Removes the password: keys only from here on.
///
/// # Errors
/// `Conflict`.
pub async fn remove_password(services: &Services, actor: &Actor, store: &Store) -> Result<(), ServiceError> {
    let job = transact!(services.db, tx => set_password_in(&mut tx, services, actor, store, None))?;
    services.queue.announce(job.as_slice()).await;
    Ok(())
}

async fn set_password_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    store: &Store,
    hash: Option<&Secret>,
) -> Result<Option<JobRef>, ServiceError> {
    need_live(tx, store).await?;
    let action = match hash {
        Some(hash) => {
            tx.secrets().set(&services.keys, store.id, PASSWORD_HASH, hash).await?;
            "store.make_file_access_password"
        }
        // There is none: nothing changes, and nobody is cut off.
        None if !has_password(tx, store.id).await? => return Ok(None),
        None => {
            tx.secrets().delete(store.id, PASSWORD_HASH).await?;
            "store.remove_file_access_password"
        }
    };
    let job = reopen(tx, actor, store).await?;
    audited_store(tx, services, actor, store, action, serde_json::json!({})).await?;
    Ok(job)
}

/// Whether somebody could sign in at all.
async fn has_a_way_in(tx: &mut Tx, store_id: u64) -> Result<bool, ServiceError> {
    Ok(!tx.file_access().keys(store_id).await?.is_empty() || has_password(tx, store_id).await?)
}

async fn has_password(tx: &mut Tx, store_id: u64) -> Result<bool, ServiceError> {
    Ok(tx.secrets().list(store_id).await?.iter().any(|(name, _)| name == PASSWORD_HASH))
}

async fn need_live(tx: &mut Tx, store: &Store) -> Result<(), ServiceError> {
    if tx.stores().lock(store.id).await? == Some(StoreState::Active) {
        return Ok(());
    }
    Err(ServiceError::Conflict("File access opens while the store is live. It is not now".into()))
}

/// Open access is opened anew with what is true now, or closed when nobody could sign in any more; closed access stays
/// closed.
async fn reopen(tx: &mut Tx, actor: &Actor, store: &Store) -> Result<Option<JobRef>, ServiceError> {
    if tx.file_access().find(store.id).await?.is_none() {
        return Ok(None);
    }
    if has_a_way_in(tx, store.id).await? {
        return order(tx, actor, store).await.map(Some);
    }
    let job = changing_job(tx, jobs::STOP_FILE_ACCESS, actor, store).await?;
    tx.file_access().set_state(store.id, "stopping").await?;
    Ok(Some(job))
}

async fn order(tx: &mut Tx, actor: &Actor, store: &Store) -> Result<JobRef, ServiceError> {
    // The job first: its unique key refuses while another job is changing the store.
    let job = changing_job(tx, jobs::START_FILE_ACCESS, actor, store).await?;
    tx.file_access().order(store.id).await?;
    Ok(job)
}
