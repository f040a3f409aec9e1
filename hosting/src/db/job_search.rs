//! How staff find jobs: by what people quote, and by what needs somebody.

use super::DbResult;
use super::customers::escape_like;
use super::jobs::{JobRow, Jobs, RawJob, SELECT};

/// Customers whose jobs a search looks through.
const CUSTOMERS: u32 = 50;

impl Jobs<'_> {
    /// Jobs by public id, short id, correlation id, error code or the start of a customer's address, newest first.
    /// Each of them is looked up in an index of its own.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn search(&mut self, text: &str, limit: u32) -> DbResult<Vec<JobRow>> {
        let text = text.trim();
        // Ids and codes are ASCII; anything else can only be an address.
        let code = if text.is_ascii() { text } else { "-" };
        let upper = code.to_uppercase();
        let short = upper.trim_start_matches("J-").to_owned();
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("JOIN (SELECT id FROM jobs WHERE uid = ").push_bind(upper);
        query.push(" UNION SELECT id FROM jobs WHERE short_uid = ").push_bind(short);
        query.push(" UNION (SELECT id FROM jobs WHERE correlation_id = ").push_bind(code.to_owned());
        query.push(" LIMIT ").push_bind(limit);
        query.push(") UNION (SELECT id FROM jobs WHERE error_code = ").push_bind(code.to_owned());
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
        query.push(") UNION (SELECT k.id FROM (SELECT id FROM customers WHERE email_key LIKE ");
        query.push_bind(format!("{}%", escape_like(&text.to_lowercase()))).push(" LIMIT ").push_bind(CUSTOMERS);
        query.push(") c JOIN jobs k ON k.customer_id = c.id ORDER BY k.id DESC LIMIT ").push_bind(limit);
        query.push(")) found ON found.id = j.id ORDER BY j.id DESC LIMIT ").push_bind(limit);
        let rows: Vec<RawJob> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(JobRow::try_from).collect()
    }

    /// Failed jobs that nobody has dismissed, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn failed_and_open(&mut self, limit: u32) -> DbResult<Vec<JobRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE j.state = 'failed' AND j.dismissed_at IS NULL ORDER BY j.id DESC LIMIT ").push_bind(limit);
        let rows: Vec<RawJob> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(JobRow::try_from).collect()
    }

    /// How many of them there are, counted up to `cap`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn count_failed_and_open(&mut self, cap: u32) -> DbResult<i64> {
        Ok(sqlx::query_scalar!(
            "SELECT COUNT(*) FROM (SELECT id FROM jobs WHERE state = 'failed' AND dismissed_at IS NULL LIMIT ?) t",
            cap
        )
        .fetch_one(&mut *self.conn)
        .await?)
    }

    /// Takes failed jobs up to row id `newest` off the list of what needs somebody; returns how many. What still has
    /// left-overs stays: those wait for a clean-up.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn dismiss_failed(&mut self, newest: u64) -> DbResult<u64> {
        Ok(sqlx::query!(
            "UPDATE jobs SET dismissed_at = NOW(6) WHERE state = 'failed' AND dismissed_at IS NULL AND id <= ? \
             AND cleanup_pending = FALSE",
            newest
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected())
    }
}
