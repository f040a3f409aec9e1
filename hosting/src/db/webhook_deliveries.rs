//! Deliveries: claimed under a lease, tried, recorded; lists for people.

use super::DbResult;
use super::webhooks::Webhooks;
use time::PlainDateTime;

/// Seconds within which a process that claimed a delivery has to record it.
pub const LEASE_SECONDS: u32 = 60;

/// A claimed delivery.
#[derive(Debug, Clone)]
pub struct Due {
    /// Row id.
    pub id: u64,
    /// `evt_…`
    pub event_id: String,
    /// What is posted.
    pub body: String,
    /// Number of this try, from 1.
    pub attempt: u32,
}

/// A receiver with something due.
#[derive(Debug, Clone)]
pub struct DueEndpoint {
    /// Row id.
    pub id: u64,
    /// Where.
    pub url: String,
    /// Attempts that failed in a row.
    pub failures: u32,
}

/// A delivery as people see it.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Row id.
    pub id: u64,
    /// `evt_…`
    pub event_id: String,
    /// Kind of event.
    pub kind: String,
    /// What is posted.
    pub body: String,
    /// pending, delivered, failed
    pub state: String,
    /// Tries so far.
    pub attempts: u32,
    /// Next try, while pending.
    pub next_at: PlainDateTime,
    /// Written at.
    pub created_at: PlainDateTime,
}

/// A try.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// From 1.
    pub number: u32,
    /// When.
    pub at: PlainDateTime,
    /// How long it took.
    pub took_ms: u32,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Why it counts as failed, or empty.
    pub error: String,
    /// The beginning of the answer.
    pub answer: String,
}

/// What came of a try.
#[derive(Debug, Clone, Default)]
pub struct Tried {
    /// How long it took.
    pub took_ms: u32,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Why it counts as failed; `None`: it worked.
    pub error: Option<String>,
    /// The beginning of the answer.
    pub answer: String,
}

