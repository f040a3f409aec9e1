//! Staff who look at a customer's panel: the question, the answer, and the view itself.

use super::DbResult;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Minutes a view lasts.
pub const VIEW_MINUTES: u32 = 30;
/// Hours in which a question can be answered, and in which a permission can be used.
pub const CONSENT_HOURS: u32 = 24;

/// A view as the customer and staff see it.
#[derive(Debug, Clone)]
pub struct ViewRow {
    /// Row id.
    pub id: u64,
    /// Whose panel.
    pub customer_id: u64,
    /// Who looks, while they have an account.
    pub admin_id: Option<u64>,
    /// Their name.
    pub admin_name: String,
    /// Why.
    pub reason: String,
    /// asked, allowed, refused, running, over
    pub state: String,
    /// Asked for at.
    pub asked_at: PlainDateTime,
    /// Began.
    pub started_at: Option<PlainDateTime>,
    /// The question, the permission or the view holds until.
    pub expires_at: PlainDateTime,
    /// Ended.
    pub ended_at: Option<PlainDateTime>,
}

/// A running view behind a cookie.
#[derive(Debug, Clone)]
pub struct RunningView {
    /// Row id.
    pub id: u64,
    /// Whose panel.
    pub customer_id: u64,
    /// SHA-256 of the staff member's own cookie.
    pub session_hash: Vec<u8>,
    /// Secret of the form tokens.
    pub csrf_secret: Vec<u8>,
    /// Until.
    pub expires_at: PlainDateTime,
    /// Seconds until then.
    pub left_seconds: i64,
}

/// What begins a view.
#[derive(Debug)]
pub struct Begin<'a> {
    /// SHA-256 of the cookie.
    pub token_hash: &'a [u8; 32],
    /// Secret of the form tokens.
    pub csrf_secret: &'a [u8; 32],
    /// The staff member's sign-in.
    pub session_id: u64,
}

