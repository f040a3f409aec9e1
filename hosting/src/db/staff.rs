//! Making staff accounts. (Signing in and managing them has its own queries.)

use super::DbResult;
use crate::domain::{Email, Role, Uid};
use sqlx::mysql::MySqlConnection;

/// Queries on staff accounts.
#[derive(Debug)]
pub struct Staff<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

/// An account to insert.
#[derive(Debug, Clone)]
pub struct NewAdmin<'a> {
    /// Signs in with it.
    pub email: &'a Email,
    /// Shown in the panel.
    pub name: &'a str,
    /// PHC string.
    pub password_hash: &'a str,
    /// support, admin or super_admin.
    pub role: Role,
}

impl Staff<'_> {
    /// Inserts an account.
    ///
    /// # Errors
    /// `Duplicate { key: "admins_email_key" }` when the address has an account.
    pub async fn insert(&mut self, admin: &NewAdmin<'_>) -> DbResult<Uid> {
        let uid = Uid::new();
        sqlx::query!(
            "INSERT INTO admins (uid, email, email_key, name, password_hash, role) VALUES (?, ?, ?, ?, ?, ?)",
            uid.to_string(),
            admin.email.as_str(),
            admin.email.key(),
            admin.name,
            admin.password_hash,
            admin.role.as_str()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(uid)
    }

    /// How many accounts there are, whatever their state.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn count(&mut self) -> DbResult<i64> {
        Ok(sqlx::query_scalar!("SELECT COUNT(*) FROM admins").fetch_one(&mut *self.conn).await?)
    }
}
