//! Processes of the product.

use super::DbResult;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// A process.
#[derive(Debug, Clone)]
pub struct ServiceProcess {
    /// Its name, never the same twice.
    pub owner: String,
    /// `web` or `worker`.
    pub service: String,
    /// Server or machine.
    pub place: String,
    /// Version.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Something starts it anew when it ends.
    pub supervised: bool,
    /// Start.
    pub started_at: PlainDateTime,
    /// Seconds since its last sign of life.
    pub silent_seconds: i64,
    /// It was asked to stop.
    pub restart_asked_at: Option<PlainDateTime>,
    /// By whom.
    pub restart_asked_by: String,
}

/// What a process says of itself.
#[derive(Debug, Clone)]
pub struct Alive {
    /// Its name, never the same twice.
    pub owner: String,
    /// `web` or `worker`.
    pub service: &'static str,
    /// Server or machine.
    pub place: String,
    /// Version.
    pub version: &'static str,
    /// Process id.
    pub pid: u32,
    /// Something starts it anew when it ends.
    pub supervised: bool,
}

/// Queries on `service_processes`.
#[derive(Debug)]
pub struct ServiceProcesses<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl ServiceProcesses<'_> {
    /// Registers or renews a process; `true`: somebody asked it to restart.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn heartbeat(&mut self, alive: &Alive) -> DbResult<bool> {
        sqlx::query!(
            "INSERT INTO service_processes (owner, service, place, version, pid, supervised) VALUES (?, ?, ?, ?, ?, ?) \
             ON DUPLICATE KEY UPDATE heartbeat_at = NOW(6)",
            alive.owner,
            alive.service,
            alive.place,
            alive.version,
            alive.pid,
            alive.supervised
        )
        .execute(&mut *self.conn)
        .await?;
        let asked = sqlx::query_scalar!(
            r#"SELECT restart_asked_at IS NOT NULL AS "asked!: bool" FROM service_processes WHERE owner = ?"#,
            alive.owner
        )
        .fetch_one(&mut *self.conn)
        .await?;
        Ok(asked)
    }

    /// It has ended in order.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn ended(&mut self, owner: &str) -> DbResult<()> {
        sqlx::query!("DELETE FROM service_processes WHERE owner = ?", owner).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Processes seen within the last minutes.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self) -> DbResult<Vec<ServiceProcess>> {
        Ok(sqlx::query_as!(
            ServiceProcess,
            r#"SELECT owner, service, place, version, pid, supervised AS "supervised: bool", started_at,
               TIMESTAMPDIFF(SECOND, heartbeat_at, NOW(6)) AS "silent_seconds!: i64", restart_asked_at, restart_asked_by
               FROM service_processes WHERE heartbeat_at > NOW(6) - INTERVAL 5 MINUTE ORDER BY service, place, started_at"#
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Asks a process that is alive and supervised to restart; `false`: it is not there, or was asked before.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn ask_restart(&mut self, owner: &str, by: &str) -> DbResult<bool> {
        let asked = sqlx::query!(
            "UPDATE service_processes SET restart_asked_at = NOW(6), restart_asked_by = ? \
             WHERE owner = ? AND supervised = 1 AND restart_asked_at IS NULL AND heartbeat_at > NOW(6) - INTERVAL 1 MINUTE",
            by,
            owner
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        Ok(asked == 1)
    }

    /// Forgets processes that were killed long ago.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn forget_old(&mut self) -> DbResult<u64> {
        Ok(sqlx::query!("DELETE FROM service_processes WHERE heartbeat_at < NOW(6) - INTERVAL 1 DAY")
            .execute(&mut *self.conn)
            .await?
            .rows_affected())
    }
}
