//! One-time links to a new password. The newest one counts, for 30 minutes, once.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// A link that may be used now.
#[derive(Debug, Clone)]
pub struct PasswordReset {
    /// Row id.
    pub id: u64,
    /// Whose password.
    pub customer_id: u64,
    /// The address it was sent to.
    pub email: String,
}

/// Queries on password resets.
#[derive(Debug)]
pub struct PasswordResets<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl PasswordResets<'_> {
    /// Records a link by the hash of its token.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(&mut self, customer_id: u64, email: &str, token_hash: &[u8; 32]) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO password_resets (customer_id, email, token_hash, expires_at) \
             VALUES (?, ?, ?, NOW(6) + INTERVAL 30 MINUTE)",
            customer_id,
            email,
            token_hash.as_slice()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Records the link of an invitation: as any other, but for seven days.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert_invitation(&mut self, customer_id: u64, email: &str, token_hash: &[u8; 32]) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO password_resets (customer_id, email, token_hash, expires_at) \
             VALUES (?, ?, ?, NOW(6) + INTERVAL 7 DAY)",
            customer_id,
            email,
            token_hash.as_slice()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The link of a token if it may be used: newest of its customer, not used, not over, the account open
    /// and the address still the customer's.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_usable(&mut self, token_hash: &[u8; 32]) -> DbResult<Option<PasswordReset>> {
        Ok(sqlx::query_as!(
            PasswordReset,
            "SELECT r.id, r.customer_id, r.email FROM password_resets r \
             JOIN customers c ON c.id = r.customer_id AND c.email = r.email AND c.state <> 'closed' \
             WHERE r.token_hash = ? AND r.used_at IS NULL AND r.expires_at > NOW(6) \
             AND r.id = (SELECT MAX(n.id) FROM password_resets n WHERE n.customer_id = r.customer_id)",
            token_hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Uses a link up; `false` when somebody was quicker.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn consume(&mut self, id: u64) -> DbResult<bool> {
        let done = sqlx::query!("UPDATE password_resets SET used_at = NOW(6) WHERE id = ? AND used_at IS NULL", id)
            .execute(&mut *self.conn)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Makes every link of an account useless, after its password or address changed another way.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn consume_all(&mut self, customer_id: u64) -> DbResult<u64> {
        let done = sqlx::query!(
            "UPDATE password_resets SET used_at = NOW(6) WHERE customer_id = ? AND used_at IS NULL",
            customer_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected())
    }
}
