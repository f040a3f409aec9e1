//! Files of messages, sealed in the database.

use super::DbResult;
use super::tickets::Tickets;
use crate::crypto::{KeyRing, Sealed};
use crate::domain::{Uid, Upload};

/// What is known of a file.
#[derive(Debug, Clone)]
pub struct FileRow {
    /// Public id.
    pub uid: String,
    /// Number of the message it belongs to.
    pub seq: u32,
    /// Its name.
    pub name: String,
    /// Its type, by content.
    pub media: String,
    /// Bytes.
    pub size: u32,
}

/// A file with its content.
#[derive(Debug, Clone)]
pub struct FileContent {
    /// Its name.
    pub name: String,
    /// Its type, by content.
    pub media: String,
    /// Content.
    pub bytes: Vec<u8>,
}

fn place(uid: &str) -> String {
    format!("ticket_files/{uid}")
}

impl Tickets<'_> {
    /// Keeps a file of a message.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn add_file(&mut self, keys: &KeyRing, message_id: u64, file: &Upload) -> DbResult<()> {
        let uid = Uid::new().to_string();
        let sealed = keys.seal(file.bytes(), &place(&uid))?;
        sqlx::query!(
            "INSERT INTO ticket_files (uid, message_id, name, media, size, key_id, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)",
            uid,
            message_id,
            file.name(),
            file.media(),
            u32::try_from(file.bytes().len()).unwrap_or(u32::MAX),
            sealed.key_id,
            sealed.bytes
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The files of a ticket, without their content.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn files(&mut self, ticket_id: u64) -> DbResult<Vec<FileRow>> {
        Ok(sqlx::query_as!(
            FileRow,
            "SELECT f.uid, m.seq, f.name, f.media, f.size FROM ticket_files f JOIN ticket_messages m ON m.id = f.message_id \
             WHERE m.ticket_id = ? ORDER BY f.id",
            ticket_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// A file of this ticket with its content.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn file(&mut self, keys: &KeyRing, ticket_id: u64, uid: &Uid) -> DbResult<Option<FileContent>> {
        let uid = uid.to_string();
        let row = sqlx::query!(
            "SELECT f.name, f.media, f.key_id, f.sealed FROM ticket_files f JOIN ticket_messages m ON m.id = f.message_id \
             WHERE m.ticket_id = ? AND f.uid = ?",
            ticket_id,
            uid
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        row.map(|r| {
            let bytes = keys.open_bytes(&Sealed { key_id: r.key_id, bytes: r.sealed }, &place(&uid))?;
            Ok(FileContent { name: r.name, media: r.media, bytes })
        })
        .transpose()
    }

    /// Seals files again under the current key, a few at a time; returns how many.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn rotate_files(&mut self, keys: &KeyRing) -> DbResult<usize> {
        let rows = sqlx::query!(
            "SELECT id, uid, key_id, sealed FROM ticket_files WHERE key_id <> ? LIMIT 8 FOR UPDATE",
            keys.current_id()
        )
        .fetch_all(&mut *self.conn)
        .await?;
        let count = rows.len();
        for r in rows {
            let bytes = keys.open_bytes(&Sealed { key_id: r.key_id, bytes: r.sealed }, &place(&r.uid))?;
            let sealed = keys.seal(&bytes, &place(&r.uid))?;
            sqlx::query!(
                "UPDATE ticket_files SET key_id = ?, sealed = ? WHERE id = ?",
                sealed.key_id,
                sealed.bytes,
                r.id
            )
            .execute(&mut *self.conn)
            .await?;
        }
        Ok(count)
    }
}
