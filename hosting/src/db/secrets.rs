//! Sealed values of stores.

use super::DbResult;
use crate::crypto::{KeyRing, Sealed, Secret};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Queries on `store_secrets`.
#[derive(Debug)]
pub struct StoreSecrets<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

fn context(store_id: u64, name: &str) -> String {
    format!("store_secrets/{store_id}/{name}")
}

impl StoreSecrets<'_> {
    /// Stores a value unless one of that name is there already, and returns the stored one: inputs
    /// that must not change are chosen once, before their first use.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn choose(
        &mut self,
        keys: &KeyRing,
        store_id: u64,
        name: &str,
        value: impl Fn() -> Secret + Send,
    ) -> DbResult<Secret> {
        let sealed = keys.seal(value().expose().as_bytes(), &context(store_id, name))?;
        sqlx::query!(
            "INSERT IGNORE INTO store_secrets (store_id, name, key_id, sealed) VALUES (?, ?, ?, ?)",
            store_id,
            name,
            sealed.key_id,
            sealed.bytes
        )
        .execute(&mut *self.conn)
        .await?;
        self.get(keys, store_id, name).await?.ok_or(super::DbError::Stale("the secret vanished"))
    }

    /// Replaces a value (a reset password).
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn set(&mut self, keys: &KeyRing, store_id: u64, name: &str, value: &Secret) -> DbResult<()> {
        let sealed = keys.seal(value.expose().as_bytes(), &context(store_id, name))?;
        sqlx::query!(
            "INSERT INTO store_secrets (store_id, name, key_id, sealed) VALUES (?, ?, ?, ?) \
             ON DUPLICATE KEY UPDATE key_id = VALUES(key_id), sealed = VALUES(sealed)",
            store_id,
            name,
            sealed.key_id,
            sealed.bytes
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// A value, opened.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn get(&mut self, keys: &KeyRing, store_id: u64, name: &str) -> DbResult<Option<Secret>> {
        let row =
            sqlx::query!("SELECT key_id, sealed FROM store_secrets WHERE store_id = ? AND name = ?", store_id, name)
                .fetch_optional(&mut *self.conn)
                .await?;
        row.map(|r| Ok(keys.open(&Sealed { key_id: r.key_id, bytes: r.sealed }, &context(store_id, name))?)).transpose()
    }

    /// Names of a store's secrets and when each was last shown.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, store_id: u64) -> DbResult<Vec<(String, Option<PlainDateTime>)>> {
        Ok(sqlx::query!("SELECT name, revealed_at FROM store_secrets WHERE store_id = ? ORDER BY name", store_id)
            .fetch_all(&mut *self.conn)
            .await?
            .into_iter()
            .map(|r| (r.name, r.revealed_at))
            .collect())
    }

    /// Notes that a value was shown to somebody.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn mark_revealed(&mut self, store_id: u64, name: &str) -> DbResult<()> {
        sqlx::query!("UPDATE store_secrets SET revealed_at = NOW(6) WHERE store_id = ? AND name = ?", store_id, name)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Forgets one value of a store; gone is fine.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn delete(&mut self, store_id: u64, name: &str) -> DbResult<()> {
        sqlx::query!("DELETE FROM store_secrets WHERE store_id = ? AND name = ?", store_id, name)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Forgets all values of a store.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn delete_all(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!("DELETE FROM store_secrets WHERE store_id = ?", store_id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// Seals again, under the current key, up to `limit` values sealed under another one; returns
    /// how many were done. Call until 0.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn rotate(&mut self, keys: &KeyRing, limit: u32) -> DbResult<usize> {
        let rows = sqlx::query!(
            "SELECT store_id, name, key_id, sealed FROM store_secrets WHERE key_id <> ? LIMIT ? FOR UPDATE",
            keys.current_id(),
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?;
        for r in &rows {
            let place = context(r.store_id, &r.name);
            let value = keys.open(&Sealed { key_id: r.key_id.clone(), bytes: r.sealed.clone() }, &place)?;
            let sealed = keys.seal(value.expose().as_bytes(), &place)?;
            sqlx::query!(
                "UPDATE store_secrets SET key_id = ?, sealed = ? WHERE store_id = ? AND name = ?",
                sealed.key_id,
                sealed.bytes,
                r.store_id,
                r.name
            )
            .execute(&mut *self.conn)
            .await?;
        }
        Ok(rows.len())
    }
}
