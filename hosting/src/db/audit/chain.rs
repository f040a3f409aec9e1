//! What an event's hash is over, and the walk that looks whether all of them hold.

use super::erase::without_words;
use super::{Audit, Broken, NewEvent};
use crate::crypto::{KeyRing, mac};
use crate::db::DbResult;
use time::PlainDateTime;

/// What the chain's key is derived for.
pub(super) const KEY: &str = "audit chain";
/// What the key of the seals on erased events is derived for.
const SEAL_KEY: &str = "audit erasure";

/// What of an event is hashed.
pub(super) struct Canonical<'a> {
    pub number: u64,
    pub at: PlainDateTime,
    pub actor_kind: &'a str,
    pub actor_id: Option<u64>,
    pub actor_name: &'a str,
    pub role: &'a str,
    pub address: &'a str,
    pub event: &'a NewEvent<'a>,
    pub request_id: &'a str,
    pub prev: &'a [u8],
}

fn micros(at: PlainDateTime) -> i128 {
    at.as_utc().unix_timestamp_nanos() / 1000
}

/// Length-prefixed fields: no two different events share an encoding.
pub(super) fn encode(c: &Canonical<'_>) -> Vec<u8> {
    let details = c.event.details.to_string();
    let id = c.actor_id.map_or_else(String::new, |id| id.to_string());
    let mut out = Vec::new();
    for field in [
        c.number.to_string().as_str(),
        micros(c.at).to_string().as_str(),
        c.actor_kind,
        &id,
        c.actor_name,
        c.role,
        c.address,
        c.event.action,
        c.event.target_kind,
        c.event.target_id,
        c.event.outcome,
        &details,
        c.request_id,
    ] {
        out.extend((field.len() as u64).to_be_bytes());
        out.extend(field.as_bytes());
    }
    out.extend(c.prev);
    out
}

/// The two keys, derived once.
pub(super) struct ChainKeys {
    chain: [u8; 32],
    seal: [u8; 32],
}

impl ChainKeys {
    pub fn of(keys: &KeyRing) -> Self {
        Self { chain: keys.derive(KEY), seal: keys.derive(SEAL_KEY) }
    }
}

/// An event as it stands in the table, whole.
#[derive(Debug)]
pub(super) struct Stored {
    pub number: u64,
    pub at: PlainDateTime,
    pub actor_kind: String,
    pub actor_id: Option<u64>,
    pub actor_name: String,
    pub role: String,
    pub address: String,
    pub action: String,
    pub target_kind: String,
    pub target_id: String,
    pub outcome: String,
    pub details: String,
    pub request_id: String,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
    pub erased_at: Option<PlainDateTime>,
    pub seal: Option<Vec<u8>>,
}

impl Stored {
    fn encoded(&self) -> Vec<u8> {
        let details: serde_json::Value = serde_json::from_str(&self.details).unwrap_or(serde_json::Value::Null);
        let event = NewEvent {
            action: &self.action,
            target_kind: &self.target_kind,
            target_id: &self.target_id,
            outcome: &self.outcome,
            details,
        };
        encode(&Canonical {
            number: self.number,
            at: self.at,
            actor_kind: &self.actor_kind,
            actor_id: self.actor_id,
            actor_name: &self.actor_name,
            role: &self.role,
            address: &self.address,
            event: &event,
            request_id: &self.request_id,
            prev: &self.prev_hash,
        })
    }

    /// The seal of an event that an erasure at this moment has changed to what it is now.
    pub fn seal_of(&self, keys: &ChainKeys, erased_at: PlainDateTime) -> [u8; 32] {
        let mut over = self.encoded();
        over.extend(&self.hash);
        over.extend(micros(erased_at).to_be_bytes());
        mac(&keys.seal, &over)
    }

    fn has_no_words(&self) -> bool {
        serde_json::from_str(&self.details)
            .is_ok_and(|details: serde_json::Value| without_words(details.clone()) == details)
    }

    /// Whether it is as it was written, or as an erasure left it.
    pub fn holds(&self, keys: &ChainKeys) -> bool {
        match (&self.seal, self.erased_at) {
            (None, None) => self.hash == mac(&keys.chain, &self.encoded()),
            (Some(seal), Some(at)) => self.has_no_words() && *seal == self.seal_of(keys, at),
            _ => false,
        }
    }
}

impl Audit<'_> {
    /// Walks the whole chain; `Ok(Err(..))` names the first event that does not hold.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn verify(&mut self, keys: &KeyRing) -> DbResult<Result<u64, Broken>> {
        let keys = ChainKeys::of(keys);
        let head = sqlx::query!("SELECT number, hash FROM audit_head WHERE id = 1").fetch_one(&mut *self.conn).await?;
        let mut prev = vec![0u8; 32];
        let mut number = 0u64;
        loop {
            let rows = sqlx::query_as!(
                Stored,
                "SELECT number, at, actor_kind, actor_id, actor_name, role, address, action, target_kind, target_id, outcome, \
                 details, request_id, prev_hash, hash, erased_at, seal AS \"seal: Vec<u8>\" FROM audit_events WHERE number > ? ORDER BY number \
                 LIMIT 1000",
                number
            )
            .fetch_all(&mut *self.conn)
            .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                number += 1;
                if row.number != number {
                    return Ok(Err(Broken { number, why: "an event is missing" }));
                }
                if row.prev_hash != prev || !row.holds(&keys) {
                    return Ok(Err(Broken { number, why: "the event was changed, moved or inserted" }));
                }
                prev = row.hash;
            }
        }
        if head.number != number || head.hash != prev {
            return Ok(Err(Broken { number: number + 1, why: "events at the end are missing" }));
        }
        Ok(Ok(number))
    }
}
