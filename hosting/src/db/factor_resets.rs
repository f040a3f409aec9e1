//! Planned resets of second factors that their owners lost.

use super::DbResult;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Hours in which the owner can stop a reset.
pub const WAIT_HOURS: u32 = 24;

/// A planned reset.
#[derive(Debug, Clone)]
pub struct FactorReset {
    /// Row id.
    pub id: u64,
    /// Whose.
    pub customer_id: u64,
    /// When it happens.
    pub due_at: PlainDateTime,
}

/// Queries on planned resets.
#[derive(Debug)]
pub struct FactorResets<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl FactorResets<'_> {
    /// Plans one; returns the row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(&mut self, customer_id: u64, reason: &str) -> DbResult<u64> {
        Ok(sqlx::query!(
            "INSERT INTO factor_resets (customer_id, reason, due_at) VALUES (?, ?, NOW(6) + INTERVAL ? HOUR)",
            customer_id,
            reason,
            WAIT_HOURS
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// The one that is planned for a customer.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn open(&mut self, customer_id: u64) -> DbResult<Option<FactorReset>> {
        Ok(sqlx::query_as!(
            FactorReset,
            "SELECT id, customer_id, due_at FROM factor_resets WHERE customer_id = ? AND ended_at IS NULL ORDER BY id DESC LIMIT 1",
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Keeps the hash of the link that stops it.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_stop(&mut self, id: u64, hash: &[u8; 32]) -> DbResult<()> {
        sqlx::query!("UPDATE factor_resets SET stop_hash = ? WHERE id = ? AND ended_at IS NULL", hash.as_slice(), id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// The planned one behind the link of a mail.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_stop(&mut self, hash: &[u8; 32]) -> DbResult<Option<FactorReset>> {
        Ok(sqlx::query_as!(
            FactorReset,
            "SELECT id, customer_id, due_at FROM factor_resets WHERE stop_hash = ? AND ended_at IS NULL",
            hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Ends one; `false` when it has ended.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn end(&mut self, id: u64, stopped: bool) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE factor_resets SET ended_at = NOW(6), stopped = ? WHERE id = ? AND ended_at IS NULL",
            stopped,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Those whose wait is over.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn due(&mut self, limit: u32) -> DbResult<Vec<FactorReset>> {
        Ok(sqlx::query_as!(
            FactorReset,
            "SELECT id, customer_id, due_at FROM factor_resets WHERE ended_at IS NULL AND due_at <= NOW(6) ORDER BY due_at LIMIT ?",
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }
}
