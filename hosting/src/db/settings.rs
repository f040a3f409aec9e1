//! Settings: everything that is not needed to start. `services::settings` types and validates them.

use super::DbResult;
use crate::crypto::{KeyRing, Sealed, Secret};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Who set a setting last.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Name.
    pub name: String,
    /// It is a sealed value.
    pub sealed: bool,
    /// Rises with each change.
    pub version: u32,
    /// Last change.
    pub updated_at: PlainDateTime,
    /// By whom.
    pub updated_by: String,
}

/// Queries on settings.
#[derive(Debug)]
pub struct Settings<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Settings<'_> {
    /// All plain values.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn all(&mut self) -> DbResult<Vec<(String, String)>> {
        Ok(sqlx::query!(r#"SELECT name, value AS "value!" FROM settings WHERE value IS NOT NULL ORDER BY name"#)
            .fetch_all(&mut *self.conn)
            .await?
            .into_iter()
            .map(|r| (r.name, r.value))
            .collect())
    }

    /// Names of the secrets that are set.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn secret_names(&mut self) -> DbResult<Vec<String>> {
        Ok(sqlx::query_scalar!("SELECT name FROM settings WHERE sealed IS NOT NULL ORDER BY name")
            .fetch_all(&mut *self.conn)
            .await?)
    }

    /// Sets a plain value.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set(&mut self, name: &str, value: &str, by: &str) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO settings (name, value, updated_by) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value), \
             sealed = NULL, key_id = NULL, version = version + 1, updated_by = VALUES(updated_by)",
            name, value, by
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Sets a secret value.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn set_secret(&mut self, keys: &KeyRing, name: &str, value: &Secret, by: &str) -> DbResult<()> {
        let sealed = keys.seal(value.expose().as_bytes(), &format!("settings/{name}"))?;
        sqlx::query!(
            "INSERT INTO settings (name, key_id, sealed, updated_by) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE value = NULL, \
             key_id = VALUES(key_id), sealed = VALUES(sealed), version = version + 1, updated_by = VALUES(updated_by)",
            name, sealed.key_id, sealed.bytes, by
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// A secret value.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn secret(&mut self, keys: &KeyRing, name: &str) -> DbResult<Option<Secret>> {
        let row = sqlx::query!(
            r#"SELECT key_id AS "key_id!", sealed AS "sealed!" FROM settings WHERE name = ? AND sealed IS NOT NULL"#,
            name
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        row.map(|r| Ok(keys.open(&Sealed { key_id: r.key_id, bytes: r.sealed }, &format!("settings/{name}"))?))
            .transpose()
    }

    /// Seals secrets again under the current key; returns how many.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn rotate(&mut self, keys: &KeyRing) -> DbResult<usize> {
        let rows = sqlx::query!(
            r#"SELECT name, key_id AS "key_id!", sealed AS "sealed!" FROM settings WHERE sealed IS NOT NULL AND key_id <> ? FOR UPDATE"#,
            keys.current_id()
        )
        .fetch_all(&mut *self.conn)
        .await?;
        for r in &rows {
            let place = format!("settings/{}", r.name);
            let value = keys.open(&Sealed { key_id: r.key_id.clone(), bytes: r.sealed.clone() }, &place)?;
            let sealed = keys.seal(value.expose().as_bytes(), &place)?;
            sqlx::query!(
                "UPDATE settings SET key_id = ?, sealed = ? WHERE name = ?",
                sealed.key_id,
                sealed.bytes,
                r.name
            )
            .execute(&mut *self.conn)
            .await?;
        }
        Ok(rows.len())
    }

    /// What is stored, without the values, by name.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn stored(&mut self) -> DbResult<Vec<Stored>> {
        Ok(sqlx::query_as!(
            Stored,
            r#"SELECT name, (sealed IS NOT NULL) AS "sealed!: bool", version, updated_at, updated_by FROM settings ORDER BY name"#
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// The values, locked for the rest of the transaction: `(name, value, version)`; no value for secrets.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock_all(&mut self) -> DbResult<Vec<(String, Option<String>, u32)>> {
        Ok(sqlx::query!("SELECT name, value, version FROM settings ORDER BY name FOR UPDATE")
            .fetch_all(&mut *self.conn)
            .await?
            .into_iter()
            .map(|r| (r.name, r.value, r.version))
            .collect())
    }

    /// Removes a value: the default holds again. `false` when there was none.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn remove(&mut self, name: &str) -> DbResult<bool> {
        let done = sqlx::query!("DELETE FROM settings WHERE name = ?", name).execute(&mut *self.conn).await?;
        Ok(done.rows_affected() == 1)
    }
}
