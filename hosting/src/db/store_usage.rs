//! What stores used, in rows of five minutes and of an hour.

use super::DbResult;
use sqlx::QueryBuilder;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Seconds of a short row.
pub const SHORT: u16 = 300;
/// Seconds of a long row.
pub const LONG: u16 = 3600;
/// Hours that short rows are kept.
const SHORT_KEPT_HOURS: u32 = 72;
/// Days that long rows are kept: a whole month and some more.
const LONG_KEPT_DAYS: u32 = 40;
/// Rows forgotten in one go.
const BITE: u32 = 5000;

/// What was seen of one store since the last look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// Row id of the store.
    pub store_id: u64,
    /// Time looked at.
    pub seconds: u32,
    /// Processor time.
    pub cpu_ms: u64,
    /// Memory now.
    pub memory: u64,
    /// To the store.
    pub bytes_in: u64,
    /// From the store.
    pub bytes_out: u64,
    /// Requests answered.
    pub requests: u64,
    /// With 500 and above.
    pub errors: u64,
    /// Sent to visitors.
    pub bytes_served: u64,
    /// Size of the store's directory; 0: not measured this time.
    pub disk_bytes: u64,
}

/// A row as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Its beginning.
    pub at: PlainDateTime,
    /// Seconds looked at.
    pub seconds: u32,
    /// Looks.
    pub samples: u32,
    /// Processor time.
    pub cpu_ms: u64,
    /// Sum over the looks.
    pub memory_sum: u64,
    /// Highest.
    pub memory_peak: u64,
    /// To the store.
    pub bytes_in: u64,
    /// From the store.
    pub bytes_out: u64,
    /// Requests.
    pub requests: u64,
    /// With 500 and above.
    pub errors: u64,
    /// Sent to visitors.
    pub bytes_served: u64,
    /// Size of the directory, 0 = unknown.
    pub disk_bytes: u64,
}

/// Queries on `store_usage`.
#[derive(Debug)]
pub struct StoreUsage<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl StoreUsage<'_> {
    /// Adds what was seen to the rows of now, short and long, by the database's clock: one statement for a whole server.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn add(&mut self, samples: &[Sample]) -> DbResult<()> {
        for part in samples.chunks(500) {
            let mut query = QueryBuilder::<sqlx::MySql>::new(
                "INSERT INTO store_usage (store_id, span, at, seconds, samples, cpu_ms, memory_sum, memory_peak, bytes_in, \
                 bytes_out, requests, errors, bytes_served, disk_bytes) ",
            );
            query.push_values(part.iter().flat_map(|s| [(s, SHORT), (s, LONG)]), |mut row, (s, span)| {
                row.push_bind(s.store_id).push_bind(span);
                // The start of the running span.
                row.push("FROM_UNIXTIME(UNIX_TIMESTAMP() DIV ").push_bind_unseparated(span);
                row.push_unseparated(" * ").push_bind_unseparated(span).push_unseparated(")");
                row.push_bind(s.seconds).push("1").push_bind(s.cpu_ms).push_bind(s.memory).push_bind(s.memory);
                row.push_bind(s.bytes_in).push_bind(s.bytes_out).push_bind(s.requests).push_bind(s.errors);
                row.push_bind(s.bytes_served).push_bind(s.disk_bytes);
            });
            query.push(
                " ON DUPLICATE KEY UPDATE seconds = seconds + VALUES(seconds), samples = samples + 1, \
                 cpu_ms = cpu_ms + VALUES(cpu_ms), memory_sum = memory_sum + VALUES(memory_sum), \
                 memory_peak = GREATEST(memory_peak, VALUES(memory_peak)), bytes_in = bytes_in + VALUES(bytes_in), \
                 bytes_out = bytes_out + VALUES(bytes_out), requests = requests + VALUES(requests), \
                 errors = errors + VALUES(errors), bytes_served = bytes_served + VALUES(bytes_served), \
                 disk_bytes = IF(VALUES(disk_bytes) > 0, VALUES(disk_bytes), disk_bytes)",
            );
            query.build().persistent(false).execute(&mut *self.conn).await?;
        }
        Ok(())
    }

    /// A store's rows of one span, not older than so many hours, oldest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn of_store(&mut self, store_id: u64, span: u16, hours: u32) -> DbResult<Vec<Usage>> {
        Ok(sqlx::query_as!(
            Usage,
            "SELECT at, seconds, samples, cpu_ms, memory_sum, memory_peak, bytes_in, bytes_out, requests, errors, \
             bytes_served, disk_bytes FROM store_usage \
             WHERE store_id = ? AND span = ? AND at >= NOW() - INTERVAL ? HOUR ORDER BY at",
            store_id,
            span,
            hours
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Bytes a store took on disk when it was last measured; `None`: never yet.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn last_disk_bytes(&mut self, store_id: u64) -> DbResult<Option<u64>> {
        Ok(sqlx::query_scalar!(
            "SELECT disk_bytes FROM store_usage WHERE store_id = ? AND span = 3600 AND disk_bytes > 0 \
             ORDER BY at DESC LIMIT 1",
            store_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Bytes sent to a store's visitors since the first of the month (UTC).
    ///
    /// # Errors
    /// Database trouble.
    pub async fn served_this_month(&mut self, store_id: u64) -> DbResult<u64> {
        let sum = sqlx::query_scalar!(
            r#"SELECT CAST(COALESCE(SUM(bytes_served), 0) AS UNSIGNED) AS "sum!: u64" FROM store_usage
               WHERE store_id = ? AND span = 3600 AND at >= DATE_FORMAT(NOW(), '%Y-%m-01')"#,
            store_id
        )
        .fetch_one(&mut *self.conn)
        .await?;
        Ok(sum)
    }

    /// Forgets rows whose time is over: a bite of each kind.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn forget_old(&mut self) -> DbResult<u64> {
        let short = sqlx::query!(
            "DELETE FROM store_usage WHERE span = 300 AND at < NOW() - INTERVAL ? HOUR LIMIT ?",
            SHORT_KEPT_HOURS,
            BITE
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        let long = sqlx::query!(
            "DELETE FROM store_usage WHERE span = 3600 AND at < NOW() - INTERVAL ? DAY LIMIT ?",
            LONG_KEPT_DAYS,
            BITE
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        Ok(short + long)
    }
}
