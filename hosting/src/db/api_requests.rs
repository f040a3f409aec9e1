//! Answers kept under an `Idempotency-Key`, so that a repeated request changes nothing further.

use super::DbResult;
use crate::crypto::{KeyRing, Sealed};
use sqlx::mysql::MySqlConnection;

/// Seconds after which an unanswered request counts as broken off.
const BROKEN_OFF_SECONDS: i64 = 60;

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is taken now, go on.
    New,
    /// The first answer: status and body.
    Answered(u16, String),
    /// The first request is still at work.
    AtWork,
    /// The first request never got as far as its answer: what it did is not known.
    BrokenOff,
    /// The key belongs to another request.
    Other,
}

/// Queries on kept answers.
#[derive(Debug)]
pub struct ApiRequests<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

fn context(key: &[u8; 32]) -> String {
    format!("api_requests/{}", hex::encode(key))
}

impl ApiRequests<'_> {
    /// Takes a key for a request, or says what is known of it.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn take(&mut self, keys: &KeyRing, key: &[u8; 32], request: &[u8; 32]) -> DbResult<Known> {
        let new = sqlx::query!(
            "INSERT IGNORE INTO api_requests (key_hash, request_hash) VALUES (?, ?)",
            key.as_slice(),
            request.as_slice()
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if new == 1 {
            return Ok(Known::New);
        }
        let Some(row) = sqlx::query!(
            r#"SELECT request_hash, status, key_id, answer, TIMESTAMPDIFF(SECOND, created_at, NOW(6)) AS "age!: i64"
               FROM api_requests WHERE key_hash = ?"#,
            key.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?
        else {
            return Ok(Known::AtWork);
        };
        if row.request_hash != request.as_slice() {
            return Ok(Known::Other);
        }
        match (row.status, row.answer) {
            (0, _) | (_, None) if row.age > BROKEN_OFF_SECONDS => Ok(Known::BrokenOff),
            (0, _) | (_, None) => Ok(Known::AtWork),
            (status, Some(bytes)) => {
                let body = keys.open(&Sealed { key_id: row.key_id, bytes }, &context(key))?;
                Ok(Known::Answered(status, body.expose().to_owned()))
            }
        }
    }

    /// Keeps the answer.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn answer(&mut self, keys: &KeyRing, key: &[u8; 32], status: u16, body: &str) -> DbResult<()> {
        let sealed = keys.seal(body.as_bytes(), &context(key))?;
        sqlx::query!(
            "UPDATE api_requests SET status = ?, key_id = ?, answer = ? WHERE key_hash = ?",
            status,
            sealed.key_id,
            sealed.bytes,
            key.as_slice()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Frees a key whose request changed nothing.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn free(&mut self, key: &[u8; 32]) -> DbResult<()> {
        sqlx::query!("DELETE FROM api_requests WHERE key_hash = ?", key.as_slice()).execute(&mut *self.conn).await?;
        Ok(())
    }
}
