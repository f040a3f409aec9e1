//! Receivers of events: where they are, what they want, their secrets, how they do.

use super::{DbError, DbResult};
use crate::crypto::{KeyRing, Sealed, Secret};
use crate::domain::Uid;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// Whose receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A customer's, told of their own.
    Owner(u64),
    /// The panel's, told of everything.
    Panel,
}

impl Side {
    /// The customer, if it is one.
    #[must_use]
    pub fn customer(self) -> Option<u64> {
        match self {
            Self::Owner(id) => Some(id),
            Self::Panel => None,
        }
    }
}

/// A receiver.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: Uid,
    /// Whose, `None`: the panel's.
    pub customer_id: Option<u64>,
    /// Where.
    pub url: String,
    /// What it is for.
    pub note: String,
    /// Comma-separated kinds.
    pub events: String,
    /// Nothing is sent.
    pub paused: bool,
    /// Why.
    pub paused_reason: String,
    /// The former secret signs as well until then.
    pub old_until: Option<PlainDateTime>,
    /// Attempts that failed since the last one that did not.
    pub failures: u32,
    /// Since when.
    pub failing_since: Option<PlainDateTime>,
    /// Last attempt that worked.
    pub last_success_at: Option<PlainDateTime>,
    /// Registered at.
    pub created_at: PlainDateTime,
}

#[derive(sqlx::FromRow)]
struct Raw {
    id: u64,
    uid: String,
    customer_id: Option<u64>,
    url: String,
    note: String,
    events: String,
    state: String,
    paused_reason: String,
    old_until: Option<PlainDateTime>,
    failures: u32,
    failing_since: Option<PlainDateTime>,
    last_success_at: Option<PlainDateTime>,
    created_at: PlainDateTime,
}

impl TryFrom<Raw> for Webhook {
    type Error = DbError;
    fn try_from(r: Raw) -> DbResult<Self> {
        Ok(Self {
            id: r.id,
            uid: Uid::parse(&r.uid).map_err(|e| DbError::Row(e.0))?,
            customer_id: r.customer_id,
            url: r.url,
            note: r.note,
            events: r.events,
            paused: r.state == "paused",
            paused_reason: r.paused_reason,
            old_until: r.old_until,
            failures: r.failures,
            failing_since: r.failing_since,
            last_success_at: r.last_success_at,
            created_at: r.created_at,
        })
    }
}

const SELECT: &str = "SELECT id, uid, customer_id, url, note, events, state, paused_reason, \
 IF(old_until > NOW(6), old_until, NULL) AS old_until, failures, failing_since, last_success_at, created_at FROM webhooks WHERE ";

/// Queries on receivers.
#[derive(Debug)]
pub struct Webhooks<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

fn place(uid: &str) -> String {
    format!("webhooks/{uid}/secret")
}

