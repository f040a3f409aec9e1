//! Leader leases by the database's clock: one process at a time turns schedules into jobs.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// Queries on `leader_leases`.
#[derive(Debug)]
pub struct Leases<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Leases<'_> {
    /// Takes or renews a lease for `seconds`; whether `owner` holds it now.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn hold(&mut self, name: &str, owner: &str, seconds: u32) -> DbResult<bool> {
        sqlx::query!("INSERT IGNORE INTO leader_leases (name, owner, until_at) VALUES (?, ?, NOW(6))", name, owner)
            .execute(&mut *self.conn)
            .await?;
        let done = sqlx::query!(
            "UPDATE leader_leases SET owner = ?, until_at = NOW(6) + INTERVAL ? SECOND WHERE name = ? AND (owner = ? OR until_at <= NOW(6))",
            owner, seconds, name, owner
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        Ok(done == 1)
    }
}
