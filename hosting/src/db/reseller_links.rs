//! A reseller's own link for people who are not signed in: a public code, and the name it stands for.

use super::DbResult;
use super::resellers::{Brand, Resellers};

/// The reseller behind a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Row id of the customer.
    pub id: u64,
    /// What stands in the link; empty for one who has none yet.
    pub code: String,
    /// Name, or empty for ours.
    pub name: String,
    /// Address for help, or empty for ours.
    pub email: String,
}

impl Provider {
    /// As their customers see them.
    #[must_use]
    pub fn brand(&self) -> Brand {
        Brand { name: self.name.clone(), email: self.email.clone() }
    }
}

impl Resellers<'_> {
    /// The reseller of a code, while their account is open.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn by_code(&mut self, code: &str) -> DbResult<Option<Provider>> {
        Ok(sqlx::query_as!(
            Provider,
            r#"SELECT r.customer_id AS id, COALESCE(r.code, '') AS "code!: String", r.brand_name AS name, r.brand_email AS email
               FROM resellers r JOIN customers c ON c.id = r.customer_id AND c.state = 'active' WHERE r.code = ?"#,
            code
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// A reseller as people who are not signed in see them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn provider(&mut self, id: u64) -> DbResult<Option<Provider>> {
        Ok(sqlx::query_as!(
            Provider,
            r#"SELECT customer_id AS id, COALESCE(code, '') AS "code!: String", brand_name AS name, brand_email AS email
               FROM resellers WHERE customer_id = ?"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Whose customer somebody is, as people who are not signed in see them; `None`: ours.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn provider_of(&mut self, customer_id: u64) -> DbResult<Option<Provider>> {
        Ok(sqlx::query_as!(
            Provider,
            r#"SELECT r.customer_id AS id, COALESCE(r.code, '') AS "code!: String", r.brand_name AS name, r.brand_email AS email
               FROM customers c JOIN resellers r ON r.customer_id = c.reseller_id WHERE c.id = ?"#,
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Under which name the sign-up of a browser was made; ours when it was by no reseller's link.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn brand_of_sign_up(&mut self, customer_id: u64, visitor_session_id: u64) -> DbResult<Brand> {
        Ok(sqlx::query_as!(
            Brand,
            "SELECT r.brand_name AS name, r.brand_email AS email FROM sign_ups u JOIN resellers r ON r.customer_id = u.reseller_id \
             WHERE u.customer_id = ? AND u.visitor_session_id = ?",
            customer_id,
            visitor_session_id
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .unwrap_or_default())
    }

    /// Gives a reseller the code of their link, unless they have one.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_code(&mut self, id: u64, code: &str) -> DbResult<()> {
        sqlx::query!("UPDATE resellers SET code = ? WHERE customer_id = ? AND code IS NULL", code, id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }
}
