//! Sessions of visitors who filled in the sign-up form: they own nothing but the proof that it was this browser.

use super::DbResult;
use super::login_sessions::LoginSessions;

impl LoginSessions<'_> {
    /// The id of the visitor's session of a cookie.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_visitor(&mut self, token_hash: &[u8; 32]) -> DbResult<Option<u64>> {
        Ok(sqlx::query_scalar!(
            "SELECT id FROM login_sessions WHERE token_hash = ? AND kind = 'visitor' AND revoked_at IS NULL AND expires_at > NOW(6)",
            token_hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// The id of a visitor's session, and whether it is the one given.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn is_visitor(&mut self, id: u64, token_hash: &[u8; 32]) -> DbResult<bool> {
        Ok(sqlx::query_scalar!(
            r#"SELECT 1 AS "one!: i64" FROM login_sessions WHERE id = ? AND token_hash = ? AND kind = 'visitor'
               AND revoked_at IS NULL AND expires_at > NOW(6)"#,
            id,
            token_hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .is_some())
    }
}
