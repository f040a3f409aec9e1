//! Staff.

use super::{DbError, DbResult};
use crate::domain::{Email, Role, Uid};
use sqlx::mysql::MySqlConnection;

/// A staff member.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Row id.
    pub id: u64,
    /// E-mail.
    pub email: String,
    /// Name.
    pub name: String,
    /// Argon2id, PHC string.
    pub password_hash: String,
    /// Rights.
    pub role: Role,
    /// May sign in.
    pub active: bool,
    /// Has to choose an own password first.
    pub must_change_password: bool,
    /// The temporary password is over.
    pub temporary_over: bool,
}

/// Queries on staff.
#[derive(Debug)]
pub struct Admins<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

struct Raw {
    id: u64,
    email: String,
    name: String,
    password_hash: String,
    role: String,
    active: bool,
    must_change_password: bool,
    temporary_over: bool,
}

impl TryFrom<Raw> for Admin {
    type Error = DbError;
    fn try_from(r: Raw) -> DbResult<Self> {
        let role = Role::parse(&r.role).filter(|r| r.is_staff());
        Ok(Self {
            id: r.id,
            email: r.email,
            name: r.name,
            password_hash: r.password_hash,
            role: role.ok_or_else(|| DbError::Row(format!("staff role {}", r.role)))?,
            active: r.active,
            must_change_password: r.must_change_password,
            temporary_over: r.temporary_over,
        })
    }
}

impl Admins<'_> {
    /// Inserts a staff member. `must_change`: the password is temporary and over in 24 hours.
    ///
    /// # Errors
    /// `Duplicate { key: "admins_email_key" }` when the address is known.
    pub async fn insert(
        &mut self,
        email: &Email,
        name: &str,
        password_hash: &str,
        role: Role,
        must_change: bool,
    ) -> DbResult<u64> {
        Ok(sqlx::query!(
            "INSERT INTO admins (uid, email, email_key, name, password_hash, role, must_change_password, temporary_until) \
             VALUES (?, ?, ?, ?, ?, ?, ?, IF(?, NOW(6) + INTERVAL 24 HOUR, NULL))",
            Uid::new().to_string(),
            email.as_str(),
            email.key(),
            name,
            password_hash,
            role.as_str(),
            must_change,
            must_change
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// By e-mail, whatever its capitals.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_by_email(&mut self, key: &str) -> DbResult<Option<Admin>> {
        sqlx::query_as!(
            Raw,
            r#"SELECT id, email, name, password_hash, role, active AS "active: bool",
               must_change_password AS "must_change_password: bool",
               COALESCE(temporary_until < NOW(6), FALSE) AS "temporary_over!: bool" FROM admins WHERE email_key = ?"#,
            key
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .map(Admin::try_from)
        .transpose()
    }

    /// By row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<Admin>> {
        sqlx::query_as!(
            Raw,
            r#"SELECT id, email, name, password_hash, role, active AS "active: bool",
               must_change_password AS "must_change_password: bool",
               COALESCE(temporary_until < NOW(6), FALSE) AS "temporary_over!: bool" FROM admins WHERE id = ?"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .map(Admin::try_from)
        .transpose()
    }

    /// Replaces the password, only if it is still the one that was proven.
    ///
    /// # Errors
    /// `Stale` when it was changed meanwhile.
    pub async fn set_password(&mut self, id: u64, old_hash: &str, new_hash: &str) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE admins SET password_hash = ?, must_change_password = FALSE, temporary_until = NULL \
             WHERE id = ? AND password_hash = ?",
            new_hash,
            id,
            old_hash
        )
        .execute(&mut *self.conn)
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DbError::Stale("the password was changed meanwhile")) }
    }

    /// Whether there is any staff member.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn any(&mut self) -> DbResult<bool> {
        Ok(sqlx::query_scalar!(r#"SELECT 1 AS "one!: i64" FROM admins LIMIT 1"#)
            .fetch_optional(&mut *self.conn)
            .await?
            .is_some())
    }
}
