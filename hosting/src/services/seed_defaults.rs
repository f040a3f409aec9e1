//! What every installation starts with: plans, schedules, a server's pools.

use crate::db::{Db, DbResult, Queries};
use crate::domain::PortPool;
use crate::jobs;
use std::net::Ipv4Addr;

/// Plans and schedules; safe to run at every start.
///
/// # Errors
/// Database trouble.
pub async fn seed_defaults(db: &Db) -> DbResult<()> {
    let mut tx = db.begin().await?;
    tx.plans().seed().await?;
    tx.schedules().ensure("reconcile", "Compare rows with what runs", jobs::RECONCILE_SERVER, true, 60).await?;
    tx.schedules()
        .ensure("housekeeping", "Delete what is due, forget what is old", jobs::HOUSEKEEPING, false, 60)
        .await?;
    tx.schedules().ensure("mail_in", "Take in answers from the mailbox folder", jobs::READ_MAILBOX, true, 60).await?;
    tx.commit().await
}

/// First subnet of the stores' networks; 10.213.0.0/16 in /28 is 4,096 networks of 13 addresses.
pub const DEFAULT_SUBNET_BASE: Ipv4Addr = Ipv4Addr::new(10, 213, 0, 0);
/// Size of one store's network.
pub const DEFAULT_SUBNET_PREFIX: u8 = 28;
/// How many a new server gets.
pub const DEFAULT_SUBNET_COUNT: u32 = 600;

/// A server with the default pools of design.md §4; safe to run again. Returns its row id.
///
/// # Errors
/// Database trouble.
pub async fn ensure_server(db: &Db, name: &str) -> DbResult<u64> {
    let mut tx = db.begin().await?;
    let id = tx.servers().ensure(name).await?;
    for pool in PortPool::ALL {
        let (first, last) = pool.default_range();
        tx.ports().widen(id, pool, first, last).await?;
    }
    tx.subnets().widen(id, DEFAULT_SUBNET_BASE, DEFAULT_SUBNET_PREFIX, DEFAULT_SUBNET_COUNT).await?;
    tx.commit().await?;
    Ok(id)
}
