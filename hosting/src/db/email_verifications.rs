//! One-time links that confirm an e-mail address. The newest one of its sign-up counts, for 24 hours, once.

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
    /// The address as it is compared.
    pub email_key: String,
    /// The browser that signed up.
    pub visitor_session_id: Option<u64>,
    /// The store of its sign-up; `None` for links of the release before.
    pub store_id: Option<u64>,
    /// The reseller by whose link it was made.
    pub reseller_id: Option<u64>,
    /// The password of its sign-up: Argon2id, PHC string.
    pub password_hash: String,
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

    /// The link of a token if it may be used: newest of its sign-up, not used, not over, and the
    /// address is still the customer's and still waits. A link without a sign-up (made by the release
    /// before) counts only while nobody signed up since.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_usable(&mut self, token_hash: &[u8; 32]) -> DbResult<Option<Verification>> {
        Ok(sqlx::query_as!(
            Verification,
            r#"SELECT v.id, v.customer_id, c.email_key, v.email, v.visitor_session_id, u.store_id AS "store_id?", u.reseller_id AS "reseller_id?",
             COALESCE(u.password_hash, c.password_hash) AS "password_hash!" FROM email_verifications v
             JOIN customers c ON c.id = v.customer_id AND c.email = v.email AND c.state = 'unverified'
             LEFT JOIN sign_ups u ON u.customer_id = v.customer_id AND u.visitor_session_id = v.visitor_session_id
             WHERE v.token_hash = ? AND v.used_at IS NULL AND v.expires_at > NOW(6)
             AND (u.id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM sign_ups o WHERE o.customer_id = v.customer_id))
             AND v.id = (SELECT MAX(n.id) FROM email_verifications n WHERE n.customer_id = v.customer_id
                         AND n.visitor_session_id <=> v.visitor_session_id)"#,
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
