//! Forgetting: rows that have served, in small bites so that nobody waits for a long delete.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// Rows taken per statement.
const BITE: u32 = 5_000;

/// Deletes of old rows.
#[derive(Debug)]
pub struct Expiry<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Expiry<'_> {
    /// Sign-in sessions over for a week, used or dead links after a week, sign-ups nobody confirmed after a month,
    /// form keys after two days, tickets of database pages after one, API credentials a week after their end, kept
    /// answers after a day.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn sign_in(&mut self) -> DbResult<u64> {
        let mut gone = 0;
        gone += sqlx::query!("DELETE FROM login_sessions WHERE expires_at < NOW(6) - INTERVAL 7 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone +=
            sqlx::query!("DELETE FROM email_verifications WHERE expires_at < NOW(6) - INTERVAL 7 DAY LIMIT ?", BITE)
                .execute(&mut *self.conn)
                .await?
                .rows_affected();
        gone += sqlx::query!("DELETE FROM sign_ups WHERE created_at < NOW(6) - INTERVAL 30 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM password_resets WHERE expires_at < NOW(6) - INTERVAL 7 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM sign_in_challenges WHERE expires_at < NOW(6) - INTERVAL 1 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM email_changes WHERE expires_at < NOW(6) - INTERVAL 30 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!(
            "DELETE FROM customer_views WHERE asked_at < NOW(6) - INTERVAL 1 YEAR AND state IN ('refused', 'over') LIMIT ?",
            BITE
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        gone += sqlx::query!("DELETE FROM factor_resets WHERE ended_at < NOW(6) - INTERVAL 1 YEAR LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM passkey_ceremonies WHERE expires_at < NOW(6) LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM sign_ins WHERE at < NOW(6) - INTERVAL 1 YEAR LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM data_exports WHERE expires_at < NOW(6) LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM form_keys WHERE created_at < NOW(6) - INTERVAL 2 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM db_admin_tickets WHERE expires_at < NOW(6) - INTERVAL 1 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        gone += sqlx::query!("DELETE FROM api_requests WHERE created_at < NOW(6) - INTERVAL 1 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        // Their refresh tokens go with them.
        gone += sqlx::query!(
            "DELETE FROM api_credentials WHERE expires_at < NOW(6) - INTERVAL 7 DAY OR revoked_at < NOW(6) - INTERVAL 90 DAY LIMIT ?",
            BITE
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        Ok(gone)
    }

    /// Deliveries of webhooks after 30 days, whatever became of them; their tries go with them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn deliveries(&mut self) -> DbResult<u64> {
        Ok(sqlx::query!("DELETE FROM webhook_deliveries WHERE created_at < NOW(6) - INTERVAL 30 DAY LIMIT ?", BITE)
            .execute(&mut *self.conn)
            .await?
            .rows_affected())
    }

    /// The mail log after a year: of its oldest rows those whose time is over.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn mails(&mut self) -> DbResult<u64> {
        Ok(sqlx::query!(
            "DELETE m FROM mail_messages m JOIN (SELECT id FROM mail_messages ORDER BY id LIMIT ?) oldest ON oldest.id = m.id \
             WHERE m.created_at < NOW(6) - INTERVAL 1 YEAR",
            BITE
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected())
    }

    /// Lines of jobs that ended well over 90 days ago, or failed over a year ago: up to 20 jobs.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lines(&mut self) -> DbResult<u64> {
        let old = sqlx::query_scalar!(
            "SELECT id FROM jobs WHERE last_seq > 0 AND ((state = 'finished' AND finished_at < NOW(6) - INTERVAL 90 DAY) \
             OR (state IN ('failed', 'cancelled') AND finished_at < NOW(6) - INTERVAL 1 YEAR)) LIMIT 20"
        )
        .fetch_all(&mut *self.conn)
        .await?;
        let mut gone = 0;
        for job in old {
            gone += sqlx::query!("DELETE FROM job_lines WHERE job_id = ?", job)
                .execute(&mut *self.conn)
                .await?
                .rows_affected();
            sqlx::query!("UPDATE jobs SET last_seq = 0 WHERE id = ?", job).execute(&mut *self.conn).await?;
        }
        Ok(gone)
    }

    /// Housekeeping jobs that ended well more than two days ago: they would drown the others.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn scheduled_jobs(&mut self) -> DbResult<u64> {
        let old = sqlx::query_scalar!(
            "SELECT id FROM jobs WHERE state = 'finished' AND requested_by = 'schedule' AND finished_at < NOW(6) - INTERVAL 2 DAY LIMIT 500"
        )
        .fetch_all(&mut *self.conn)
        .await?;
        for job in &old {
            sqlx::query!("DELETE FROM job_lines WHERE job_id = ?", job).execute(&mut *self.conn).await?;
            sqlx::query!("DELETE FROM job_steps WHERE job_id = ?", job).execute(&mut *self.conn).await?;
            sqlx::query!("DELETE FROM jobs WHERE id = ?", job).execute(&mut *self.conn).await?;
        }
        Ok(old.len() as u64)
    }
}
