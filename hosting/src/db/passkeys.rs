//! Passkeys, and the challenges that wait for an answer.

use super::DbResult;
use crate::domain::Person;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// A passkey as its owner sees it.
#[derive(Debug, Clone)]
pub struct PasskeyRow {
    /// Row id.
    pub id: u64,
    /// The name they gave it.
    pub name: String,
    /// Added at.
    pub created_at: PlainDateTime,
    /// Last sign-in with it.
    pub last_used_at: Option<PlainDateTime>,
    /// It opens nothing any more.
    pub blocked_at: Option<PlainDateTime>,
}

/// A passkey somebody signs in with.
#[derive(Debug, Clone)]
pub struct FoundPasskey {
    /// Row id.
    pub id: u64,
    /// Owner, or …
    pub customer_id: Option<u64>,
    /// … staff member.
    pub admin_id: Option<u64>,
    /// What the library keeps.
    pub credential: String,
    /// It opens nothing any more.
    pub blocked: bool,
}

/// Challenges of one browser and purpose that may wait at once: a form each in as many tabs, and some given up.
pub const WAITING: u32 = 10;

/// A challenge: the form that has it, and the browser and purpose it is for.
#[derive(Debug, Clone, Copy)]
pub struct CeremonyKey<'a> {
    /// SHA-256 of what the form carries.
    pub token_hash: &'a [u8; 32],
    /// Keyed hash of browser and purpose.
    pub bound_to: &'a [u8; 32],
}

/// Queries on passkeys.
#[derive(Debug)]
pub struct Passkeys<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Passkeys<'_> {
    /// Keeps a challenge for five minutes. Of more than [`WAITING`] the oldest go.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn begin(&mut self, key: CeremonyKey<'_>, person: Option<Person>, state: &str) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO passkey_ceremonies (token_hash, bound_to, customer_id, admin_id, state, expires_at) \
             VALUES (?, ?, ?, ?, ?, NOW(6) + INTERVAL 5 MINUTE)",
            key.token_hash.as_slice(),
            key.bound_to.as_slice(),
            person.and_then(Person::customer),
            person.and_then(Person::admin),
            state
        )
        .execute(&mut *self.conn)
        .await?;
        let oldest: Option<u64> = sqlx::query_scalar!(
            "SELECT id FROM passkey_ceremonies WHERE bound_to = ? ORDER BY id DESC LIMIT 1 OFFSET ?",
            key.bound_to.as_slice(),
            WAITING
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        if let Some(oldest) = oldest {
            sqlx::query!(
                "DELETE FROM passkey_ceremonies WHERE bound_to = ? AND id <= ?",
                key.bound_to.as_slice(),
                oldest
            )
            .execute(&mut *self.conn)
            .await?;
        }
        Ok(())
    }

    /// Takes the challenge of a form out, for the browser, purpose and person it was made for (nobody at a sign-in): it is
    /// used up whatever the answer is.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn take(&mut self, key: CeremonyKey<'_>, person: Option<Person>) -> DbResult<Option<String>> {
        let row = sqlx::query!(
            "SELECT id, state FROM passkey_ceremonies WHERE token_hash = ? AND bound_to = ? AND customer_id <=> ? \
             AND admin_id <=> ? AND expires_at > NOW(6) FOR UPDATE",
            key.token_hash.as_slice(),
            key.bound_to.as_slice(),
            person.and_then(Person::customer),
            person.and_then(Person::admin)
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        let Some(row) = row else { return Ok(None) };
        sqlx::query!("DELETE FROM passkey_ceremonies WHERE id = ?", row.id).execute(&mut *self.conn).await?;
        Ok(Some(row.state))
    }

    /// Adds one.
    ///
    /// # Errors
    /// `Duplicate` when the credential is known.
    pub async fn insert(
        &mut self,
        person: Person,
        name: &str,
        credential_hash: &[u8; 32],
        credential: &str,
    ) -> DbResult<u64> {
        Ok(sqlx::query!(
            "INSERT INTO passkeys (customer_id, admin_id, name, credential_hash, credential) VALUES (?, ?, ?, ?, ?)",
            person.customer(),
            person.admin(),
            name,
            credential_hash.as_slice(),
            credential
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// Those of a person, oldest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, person: Person) -> DbResult<Vec<PasskeyRow>> {
        Ok(sqlx::query_as!(
            PasskeyRow,
            "SELECT id, name, created_at, last_used_at, blocked_at FROM passkeys \
             WHERE customer_id <=> ? AND admin_id <=> ? ORDER BY id LIMIT 100",
            person.customer(),
            person.admin()
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// What the library keeps of each, so that one device is not added twice.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn credentials(&mut self, person: Person) -> DbResult<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "SELECT credential FROM passkeys WHERE customer_id <=> ? AND admin_id <=> ? ORDER BY id LIMIT 100",
            person.customer(),
            person.admin()
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// What the library keeps of those that open something.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn usable(&mut self, person: Person) -> DbResult<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "SELECT credential FROM passkeys WHERE customer_id <=> ? AND admin_id <=> ? AND blocked_at IS NULL \
             ORDER BY id LIMIT 100",
            person.customer(),
            person.admin()
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// By the hash of its credential's id, locked.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, credential_hash: &[u8; 32]) -> DbResult<Option<FoundPasskey>> {
        Ok(sqlx::query_as!(
            FoundPasskey,
            r#"SELECT id, customer_id, admin_id, credential, blocked_at IS NOT NULL AS "blocked!: bool"
               FROM passkeys WHERE credential_hash = ? FOR UPDATE"#,
            credential_hash.as_slice()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Notes that it was used, with the counter it brought along.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn used(&mut self, id: u64, credential: &str) -> DbResult<()> {
        sqlx::query!("UPDATE passkeys SET last_used_at = NOW(6), credential = ? WHERE id = ?", credential, id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// It opens nothing any more.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn block(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE passkeys SET blocked_at = NOW(6) WHERE id = ? AND blocked_at IS NULL", id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Removes one of a person; `false` when it is not theirs.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn remove(&mut self, person: Person, id: u64) -> DbResult<bool> {
        let done = sqlx::query!(
            "DELETE FROM passkeys WHERE id = ? AND customer_id <=> ? AND admin_id <=> ?",
            id,
            person.customer(),
            person.admin()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Removes all of a person; returns how many.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn remove_all(&mut self, person: Person) -> DbResult<u64> {
        Ok(sqlx::query!(
            "DELETE FROM passkeys WHERE customer_id <=> ? AND admin_id <=> ?",
            person.customer(),
            person.admin()
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected())
    }
}
