//! Accounts in the hands of staff: invited, given another address, closed, opened again.

use super::customers::Customers;
use super::{DbError, DbResult};
use crate::domain::{Email, Uid};

impl Customers<'_> {
    /// Inserts a customer whom staff invite: open, with a password nobody knows and an address nobody proved yet.
    ///
    /// # Errors
    /// `Duplicate { key: "customers_email_key" }` when the address is known.
    pub async fn insert_invited(&mut self, email: &Email, password_hash: &str) -> DbResult<u64> {
        Ok(sqlx::query!(
            "INSERT INTO customers (uid, email, email_key, password_hash, state) VALUES (?, ?, ?, ?, 'active')",
            Uid::new().to_string(),
            email.as_str(),
            email.key(),
            password_hash
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// Notes that an open account's address was proven, by a link that was sent there.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn note_proven(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!(
            "UPDATE customers SET email_verified_at = NOW(6) WHERE id = ? AND email_verified_at IS NULL AND state = 'active'",
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Gives an account another address, which nobody has proven yet.
    ///
    /// # Errors
    /// `Duplicate { key: "customers_email_key" }` when the address is known.
    pub async fn set_unproven_email(&mut self, id: u64, email: &Email) -> DbResult<()> {
        sqlx::query!(
            "UPDATE customers SET email = ?, email_key = ?, email_verified_at = NULL WHERE id = ?",
            email.as_str(),
            email.key(),
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Closes a confirmed account, or opens it again. Closed, it is due for its erasure when its stores are gone, and is
    /// not opened any more from then on.
    ///
    /// # Errors
    /// `Stale` when it is so already, or was never confirmed.
    pub async fn set_closed(&mut self, id: u64, closed: bool, days: u32) -> DbResult<()> {
        let done = if closed {
            sqlx::query!(
                "UPDATE customers SET state = 'closed', close_after = LEAST(COALESCE(close_after, '9999-01-01'), \
                 NOW(6) + INTERVAL ? DAY) WHERE id = ? AND state IN ('active', 'suspended')",
                days,
                id
            )
        } else {
            sqlx::query!(
                "UPDATE customers SET state = 'active', close_after = NULL WHERE id = ? AND state = 'closed' \
                 AND erased_at IS NULL AND (close_after IS NULL OR close_after > NOW(6))",
                id
            )
        };
        let done = done.execute(&mut *self.conn).await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DbError::Stale("the account is in another state now")) }
    }
}
