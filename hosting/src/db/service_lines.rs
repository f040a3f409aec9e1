//! Lines that the product's own processes log.

use super::DbResult;
use sqlx::QueryBuilder;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Lines in one insert.
pub const BATCH: usize = 500;
/// Lines that one search for words looks through; "Older" goes on from there.
pub const WINDOW: u64 = 200_000;

/// Processes write their lines up to a second late: numbers follow the times but for so many lines.
const DISORDER: u64 = 5_000;

/// A line to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewServiceLine {
    /// When, by the process' clock.
    pub at: PlainDateTime,
    /// 0 to 3.
    pub level: u8,
    /// Request or job it belongs to; may be empty.
    pub correlation: String,
    /// What it says, masked.
    pub text: String,
}

/// A line as read.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ServiceLine {
    /// Row id; also its place.
    pub id: u64,
    /// When.
    pub at: PlainDateTime,
    /// `web` or `worker`.
    pub service: String,
    /// Which one.
    pub place: String,
    /// 0 to 3.
    pub level: u8,
    /// Request or job.
    pub correlation: String,
    /// What it says.
    pub text: String,
}

/// Which lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceLineFilter {
    /// `web`, `worker`, or empty.
    pub service: String,
    /// This level and worse.
    pub level: u8,
    /// Exactly this request or job, or empty.
    pub correlation: String,
    /// Words in it, or empty.
    pub find: String,
    /// Not before.
    pub from: Option<PlainDateTime>,
    /// Before.
    pub to: Option<PlainDateTime>,
    /// Lines with a smaller number only.
    pub before: Option<u64>,
    /// Lines with a greater number only, oldest first.
    pub after: Option<u64>,
}

/// Queries on `service_lines`.
#[derive(Debug)]
pub struct ServiceLines<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl ServiceLines<'_> {
    /// Stores lines of one process.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn add(&mut self, service: &str, place: &str, lines: &[NewServiceLine]) -> DbResult<()> {
        for part in lines.chunks(BATCH) {
            let mut query = QueryBuilder::<sqlx::MySql>::new(
                "INSERT INTO service_lines (at, service, place, level, correlation, text) ",
            );
            query.push_values(part, |mut row, line| {
                row.push_bind(line.at).push_bind(service).push_bind(place).push_bind(line.level);
                row.push_bind(&line.correlation).push_bind(&line.text);
            });
            query.build().persistent(false).execute(&mut *self.conn).await?;
        }
        Ok(())
    }

    /// Number of the newest line; 0 without lines.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn newest(&mut self) -> DbResult<u64> {
        Ok(sqlx::query_scalar!(r#"SELECT CAST(COALESCE(MAX(id), 0) AS UNSIGNED) AS "id!: u64" FROM service_lines"#)
            .fetch_one(&mut *self.conn)
            .await?)
    }

    /// Lines by the filter, newest first (oldest first with `after`). Times become numbers first, so that each way is a
    /// range of an index in its order; words are looked for in a window of lines only, so that no search reads the whole
    /// table.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, filter: &ServiceLineFilter, limit: u32) -> DbResult<Vec<ServiceLine>> {
        let mut top = filter.before.unwrap_or(u64::MAX);
        let mut floor = filter.after.unwrap_or(0);
        if let Some(to) = filter.to {
            let last = sqlx::query_scalar!("SELECT id FROM service_lines WHERE at < ? ORDER BY at DESC LIMIT 1", to)
                .fetch_optional(&mut *self.conn)
                .await?;
            top = top.min(last.map_or(0, |id| id.saturating_add(DISORDER)));
        }
        if let Some(from) = filter.from {
            let first = sqlx::query_scalar!("SELECT id FROM service_lines WHERE at >= ? ORDER BY at LIMIT 1", from)
                .fetch_optional(&mut *self.conn)
                .await?;
            floor = floor.max(first.map_or(u64::MAX, |id| id.saturating_sub(DISORDER)));
        }
        if !filter.find.is_empty() && filter.after.is_none() {
            top = top.min(self.newest().await?.saturating_add(1));
            floor = floor.max(top.saturating_sub(WINDOW));
        }
        let mut query = QueryBuilder::<sqlx::MySql>::new(
            "SELECT id, at, service, place, level, correlation, text FROM service_lines WHERE id > ",
        );
        query.push_bind(floor).push(" AND id < ").push_bind(top);
        if !filter.correlation.is_empty() {
            query.push(" AND correlation = ").push_bind(&filter.correlation);
        }
        if !filter.service.is_empty() {
            query.push(" AND service = ").push_bind(&filter.service);
        }
        match filter.level {
            0 | 1 => {}
            2 => {
                query.push(" AND severe = 1");
            }
            _ => {
                query.push(" AND level = 3");
            }
        }
        if let Some(from) = filter.from {
            query.push(" AND at >= ").push_bind(from);
        }
        if let Some(to) = filter.to {
            query.push(" AND at < ").push_bind(to);
        }
        if !filter.find.is_empty() {
            // A word of the person is a word, whatever signs are in it.
            query.push(" AND LOCATE(").push_bind(&filter.find).push(", text) > 0");
        }
        query.push(if filter.after.is_some() { " ORDER BY id" } else { " ORDER BY id DESC" });
        query.push(" LIMIT ").push_bind(limit);
        Ok(query.build_query_as().fetch_all(&mut *self.conn).await?)
    }

    /// Forgets lines older than so many days: a bite.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn forget_old(&mut self, days: u32) -> DbResult<u64> {
        Ok(sqlx::query!("DELETE FROM service_lines WHERE at < NOW(6) - INTERVAL ? DAY ORDER BY at LIMIT 20000", days)
            .execute(&mut *self.conn)
            .await?
            .rows_affected())
    }
}
