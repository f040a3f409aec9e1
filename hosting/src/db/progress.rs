//! Reading progress logs.

use super::DbResult;
use crate::domain::{Audience, Level, Line};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Queries on `job_lines`.
#[derive(Debug)]
pub struct Progress<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

#[derive(sqlx::FromRow)]
struct RawLine {
    seq: u32,
    attempt: u32,
    step: String,
    level: u8,
    audience: u8,
    at: PlainDateTime,
    text: String,
}

impl From<RawLine> for Line {
    fn from(r: RawLine) -> Self {
        Self {
            seq: r.seq,
            attempt: r.attempt,
            step: r.step,
            level: Level::from_u8(r.level),
            audience: if r.audience == 1 { Audience::Owner } else { Audience::Staff },
            at: r.at,
            text: r.text,
        }
    }
}

impl Progress<'_> {
    /// Lines `from..=to` in order, at most `limit`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn range(&mut self, job_id: u64, from: u32, to: u32, limit: u32) -> DbResult<Vec<Line>> {
        Ok(sqlx::query_as!(
            RawLine,
            "SELECT seq, attempt, step, level, audience, at, text FROM job_lines \
             WHERE job_id = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
            job_id,
            from,
            to,
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?
        .into_iter()
        .map(Line::from)
        .collect())
    }

    /// The last `limit` lines, in order.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn tail(&mut self, job_id: u64, limit: u32) -> DbResult<Vec<Line>> {
        let mut lines: Vec<Line> = sqlx::query_as!(
            RawLine,
            "SELECT seq, attempt, step, level, audience, at, text FROM job_lines WHERE job_id = ? ORDER BY seq DESC LIMIT ?",
            job_id, limit
        )
        .fetch_all(&mut *self.conn)
        .await?
        .into_iter()
        .map(Line::from)
        .collect();
        lines.reverse();
        Ok(lines)
    }

    /// First and last line of an attempt; `None` while it has none.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn bounds(&mut self, job_id: u64, attempt: u32) -> DbResult<Option<(u32, u32)>> {
        let row = sqlx::query!(
            r#"SELECT MIN(seq) AS "low: u32", MAX(seq) AS "high: u32" FROM job_lines WHERE job_id = ? AND attempt = ?"#,
            job_id,
            attempt
        )
        .fetch_one(&mut *self.conn)
        .await?;
        Ok(row.low.zip(row.high))
    }

    /// The highest number, 0 for none.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn last_seq(&mut self, job_id: u64) -> DbResult<u32> {
        Ok(sqlx::query_scalar!(r#"SELECT COALESCE(MAX(seq), 0) AS "n!: u32" FROM job_lines WHERE job_id = ?"#, job_id)
            .fetch_one(&mut *self.conn)
            .await?)
    }

    /// The first line of an attempt at `level` or above, for "Next error" and the failing step.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn first_at_level(&mut self, job_id: u64, attempt: u32, level: Level) -> DbResult<Option<Line>> {
        Ok(sqlx::query_as!(
            RawLine,
            "SELECT seq, attempt, step, level, audience, at, text FROM job_lines \
             WHERE job_id = ? AND attempt = ? AND level >= ? ORDER BY seq LIMIT 1",
            job_id,
            attempt,
            level.as_u8()
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .map(Line::from))
    }

    /// Lines that contain `needle` (no patterns), in order, at most `limit`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn search(&mut self, job_id: u64, needle: &str, limit: u32) -> DbResult<Vec<Line>> {
        Ok(sqlx::query_as!(
            RawLine,
            "SELECT seq, attempt, step, level, audience, at, text FROM job_lines \
             WHERE job_id = ? AND LOCATE(?, text) > 0 ORDER BY seq LIMIT ?",
            job_id,
            needle,
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?
        .into_iter()
        .map(Line::from)
        .collect())
    }
}
