//! Resellers: their limits, their name, and the customers that are theirs.

use super::DbResult;
use super::customers::escape_like;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// What an admin and the reseller have set.
#[derive(Debug, Clone)]
pub struct Reseller {
    /// Row id of the customer.
    pub customer_id: u64,
    /// Most customers they may have.
    pub max_customers: u32,
    /// Most stores these may have together.
    pub max_stores: u32,
    /// Shown instead of our name, or empty.
    pub brand_name: String,
    /// Shown instead of our address, or empty.
    pub brand_email: String,
    /// Wants a mail when a customer of theirs writes in a ticket.
    pub notify_tickets: bool,
}

/// Under which name somebody's provider appears.
#[derive(Debug, Clone, Default)]
pub struct Brand {
    /// Name, or empty for ours.
    pub name: String,
    /// Address for help, or empty for ours.
    pub email: String,
}

/// How much of the limits is used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    /// Customers whose account is not closed.
    pub customers: i64,
    /// Their stores that are not deleted.
    pub stores: i64,
}

/// A customer of a reseller.
#[derive(Debug, Clone)]
pub struct OwnCustomer {
    /// Row id.
    pub id: u64,
    /// E-mail.
    pub email: String,
    /// unverified, active, suspended, closed
    pub state: String,
    /// When the address was confirmed.
    pub email_verified_at: Option<PlainDateTime>,
    /// Made at.
    pub created_at: PlainDateTime,
    /// Name of the newest store.
    pub store_name: Option<String>,
    /// Its state.
    pub store_state: Option<String>,
}