impl Webhooks<'_> {
    /// Receivers with something due, those first that have not been asked for longest.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn due_endpoints(&mut self, limit: u32) -> DbResult<Vec<DueEndpoint>> {
        Ok(sqlx::query_as!(
            DueEndpoint,
            "SELECT w.id, w.url, w.failures FROM webhooks w WHERE w.state = 'active' AND (w.hold_until IS NULL OR w.hold_until <= NOW(6)) \
             AND (SELECT d.id FROM webhook_deliveries d FORCE INDEX (webhook_deliveries_due) WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.next_at <= NOW(6) \
             AND (d.lease_until IS NULL OR d.lease_until < NOW(6)) LIMIT 1) IS NOT NULL ORDER BY w.hold_until, w.id LIMIT ?",
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Claims up to `limit` due deliveries of a receiver.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn claim(&mut self, webhook_id: u64, limit: u32) -> DbResult<Vec<Due>> {
        let rows = sqlx::query!(
            "SELECT id, event_id, body, attempts FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending' \
             AND next_at <= NOW(6) AND (lease_until IS NULL OR lease_until < NOW(6)) ORDER BY next_at, id LIMIT ? FOR UPDATE SKIP LOCKED",
            webhook_id,
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?;
        for r in &rows {
            sqlx::query!(
                "UPDATE webhook_deliveries SET lease_until = NOW(6) + INTERVAL ? SECOND, attempts = attempts + 1 WHERE id = ?",
                LEASE_SECONDS,
                r.id
            )
            .execute(&mut *self.conn)
            .await?;
        }
        Ok(rows
            .into_iter()
            .map(|r| Due { id: r.id, event_id: r.event_id, body: r.body, attempt: r.attempts + 1 })
            .collect())
    }

    /// Notes a try. `next`: seconds until the next one; `None`: there is none.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn record(&mut self, due: &Due, tried: &Tried, next: Option<u32>) -> DbResult<()> {
        let error: String = tried.error.clone().unwrap_or_default().chars().take(300).collect();
        sqlx::query!(
            "INSERT INTO webhook_attempts (delivery_id, number, took_ms, status, error, answer) VALUES (?, ?, ?, ?, ?, ?)",
            due.id,
            due.attempt,
            tried.took_ms,
            tried.status,
            error,
            tried.answer
        )
        .execute(&mut *self.conn)
        .await?;
        let state = match (&tried.error, next) {
            (None, _) => "delivered",
            (Some(_), Some(_)) => "pending",
            (Some(_), None) => "failed",
        };
        // Only while it is still this try: a process that was away too long changes nothing.
        sqlx::query!(
            "UPDATE webhook_deliveries SET state = ?, lease_until = NULL, next_at = NOW(6) + INTERVAL ? SECOND, \
             finished_at = IF(? = 'pending', NULL, NOW(6)) WHERE id = ? AND attempts = ? AND state = 'pending'",
            state,
            next.unwrap_or(0),
            state,
            due.id,
            due.attempt
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Notes how a receiver does. Returns failures in a row and for how many seconds they have lasted.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn did(&mut self, id: u64, worked: bool, hold_seconds: u32) -> DbResult<(u32, i64)> {
        if worked {
            sqlx::query!(
                "UPDATE webhooks SET failures = 0, failing_since = NULL, hold_until = NULL, last_success_at = NOW(6) WHERE id = ?",
                id
            )
            .execute(&mut *self.conn)
            .await?;
            return Ok((0, 0));
        }
        sqlx::query!(
            "UPDATE webhooks SET failures = failures + 1, failing_since = COALESCE(failing_since, NOW(6)), \
             hold_until = NOW(6) + INTERVAL ? SECOND WHERE id = ?",
            hold_seconds,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        let row = sqlx::query!(
            r#"SELECT failures, COALESCE(TIMESTAMPDIFF(SECOND, failing_since, NOW(6)), 0) AS "seconds!: i64" FROM webhooks WHERE id = ?"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        Ok(row.map_or((0, 0), |r| (r.failures, r.seconds)))
    }

    /// One keyset page of deliveries, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn deliveries(
        &mut self,
        webhook_id: u64,
        state: Option<&str>,
        before: Option<u64>,
        limit: u32,
    ) -> DbResult<Vec<DeliveryRow>> {
        let mut query = sqlx::QueryBuilder::new(
            "SELECT id, event_id, kind, body, state, attempts, next_at, created_at FROM webhook_deliveries WHERE webhook_id = ",
        );
        query.push_bind(webhook_id);
        if let Some(state) = state {
            query.push(" AND state = ").push_bind(state.to_owned());
        }
        if let Some(id) = before {
            query.push(" AND id < ").push_bind(id);
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
        let rows: Vec<RawDelivery> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        Ok(rows.into_iter().map(DeliveryRow::from).collect())
    }

    /// One delivery of a receiver.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn delivery(&mut self, webhook_id: u64, event_id: &str) -> DbResult<Option<DeliveryRow>> {
        if !event_id.is_ascii() {
            return Ok(None);
        }
        Ok(sqlx::query_as!(
            DeliveryRow,
            "SELECT id, event_id, kind, body, state, attempts, next_at, created_at FROM webhook_deliveries \
             WHERE webhook_id = ? AND event_id = ?",
            webhook_id,
            event_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Its tries, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn tries(&mut self, delivery_id: u64) -> DbResult<Vec<AttemptRow>> {
        Ok(sqlx::query_as!(
            AttemptRow,
            "SELECT number, at, took_ms, status, error, answer FROM webhook_attempts WHERE delivery_id = ? ORDER BY id DESC LIMIT 50",
            delivery_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Sends one again: due now, whatever became of it. `false` while it is being sent, or waits anyway.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn replay(&mut self, delivery_id: u64) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = NOW(6), lease_until = NULL, finished_at = NULL \
             WHERE id = ? AND state <> 'pending'",
            delivery_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Sends all again that were given up within so many days; returns how many.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn replay_failed(&mut self, webhook_id: u64, days: u32) -> DbResult<u64> {
        let done = sqlx::query!(
            "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = NOW(6), lease_until = NULL, finished_at = NULL \
             WHERE webhook_id = ? AND state = 'failed' AND created_at > NOW(6) - INTERVAL ? DAY",
            webhook_id,
            days
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected())
    }

    /// Makes what waits due now.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn hurry(&mut self, webhook_id: u64) -> DbResult<()> {
        sqlx::query!(
            "UPDATE webhook_deliveries SET next_at = NOW(6) WHERE webhook_id = ? AND state = 'pending' AND next_at > NOW(6)",
            webhook_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }
}

#[derive(sqlx::FromRow)]
struct RawDelivery {
    id: u64,
    event_id: String,
    kind: String,
    body: String,
    state: String,
    attempts: u32,
    next_at: PlainDateTime,
    created_at: PlainDateTime,
}

impl From<RawDelivery> for DeliveryRow {
    fn from(r: RawDelivery) -> Self {
        Self {
            id: r.id,
            event_id: r.event_id,
            kind: r.kind,
            body: r.body,
            state: r.state,
            attempts: r.attempts,
            next_at: r.next_at,
            created_at: r.created_at,
        }
    }
}
