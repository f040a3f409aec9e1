//! Second factors, their recovery codes, and sign-ins that wait for one.

use super::{DbError, DbResult};
use crate::crypto::{KeyRing, Sealed, Secret};
use crate::domain::Person;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Wrong codes a sign-in survives.
pub const CHALLENGE_TRIES: u32 = 5;

/// What there is of a person's second factor.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// Row id.
    pub id: u64,
    /// Since when it is asked for; `None` while it is only being set up.
    pub confirmed_at: Option<PlainDateTime>,
    /// A set-up has begun within the last hour.
    pub pending: bool,
    /// Recovery codes that are left.
    pub codes_left: i64,
    /// Newest step a code was accepted for.
    pub last_step: u64,
    /// Seconds since 1970 by the database's clock.
    pub now: i64,
}

/// A sign-in that waits for its second factor.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Row id.
    pub id: u64,
    /// Customer, or …
    pub customer_id: Option<u64>,
    /// … staff member.
    pub admin_id: Option<u64>,
    /// SHA-256 of the password hash that was proven.
    pub password_mark: Vec<u8>,
}

/// Queries on second factors.
#[derive(Debug)]
pub struct SecondFactors<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

fn place(id: u64, which: &str) -> String {
    format!("second_factors/{id}/{which}")
}

impl SecondFactors<'_> {
    /// What a person has.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, person: Person) -> DbResult<Option<SecondFactor>> {
        Ok(sqlx::query_as!(
            SecondFactor,
            r#"SELECT f.id, f.confirmed_at, f.last_step, UNIX_TIMESTAMP() AS "now!: i64",
               COALESCE(f.pending_at > NOW(6) - INTERVAL 1 HOUR, FALSE) AS "pending!: bool",
               (SELECT COUNT(*) FROM recovery_codes c WHERE c.factor_id = f.id AND c.used_at IS NULL) AS "codes_left!: i64"
               FROM second_factors f WHERE f.customer_id <=> ? AND f.admin_id <=> ?"#,
            person.customer(),
            person.admin()
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// The same, locked for the rest of the transaction.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock(&mut self, person: Person) -> DbResult<Option<SecondFactor>> {
        sqlx::query!(
            "SELECT id FROM second_factors WHERE customer_id <=> ? AND admin_id <=> ? FOR UPDATE",
            person.customer(),
            person.admin()
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        self.find(person).await
    }

    /// Keeps a secret that is being set up, beside an active one.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn begin(&mut self, keys: &KeyRing, person: Person, secret: &Secret) -> DbResult<()> {
        let id = sqlx::query!(
            "INSERT INTO second_factors (customer_id, admin_id) VALUES (?, ?) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)",
            person.customer(),
            person.admin()
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id();
        let sealed = keys.seal(secret.expose().as_bytes(), &place(id, "pending"))?;
        sqlx::query!(
            "UPDATE second_factors SET pending_key_id = ?, pending_sealed = ?, pending_at = NOW(6) WHERE id = ?",
            sealed.key_id,
            sealed.bytes,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The secret that is being set up.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn pending_secret(&mut self, keys: &KeyRing, id: u64) -> DbResult<Option<Secret>> {
        let row = sqlx::query!(
            r#"SELECT pending_key_id AS "key_id!", pending_sealed AS "sealed!" FROM second_factors
               WHERE id = ? AND pending_sealed IS NOT NULL AND pending_at > NOW(6) - INTERVAL 1 HOUR"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        row.map(|r| Ok(keys.open(&Sealed { key_id: r.key_id, bytes: r.sealed }, &place(id, "pending"))?)).transpose()
    }

    /// The active secret.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn secret(&mut self, keys: &KeyRing, id: u64) -> DbResult<Option<Secret>> {
        let row = sqlx::query!(
            r#"SELECT key_id AS "key_id!", sealed AS "sealed!" FROM second_factors
               WHERE id = ? AND sealed IS NOT NULL AND confirmed_at IS NOT NULL"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        row.map(|r| Ok(keys.open(&Sealed { key_id: r.key_id, bytes: r.sealed }, &place(id, "active"))?)).transpose()
    }

    /// Makes the secret that was set up the active one.
    ///
    /// # Errors
    /// `Stale` when there is an active one; database or key trouble.
    pub async fn confirm(&mut self, keys: &KeyRing, id: u64, secret: &Secret, step: u64) -> DbResult<()> {
        let sealed = keys.seal(secret.expose().as_bytes(), &place(id, "active"))?;
        let done = sqlx::query!(
            "UPDATE second_factors SET key_id = ?, sealed = ?, confirmed_at = NOW(6), last_step = ?, pending_key_id = NULL, \
             pending_sealed = NULL, pending_at = NULL WHERE id = ? AND confirmed_at IS NULL",
            sealed.key_id,
            sealed.bytes,
            step,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DbError::Stale("a second factor is active already")) }
    }

    /// Uses a step up; `false` when it, or a later one, was used before.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn use_step(&mut self, id: u64, step: u64) -> DbResult<bool> {
        let done =
            sqlx::query!("UPDATE second_factors SET last_step = ? WHERE id = ? AND last_step < ?", step, id, step)
                .execute(&mut *self.conn)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Removes a factor with its codes; `false` when there was none.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn remove(&mut self, person: Person) -> DbResult<bool> {
        let done = sqlx::query!(
            "DELETE FROM second_factors WHERE customer_id <=> ? AND admin_id <=> ?",
            person.customer(),
            person.admin()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Replaces all recovery codes.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_codes(&mut self, id: u64, hashes: &[[u8; 32]]) -> DbResult<()> {
        sqlx::query!("DELETE FROM recovery_codes WHERE factor_id = ?", id).execute(&mut *self.conn).await?;
        for hash in hashes {
            sqlx::query!("INSERT INTO recovery_codes (factor_id, code_hash) VALUES (?, ?)", id, hash.as_slice())
                .execute(&mut *self.conn)
                .await?;
        }
        Ok(())
    }

    /// Uses a recovery code up; `false` when there is none like it, or it was used.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn use_code(&mut self, id: u64, hash: &[u8; 32]) -> DbResult<bool> {
        let done = sqlx::query!(
            "UPDATE recovery_codes SET used_at = NOW(6) WHERE factor_id = ? AND code_hash = ? AND used_at IS NULL",
            id,
            hash.as_slice()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Records that a password was right and the second factor is asked for, for ten minutes.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn challenge(&mut self, person: Person, token_hash: &[u8; 32], mark: &[u8; 32]) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO sign_in_challenges (token_hash, customer_id, admin_id, password_mark, expires_at) \
             VALUES (?, ?, ?, ?, NOW(6) + INTERVAL 10 MINUTE)",
            token_hash.as_slice(),
            person.customer(),
            person.admin(),
            mark.as_slice()
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The sign-in of a token if it still waits, locked for the rest of the transaction.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_challenge(&mut self, token_hash: &[u8; 32]) -> DbResult<Option<Challenge>> {
        Ok(sqlx::query_as!(
            Challenge,
            "SELECT id, customer_id, admin_id, password_mark FROM sign_in_challenges \
             WHERE token_hash = ? AND used_at IS NULL AND expires_at > NOW(6) AND failures < ? FOR UPDATE",
            token_hash.as_slice(),
            CHALLENGE_TRIES
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// Notes a wrong code; the sign-in ends with the fifth.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn fail_challenge(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE sign_in_challenges SET failures = failures + 1 WHERE id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Uses a sign-in up.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn end_challenge(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("UPDATE sign_in_challenges SET used_at = NOW(6) WHERE id = ?", id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }
}
