//! Servers.

use super::DbResult;
use sqlx::mysql::MySqlConnection;
use sqlx::types::Json;
use time::PlainDateTime;

/// A server row.
#[derive(Debug, Clone)]
pub struct Server {
    /// Row id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// joining, active, draining, maintenance, offline, removed
    pub state: String,
    /// Comma-separated platforms whose images were found.
    pub platforms: String,
    /// Stores it may hold.
    pub store_limit: u32,
    /// Last sign of life.
    pub heartbeat_at: Option<PlainDateTime>,
    /// Seconds since then.
    pub heartbeat_age: Option<i64>,
    /// Why it can't take work now, '' = it can.
    pub unfit_reason: String,
    /// Its last self-report.
    pub facts: Option<serde_json::Value>,
    /// Stores placed on it (not deleted).
    pub stores: i64,
}

/// Queries on servers.
#[derive(Debug)]
pub struct Servers<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Servers<'_> {
    /// Inserts a server unless it is there; returns its id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn ensure(&mut self, name: &str) -> DbResult<u64> {
        sqlx::query!("INSERT IGNORE INTO servers (name, state) VALUES (?, 'active')", name)
            .execute(&mut *self.conn)
            .await?;
        Ok(sqlx::query_scalar!("SELECT id FROM servers WHERE name = ?", name).fetch_one(&mut *self.conn).await?)
    }

    /// A server's id by name.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn id_of(&mut self, name: &str) -> DbResult<Option<u64>> {
        Ok(sqlx::query_scalar!("SELECT id FROM servers WHERE name = ?", name).fetch_optional(&mut *self.conn).await?)
    }

    /// All servers that are not removed, by name.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self) -> DbResult<Vec<Server>> {
        let rows = sqlx::query!(
            r#"SELECT s.id, s.name, s.state, s.platforms, s.store_limit, s.heartbeat_at,
               TIMESTAMPDIFF(SECOND, s.heartbeat_at, NOW(6)) AS "heartbeat_age: i64", s.unfit_reason,
               s.facts AS "facts: Json<serde_json::Value>",
               (SELECT COUNT(*) FROM stores t WHERE t.server_id = s.id AND t.state <> 'deleted') AS "stores!: i64"
               FROM servers s WHERE s.state <> 'removed' ORDER BY s.name"#
        )
        .fetch_all(&mut *self.conn)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| Server {
                id: r.id,
                name: r.name,
                state: r.state,
                platforms: r.platforms,
                store_limit: r.store_limit,
                heartbeat_at: r.heartbeat_at,
                heartbeat_age: r.heartbeat_age,
                unfit_reason: r.unfit_reason,
                facts: r.facts.map(|j| j.0),
                stores: r.stores,
            })
            .collect())
    }

    /// Records a sign of life with the worker's self-report.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn heartbeat(
        &mut self,
        id: u64,
        unfit_reason: &str,
        platforms: &str,
        facts: &serde_json::Value,
    ) -> DbResult<()> {
        sqlx::query!(
            "UPDATE servers SET heartbeat_at = NOW(6), unfit_reason = ?, platforms = ?, facts = ?, \
             state = IF(state = 'offline', 'active', state) WHERE id = ?",
            unfit_reason,
            platforms,
            Json(facts) as _,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }
}
