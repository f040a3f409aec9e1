//! What was mailed, keyed so that no notice leaves twice.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// Queries on sent mail.
#[derive(Debug)]
pub struct MailMessages<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl MailMessages<'_> {
    /// Notes that a message is about to leave; `false` when the same one has left before.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn begin(
        &mut self,
        unique_key: &str,
        customer_id: Option<u64>,
        template: &str,
        recipient: &str,
        subject: &str,
    ) -> DbResult<bool> {
        sqlx::query!(
            "INSERT IGNORE INTO mail_messages (unique_key, customer_id, template, recipient, subject) VALUES (?, ?, ?, ?, ?)",
            unique_key,
            customer_id,
            template,
            recipient,
            subject
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(sqlx::query_scalar!("SELECT state FROM mail_messages WHERE unique_key = ?", unique_key)
            .fetch_one(&mut *self.conn)
            .await?
            != "sent")
    }

    /// Notes that it left.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn sent(&mut self, unique_key: &str) -> DbResult<()> {
        sqlx::query!(
            "UPDATE mail_messages SET state = 'sent', sent_at = NOW(6), error = '' WHERE unique_key = ?",
            unique_key
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Notes why it did not.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn failed(&mut self, unique_key: &str, error: &str) -> DbResult<()> {
        let short: String = error.chars().take(500).collect();
        sqlx::query!("UPDATE mail_messages SET state = 'failed', error = ? WHERE unique_key = ?", short, unique_key)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }
}
