//! Answers that staff keep for questions that come again.

use super::DbResult;
use crate::domain::Uid;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// A kept answer.
#[derive(Debug, Clone)]
pub struct CannedAnswer {
    /// Public id.
    pub uid: String,
    /// What it is for.
    pub title: String,
    /// Text.
    pub body: String,
    /// Raised by each change.
    pub version: u32,
    /// Who changed it last.
    pub updated_by: String,
    /// When.
    pub updated_at: PlainDateTime,
}

/// Most of them.
pub const MOST: u32 = 200;

/// Queries on kept answers.
#[derive(Debug)]
pub struct CannedAnswers<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl CannedAnswers<'_> {
    /// All of them, by title.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self) -> DbResult<Vec<CannedAnswer>> {
        Ok(sqlx::query_as!(
            CannedAnswer,
            "SELECT uid, title, body, version, updated_by, updated_at FROM canned_answers ORDER BY title LIMIT ?",
            MOST
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, uid: &Uid) -> DbResult<Option<CannedAnswer>> {
        Ok(sqlx::query_as!(
            CannedAnswer,
            "SELECT uid, title, body, version, updated_by, updated_at FROM canned_answers WHERE uid = ?",
            uid.to_string()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Keeps one.
    ///
    /// # Errors
    /// `Duplicate` (`canned_answers_title`).
    pub async fn insert(&mut self, title: &str, body: &str, by: &str) -> DbResult<Uid> {
        let uid = Uid::new();
        sqlx::query!(
            "INSERT INTO canned_answers (uid, title, body, updated_by) VALUES (?, ?, ?, ?)",
            uid.to_string(),
            title,
            body,
            by
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(uid)
    }

    /// Changes the version that was shown; `false` when somebody changed it since, or it is gone.
    ///
    /// # Errors
    /// `Duplicate` (`canned_answers_title`).
    pub async fn change(&mut self, uid: &Uid, version: u32, title: &str, body: &str, by: &str) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE canned_answers SET title = ?, body = ?, updated_by = ?, version = version + 1 WHERE uid = ? AND version = ?",
            title,
            body,
            by,
            uid.to_string(),
            version
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets one; `false` when it is gone.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn delete(&mut self, uid: &Uid) -> DbResult<bool> {
        let done =
            sqlx::query!("DELETE FROM canned_answers WHERE uid = ?", uid.to_string()).execute(&mut *self.conn).await?;
        Ok(done.rows_affected() == 1)
    }
}
