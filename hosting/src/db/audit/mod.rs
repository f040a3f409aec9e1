//! The tamper-evident audit chain.
//!
//! Each event carries an HMAC over its canonical encoding and the previous event's hash; numbers
//! come from one locked head row, so a changed, deleted, inserted, reordered or cut-off event shows.

mod chain;
mod erase;

use super::{DbError, DbResult, reseller_events};
use crate::clock;
use crate::crypto::{KeyRing, mac};
use crate::domain::Actor;
use chain::Canonical;
use sqlx::mysql::MySqlConnection;
use sqlx::types::Json;
use time::PlainDateTime;

/// What happened.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// `noun.verb`, e.g. `store.create`.
    pub action: &'a str,
    /// Kind of the thing acted on.
    pub target_kind: &'a str,
    /// Its public id.
    pub target_id: &'a str,
    /// done, refused, failed
    pub outcome: &'a str,
    /// More facts; never secrets.
    pub details: serde_json::Value,
}

/// An event as read back.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// Number, 1, 2, 3 …
    pub number: u64,
    /// When, UTC.
    pub at: PlainDateTime,
    /// Who.
    pub actor_name: String,
    /// With which role.
    pub role: String,
    /// From where.
    pub address: String,
    /// `noun.verb`.
    pub action: String,
    /// Kind of the thing acted on.
    pub target_kind: String,
    /// Its public id.
    pub target_id: String,
    /// done, refused, failed
    pub outcome: String,
    /// More facts.
    pub details: serde_json::Value,
}

/// What of the chain is asked for; keyset by number. An empty filter is everything.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Name of the person, exactly.
    pub actor: Option<String>,
    /// `noun.verb`, exactly.
    pub action: Option<String>,
    /// Kind of the thing acted on; only together with an id.
    pub target_kind: Option<String>,
    /// Its public id.
    pub target_id: Option<String>,
    /// Not before this moment.
    pub from: Option<PlainDateTime>,
    /// Before this moment.
    pub until: Option<PlainDateTime>,
    /// Numbers below this one.
    pub before: Option<u64>,
    /// Numbers above this one (for "Newer"); they come back newest first as well.
    pub after: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

/// The first place where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Event number.
    pub number: u64,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Queries on the audit chain.
#[derive(Debug)]
pub struct Audit<'c> {
    pub(in crate::db) conn: &'c mut MySqlConnection,
}

/// Now, as exactly as the table keeps it: what is hashed is what is read back.
fn now_micros() -> DbResult<PlainDateTime> {
    let now = clock::now_plain();
    now.replace_nanosecond(now.microsecond() * 1000).map_err(|e| DbError::Row(e.to_string()))
}

