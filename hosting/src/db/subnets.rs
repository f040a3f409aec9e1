//! Subnet allocations: one small IPv4 network per store.

use super::DbResult;
use sqlx::mysql::MySqlConnection;
use std::net::Ipv4Addr;

/// Queries on `subnet_allocations`.
#[derive(Debug)]
pub struct Subnets<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Subnets<'_> {
    /// Cuts `count` networks of size `prefix` from `base` upwards into rows; known ones stay.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn widen(&mut self, server_id: u64, base: Ipv4Addr, prefix: u8, count: u32) -> DbResult<()> {
        let size = 1u32 << (32 - u32::from(prefix));
        let nets: Vec<u32> = (0..count).map(|i| u32::from(base) + i * size).collect();
        for chunk in nets.chunks(500) {
            let mut query =
                sqlx::QueryBuilder::new("INSERT IGNORE INTO subnet_allocations (server_id, subnet, prefix) ");
            query.push_values(chunk, |mut row, net| {
                row.push_bind(server_id).push_bind(*net).push_bind(prefix);
            });
            query.build().execute(&mut *self.conn).await?;
        }
        Ok(())
    }

    /// The subnet a store holds, or the lowest free one, now taken. `None`: the pool is used up.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn allocate(&mut self, server_id: u64, store_id: u64) -> DbResult<Option<(Ipv4Addr, u8)>> {
        if let Some(held) = self.find(store_id).await? {
            return Ok(Some(held));
        }
        let free = sqlx::query!(
            "SELECT subnet, prefix FROM subnet_allocations WHERE server_id = ? AND store_id IS NULL \
             ORDER BY subnet LIMIT 1 FOR UPDATE SKIP LOCKED",
            server_id
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        let Some(free) = free else { return Ok(None) };
        sqlx::query!(
            "UPDATE subnet_allocations SET store_id = ?, allocated_at = NOW(6) WHERE server_id = ? AND subnet = ?",
            store_id,
            server_id,
            free.subnet
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(Some((Ipv4Addr::from(free.subnet), free.prefix)))
    }

    /// The subnet a store holds.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, store_id: u64) -> DbResult<Option<(Ipv4Addr, u8)>> {
        Ok(sqlx::query!("SELECT subnet, prefix FROM subnet_allocations WHERE store_id = ?", store_id)
            .fetch_optional(&mut *self.conn)
            .await?
            .map(|r| (Ipv4Addr::from(r.subnet), r.prefix)))
    }

    /// Frees a store's subnet.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn release(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE subnet_allocations SET store_id = NULL, allocated_at = NULL WHERE store_id = ?", store_id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }
}
