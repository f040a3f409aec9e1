//! Database pages of stores, and the one-time tickets that lead into them.

use super::{DbError, DbResult};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Seconds a ticket may wait for its use.
pub const TICKET_SECONDS: u32 = 60;

/// A database page.
#[derive(Debug, Clone)]
pub struct DbAdminPage {
    /// Whose.
    pub store_id: u64,
    /// `starting`, `running`, `stopping`.
    pub state: String,
    /// Ordered at.
    pub created_at: PlainDateTime,
    /// Seconds since it was ordered, by the database's clock.
    pub age_seconds: i64,
}

impl DbAdminPage {
    /// Verified and open.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }
}

/// A ticket that may be handed to its page.
#[derive(Debug, Clone)]
pub struct DbAdminTicket {
    /// SHA-256 of the ticket.
    pub token_hash: Vec<u8>,
    /// Seconds it is good for, by the database's clock.
    pub left_seconds: i64,
}

/// Queries on `db_admin_pages` and `db_admin_tickets`.
#[derive(Debug)]
pub struct DbAdmin<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl DbAdmin<'_> {
    /// A store's page.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, store_id: u64) -> DbResult<Option<DbAdminPage>> {
        Ok(sqlx::query_as!(
            DbAdminPage,
            r#"SELECT store_id, state, created_at, TIMESTAMPDIFF(SECOND, created_at, NOW(6)) AS "age_seconds!: i64"
               FROM db_admin_pages WHERE store_id = ?"#,
            store_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Pages of the stores on a server, for its reconciler.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list_on_server(&mut self, server_id: u64) -> DbResult<Vec<DbAdminPage>> {
        Ok(sqlx::query_as!(
            DbAdminPage,
            r#"SELECT p.store_id, p.state, p.created_at, TIMESTAMPDIFF(SECOND, p.created_at, NOW(6)) AS "age_seconds!: i64"
               FROM db_admin_pages p JOIN stores s ON s.id = p.store_id WHERE s.server_id = ? ORDER BY p.store_id"#,
            server_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Records that a page is being started; one that is there is started anew.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn order(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO db_admin_pages (store_id) VALUES (?) \
             ON DUPLICATE KEY UPDATE state = 'starting', created_at = NOW(6), running_at = NULL",
            store_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Moves a page on; being there already is fine.
    ///
    /// # Errors
    /// `Stale` when there is no page.
    pub async fn set_state(&mut self, store_id: u64, state: &str) -> DbResult<()> {
        sqlx::query!(
            "UPDATE db_admin_pages SET running_at = IF(? = 'running' AND state <> 'running', NOW(6), running_at), \
             state = ? WHERE store_id = ?",
            state,
            state,
            store_id
        )
        .execute(&mut *self.conn)
        .await?;
        match self.find(store_id).await? {
            Some(page) if page.state == state => Ok(()),
            _ => Err(DbError::Stale("the database page is not there any more")),
        }
    }

    /// Forgets a store's page and its tickets; gone is fine.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn forget(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!("DELETE FROM db_admin_tickets WHERE store_id = ?", store_id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM db_admin_pages WHERE store_id = ?", store_id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Records a ticket by its hash; returns its row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert_ticket(&mut self, store_id: u64, token_hash: &[u8; 32]) -> DbResult<u64> {
        Ok(sqlx::query!(
            "INSERT INTO db_admin_tickets (store_id, token_hash, expires_at) VALUES (?, ?, NOW(6) + INTERVAL ? SECOND)",
            store_id,
            token_hash.as_slice(),
            TICKET_SECONDS
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// A ticket that was not handed over yet and is still good.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn waiting_ticket(&mut self, id: u64, store_id: u64) -> DbResult<Option<DbAdminTicket>> {
        Ok(sqlx::query_as!(
            DbAdminTicket,
            r#"SELECT token_hash, TIMESTAMPDIFF(SECOND, NOW(6), expires_at) AS "left_seconds!: i64"
               FROM db_admin_tickets WHERE id = ? AND store_id = ? AND admitted_at IS NULL AND expires_at > NOW(6)"#,
            id,
            store_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Notes that a ticket was handed over; it is never handed over again.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn admitted(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE db_admin_tickets SET admitted_at = NOW(6) WHERE id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }
}