impl Audit<'_> {
    /// Appends an event; call it in the transaction of the change, so that neither happens alone.
    /// Holds the head row until the transaction ends: append last.
    ///
    /// # Errors
    /// Database trouble; then the change must not happen either.
    pub async fn append(&mut self, keys: &KeyRing, actor: &Actor, event: &NewEvent<'_>) -> DbResult<u64> {
        let subjects = reseller_events::subjects(&mut *self.conn, event, actor).await?;
        let head = sqlx::query!("SELECT number, hash FROM audit_head WHERE id = 1 FOR UPDATE")
            .fetch_one(&mut *self.conn)
            .await?;
        let number = head.number + 1;
        let at = now_micros()?;
        let role = actor.role.as_str();
        let kind = if actor.role.is_staff() { "admin" } else { role };
        let hash = mac(
            &keys.derive(chain::KEY),
            &chain::encode(&Canonical {
                number,
                at,
                actor_kind: kind,
                actor_id: actor.id,
                actor_name: &actor.name,
                role,
                address: &actor.address,
                event,
                request_id: &actor.request_id,
                prev: &head.hash,
            }),
        );
        sqlx::query!(
            "INSERT INTO audit_events (number, at, actor_kind, actor_id, actor_name, role, address, action, target_kind, \
             target_id, outcome, details, request_id, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            number, at, kind, actor.id, actor.name, role, actor.address, event.action, event.target_kind, event.target_id,
            event.outcome, event.details.to_string(), actor.request_id, head.hash, &hash[..]
        )
        .execute(&mut *self.conn)
        .await?;
        sqlx::query!("UPDATE audit_head SET number = ?, hash = ? WHERE id = 1", number, &hash[..])
            .execute(&mut *self.conn)
            .await?;
        reseller_events::note(&mut *self.conn, number, &subjects).await?;
        Ok(number)
    }

    /// Events newest first; `before` is a keyset.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(
        &mut self,
        target: Option<(&str, &str)>,
        before: Option<u64>,
        limit: u32,
    ) -> DbResult<Vec<EventRow>> {
        let (kind, id) = target.unzip();
        let rows = sqlx::query_as!(
            RawEvent,
            r#"SELECT number, at, actor_name, role, address, action, target_kind, target_id, outcome,
               details AS "details: Json<serde_json::Value>" FROM audit_events
               WHERE (? IS NULL OR (target_kind = ? AND target_id = ?)) AND (? IS NULL OR number < ?) ORDER BY number DESC LIMIT ?"#,
            kind, kind, id, before, before, limit
        )
        .fetch_all(&mut *self.conn)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// One keyset page of what a filter lets through, newest first.
    ///
    /// Numbers are given out in the order of time, so a range of time is a range of numbers: both its ends are looked
    /// up first, and the page is read along the index of the other filters.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn search(&mut self, filter: &EventFilter) -> DbResult<Vec<EventRow>> {
        let (mut low, mut high) = (filter.after, filter.before);
        if let Some(from) = filter.from {
            let first =
                sqlx::query_scalar!("SELECT number FROM audit_events WHERE at >= ? ORDER BY at, number LIMIT 1", from)
                    .fetch_optional(&mut *self.conn)
                    .await?;
            let Some(first) = first else { return Ok(Vec::new()) };
            low = low.max(Some(first.saturating_sub(1)));
        }
        if let Some(until) = filter.until {
            let next =
                sqlx::query_scalar!("SELECT number FROM audit_events WHERE at >= ? ORDER BY at, number LIMIT 1", until)
                    .fetch_optional(&mut *self.conn)
                    .await?;
            high = match (high, next) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let mut query = sqlx::QueryBuilder::new(
            "SELECT number, at, actor_name, role, address, action, target_kind, target_id, outcome, details FROM audit_events WHERE 1 = 1",
        );
        for (column, value) in [
            (" AND actor_name = ", &filter.actor),
            (" AND action = ", &filter.action),
            (" AND target_kind = ", &filter.target_kind),
            (" AND target_id = ", &filter.target_id),
        ] {
            if let Some(value) = value {
                query.push(column).push_bind(value.clone());
            }
        }
        if let Some(low) = low {
            query.push(" AND number > ").push_bind(low);
        }
        if let Some(high) = high {
            query.push(" AND number < ").push_bind(high);
        }
        let backwards = filter.after.is_some();
        query
            .push(if backwards { " ORDER BY number LIMIT " } else { " ORDER BY number DESC LIMIT " })
            .push_bind(filter.limit);
        let mut rows: Vec<EventRow> =
            query.build_query_as::<RawEvent>().fetch_all(&mut *self.conn).await?.into_iter().map(Into::into).collect();
        if backwards {
            rows.reverse();
        }
        Ok(rows)
    }

    /// The actions that were ever recorded, by name. Skips from one to the next in the index.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn actions(&mut self) -> DbResult<Vec<String>> {
        Ok(sqlx::query_scalar!("SELECT action FROM audit_events GROUP BY action ORDER BY action")
            .fetch_all(&mut *self.conn)
            .await?)
    }
}

#[derive(sqlx::FromRow)]
struct RawEvent {
    number: u64,
    at: PlainDateTime,
    actor_name: String,
    role: String,
    address: String,
    action: String,
    target_kind: String,
    target_id: String,
    outcome: String,
    details: Json<serde_json::Value>,
}

impl From<RawEvent> for EventRow {
    fn from(r: RawEvent) -> Self {
        Self {
            number: r.number,
            at: r.at,
            actor_name: r.actor_name,
            role: r.role,
            address: r.address,
            action: r.action,
            target_kind: r.target_kind,
            target_id: r.target_id,
            outcome: r.outcome,
            details: r.details.0,
        }
    }
}
