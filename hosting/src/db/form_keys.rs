//! A form sent twice does one thing: the key goes in with the change, the answer is kept beside it.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// Queries on form keys.
#[derive(Debug)]
pub struct FormKeys<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl FormKeys<'_> {
    /// Takes a key for `action`; `false` when it was used before. A second sender waits here until
    /// the first has committed or rolled back.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn take(&mut self, key_hash: &[u8; 32], action: &str) -> DbResult<bool> {
        let done =
            sqlx::query!("INSERT IGNORE INTO form_keys (key_hash, action) VALUES (?, ?)", key_hash.as_slice(), action)
                .execute(&mut *self.conn)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps where the first answer led.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn answer(&mut self, key_hash: &[u8; 32], location: &str) -> DbResult<()> {
        sqlx::query!("UPDATE form_keys SET location = ? WHERE key_hash = ?", location, key_hash.as_slice())
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Where the first answer led; empty when it is not known.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn location(&mut self, key_hash: &[u8; 32], action: &str) -> DbResult<Option<String>> {
        Ok(sqlx::query_scalar!(
            "SELECT location FROM form_keys WHERE key_hash = ? AND action = ?",
            key_hash.as_slice(),
            action
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }
}