impl Webhooks<'_> {
    /// Registers one.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn insert(
        &mut self,
        keys: &KeyRing,
        side: Side,
        (url, note, events): (&str, &str, &str),
        secret: &Secret,
    ) -> DbResult<Uid> {
        let uid = Uid::new();
        let sealed = keys.seal(secret.expose().as_bytes(), &place(&uid.to_string()))?;
        sqlx::query!(
            "INSERT INTO webhooks (uid, customer_id, url, note, events, key_id, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)",
            uid.to_string(),
            side.customer(),
            url,
            note,
            events,
            sealed.key_id,
            sealed.bytes
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(uid)
    }

    /// Those of a side, oldest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, side: Side) -> DbResult<Vec<Webhook>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("customer_id <=> ").push_bind(side.customer()).push(" ORDER BY id LIMIT 200");
        let rows: Vec<Raw> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(Webhook::try_from).collect()
    }

    /// One of a side.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, side: Side, uid: &Uid) -> DbResult<Option<Webhook>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("uid = ").push_bind(uid.to_string());
        query.push(" AND customer_id <=> ").push_bind(side.customer());
        let row: Option<Raw> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(Webhook::try_from).transpose()
    }

    /// By row id, anybody's: for mails.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<Webhook>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("id = ").push_bind(id);
        let row: Option<Raw> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(Webhook::try_from).transpose()
    }

    /// Locks one until the transaction ends; `false` when it is gone.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock(&mut self, id: u64) -> DbResult<bool> {
        Ok(sqlx::query_scalar!("SELECT id FROM webhooks WHERE id = ? FOR UPDATE", id)
            .fetch_optional(&mut *self.conn)
            .await?
            .is_some())
    }

    /// Another address, note or list of events.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn change(&mut self, id: u64, url: &str, note: &str, events: &str) -> DbResult<()> {
        sqlx::query!("UPDATE webhooks SET url = ?, note = ?, events = ? WHERE id = ?", url, note, events, id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Nothing is sent from now on.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn pause(&mut self, id: u64, reason: &str) -> DbResult<()> {
        let reason: String = reason.chars().take(200).collect();
        sqlx::query!("UPDATE webhooks SET state = 'paused', paused_reason = ? WHERE id = ?", reason, id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    /// Everything that waits is sent from now on; the count of failures begins anew.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn resume(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!(
            "UPDATE webhooks SET state = 'active', paused_reason = '', failures = 0, failing_since = NULL, hold_until = NULL WHERE id = ?",
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// A new secret; the former one signs as well for so many hours.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn rotate(&mut self, keys: &KeyRing, hook: &Webhook, secret: &Secret, hours: u32) -> DbResult<()> {
        let sealed = keys.seal(secret.expose().as_bytes(), &place(&hook.uid.to_string()))?;
        sqlx::query!(
            "UPDATE webhooks SET old_key_id = key_id, old_sealed = sealed, old_until = NOW(6) + INTERVAL ? HOUR, \
             key_id = ?, sealed = ? WHERE id = ?",
            hours,
            sealed.key_id,
            sealed.bytes,
            hook.id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// The secrets that sign now, the newest first.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn secrets(&mut self, keys: &KeyRing, id: u64) -> DbResult<Vec<Secret>> {
        let row = sqlx::query!(
            r#"SELECT uid, key_id, sealed, old_key_id, old_sealed, (old_until > NOW(6)) AS "overlap: bool" FROM webhooks WHERE id = ?"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        let Some(r) = row else { return Ok(Vec::new()) };
        let at = place(&r.uid);
        let mut all = vec![keys.open(&Sealed { key_id: r.key_id, bytes: r.sealed }, &at)?];
        if let (Some(key_id), Some(bytes), Some(true)) = (r.old_key_id, r.old_sealed, r.overlap) {
            all.push(keys.open(&Sealed { key_id, bytes }, &at)?);
        }
        Ok(all)
    }

    /// Seals secrets again under the current key; returns how many.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn rotate_keys(&mut self, keys: &KeyRing) -> DbResult<usize> {
        let rows = sqlx::query!(
            "SELECT id, uid, key_id, sealed FROM webhooks WHERE key_id <> ? LIMIT 100 FOR UPDATE",
            keys.current_id()
        )
        .fetch_all(&mut *self.conn)
        .await?;
        let count = rows.len();
        for r in rows {
            let plain = keys.open(&Sealed { key_id: r.key_id, bytes: r.sealed }, &place(&r.uid))?;
            let sealed = keys.seal(plain.expose().as_bytes(), &place(&r.uid))?;
            // A former secret under a former key is over with it.
            sqlx::query!(
                "UPDATE webhooks SET key_id = ?, sealed = ?, old_key_id = NULL, old_sealed = NULL, old_until = NULL WHERE id = ?",
                sealed.key_id,
                sealed.bytes,
                r.id
            )
            .execute(&mut *self.conn)
            .await?;
        }
        Ok(count)
    }

    /// Forgets one with all its deliveries.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn delete(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!("DELETE FROM webhooks WHERE id = ?", id).execute(&mut *self.conn).await?;
        Ok(())
    }
}