/// Queries on views.
#[derive(Debug)]
pub struct CustomerViews<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl CustomerViews<'_> {
    /// Records a question, or a view that needs none (`state` = allowed). Returns the row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(
        &mut self,
        customer_id: u64,
        (admin_id, admin_name): (u64, &str),
        reason: &str,
        state: &str,
    ) -> DbResult<u64> {
        Ok(sqlx::query!(
            "INSERT INTO customer_views (customer_id, admin_id, admin_name, reason, state, expires_at) \
             VALUES (?, ?, ?, ?, ?, NOW(6) + INTERVAL ? HOUR)",
            customer_id,
            admin_id,
            admin_name,
            reason,
            state,
            CONSENT_HOURS
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// Keeps the hash of the link in the mail that asks.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_consent(&mut self, id: u64, hash: &[u8; 32]) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE customer_views SET consent_hash = ? WHERE id = ? AND state = 'asked' AND expires_at > NOW(6)",
            hash.as_slice(),
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// A question that waits for its answer.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn waiting(&mut self, id: u64) -> DbResult<Option<ViewRow>> {
        Ok(sqlx::query_as!(
            ViewRow,
            "SELECT id, customer_id, admin_id, admin_name, reason, state, asked_at, started_at, expires_at, ended_at \
             FROM customer_views WHERE id = ? AND state = 'asked' AND expires_at > NOW(6)",
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// The question behind the link of a mail.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_consent(&mut self, hash: &[u8; 32]) -> DbResult<Option<ViewRow>> {
        Ok(sqlx::query_as!(
            ViewRow,
            "SELECT id, customer_id, admin_id, admin_name, reason, state, asked_at, started_at, expires_at, ended_at \
             FROM customer_views WHERE consent_hash = ? AND state = 'asked' AND expires_at > NOW(6)",
            hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// What is asked, allowed or running for a customer, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn open_of_customer(&mut self, customer_id: u64) -> DbResult<Vec<ViewRow>> {
        Ok(sqlx::query_as!(
            ViewRow,
            "SELECT id, customer_id, admin_id, admin_name, reason, state, asked_at, started_at, expires_at, ended_at \
             FROM customer_views WHERE customer_id = ? AND state IN ('asked', 'allowed', 'running') \
             AND expires_at > NOW(6) ORDER BY id DESC LIMIT 20",
            customer_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Views of a customer's panel that began, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn history(&mut self, customer_id: u64, limit: u32) -> DbResult<Vec<ViewRow>> {
        Ok(sqlx::query_as!(
            ViewRow,
            "SELECT id, customer_id, admin_id, admin_name, reason, state, asked_at, started_at, expires_at, ended_at \
             FROM customer_views WHERE customer_id = ? AND started_at IS NOT NULL ORDER BY id DESC LIMIT ?",
            customer_id,
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// The newest of a staff member for a customer that is asked, allowed or running, locked.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn open_of_admin(&mut self, admin_id: u64, customer_id: u64) -> DbResult<Option<ViewRow>> {
        Ok(sqlx::query_as!(
            ViewRow,
            "SELECT id, customer_id, admin_id, admin_name, reason, state, asked_at, started_at, expires_at, ended_at \
             FROM customer_views WHERE admin_id = ? AND customer_id = ? AND state IN ('asked', 'allowed', 'running') \
             AND expires_at > NOW(6) ORDER BY id DESC LIMIT 1 FOR UPDATE",
            admin_id,
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Answers a question; `false` when there is none any more.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn answer(&mut self, id: u64, allowed: bool) -> DbResult<bool> {
        let state = if allowed { "allowed" } else { "refused" };
        let done = sqlx::query!(
            "UPDATE customer_views SET state = ?, answered_at = NOW(6), consent_hash = NULL, \
             expires_at = NOW(6) + INTERVAL ? HOUR WHERE id = ? AND state = 'asked' AND expires_at > NOW(6)",
            state,
            CONSENT_HOURS,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Begins an allowed view; `false` when the permission is over.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn begin(&mut self, id: u64, begin: &Begin<'_>) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE customer_views SET state = 'running', token_hash = ?, csrf_secret = ?, session_id = ?, \
             started_at = NOW(6), expires_at = NOW(6) + INTERVAL ? MINUTE \
             WHERE id = ? AND state = 'allowed' AND expires_at > NOW(6)",
            begin.token_hash.as_slice(),
            begin.csrf_secret.as_slice(),
            begin.session_id,
            VIEW_MINUTES,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The running view of a cookie, with the hash of the sign-in it hangs on.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, token_hash: &[u8; 32]) -> DbResult<Option<RunningView>> {
        Ok(sqlx::query_as!(
            RunningView,
            r#"SELECT v.id, v.customer_id, s.token_hash AS "session_hash: Vec<u8>", v.csrf_secret AS "csrf_secret!: Vec<u8>", v.expires_at,
               TIMESTAMPDIFF(SECOND, NOW(6), v.expires_at) AS "left_seconds!: i64"
               FROM customer_views v JOIN login_sessions s ON s.id = v.session_id AND s.admin_id = v.admin_id
               WHERE v.token_hash = ? AND v.state = 'running' AND v.expires_at > NOW(6)"#,
            token_hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Ends a view that runs, or takes an unused question or permission back; `false` when it is over.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn end(&mut self, id: u64) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE customer_views SET state = 'over', ended_at = LEAST(NOW(6), expires_at), token_hash = NULL, \
             csrf_secret = NULL, consent_hash = NULL WHERE id = ? AND state IN ('asked', 'allowed', 'running')",
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Views whose time is over, or whose sign-in is: the customer's record still lacks their end.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn due(&mut self, limit: u32) -> DbResult<Vec<ViewRow>> {
        Ok(sqlx::query_as!(
            ViewRow,
            r#"SELECT v.id, v.customer_id, v.admin_id, v.admin_name, v.reason, v.state, v.asked_at, v.started_at, v.expires_at,
               v.ended_at FROM customer_views v LEFT JOIN login_sessions s ON s.id = v.session_id
               WHERE v.state IN ('asked', 'allowed', 'running') AND (v.expires_at < NOW(6)
               OR v.state = 'running' AND (s.id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at < NOW(6)))
               ORDER BY v.id LIMIT ?"#,
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }
}
