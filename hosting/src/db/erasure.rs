//! Closing accounts: which are due, what still stands in the way, and forgetting the person.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// Tables with rows of customers that an erasure deletes.
pub const DELETED: &[&str] = &[
    "login_sessions",
    "email_verifications",
    "password_resets",
    "email_changes",
    "second_factors",
    "sign_in_challenges",
    "sign_ins",
    "data_exports",
    "api_credentials",
    "sign_ups",
    "mail_messages",
    "tickets",
    "webhooks",
    "customer_views",
    "factor_resets",
    "store_transfers",
    "passkeys",
    "passkey_ceremonies",
    "resellers",
    "reseller_plans",
    "reseller_events",
];

/// Tables whose rows stay as a record without the person in them.
pub const ANONYMISED: &[&str] = &["customers", "stores", "jobs", "audit_events"];

/// Queries on closing.
#[derive(Debug)]
pub struct Erasure<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Erasure<'_> {
    /// Plans the closing of an account in `days` days; `false` when one is planned already.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn plan(&mut self, customer_id: u64, days: u32) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE customers SET close_after = NOW(6) + INTERVAL ? DAY WHERE id = ? AND close_after IS NULL AND erased_at IS NULL",
            days,
            customer_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes it back while there is time; `false` when there is none planned, or it has begun.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn cancel(&mut self, customer_id: u64) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE customers SET close_after = NULL WHERE id = ? AND close_after > NOW(6) AND erased_at IS NULL",
            customer_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Accounts whose waiting time is over.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn due(&mut self, limit: u32) -> DbResult<Vec<u64>> {
        Ok(sqlx::query_scalar!(
            "SELECT id FROM customers WHERE close_after < NOW(6) AND erased_at IS NULL ORDER BY close_after LIMIT ?",
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Whether a mail of this key was ordered, and whether it has ended.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn mail_ended(&mut self, unique_key: &str) -> DbResult<Option<bool>> {
        Ok(sqlx::query_scalar!("SELECT state FROM jobs WHERE unique_key = ?", unique_key)
            .fetch_optional(&mut *self.conn)
            .await?
            .map(|state| matches!(state.as_str(), "finished" | "failed" | "cancelled")))
    }

    /// Whether any job of the customer is still under way.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn busy(&mut self, customer_id: u64) -> DbResult<bool> {
        Ok(sqlx::query_scalar!(
            r#"SELECT 1 AS "one!: i64" FROM jobs WHERE customer_id = ? AND state IN ('queued', 'started', 'retrying') LIMIT 1"#,
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .is_some())
    }

    /// Forgets the person. What stays is a number, what stores there were, when, and which jobs ran. The audit log is
    /// [`Audit::erase_customer`](super::audit::Audit::erase_customer)'s, before this.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn erase(&mut self, customer_id: u64) -> DbResult<()> {
        let id = customer_id;
        sqlx::query!("DELETE FROM login_sessions WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM email_verifications WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM password_resets WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM email_changes WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM second_factors WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM sign_in_challenges WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM sign_ins WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM data_exports WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        // Their refresh tokens go with them.
        sqlx::query!("DELETE FROM api_credentials WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM sign_ups WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM mail_messages WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        // What staff or their reseller were told of them has their words in its subject.
        sqlx::query!(
            "UPDATE mail_messages m JOIN jobs j ON j.uid = m.unique_key SET m.subject = 'About a customer who is forgotten' \
             WHERE j.customer_id = ? AND j.kind = 'send_mail'",
            id
        )
        .execute(&mut *self.conn)
        .await?;
        sqlx::query!("DELETE FROM passkeys WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM passkey_ceremonies WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        // Messages, notes of staff and files go with them.
        sqlx::query!("DELETE FROM webhooks WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM tickets WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        // Their customers become ours.
        sqlx::query!("DELETE FROM resellers WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM reseller_plans WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("UPDATE tickets SET reseller_id = NULL WHERE reseller_id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        // The log keeps its rows; nobody reads them as their provider any more.
        sqlx::query!("DELETE FROM reseller_events WHERE reseller_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM reseller_events WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("UPDATE customers SET reseller_id = NULL WHERE reseller_id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query!("UPDATE customers SET role = 'customer', reseller_id = NULL WHERE id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query!("DELETE FROM factor_resets WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM customer_views WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!(
            "DELETE FROM store_transfers WHERE customer_id = ? OR to_email_key = (SELECT email_key FROM customers WHERE id = ?)",
            id,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        sqlx::query!("DELETE l FROM job_lines l JOIN jobs j ON j.id = l.job_id WHERE j.customer_id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query!("DELETE s FROM store_secrets s JOIN stores t ON t.id = s.store_id WHERE t.customer_id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query!("DELETE a FROM store_addresses a JOIN stores t ON t.id = a.store_id WHERE t.customer_id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query!("UPDATE jobs SET requested_by = 'erased', error_detail = NULL WHERE customer_id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query!(
            "UPDATE job_steps s JOIN jobs j ON j.id = s.job_id SET s.output = NULL WHERE j.customer_id = ?",
            id
        )
        .execute(&mut *self.conn)
        .await?;
        sqlx::query!("UPDATE stores SET name = 'erased', slug = 'erased', facts = NULL WHERE customer_id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        sqlx::query!(
            "UPDATE customers SET email = CONCAT('erased-', LOWER(uid), '@erased.invalid'), \
             email_key = CONCAT('erased-', LOWER(uid), '@erased.invalid'), password_hash = '!', name = '', time_zone = 'UTC', \
             theme = '', state = 'closed', email_verified_at = NULL, erased_at = NOW(6) WHERE id = ?",
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }
}
