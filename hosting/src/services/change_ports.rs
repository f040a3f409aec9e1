//! Freeing a port that nobody uses any more, and widening a pool.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, PortPool};
use crate::transact;

/// A freed port rests this long: what used it last may still hold it open.
const COOL_SECONDS: u32 = 60;
/// Ports added at once.
const MOST: u16 = 1000;

/// Frees a port whose store is gone, failed or elsewhere.
///
/// # Errors
/// `Conflict` when a store uses it, or a job works on that store.
pub async fn free_port(services: &Services, actor: &Actor, server_id: u64, port: u16) -> Result<(), ServiceError> {
    transact!(services.db, tx => free_in(&mut tx, services, actor, server_id, port))
}

async fn free_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    server_id: u64,
    port: u16,
) -> Result<(), ServiceError> {
    let held = tx.ports().of_server(server_id).await?.into_iter().find(|p| p.port == port);
    let held = held.ok_or(ServiceError::NotFound)?;
    if !tx.ports().free_orphan(server_id, port, COOL_SECONDS).await? {
        return Err(ServiceError::Conflict(format!("Port {port} is not left over any more. Nothing was changed")));
    }
    let details = serde_json::json!({ "server": server_id, "pool": held.pool, "store": held.store_name });
    audited(tx, services, actor, "port.free", ("port", &port.to_string()), "done", details).await
}

/// Adds the ports `first..=last` to a pool of a server.
///
/// # Errors
/// `Invalid` for a range that is no range, too long, privileged, or in a pool already; `NotFound` for an unknown server.
pub async fn widen_pool(
    services: &Services,
    actor: &Actor,
    server: &str,
    pool: PortPool,
    first: &str,
    last: &str,
) -> Result<(), ServiceError> {
    let number = |text: &str, field: &'static str| {
        text.trim()
            .parse::<u16>()
            .ok()
            .filter(|n| *n >= 1024)
            .ok_or_else(|| ServiceError::field(field, "Enter a port from 1024 to 65535"))
    };
    let (first, last) = (number(first, "first")?, number(last, "last")?);
    if last < first || last - first >= MOST {
        return Err(ServiceError::field(
            "last",
            format!("Enter a last port at or above the first, at most {MOST} ports"),
        ));
    }
    transact!(services.db, tx => widen_in(&mut tx, services, actor, server, pool, first, last))
}

async fn widen_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    server: &str,
    pool: PortPool,
    first: u16,
    last: u16,
) -> Result<(), ServiceError> {
    let id = tx.servers().id_of(server).await?.ok_or(ServiceError::NotFound)?;
    let taken = tx.ports().taken(id, first, last).await?;
    if taken > 0 {
        let words = format!("{taken} of these ports are in a pool of {server} already. Choose a range that is free");
        return Err(ServiceError::field("first", words));
    }
    tx.ports().widen(id, pool, first, last).await?;
    let details = serde_json::json!({ "pool": pool.as_str(), "first": first, "last": last });
    audited(tx, services, actor, "port.widen", ("server", server), "done", details).await
}
