//! Schedules: recurring work as rows, turned into ordinary jobs by whoever leads.

use super::DbResult;
use sqlx::mysql::MySqlConnection;
use sqlx::types::Json;
use time::PlainDateTime;

/// A schedule row.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Name in code.
    pub name: String,
    /// For people.
    pub title: String,
    /// Kind of job it makes.
    pub kind: String,
    /// Its arguments.
    pub args: serde_json::Value,
    /// One job for each active server.
    pub per_server: bool,
    /// Seconds between runs.
    pub every_seconds: u32,
    /// Not run by itself.
    pub paused: bool,
    /// Next run.
    pub next_run_at: PlainDateTime,
    /// Last run.
    pub last_run_at: Option<PlainDateTime>,
}

/// Queries on schedules.
#[derive(Debug)]
pub struct Schedules<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Schedules<'_> {
    /// Inserts a schedule of the product unless it is there; title, kind and arguments are brought
    /// up to date, interval and pause are the operator's.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn ensure(
        &mut self,
        name: &str,
        title: &str,
        kind: &str,
        per_server: bool,
        every_seconds: u32,
    ) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO schedules (name, title, kind, args, per_server, every_seconds, next_run_at) \
             VALUES (?, ?, ?, '{}', ?, ?, NOW(6) + INTERVAL ? SECOND) \
             ON DUPLICATE KEY UPDATE title = VALUES(title), kind = VALUES(kind), per_server = VALUES(per_server)",
            name,
            title,
            kind,
            per_server,
            every_seconds,
            every_seconds
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// All schedules.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self) -> DbResult<Vec<Schedule>> {
        Ok(sqlx::query!(
            r#"SELECT name, title, kind, args AS "args: Json<serde_json::Value>", per_server AS "per_server: bool",
               every_seconds, paused AS "paused: bool", next_run_at, last_run_at FROM schedules ORDER BY name"#
        )
        .fetch_all(&mut *self.conn)
        .await?
        .into_iter()
        .map(|r| Schedule {
            name: r.name,
            title: r.title,
            kind: r.kind,
            args: r.args.0,
            per_server: r.per_server,
            every_seconds: r.every_seconds,
            paused: r.paused,
            next_run_at: r.next_run_at,
            last_run_at: r.last_run_at,
        })
        .collect())
    }

    /// Takes one due schedule and sets its next run, skipping runs that were missed meanwhile.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn take_due(&mut self) -> DbResult<Option<Schedule>> {
        let row = sqlx::query!(
            r#"SELECT name, title, kind, args AS "args: Json<serde_json::Value>", per_server AS "per_server: bool",
               every_seconds, paused AS "paused: bool", next_run_at, last_run_at FROM schedules
               WHERE paused = FALSE AND next_run_at <= NOW(6) ORDER BY next_run_at LIMIT 1 FOR UPDATE SKIP LOCKED"#
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        let Some(r) = row else { return Ok(None) };
        sqlx::query!(
            "UPDATE schedules SET last_run_at = NOW(6), next_run_at = NOW(6) + INTERVAL every_seconds SECOND WHERE name = ?",
            r.name
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(Some(Schedule {
            name: r.name,
            title: r.title,
            kind: r.kind,
            args: r.args.0,
            per_server: r.per_server,
            every_seconds: r.every_seconds,
            paused: r.paused,
            next_run_at: r.next_run_at,
            last_run_at: r.last_run_at,
        }))
    }

    /// Pauses or resumes; `Stale` when there is no such schedule.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn pause(&mut self, name: &str, paused: bool) -> DbResult<()> {
        sqlx::query!("UPDATE schedules SET paused = ? WHERE name = ?", paused, name).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Makes a schedule due now.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn run_now(&mut self, name: &str) -> DbResult<()> {
        sqlx::query!("UPDATE schedules SET next_run_at = NOW(6) WHERE name = ?", name).execute(&mut *self.conn).await?;
        Ok(())
    }
}