/// Which of their customers.
#[derive(Debug, Clone, Default)]
pub struct OwnFilter {
    /// Start of the address.
    pub q: Option<String>,
    /// Rows older than this id.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

/// Queries on resellers.
#[derive(Debug)]
pub struct Resellers<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

macro_rules! select_own {
    ($rest:literal $(, $arg:expr)*) => {
        sqlx::query_as!(
            OwnCustomer,
            "SELECT c.id, c.email, c.state, c.email_verified_at, c.created_at, s.name AS `store_name?`, s.state AS `store_state?` \
             FROM customers c LEFT JOIN stores s ON s.id = (SELECT MAX(n.id) FROM stores n WHERE n.customer_id = c.id) " + $rest
            $(, $arg)*
        )
    };
}

impl Resellers<'_> {
    /// What is set for a customer; `None` when they are no reseller.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, customer_id: u64) -> DbResult<Option<Reseller>> {
        Ok(sqlx::query_as!(
            Reseller,
            "SELECT customer_id, max_customers, max_stores, brand_name, brand_email, notify_tickets AS `notify_tickets: bool` FROM resellers WHERE customer_id = ?",
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// The same, locked: of two orders at once one sees what the other used up.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock(&mut self, customer_id: u64) -> DbResult<Option<Reseller>> {
        Ok(sqlx::query_as!(
            Reseller,
            "SELECT customer_id, max_customers, max_stores, brand_name, brand_email, notify_tickets AS `notify_tickets: bool` FROM resellers WHERE customer_id = ? FOR UPDATE",
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Sets limits and plans, and makes the customer a reseller.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set(&mut self, id: u64, max_customers: u32, max_stores: u32, plans: &[u64]) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO resellers (customer_id, max_customers, max_stores) VALUES (?, ?, ?) \
             ON DUPLICATE KEY UPDATE max_customers = VALUES(max_customers), max_stores = VALUES(max_stores)",
            id,
            max_customers,
            max_stores
        )
        .execute(&mut *self.conn)
        .await?;
        sqlx::query!("DELETE FROM reseller_plans WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        for plan in plans {
            sqlx::query!("INSERT INTO reseller_plans (customer_id, plan_id) VALUES (?, ?)", id, plan)
                .execute(&mut *self.conn)
                .await?;
        }
        sqlx::query!("UPDATE customers SET role = 'reseller' WHERE id = ?", id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Makes a reseller an ordinary customer again; their customers become ours. Returns how many.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn remove(&mut self, id: u64) -> DbResult<u64> {
        sqlx::query!("DELETE FROM resellers WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("DELETE FROM reseller_plans WHERE customer_id = ?", id).execute(&mut *self.conn).await?;
        sqlx::query!("UPDATE customers SET role = 'customer' WHERE id = ?", id).execute(&mut *self.conn).await?;
        Ok(sqlx::query!("UPDATE customers SET reseller_id = NULL WHERE reseller_id = ?", id)
            .execute(&mut *self.conn)
            .await?
            .rows_affected())
    }

    /// Plans they may sell.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn plans(&mut self, id: u64) -> DbResult<Vec<u64>> {
        Ok(sqlx::query_scalar!("SELECT plan_id FROM reseller_plans WHERE customer_id = ?", id)
            .fetch_all(&mut *self.conn)
            .await?)
    }

    /// The same by name in addresses and orders.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn plan_slugs(&mut self, id: u64) -> DbResult<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "SELECT p.slug FROM reseller_plans r JOIN plans p ON p.id = r.plan_id WHERE r.customer_id = ? ORDER BY p.id",
            id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Under which name their customers see them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_brand(&mut self, id: u64, brand: &Brand) -> DbResult<()> {
        sqlx::query!(
            "UPDATE resellers SET brand_name = ?, brand_email = ? WHERE customer_id = ?",
            brand.name,
            brand.email,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Saves whether they want mails about tickets.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_notices(&mut self, id: u64, tickets: bool) -> DbResult<()> {
        sqlx::query!("UPDATE resellers SET notify_tickets = ? WHERE customer_id = ?", tickets, id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// How much of the limits is used.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn used(&mut self, id: u64) -> DbResult<Used> {
        Ok(sqlx::query_as!(
            Used,
            r#"SELECT (SELECT COUNT(*) FROM customers c WHERE c.reseller_id = ? AND c.state <> 'closed') AS "customers!: i64",
               (SELECT COUNT(*) FROM stores s JOIN customers c ON c.id = s.customer_id
                WHERE c.reseller_id = ? AND s.state <> 'deleted') AS "stores!: i64""#,
            id,
            id
        )
        .fetch_one(&mut *self.conn)
        .await?)
    }

    /// Whose customer somebody is; `None` = ours.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn of_customer(&mut self, customer_id: u64) -> DbResult<Option<u64>> {
        Ok(sqlx::query_scalar!("SELECT reseller_id FROM customers WHERE id = ?", customer_id)
            .fetch_optional(&mut *self.conn)
            .await?
            .flatten())
    }

    /// Gives a customer to a reseller; `None` = to us.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn adopt(&mut self, customer_id: u64, reseller_id: Option<u64>) -> DbResult<()> {
        sqlx::query!("UPDATE customers SET reseller_id = ? WHERE id = ?", reseller_id, customer_id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// The name under which somebody's provider appears.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn brand_of(&mut self, customer_id: u64) -> DbResult<Brand> {
        Ok(sqlx::query_as!(
            Brand,
            "SELECT r.brand_name AS name, r.brand_email AS email FROM customers c JOIN resellers r ON r.customer_id = c.reseller_id \
             WHERE c.id = ?",
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .unwrap_or_default())
    }

    /// Their customers, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn customers(&mut self, id: u64, filter: &OwnFilter) -> DbResult<Vec<OwnCustomer>> {
        let before = filter.before.unwrap_or(u64::MAX);
        Ok(match &filter.q {
            None => {
                select_own!("WHERE c.reseller_id = ? AND c.id < ? ORDER BY c.id DESC LIMIT ?", id, before, filter.limit)
                    .fetch_all(&mut *self.conn)
                    .await?
            }
            Some(q) => {
                let like = format!("{}%", escape_like(&q.to_lowercase()));
                select_own!(
                    "WHERE c.reseller_id = ? AND c.id < ? AND c.email_key LIKE ? ORDER BY c.id DESC LIMIT ?",
                    id,
                    before,
                    like,
                    filter.limit
                )
                .fetch_all(&mut *self.conn)
                .await?
            }
        })
    }

    /// One of their customers; `None` for everybody else's.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn customer(&mut self, id: u64, customer_id: u64) -> DbResult<Option<OwnCustomer>> {
        Ok(select_own!("WHERE c.reseller_id = ? AND c.id = ?", id, customer_id).fetch_optional(&mut *self.conn).await?)
    }
}
