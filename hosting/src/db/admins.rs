//! Staff.

use super::{DbError, DbResult};
use crate::crypto::{KeyRing, Sealed, Secret};
use crate::domain::{Email, Role, Uid};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

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

/// A row of the staff list.
#[derive(Debug, Clone)]
pub struct AdminListRow {
    /// Row id.
    pub id: u64,
    /// E-mail.
    pub email: String,
    /// Name.
    pub name: String,
    /// Role as stored.
    pub role: String,
    /// May sign in.
    pub active: bool,
    /// Has to choose an own password first.
    pub must_change_password: bool,
    /// Until when a temporary password may be used.
    pub temporary_until: Option<PlainDateTime>,
    /// When they were last here.
    pub seen_at: Option<PlainDateTime>,
    /// Made at.
    pub created_at: PlainDateTime,
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
            "UPDATE admins SET password_hash = ?, must_change_password = FALSE, temporary_until = NULL, \
             temporary_key_id = NULL, temporary_sealed = NULL \
             WHERE id = ? AND password_hash = ?",
            new_hash,
            id,
            old_hash
        )
        .execute(&mut *self.conn)
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DbError::Stale("the password was changed meanwhile")) }
    }

    /// By row id, locked for the rest of the transaction.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock(&mut self, id: u64) -> DbResult<Option<Admin>> {
        let found = sqlx::query_scalar!("SELECT id FROM admins WHERE id = ? FOR UPDATE", id)
            .fetch_optional(&mut *self.conn)
            .await?;
        if found.is_some() { self.get(id).await } else { Ok(None) }
    }

    /// Everybody, by name. Staff are few: there are no pages.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self) -> DbResult<Vec<AdminListRow>> {
        Ok(sqlx::query_as!(
            AdminListRow,
            r#"SELECT id, email, name, role, active AS "active: bool", must_change_password AS "must_change_password: bool",
               temporary_until, created_at,
               (SELECT MAX(s.seen_at) FROM login_sessions s WHERE s.admin_id = a.id) AS "seen_at: PlainDateTime"
               FROM admins a ORDER BY name, id LIMIT 500"#
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Locks every super admin who can sign in with a password of their own; their row ids.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock_able_super_admins(&mut self) -> DbResult<Vec<u64>> {
        Ok(sqlx::query_scalar!(
            "SELECT id FROM admins WHERE role = 'super_admin' AND active AND NOT must_change_password \
             ORDER BY id FOR UPDATE"
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Changes name, role and whether they may sign in.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_facts(&mut self, id: u64, name: &str, role: Role, active: bool) -> DbResult<()> {
        sqlx::query!("UPDATE admins SET name = ?, role = ?, active = ? WHERE id = ?", name, role.as_str(), active, id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Sets a temporary password: over in 24 hours, to be replaced before anything else, and kept sealed for its mail.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn set_temporary(&mut self, keys: &KeyRing, id: u64, hash: &str, plain: &Secret) -> DbResult<()> {
        let sealed = keys.seal(plain.expose().as_bytes(), &temporary_place(id))?;
        sqlx::query!(
            "UPDATE admins SET password_hash = ?, must_change_password = TRUE, \
             temporary_until = NOW(6) + INTERVAL 24 HOUR, temporary_key_id = ?, temporary_sealed = ? WHERE id = ?",
            hash,
            sealed.key_id,
            sealed.bytes,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The temporary password that waits for its mail; `None` when it left, was replaced or is over.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn temporary(&mut self, keys: &KeyRing, id: u64) -> DbResult<Option<Secret>> {
        let row = sqlx::query!(
            r#"SELECT temporary_key_id AS "key_id!", temporary_sealed AS "sealed!" FROM admins
               WHERE id = ? AND temporary_sealed IS NOT NULL AND must_change_password AND temporary_until > NOW(6)"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        row.map(|r| Ok(keys.open(&Sealed { key_id: r.key_id, bytes: r.sealed }, &temporary_place(id))?)).transpose()
    }

    /// Forgets the sealed temporary password after its mail has left.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn forget_temporary(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE admins SET temporary_key_id = NULL, temporary_sealed = NULL WHERE id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Removes a staff member with their sessions. What they did stays in the audit log under their name.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn delete(&mut self, id: u64) -> DbResult<bool> {
        let done = sqlx::query!("DELETE FROM admins WHERE id = ?", id).execute(&mut *self.conn).await?;
        Ok(done.rows_affected() == 1)
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

fn temporary_place(id: u64) -> String {
    format!("admins/{id}/temporary")
}
