//! What was mailed, keyed so that no notice leaves twice.

use super::DbResult;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// A mail as the mail log shows it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MailRow {
    /// Row id.
    pub id: u64,
    /// Public id of the job that sent it.
    pub job_uid: String,
    /// Customer it is for.
    pub customer_id: Option<u64>,
    /// Name of the text in `mail::messages`.
    pub template: String,
    /// To whom.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// sending, sent, failed
    pub state: String,
    /// Why it did not leave, or empty.
    pub error: String,
    /// Tries so far; `None` when the job's row is forgotten.
    pub tries: Option<u32>,
    /// State of its job.
    pub job_state: Option<String>,
    /// First try.
    pub created_at: PlainDateTime,
    /// When it left.
    pub sent_at: Option<PlainDateTime>,
}

/// Filter of the mail log; keyset by row id.
#[derive(Debug, Clone, Default)]
pub struct MailFilter {
    /// Only this state.
    pub state: Option<String>,
    /// Only this recipient, exactly.
    pub recipient: Option<String>,
    /// Rows older than this id.
    pub before: Option<u64>,
    /// Rows newer than this id (for "Newer"); they come back newest first as well.
    pub after: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

const SELECT: &str = "SELECT m.id, m.unique_key AS job_uid, m.customer_id, m.template, m.recipient, m.subject, m.state, \
 m.error, j.attempt AS tries, j.state AS job_state, m.created_at, m.sent_at \
 FROM mail_messages m LEFT JOIN jobs j ON j.uid = m.unique_key WHERE 1 = 1";

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

    /// One keyset page, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, filter: &MailFilter) -> DbResult<Vec<MailRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        if let Some(state) = &filter.state {
            query.push(" AND m.state = ").push_bind(state.clone());
        }
        if let Some(recipient) = &filter.recipient {
            query.push(" AND m.recipient = ").push_bind(recipient.clone());
        }
        if let Some(id) = filter.before {
            query.push(" AND m.id < ").push_bind(id);
        }
        if let Some(id) = filter.after {
            query.push(" AND m.id > ").push_bind(id).push(" ORDER BY m.id LIMIT ");
        } else {
            query.push(" ORDER BY m.id DESC LIMIT ");
        }
        query.push_bind(filter.limit);
        let mut rows: Vec<MailRow> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        if filter.after.is_some() {
            rows.reverse();
        }
        Ok(rows)
    }

    /// One mail.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<MailRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push(" AND m.id = ").push_bind(id);
        Ok(query.build_query_as().fetch_optional(&mut *self.conn).await?)
    }

    /// Mails that did not leave and were first tried within the last day, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn failing(&mut self, limit: u32) -> DbResult<Vec<MailRow>> {
        let rows = self.list(&MailFilter { state: Some("failed".into()), limit, ..MailFilter::default() }).await?;
        let since = crate::clock::now_plain() - time::Duration::DAY;
        Ok(rows.into_iter().filter(|m| m.created_at > since).collect())
    }
}
