//! One-time links that confirm an e-mail address. The newest one counts, for 24 hours, once.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// A link that may be used now.
#[derive(Debug, Clone)]
pub struct Verification {
    /// Row id.
    pub id: u64,
    /// Whose address.
    pub customer_id: u64,
    /// The address it confirms.
    pub email: String,
    /// The browser that signed up.
    pub visitor_session_id: Option<u64>,
}

/// Queries on e-mail verifications.
#[derive(Debug)]
pub struct EmailVerifications<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl EmailVerifications<'_> {
    /// Records a link by the hash of its token.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(
        &mut self,
        customer_id: u64,
        email: &str,
        token_hash: &[u8; 32],
        visitor_session_id: Option<u64>,
    ) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO email_verifications (customer_id, email, token_hash, visitor_session_id, expires_at) \
             VALUES (?, ?, ?, ?, NOW(6) + INTERVAL 24 HOUR)",
            customer_id,
            email,
            token_hash.as_slice(),
            visitor_session_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The link of a token if it may be used: newest of its customer, not used, not over, and the
    /// address is still the customer's.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_usable(&mut self, token_hash: &[u8; 32]) -> DbResult<Option<Verification>> {
        Ok(sqlx::query_as!(
            Verification,
            "SELECT v.id, v.customer_id, v.email, v.visitor_session_id FROM email_verifications v \
             JOIN customers c ON c.id = v.customer_id AND c.email = v.email \
             WHERE v.token_hash = ? AND v.used_at IS NULL AND v.expires_at > NOW(6) \
             AND v.id = (SELECT MAX(n.id) FROM email_verifications n WHERE n.customer_id = v.customer_id)",
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
        let done = sqlx::query!("UPDATE email_verifications SET used_at = NOW(6) WHERE id = ? AND used_at IS NULL", id)
            .execute(&mut *self.conn)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
