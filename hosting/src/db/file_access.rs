//! File access (SFTP) of stores, and the keys that open it.

use super::{DbError, DbResult};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Most keys of a store.
pub const MOST_KEYS: i64 = 10;

/// File access that is started, open or stopped.
#[derive(Debug, Clone)]
pub struct FileAccess {
    /// Whose.
    pub store_id: u64,
    /// `starting`, `running`, `stopping`.
    pub state: String,
    /// Raised with every change of keys or password.
    pub version: u32,
    /// Public key of the server, may be empty while it starts.
    pub host_key: String,
    /// Seconds since it was ordered, by the database's clock.
    pub age_seconds: i64,
    /// Seconds since somebody was seen in it.
    pub idle_seconds: i64,
}

impl FileAccess {
    /// Verified and open.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state == "running"
    }
}

/// A key.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// Row id.
    pub id: u64,
    /// For people.
    pub name: String,
    /// Type and key.
    pub public_key: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// When it was added.
    pub created_at: PlainDateTime,
}

/// Queries on `file_access` and `file_access_keys`.
#[derive(Debug)]
pub struct FileAccesses<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl FileAccesses<'_> {
    /// A store's file access; `None`: closed.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, store_id: u64) -> DbResult<Option<FileAccess>> {
        Ok(sqlx::query_as!(
            FileAccess,
            r#"SELECT store_id, state, version, host_key, TIMESTAMPDIFF(SECOND, created_at, NOW(6)) AS "age_seconds!: i64",
               TIMESTAMPDIFF(SECOND, used_at, NOW(6)) AS "idle_seconds!: i64" FROM file_access WHERE store_id = ?"#,
            store_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// That of all stores on a server, for its reconciler.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list_on_server(&mut self, server_id: u64) -> DbResult<Vec<FileAccess>> {
        Ok(sqlx::query_as!(
            FileAccess,
            r#"SELECT f.store_id, f.state, f.version, f.host_key,
               TIMESTAMPDIFF(SECOND, f.created_at, NOW(6)) AS "age_seconds!: i64",
               TIMESTAMPDIFF(SECOND, f.used_at, NOW(6)) AS "idle_seconds!: i64"
               FROM file_access f JOIN stores s ON s.id = f.store_id WHERE s.server_id = ? ORDER BY f.store_id"#,
            server_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Records that it is being started; one that is there gets a new version.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn order(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO file_access (store_id) VALUES (?) ON DUPLICATE KEY UPDATE state = 'starting', \
             version = version + 1, created_at = NOW(6), running_at = NULL, used_at = NOW(6)",
            store_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Notes the server's public key.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_host_key(&mut self, store_id: u64, host_key: &str) -> DbResult<()> {
        sqlx::query!("UPDATE file_access SET host_key = ? WHERE store_id = ?", host_key, store_id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Moves it on; being there already is fine.
    ///
    /// # Errors
    /// `Stale` when it is closed.
    pub async fn set_state(&mut self, store_id: u64, state: &str) -> DbResult<()> {
        sqlx::query!(
            "UPDATE file_access SET running_at = IF(? = 'running' AND state <> 'running', NOW(6), running_at), \
             used_at = IF(? = 'running' AND state <> 'running', NOW(6), used_at), state = ? WHERE store_id = ?",
            state,
            state,
            state,
            store_id
        )
        .execute(&mut *self.conn)
        .await?;
        match self.find(store_id).await? {
            Some(access) if access.state == state => Ok(()),
            _ => Err(DbError::Stale("file access is not there any more")),
        }
    }

    /// Somebody is in it now.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn touch(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE file_access SET used_at = NOW(6) WHERE store_id = ?", store_id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Forgets that it was open; closed is fine. Keys stay.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn forget(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!("DELETE FROM file_access WHERE store_id = ?", store_id).execute(&mut *self.conn).await?;
        Ok(())
    }

    /// A store's keys, oldest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn keys(&mut self, store_id: u64) -> DbResult<Vec<AccessKey>> {
        Ok(sqlx::query_as!(
            AccessKey,
            "SELECT id, name, public_key, fingerprint, created_at FROM file_access_keys WHERE store_id = ? ORDER BY id",
            store_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Adds a key.
    ///
    /// # Errors
    /// `Duplicate` (`file_access_keys_once`).
    pub async fn add_key(&mut self, store_id: u64, name: &str, public_key: &str, fingerprint: &str) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO file_access_keys (store_id, name, public_key, fingerprint) VALUES (?, ?, ?, ?)",
            store_id,
            name,
            public_key,
            fingerprint
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Removes a key of this store; `false`: it has none such.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn remove_key(&mut self, store_id: u64, id: u64) -> DbResult<bool> {
        let gone = sqlx::query!("DELETE FROM file_access_keys WHERE store_id = ? AND id = ?", store_id, id)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        Ok(gone > 0)
    }

    /// Removes every key of a store.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn remove_keys(&mut self, store_id: u64) -> DbResult<()> {
        sqlx::query!("DELETE FROM file_access_keys WHERE store_id = ?", store_id).execute(&mut *self.conn).await?;
        Ok(())
    }
}
