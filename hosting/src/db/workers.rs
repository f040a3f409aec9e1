//! Worker processes.

use super::DbResult;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// A worker process as the health page shows it.
#[derive(Debug, Clone)]
pub struct WorkerRow {
    /// `server/boot-id/pid/start`.
    pub owner: String,
    /// Server.
    pub server_name: String,
    /// Version of the binary.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Jobs in its hands.
    pub running: u32,
    /// Start.
    pub started_at: PlainDateTime,
    /// Seconds since the last heartbeat.
    pub heartbeat_age: i64,
}

/// Queries on workers.
#[derive(Debug)]
pub struct Workers<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Workers<'_> {
    /// Registers or renews a process.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn heartbeat(
        &mut self,
        owner: &str,
        server_id: u64,
        version: &str,
        pid: u32,
        running: u32,
    ) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO workers (owner, server_id, version, pid, running) VALUES (?, ?, ?, ?, ?) \
             ON DUPLICATE KEY UPDATE heartbeat_at = NOW(6), running = VALUES(running), stopped_at = NULL",
            owner,
            server_id,
            version,
            pid,
            running
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Notes an orderly stop.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn stopped(&mut self, owner: &str) -> DbResult<()> {
        sqlx::query!("UPDATE workers SET stopped_at = NOW(6), running = 0 WHERE owner = ?", owner)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Processes of a server that hold leases, whatever their heartbeat says.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lease_owners(&mut self, server_id: u64) -> DbResult<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"SELECT DISTINCT j.lease_owner AS "owner!" FROM jobs j JOIN workers w ON w.owner = j.lease_owner
               WHERE w.server_id = ? AND j.state = 'started'"#,
            server_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Processes seen within the last day that were not stopped in order, or are alive.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self) -> DbResult<Vec<WorkerRow>> {
        Ok(sqlx::query_as!(
            WorkerRow,
            r#"SELECT w.owner, s.name AS server_name, w.version, w.pid, w.running, w.started_at,
               TIMESTAMPDIFF(SECOND, w.heartbeat_at, NOW(6)) AS "heartbeat_age!: i64"
               FROM workers w JOIN servers s ON s.id = w.server_id
               WHERE w.stopped_at IS NULL AND w.heartbeat_at > NOW(6) - INTERVAL 1 HOUR ORDER BY s.name, w.started_at"#
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }
}
