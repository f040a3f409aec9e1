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

    /// Gives a store another subnet than it holds, because a stranger on the server uses it: the next
    /// free one above, else the lowest. `None`: there is no other; it keeps what it has.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn move_on(&mut self, server_id: u64, store_id: u64) -> DbResult<Option<(Ipv4Addr, u8)>> {
        let held = self.find(store_id).await?.map_or(0, |(net, _)| u32::from(net));
        let mut query = sqlx::QueryBuilder::new("SELECT subnet FROM subnet_allocations WHERE server_id = ");
        query.push_bind(server_id).push(" AND store_id IS NULL ORDER BY subnet <= ").push_bind(held);
        query.push(", subnet LIMIT 1 FOR UPDATE SKIP LOCKED");
        let next: Option<u32> = query.build_query_scalar().fetch_optional(&mut *self.conn).await?;
        let Some(next) = next else { return Ok(None) };
        self.release(store_id).await?;
        let mut query = sqlx::QueryBuilder::new("UPDATE subnet_allocations SET allocated_at = NOW(6), store_id = ");
        query
            .push_bind(store_id)
            .push(" WHERE server_id = ")
            .push_bind(server_id)
            .push(" AND subnet = ")
            .push_bind(next);
        query.build().execute(&mut *self.conn).await?;
        self.find(store_id).await
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
