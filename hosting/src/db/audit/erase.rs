//! Taking a person out of the audit log: what happened, when, to which thing and by which role stays; who it was does not.
//!
//! An event's hash is over everything, so an erased one is sealed anew over what is left of it and its former hash: the
//! chain goes on from that hash, and nobody without the key can make another event look erased. An event that did not
//! hold before gets no seal, so an erasure hides no tampering. The database's own rights and a trigger keep the application from
//! changing anything else.

use super::chain::{ChainKeys, Stored};
use super::{Audit, now_micros};
use crate::crypto::KeyRing;
use crate::db::DbResult;
use serde_json::Value;
use std::collections::BTreeSet;
use time::PlainDateTime;

/// What stands where a person's words stood.
pub const ERASED: &str = "erased";

/// Events that one read of the whole table looks through.
const BITE: u64 = 20_000;

impl Audit<'_> {
    /// Takes a customer out of all events: by them, on their account and things, and wherever their address stands.
    /// Answers how many events that were. To be called before their rows are forgotten; a second time changes nothing more.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn erase_customer(&mut self, keys: &KeyRing, customer_id: u64) -> DbResult<u64> {
        let own = self.acted(customer_id).await?;
        let mut names: BTreeSet<String> =
            own.iter().map(|(_, name)| name.clone()).filter(|n| n.contains('@')).collect();
        names.extend(
            sqlx::query_scalar!("SELECT email FROM customers WHERE id = ? AND erased_at IS NULL", customer_id)
                .fetch_optional(&mut *self.conn)
                .await?,
        );
        let mut numbers: BTreeSet<u64> = own.into_iter().map(|(number, _)| number).collect();
        numbers.extend(self.about(customer_id).await?);
        for name in &names {
            numbers.extend(self.naming(name).await?);
        }
        // One erasure at a time: two that concern one event would each seal what the other changes.
        sqlx::query_scalar!("SELECT number FROM audit_head WHERE id = 1 FOR UPDATE").fetch_one(&mut *self.conn).await?;
        let keys = ChainKeys::of(keys);
        let now = now_micros()?;
        let mut erased = 0;
        for number in numbers {
            erased += u64::from(self.erase_one(&keys, number, customer_id, &names, now).await?);
        }
        Ok(erased)
    }

    /// Events by them, and what they were called there.
    async fn acted(&mut self, customer_id: u64) -> DbResult<Vec<(u64, String)>> {
        Ok(sqlx::query!(
            "SELECT number, actor_name FROM audit_events WHERE actor_kind IN ('customer', 'reseller') AND actor_id = ?",
            customer_id
        )
        .fetch_all(&mut *self.conn)
        .await?
        .into_iter()
        .map(|r| (r.number, r.actor_name))
        .collect())
    }

    /// Events on their account and on what is theirs.
    async fn about(&mut self, customer_id: u64) -> DbResult<Vec<u64>> {
        let id = customer_id.to_string();
        Ok(sqlx::query_scalar!(
            r#"SELECT e.number AS "number!: u64" FROM audit_events e WHERE e.target_kind = 'customer' AND e.target_id = ?
               UNION SELECT e.number FROM stores t JOIN audit_events e ON e.target_kind = 'store' AND e.target_id = t.uid
                 WHERE t.customer_id = ?
               UNION SELECT e.number FROM jobs t JOIN audit_events e ON e.target_kind = 'job' AND e.target_id = t.uid
                 WHERE t.customer_id = ?
               UNION SELECT e.number FROM tickets t JOIN audit_events e ON e.target_kind = 'ticket' AND e.target_id = t.uid
                 WHERE t.customer_id = ?
               UNION SELECT e.number FROM webhooks t JOIN audit_events e ON e.target_kind = 'webhook' AND e.target_id = t.uid
                 WHERE t.customer_id = ?
               UNION SELECT e.number FROM api_credentials t
                 JOIN audit_events e ON e.target_kind = 'api_credential' AND e.target_id = t.uid
                 WHERE t.customer_id = ?
               UNION SELECT e.number FROM mail_messages t
                 JOIN audit_events e ON e.target_kind = 'mail' AND e.target_id = CAST(t.id AS CHAR CHARACTER SET ascii)
                 WHERE t.customer_id = ?"#,
            id, customer_id, customer_id, customer_id, customer_id, customer_id, customer_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Events of whatever kind in which the address stands: the whole table is read, bite by bite. Erasures are rare.
    async fn naming(&mut self, address: &str) -> DbResult<Vec<u64>> {
        let head = sqlx::query_scalar!("SELECT number FROM audit_head WHERE id = 1").fetch_one(&mut *self.conn).await?;
        // As it stands inside JSON.
        let quoted = Value::from(address).to_string();
        let inside = quoted.trim_matches('"');
        let mut found = Vec::new();
        let mut from = 0;
        while from < head {
            found.extend(
                sqlx::query_scalar!(
                    "SELECT number FROM audit_events WHERE number > ? AND number <= ? \
                     AND (actor_name = ? OR LOCATE(LOWER(?), LOWER(details)) > 0)",
                    from,
                    from + BITE,
                    address,
                    inside
                )
                .fetch_all(&mut *self.conn)
                .await?,
            );
            from += BITE;
        }
        Ok(found)
    }

    async fn erase_one(
        &mut self,
        keys: &ChainKeys,
        number: u64,
        customer_id: u64,
        names: &BTreeSet<String>,
        now: PlainDateTime,
    ) -> DbResult<bool> {
        let found = sqlx::query_as!(
            Stored,
            "SELECT number, at, actor_kind, actor_id, actor_name, role, address, action, target_kind, target_id, outcome, \
             details, request_id, prev_hash, hash, erased_at, seal AS \"seal: Vec<u8>\" FROM audit_events WHERE number = ?",
            number
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        let Some(mut event) = found else { return Ok(false) };
        let held = event.holds(keys);
        let before = (event.actor_name.clone(), event.address.clone(), event.details.clone());
        let theirs =
            matches!(event.actor_kind.as_str(), "customer" | "reseller") && event.actor_id == Some(customer_id);
        if theirs || names.contains(&event.actor_name) {
            ERASED.clone_into(&mut event.actor_name);
            event.address = String::new();
        }
        let details = serde_json::from_str(&event.details).unwrap_or(Value::Null);
        event.details = without_words(details).to_string();
        if before == (event.actor_name.clone(), event.address.clone(), event.details.clone()) {
            return Ok(false);
        }
        let seal = held.then(|| event.seal_of(keys, now));
        sqlx::query!(
            "UPDATE audit_events SET actor_name = ?, address = ?, details = ?, erased_at = ?, seal = ? WHERE number = ?",
            event.actor_name,
            event.address,
            event.details,
            now,
            seal.as_ref().map(|s| &s[..]),
            number
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(true)
    }
}

/// Numbers and public ids say which thing it was; any other text may say who.
pub(super) fn without_words(value: Value) -> Value {
    match value {
        Value::String(text) if !is_uid(&text) => Value::from(ERASED),
        Value::Array(list) => list.into_iter().map(without_words).collect(),
        Value::Object(map) => map.into_iter().map(|(name, value)| (name, without_words(value))).collect(),
        other => other,
    }
}

fn is_uid(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_numbers_stay_and_words_go() {
        let details = serde_json::json!({
            "job": "01M807C593DX7NMDDT63ZZWG6N", "to": "ana@example.com", "days": 14, "on": true,
            "list": ["Ana's shop", { "reason": "moved to 3 High St" }], "none": null
        });
        assert_eq!(
            without_words(details).to_string(),
            r#"{"days":14,"job":"01M807C593DX7NMDDT63ZZWG6N","list":["erased",{"reason":"erased"}],"none":null,"on":true,"to":"erased"}"#
        );
    }
}
