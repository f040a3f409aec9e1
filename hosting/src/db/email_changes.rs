//! Wished changes of an address. The newest wish of a customer counts, for 24 hours.

use super::DbResult;
use sqlx::mysql::MySqlConnection;

/// Which of the three links a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeLink {
    /// In the mail to the old address: go on.
    Old,
    /// In the mail to the new address: go on.
    New,
    /// In the mail to the old address: stop it.
    Stop,
}

/// A change that is open.
#[derive(Debug, Clone)]
pub struct EmailChange {
    /// Row id.
    pub id: u64,
    /// Whose.
    pub customer_id: u64,
    /// The address they have.
    pub old_email: String,
    /// The address they want.
    pub new_email: String,
    /// The old mailbox said yes.
    pub old_confirmed: bool,
    /// The new mailbox said yes.
    pub new_confirmed: bool,
    /// The link of the token is the one that stops it.
    pub stops: bool,
    /// The link of the token is the one in the old mailbox.
    pub from_old: bool,
}

impl EmailChange {
    /// Which link the token was.
    #[must_use]
    pub fn link(&self) -> ChangeLink {
        match (self.stops, self.from_old) {
            (true, _) => ChangeLink::Stop,
            (false, true) => ChangeLink::Old,
            (false, false) => ChangeLink::New,
        }
    }
}

/// Queries on changes of addresses.
#[derive(Debug)]
pub struct EmailChanges<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl EmailChanges<'_> {
    /// Records a wish; older ones of the customer end. Returns the row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(&mut self, customer_id: u64, old: &str, new: &str) -> DbResult<u64> {
        self.end_all(customer_id).await?;
        Ok(sqlx::query!(
            "INSERT INTO email_changes (customer_id, old_email, new_email, expires_at) \
             VALUES (?, ?, ?, NOW(6) + INTERVAL 24 HOUR)",
            customer_id,
            old,
            new
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id())
    }

    /// Ends every open wish of a customer.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn end_all(&mut self, customer_id: u64) -> DbResult<u64> {
        Ok(sqlx::query!(
            "UPDATE email_changes SET ended_at = NOW(6) WHERE customer_id = ? AND ended_at IS NULL",
            customer_id
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected())
    }

    /// Keeps the hash of a link that is about to be mailed.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn set_token(&mut self, id: u64, link: ChangeLink, hash: &[u8; 32]) -> DbResult<()> {
        let hash = hash.as_slice();
        match link {
            ChangeLink::Old => sqlx::query!("UPDATE email_changes SET old_token_hash = ? WHERE id = ?", hash, id),
            ChangeLink::New => sqlx::query!("UPDATE email_changes SET new_token_hash = ? WHERE id = ?", hash, id),
            ChangeLink::Stop => sqlx::query!("UPDATE email_changes SET stop_token_hash = ? WHERE id = ?", hash, id),
        }
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The open change of any of its three tokens; the address has to be the customer's still.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_open(&mut self, hash: &[u8; 32]) -> DbResult<Option<EmailChange>> {
        let hash = hash.as_slice();
        Ok(sqlx::query_as!(
            EmailChange,
            r#"SELECT e.id, e.customer_id, e.old_email, e.new_email,
               e.old_confirmed_at IS NOT NULL AS "old_confirmed!: bool",
               e.new_confirmed_at IS NOT NULL AS "new_confirmed!: bool",
               COALESCE(e.stop_token_hash = ?, FALSE) AS "stops!: bool",
               COALESCE(e.old_token_hash = ?, FALSE) AS "from_old!: bool"
               FROM email_changes e JOIN customers c ON c.id = e.customer_id AND c.email = e.old_email AND c.state <> 'closed'
               WHERE (e.old_token_hash = ? OR e.new_token_hash = ? OR e.stop_token_hash = ?)
               AND e.ended_at IS NULL AND e.expires_at > NOW(6)"#,
            hash,
            hash,
            hash,
            hash,
            hash
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// The addresses of a change, open or not: `(old, new, open)`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn addresses(&mut self, id: u64) -> DbResult<Option<(String, String, bool)>> {
        Ok(sqlx::query!(
            r#"SELECT old_email, new_email, ended_at IS NULL AND expires_at > NOW(6) AS "open!: bool"
               FROM email_changes WHERE id = ?"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .map(|r| (r.old_email, r.new_email, r.open)))
    }

    /// The open wish of a customer: the address they want, and who said yes so far (old, new).
    ///
    /// # Errors
    /// Database trouble.
    pub async fn open_of_customer(&mut self, customer_id: u64) -> DbResult<Option<(String, bool, bool)>> {
        Ok(sqlx::query!(
            r#"SELECT new_email, old_confirmed_at IS NOT NULL AS "old!: bool", new_confirmed_at IS NOT NULL AS "new!: bool"
               FROM email_changes WHERE customer_id = ? AND ended_at IS NULL AND expires_at > NOW(6)
               ORDER BY id DESC LIMIT 1"#,
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .map(|r| (r.new_email, r.old, r.new)))
    }

    /// Notes that a mailbox said yes.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn confirm(&mut self, id: u64, link: ChangeLink) -> DbResult<()> {
        if link == ChangeLink::Old {
            sqlx::query!(
                "UPDATE email_changes SET old_confirmed_at = COALESCE(old_confirmed_at, NOW(6)) WHERE id = ?",
                id
            )
        } else {
            sqlx::query!(
                "UPDATE email_changes SET new_confirmed_at = COALESCE(new_confirmed_at, NOW(6)) WHERE id = ?",
                id
            )
        }
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }
}
