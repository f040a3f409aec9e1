//! Offers of a store to another customer.

use super::{DbError, DbResult};
use crate::domain::{Email, Uid};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Days an offer stands.
pub const DAYS: u32 = 7;

/// An offer.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: String,
    /// What is offered.
    pub store_id: u64,
    /// Its name.
    pub store_name: String,
    /// Who offers it.
    pub customer_id: u64,
    /// Their address.
    pub from_email: String,
    /// Whom it is offered to.
    pub to_email: String,
    /// offered, accepted, done, declined, withdrawn, expired
    pub state: String,
    /// Until when.
    pub expires_at: PlainDateTime,
}

/// Queries on `store_transfers`.
#[derive(Debug)]
pub struct StoreTransfers<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

macro_rules! select {
    ($rest:literal, $($arg:expr),*) => {
        sqlx::query_as!(
            Transfer,
            "SELECT t.id, t.uid, t.store_id, s.name AS store_name, t.customer_id, c.email AS from_email, t.to_email, t.state, \
             t.expires_at FROM store_transfers t JOIN stores s ON s.id = t.store_id JOIN customers c ON c.id = t.customer_id "
                + $rest,
            $($arg),*
        )
    };
}

impl StoreTransfers<'_> {
    /// Records an offer; one whose time is over makes room first.
    ///
    /// # Errors
    /// `Duplicate` (`store_transfers_open`): one is open.
    pub async fn offer(&mut self, store_id: u64, customer_id: u64, to: &Email) -> DbResult<Uid> {
        sqlx::query!(
            "UPDATE store_transfers SET state = 'expired', ended_at = NOW(6) \
             WHERE store_id = ? AND state = 'offered' AND expires_at <= NOW(6)",
            store_id
        )
        .execute(&mut *self.conn)
        .await?;
        let uid = Uid::new();
        sqlx::query!(
            "INSERT INTO store_transfers (uid, store_id, customer_id, to_email, to_email_key, expires_at) \
             VALUES (?, ?, ?, ?, ?, NOW(6) + INTERVAL ? DAY)",
            uid.to_string(),
            store_id,
            customer_id,
            to.as_str(),
            to.key(),
            DAYS
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(uid)
    }

    /// The open offer of a store.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn open_of_store(&mut self, store_id: u64) -> DbResult<Option<Transfer>> {
        Ok(select!(
            "WHERE t.store_id = ? AND (t.state = 'accepted' OR t.state = 'offered' AND t.expires_at > NOW(6))",
            store_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Offers that stand for an address, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn open_to(&mut self, email_key: &str) -> DbResult<Vec<Transfer>> {
        Ok(select!(
            "WHERE t.to_email_key = ? AND t.state = 'offered' AND t.expires_at > NOW(6) ORDER BY t.id DESC LIMIT 20",
            email_key
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// An offer that stands, to this address, by its public id; its row is held.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock_to(&mut self, uid: &Uid, email_key: &str) -> DbResult<Option<Transfer>> {
        Ok(select!(
            "WHERE t.uid = ? AND t.to_email_key = ? AND t.state = 'offered' AND t.expires_at > NOW(6) FOR UPDATE",
            uid.to_string(),
            email_key
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Moves an offer on.
    ///
    /// # Errors
    /// `Stale` when it is in another state by now.
    pub async fn move_on(&mut self, id: u64, from: &str, to: &str) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE store_transfers SET ended_at = IF(? IN ('offered', 'accepted'), NULL, NOW(6)), state = ? \
             WHERE id = ? AND state = ?",
            to,
            to,
            id,
            from
        )
        .execute(&mut *self.conn)
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DbError::Stale("this offer is not open any more")) }
    }

    /// State of an offer.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn state(&mut self, id: u64) -> DbResult<Option<String>> {
        Ok(sqlx::query_scalar!("SELECT state FROM store_transfers WHERE id = ?", id)
            .fetch_optional(&mut *self.conn)
            .await?)
    }

    /// Gives a store to another customer. Nothing of it was shown to them yet.
    ///
    /// # Errors
    /// `Stale` when it is not `from`'s any more.
    pub async fn hand_over(&mut self, store_id: u64, from: u64, to: u64) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE stores SET customer_id = ?, owned_since = NOW(6) WHERE id = ? AND customer_id = ?",
            to,
            store_id,
            from
        )
        .execute(&mut *self.conn)
        .await?;
        if done.rows_affected() != 1 {
            return Err(DbError::Stale("the store has another owner by now"));
        }
        sqlx::query!("UPDATE store_secrets SET revealed_at = NULL WHERE store_id = ?", store_id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }
}
