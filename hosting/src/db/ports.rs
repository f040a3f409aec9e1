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

/// A port of a server as the ports page shows it.
#[derive(Debug, Clone)]
pub struct PortRow {
    /// Number.
    pub port: u16,
    /// Pool as stored.
    pub pool: String,
    /// Store that holds it.
    pub store_id: Option<u64>,
    /// Its name.
    pub store_name: Option<String>,
    /// Its customer.
    pub customer_id: Option<u64>,
    /// Resting after use.
    pub cooling: bool,
    /// Held by a store that is gone, failed or on another server, while no job works on that store.
    pub orphan: bool,
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

    /// Which port is whose, in a pool of a server.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn holders(&mut self, server_id: u64, pool: PortPool) -> DbResult<Vec<(u16, u64)>> {
        Ok(sqlx::query!(
            r#"SELECT port, store_id AS "store_id!" FROM port_allocations
               WHERE server_id = ? AND pool = ? AND store_id IS NOT NULL"#,
            server_id,
            pool.as_str()
        )
        .fetch_all(&mut *self.conn)
        .await?
        .into_iter()
        .map(|r| (r.port, r.store_id))
        .collect())
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

    /// Every port of a server with its owner, by pool and number.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn of_server(&mut self, server_id: u64) -> DbResult<Vec<PortRow>> {
        Ok(sqlx::query_as!(
            PortRow,
            r#"SELECT p.port, p.pool, p.store_id, s.name AS "store_name?", s.customer_id AS "customer_id?",
               (p.store_id IS NULL AND p.cool_until IS NOT NULL AND p.cool_until > NOW(6)) AS "cooling!: bool",
               (p.store_id IS NOT NULL AND (s.state IN ('deleted', 'failed') OR NOT (s.server_id <=> p.server_id))
                AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.changing_store_id = p.store_id)) AS "orphan!: bool"
               FROM port_allocations p LEFT JOIN stores s ON s.id = p.store_id
               WHERE p.server_id = ? ORDER BY p.pool, p.port"#,
            server_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Frees one port if it is an orphan (see [`PortRow::orphan`]); it rests for `cool_seconds` first. `false`: it is
    /// not one, or not any more.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn free_orphan(&mut self, server_id: u64, port: u16, cool_seconds: u32) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE port_allocations p JOIN stores s ON s.id = p.store_id \
             SET p.store_id = NULL, p.allocated_at = NULL, p.cool_until = NOW(6) + INTERVAL ? SECOND \
             WHERE p.server_id = ? AND p.port = ? AND (s.state IN ('deleted', 'failed') OR NOT (s.server_id <=> p.server_id)) \
             AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.changing_store_id = s.id)",
            cool_seconds,
            server_id,
            port
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Owners of a port number on all servers: `(server, pool, store name, customer id)`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_number(&mut self, port: u16) -> DbResult<Vec<(String, String, Option<String>, Option<u64>)>> {
        Ok(sqlx::query!(
            r#"SELECT v.name, p.pool, s.name AS "store_name?", s.customer_id AS "customer_id?" FROM servers v
               JOIN port_allocations p ON p.server_id = v.id AND p.port = ? LEFT JOIN stores s ON s.id = p.store_id
               WHERE v.state <> 'removed' ORDER BY v.name LIMIT 50"#,
            port
        )
        .fetch_all(&mut *self.conn)
        .await?
        .into_iter()
        .map(|r| (r.name, r.pool, r.store_name, r.customer_id))
        .collect())
    }

    /// Which of the numbers `first..=last` a server has in a pool already, in any.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn taken(&mut self, server_id: u64, first: u16, last: u16) -> DbResult<i64> {
        Ok(sqlx::query_scalar!(
            "SELECT COUNT(*) FROM port_allocations WHERE server_id = ? AND port BETWEEN ? AND ?",
            server_id,
            first,
            last
        )
        .fetch_one(&mut *self.conn)
        .await?)
    }
}
