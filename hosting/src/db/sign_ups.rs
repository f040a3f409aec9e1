//! Sign-ups that wait for their confirmation: one per address and browser, each with its own password and store.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// A sign-up that waits.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// Row id.
    pub id: u64,
    /// The browser that filled in the form.
    pub visitor_session_id: u64,
    /// The store it asked for.
    pub store_id: u64,
    /// Argon2id, PHC string.
    pub password_hash: String,
}

/// Queries on sign-ups.
#[derive(Debug)]
pub struct SignUps<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl SignUps<'_> {
    /// Records one.
    ///
    /// # Errors
    /// `Duplicate { key: "sign_ups_browser" }` when this browser has one for this address.
    pub async fn insert(
        &mut self,
        customer_id: u64,
        visitor_session_id: u64,
        store_id: u64,
        password_hash: &str,
        reseller_id: Option<u64>,
    ) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO sign_ups (customer_id, visitor_session_id, store_id, password_hash, reseller_id) VALUES (?, ?, ?, ?, ?)",
            customer_id,
            visitor_session_id,
            store_id,
            password_hash,
            reseller_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The one of a browser.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, customer_id: u64, visitor_session_id: u64) -> DbResult<Option<SignUp>> {
        Ok(sqlx::query_as!(
            SignUp,
            "SELECT id, visitor_session_id, store_id, password_hash FROM sign_ups \
             WHERE customer_id = ? AND visitor_session_id = ?",
            customer_id,
            visitor_session_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// The newest of an address.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn newest(&mut self, customer_id: u64) -> DbResult<Option<SignUp>> {
        Ok(sqlx::query_as!(
            SignUp,
            "SELECT id, visitor_session_id, store_id, password_hash FROM sign_ups \
             WHERE customer_id = ? ORDER BY id DESC LIMIT 1",
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Forgets one.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn delete(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("DELETE FROM sign_ups WHERE id = ?", id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Forgets all of an address: it is confirmed.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn delete_of_customer(&mut self, customer_id: u64) -> DbResult<()> {
        sqlx::query!("DELETE FROM sign_ups WHERE customer_id = ?", customer_id).execute(&mut *self.conn).await?;
        Ok(())
    }
}
