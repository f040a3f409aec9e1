//! The history of sign-ins.

use super::DbResult;
use crate::domain::{Person, SignInWay};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// A sign-in, or a try.
#[derive(Debug, Clone)]
pub struct SignInRow {
    /// When, UTC.
    pub at: PlainDateTime,
    /// From where.
    pub address: String,
    /// The browser's name for itself.
    pub user_agent: String,
    /// It worked.
    pub done: bool,
    /// How, by name; of older ones it was not kept.
    pub way: Option<String>,
}

/// Queries on sign-ins.
#[derive(Debug)]
pub struct SignIns<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl SignIns<'_> {
    /// Notes one; returns its row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(
        &mut self,
        person: Person,
        (address, network): (&str, &str),
        user_agent: &str,
        (done, way): (bool, SignInWay),
    ) -> DbResult<u64> {
        Ok(sqlx::query!(
            "INSERT INTO sign_ins (customer_id, admin_id, address, network, user_agent, done, way) VALUES (?, ?, ?, ?, ?, ?, ?)",
            person.customer(),
            person.admin(),
            address,
            network,
            user_agent,
            done,
            way.as_str()
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// Whether the person signed in within the last 90 days, and none of those times from this network.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn is_new_place(&mut self, person: Person, network: &str) -> DbResult<bool> {
        let row = sqlx::query!(
            r#"SELECT COUNT(*) AS "all!: i64", COALESCE(CAST(SUM(network = ?) AS SIGNED), 0) AS "same!: i64" FROM sign_ins
               WHERE customer_id <=> ? AND admin_id <=> ? AND done AND at > NOW(6) - INTERVAL 90 DAY"#,
            network,
            person.customer(),
            person.admin()
        )
        .fetch_one(&mut *self.conn)
        .await?;
        Ok(row.all > 0 && row.same == 0)
    }

    /// One of them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<SignInRow>> {
        Ok(sqlx::query_as!(
            SignInRow,
            r#"SELECT at, address, user_agent, done AS "done: bool", way FROM sign_ins WHERE id = ?"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// The newest of a person.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, person: Person, limit: u32) -> DbResult<Vec<SignInRow>> {
        Ok(sqlx::query_as!(
            SignInRow,
            r#"SELECT at, address, user_agent, done AS "done: bool", way FROM sign_ins
               WHERE customer_id <=> ? AND admin_id <=> ? ORDER BY id DESC LIMIT ?"#,
            person.customer(),
            person.admin(),
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }
}
