//! Port allocations: rows of a pool, taken and freed, never computed (I-01).

use super::DbResult;
use crate::domain::PortPool;
use sqlx::mysql::MySqlConnection;

/// How a pool is used.
#[derive(Debug, Clone)]
pub struct PoolUse {
    /// Pool as stored.
    pub pool: String,
    /// Ports in the pool.
    pub total: i64,
    /// Ports with an owner.
    pub used: i64,
    /// Ports resting after use.
    pub cooling: i64,
}

/// Queries on `port_allocations`.
#[derive(Debug)]
pub struct Ports<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Ports<'_> {
    /// Adds the ports `first..=last` to a pool; ports that are there stay as they are.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn widen(&mut self, server_id: u64, pool: PortPool, first: u16, last: u16) -> DbResult<()> {
        let ports: Vec<u16> = (first..=last).collect();
        for chunk in ports.chunks(500) {
            let mut query = sqlx::QueryBuilder::new("INSERT IGNORE INTO port_allocations (server_id, port, pool) ");
            query.push_values(chunk, |mut row, port| {
                row.push_bind(server_id).push_bind(*port).push_bind(pool.as_str());
            });
            query.build().execute(&mut *self.conn).await?;
        }
        Ok(())
    }

    /// The port a store holds in a pool, or the lowest free one, now taken. `None`: the pool is full.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn allocate(&mut self, server_id: u64, pool: PortPool, store_id: u64) -> DbResult<Option<u16>> {
        if let Some(port) = self.find(store_id, pool).await? {
            return Ok(Some(port));
        }
        // SKIP LOCKED: ten sign-ups at once take ten different rows without waiting for each other.
        let free = sqlx::query_scalar!(
            "SELECT port FROM port_allocations WHERE server_id = ? AND pool = ? AND store_id IS NULL \
             AND (cool_until IS NULL OR cool_until < NOW(6)) ORDER BY port LIMIT 1 FOR UPDATE SKIP LOCKED",
            server_id,
            pool.as_str()
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        let Some(port) = free else { return Ok(None) };
        sqlx::query!(
            "UPDATE port_allocations SET store_id = ?, allocated_at = NOW(6), cool_until = NULL WHERE server_id = ? AND port = ?",
            store_id, server_id, port
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(Some(port))
    }

    /// The port a store holds in a pool.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, store_id: u64, pool: PortPool) -> DbResult<Option<u16>> {
        Ok(sqlx::query_scalar!(
            "SELECT port FROM port_allocations WHERE store_id = ? AND pool = ?",
            store_id,
            pool.as_str()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Frees a store's ports in a pool (all pools: `None`); they rest for `cool_seconds` first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn release(&mut self, store_id: u64, pool: Option<PortPool>, cool_seconds: u32) -> DbResult<()> {
        let pool = pool.map(PortPool::as_str);
        sqlx::query!(
            "UPDATE port_allocations SET store_id = NULL, allocated_at = NULL, cool_until = NOW(6) + INTERVAL ? SECOND \
             WHERE store_id = ? AND (? IS NULL OR pool = ?)",
            cool_seconds,
            store_id,
            pool,
            pool
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Use of every pool of a server.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn usage(&mut self, server_id: u64) -> DbResult<Vec<PoolUse>> {
        Ok(sqlx::query_as!(
            PoolUse,
            r#"SELECT pool, COUNT(*) AS "total!: i64", CAST(COALESCE(SUM(store_id IS NOT NULL), 0) AS SIGNED) AS "used!: i64",
               CAST(COALESCE(SUM(store_id IS NULL AND cool_until > NOW(6)), 0) AS SIGNED) AS "cooling!: i64"
               FROM port_allocations WHERE server_id = ? GROUP BY pool ORDER BY pool"#,
            server_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Ports in use on a server: `(port, pool, store id)`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn owned(&mut self, server_id: u64) -> DbResult<Vec<(u16, String, u64)>> {
        Ok(sqlx::query!(
            r#"SELECT port, pool, store_id AS "store_id!" FROM port_allocations WHERE server_id = ? AND store_id IS NOT NULL ORDER BY port"#,
            server_id
        )
        .fetch_all(&mut *self.conn)
        .await?
        .into_iter()
        .map(|r| (r.port, r.pool, r.store_id))
        .collect())
    }
}
