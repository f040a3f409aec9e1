//! Looking for customers and stores by what staff have at hand: each way is one look into one index.

use super::DbResult;
use super::customers::escape_like;
use sqlx::mysql::MySqlConnection;

/// Something found.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Found {
    /// Customer's row id.
    pub customer_id: u64,
    /// Customer's e-mail.
    pub email: String,
    /// Store's name, when it was a store that was found.
    pub store_name: Option<String>,
    /// Store's state.
    pub store_state: Option<String>,
    /// Store's address.
    pub host: Option<String>,
}

/// Queries of the search page.
#[derive(Debug)]
pub struct Find<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

const STORES: &str = "SELECT s.customer_id, c.email, s.name AS store_name, s.state AS store_state, \
 (SELECT a.host FROM store_addresses a WHERE a.store_id = s.id AND a.kind = 'platform' LIMIT 1) AS host ";

impl Find<'_> {
    /// Customers whose address starts like this.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn customers(&mut self, text: &str, limit: u32) -> DbResult<Vec<Found>> {
        let mut query = sqlx::QueryBuilder::new(
            "SELECT c.id AS customer_id, c.email, NULL AS store_name, NULL AS store_state, NULL AS host FROM customers c WHERE c.email_key LIKE ",
        );
        query.push_bind(format!("{}%", escape_like(&text.to_lowercase())));
        query.push(" ORDER BY c.email_key LIMIT ").push_bind(limit);
        Ok(query.build_query_as().fetch_all(&mut *self.conn).await?)
    }

    /// Stores whose name starts like this.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn stores(&mut self, text: &str, limit: u32) -> DbResult<Vec<Found>> {
        let mut query = sqlx::QueryBuilder::new(STORES);
        query.push("FROM stores s JOIN customers c ON c.id = s.customer_id WHERE s.name LIKE ");
        query.push_bind(format!("{}%", escape_like(text))).push(" ORDER BY s.name LIMIT ").push_bind(limit);
        Ok(query.build_query_as().fetch_all(&mut *self.conn).await?)
    }

    /// Stores with an address that starts like this.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn addresses(&mut self, text: &str, limit: u32) -> DbResult<Vec<Found>> {
        if !text.is_ascii() {
            return Ok(Vec::new());
        }
        let mut query = sqlx::QueryBuilder::new(
            "SELECT s.customer_id, c.email, s.name AS store_name, s.state AS store_state, a.host FROM store_addresses a \
             JOIN stores s ON s.id = a.store_id JOIN customers c ON c.id = s.customer_id WHERE a.host LIKE ",
        );
        query.push_bind(format!("{}%", escape_like(&text.to_lowercase())));
        query.push(" ORDER BY a.host LIMIT ").push_bind(limit);
        Ok(query.build_query_as().fetch_all(&mut *self.conn).await?)
    }

    /// The customer of the store with this public id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn customer_of_store(&mut self, uid: &str) -> DbResult<Option<u64>> {
        Ok(sqlx::query_scalar!("SELECT customer_id FROM stores WHERE uid = ?", uid)
            .fetch_optional(&mut *self.conn)
            .await?)
    }
}
