//! Exports of everything about a customer: what is read for them, and where they wait.

use super::{DbError, DbResult};
use crate::crypto::{KeyRing, Sealed, Secret};
use crate::domain::Uid;
use serde_json::Value;
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// An export as its owner sees it.
#[derive(Debug, Clone)]
pub struct DataExport {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: String,
    /// Asked for at.
    pub created_at: PlainDateTime,
    /// Ready since.
    pub ready_at: Option<PlainDateTime>,
    /// Gone after.
    pub expires_at: PlainDateTime,
    /// Size in bytes.
    pub size: u64,
}

/// Queries on exports.
#[derive(Debug)]
pub struct DataExports<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

/// Reads rows that the database wrote as JSON objects.
macro_rules! rows {
    ($self:ident, $sql:literal $(, $arg:expr)*) => {{
        let texts = sqlx::query_scalar!($sql $(, $arg)*).fetch_all(&mut *$self.conn).await?;
        texts.iter().map(|t| serde_json::from_str(t).map_err(|e| DbError::Row(format!("export: {e}")))).collect::<DbResult<Vec<Value>>>()?
    }};
}

fn place(id: u64) -> String {
    format!("data_exports/{id}")
}

impl DataExports<'_> {
    /// Records that one is wanted; it is gone after a week. Returns row id and public id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(&mut self, customer_id: u64) -> DbResult<(u64, String)> {
        let uid = Uid::new().to_string();
        let id = sqlx::query!(
            "INSERT INTO data_exports (uid, customer_id, expires_at) VALUES (?, ?, NOW(6) + INTERVAL 7 DAY)",
            uid,
            customer_id
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id();
        Ok((id, uid))
    }

    /// Those of a customer that are not gone, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, customer_id: u64) -> DbResult<Vec<DataExport>> {
        Ok(sqlx::query_as!(
            DataExport,
            "SELECT id, uid, created_at, ready_at, expires_at, size FROM data_exports \
             WHERE customer_id = ? AND expires_at > NOW(6) ORDER BY id DESC LIMIT 20",
            customer_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Whose export a row is, and whether it is ready.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn owner(&mut self, id: u64) -> DbResult<Option<(u64, bool)>> {
        Ok(sqlx::query!(
            r#"SELECT customer_id, ready_at IS NOT NULL AS "ready!: bool" FROM data_exports WHERE id = ? AND expires_at > NOW(6)"#,
            id
        )
        .fetch_optional(&mut *self.conn)
        .await?
        .map(|r| (r.customer_id, r.ready)))
    }

    /// Keeps the document, once.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn fill(&mut self, keys: &KeyRing, id: u64, document: &str) -> DbResult<bool> {
        let sealed = keys.seal(document.as_bytes(), &place(id))?;
        let done = sqlx::query!(
            "UPDATE data_exports SET key_id = ?, sealed = ?, size = ?, ready_at = NOW(6) WHERE id = ? AND ready_at IS NULL",
            sealed.key_id,
            sealed.bytes,
            document.len() as u64,
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The document of a customer's own export.
    ///
    /// # Errors
    /// Database or key trouble.
    pub async fn document(&mut self, keys: &KeyRing, customer_id: u64, uid: &str) -> DbResult<Option<Secret>> {
        let row = sqlx::query!(
            r#"SELECT id, key_id AS "key_id!", sealed AS "sealed!" FROM data_exports
               WHERE uid = ? AND customer_id = ? AND ready_at IS NOT NULL AND expires_at > NOW(6)"#,
            uid,
            customer_id
        )
        .fetch_optional(&mut *self.conn)
        .await?;
        row.map(|r| Ok(keys.open(&Sealed { key_id: r.key_id, bytes: r.sealed }, &place(r.id))?)).transpose()
    }

    /// Everything we hold about a customer, but for secrets (which they see on their own pages). Times are UTC.
    ///
    /// A new table with personal data belongs here and into [`super::erasure`]; a test fails until it is.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn gather(&mut self, id: u64) -> DbResult<Value> {
        let account = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('number', id, 'id', uid, 'email', email, 'name', name, 'role', role, 'state', state,
               'time_zone', time_zone, 'theme', theme, 'mails_about_new_places', notify_new_place, 'mails_about_store', notify_store, 'support_asks_first', ask_before_view,
               'email_confirmed_at', email_verified_at, 'created_at', created_at, 'closes_after', close_after,
               'provider', (SELECT r.brand_name FROM resellers r WHERE r.customer_id = customers.reseller_id)) AS CHAR) AS "t!: String"
               FROM customers WHERE id = ?"#,
            id
        );
        let stores = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('id', s.uid, 'name', s.name, 'address', s.slug, 'platform', s.platform, 'plan', p.name,
               'currency', s.currency, 'country', s.country, 'state', s.state, 'created_at', s.created_at, 'live_since', s.active_at,
               'deletion_planned', s.delete_after, 'deleted_at', s.deleted_at) AS CHAR) AS "t!: String"
               FROM stores s JOIN plans p ON p.id = s.plan_id WHERE s.customer_id = ? ORDER BY s.id"#,
            id
        );
        let addresses = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('store', s.uid, 'host', a.host) AS CHAR) AS "t!: String"
               FROM store_addresses a JOIN stores s ON s.id = a.store_id WHERE s.customer_id = ?"#,
            id
        );
        let file_keys = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('store', s.uid, 'name', k.name, 'key', k.public_key, 'fingerprint', k.fingerprint,
               'added_at', k.created_at) AS CHAR) AS "t!: String"
               FROM file_access_keys k JOIN stores s ON s.id = k.store_id WHERE s.customer_id = ? ORDER BY k.id"#,
            id
        );
        let usage = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('store', s.uid, 'from', u.at, 'seconds', u.seconds, 'cpu_ms', u.cpu_ms, 'memory_peak',
               u.memory_peak, 'requests', u.requests, 'bytes_in', u.bytes_in, 'bytes_out', u.bytes_out) AS CHAR) AS "t!: String"
               FROM store_usage u JOIN stores s ON s.id = u.store_id WHERE s.customer_id = ? AND u.span = 3600
               ORDER BY u.store_id, u.at"#,
            id
        );
        let jobs = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('id', uid, 'kind', kind, 'state', state, 'requested_by', requested_by, 'created_at', created_at,
               'started_at', started_at, 'finished_at', finished_at) AS CHAR) AS "t!: String" FROM jobs WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let log = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('job', j.uid, 'number', l.seq, 'at', l.at, 'text', l.text) AS CHAR) AS "t!: String"
               FROM job_lines l JOIN jobs j ON j.id = l.job_id
               WHERE j.customer_id = ? AND l.audience = 1 ORDER BY j.id, l.seq LIMIT 100000"#,
            id
        );
        let sessions = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('address', address, 'browser', user_agent, 'signed_in_at', created_at, 'last_seen_at', seen_at,
               'expires_at', expires_at, 'ended_at', revoked_at) AS CHAR) AS "t!: String"
               FROM login_sessions WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let sign_ins = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('at', at, 'address', address, 'network', network, 'browser', user_agent, 'worked', done,
               'way', way) AS CHAR) AS "t!: String" FROM sign_ins WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let factor = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('on_since', f.confirmed_at, 'set_up_begun_at', f.created_at, 'recovery_codes_left',
               (SELECT COUNT(*) FROM recovery_codes c WHERE c.factor_id = f.id AND c.used_at IS NULL)) AS CHAR) AS "t!: String"
               FROM second_factors f WHERE f.customer_id = ?"#,
            id
        );
        let challenges = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('at', created_at, 'wrong_codes', failures, 'done_at', used_at) AS CHAR) AS "t!: String"
               FROM sign_in_challenges WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let confirmations = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('email', email, 'sent_at', created_at, 'used_at', used_at) AS CHAR) AS "t!: String"
               FROM email_verifications WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let resets = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('email', email, 'sent_at', created_at, 'used_at', used_at) AS CHAR) AS "t!: String"
               FROM password_resets WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let email_changes = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('from', old_email, 'to', new_email, 'asked_at', created_at, 'ended_at', ended_at) AS CHAR)
               AS "t!: String" FROM email_changes WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let mails = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('to', recipient, 'subject', subject, 'kind', template, 'state', state, 'at', created_at,
               'sent_at', sent_at) AS CHAR) AS "t!: String" FROM mail_messages WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let exports = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('id', uid, 'asked_at', created_at, 'ready_at', ready_at) AS CHAR) AS "t!: String"
               FROM data_exports WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let credentials = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('id', uid, 'kind', kind, 'name', name, 'scopes', scopes, 'made_from', address, 'program', user_agent,
               'made_at', created_at, 'last_used_at', last_used_at, 'last_used_from', last_used_address, 'expires_at', expires_at,
               'revoked_at', revoked_at) AS CHAR) AS "t!: String" FROM api_credentials WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let sign_ups = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('at', created_at) AS CHAR) AS "t!: String" FROM sign_ups WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let tickets = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('id', t.uid, 'subject', t.subject, 'category', t.category, 'priority', t.priority, 'state', t.state,
               'opened_at', t.created_at, 'attached', JSON_COMPACT(t.evidence)) AS CHAR) AS "t!: String"
               FROM tickets t WHERE t.customer_id = ? ORDER BY t.id"#,
            id
        );
        // Never the notes of staff: they are theirs, in a table that nothing of the customer's reads.
        let messages = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('ticket', t.uid, 'number', m.seq, 'from', m.author, 'name', m.author_name, 'by', m.source,
               'at', m.created_at, 'text', m.body) AS CHAR) AS "t!: String"
               FROM ticket_messages m JOIN tickets t ON t.id = m.ticket_id WHERE t.customer_id = ? ORDER BY t.id, m.seq"#,
            id
        );
        let files = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('ticket', t.uid, 'message', m.seq, 'id', f.uid, 'name', f.name, 'type', f.media, 'bytes', f.size)
               AS CHAR) AS "t!: String" FROM ticket_files f JOIN ticket_messages m ON m.id = f.message_id
               JOIN tickets t ON t.id = m.ticket_id WHERE t.customer_id = ? ORDER BY f.id"#,
            id
        );
        let webhooks = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('id', w.uid, 'address', w.url, 'name', w.note, 'events', w.events, 'state', w.state,
               'registered_at', w.created_at, 'last_delivered_at', w.last_success_at,
               'deliveries', (SELECT COUNT(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id)) AS CHAR) AS "t!: String"
               FROM webhooks w WHERE w.customer_id = ? ORDER BY w.id"#,
            id
        );
        let views = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('by', 'support', 'reason', reason, 'state', state, 'asked_at', asked_at, 'answered_at', answered_at,
               'from', started_at, 'to', ended_at) AS CHAR) AS "t!: String" FROM customer_views WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let resets_of_factor = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('planned_at', created_at, 'reason', reason, 'due_at', due_at, 'ended_at', ended_at, 'stopped', stopped)
               AS CHAR) AS "t!: String" FROM factor_resets WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let transfers = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('store', s.name, 'to', t.to_email, 'state', t.state, 'offered_at', t.created_at, 'ended_at', t.ended_at)
               AS CHAR) AS "t!: String" FROM store_transfers t JOIN stores s ON s.id = t.store_id WHERE t.customer_id = ? ORDER BY t.id"#,
            id
        );
        let passkeys = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('name', name, 'added_at', created_at, 'last_used_at', last_used_at, 'blocked_at', blocked_at)
               AS CHAR) AS "t!: String" FROM passkeys WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let ceremonies = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('begun_at', created_at) AS CHAR) AS "t!: String"
               FROM passkey_ceremonies WHERE customer_id = ? ORDER BY id"#,
            id
        );
        let reseller = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('most_customers', max_customers, 'most_stores', max_stores, 'name', brand_name, 'email', brand_email, 'mails_about_tickets', notify_tickets, 'code', code,
               'since', created_at) AS CHAR) AS "t!: String" FROM resellers WHERE customer_id = ?"#,
            id
        );
        let reseller_plans = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('plan', p.name) AS CHAR) AS "t!: String"
               FROM reseller_plans r JOIN plans p ON p.id = r.plan_id WHERE r.customer_id = ?"#,
            id
        );
        let target = id.to_string();
        let events = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('number', number, 'at', at, 'who', IF(actor_kind = 'admin', 'staff', actor_name), 'address',
               IF(role IN ('customer', 'reseller', 'visitor'), address, ''), 'action', action, 'outcome', outcome) AS CHAR) AS "t!: String"
               FROM audit_events e WHERE (target_kind = 'customer' AND target_id = ?)
               OR (target_kind = 'store' AND target_id IN (SELECT s.uid FROM stores s WHERE s.customer_id = ?
               AND (s.owned_since IS NULL OR e.at >= s.owned_since))) ORDER BY number LIMIT 100000"#,
            target,
            id
        );
        let read_by_provider = rows!(
            self,
            r#"SELECT CAST(JSON_OBJECT('number', number) AS CHAR) AS "t!: String"
               FROM reseller_events WHERE customer_id = ? ORDER BY number LIMIT 100000"#,
            id
        );
        Ok(serde_json::json!({
            "format": "shopfleet-export/1",
            "times": "UTC",
            "account": account.into_iter().next().unwrap_or_default(),
            "stores": stores,
            "store_addresses": addresses,
            "file_access_keys": file_keys,
            "usage_by_hour": usage,
            "jobs": jobs,
            "job_log": log,
            "sessions": sessions,
            "sign_ins": sign_ins,
            "sign_ins_with_code": challenges,
            "second_factor": factor,
            "email_confirmations": confirmations,
            "password_resets": resets,
            "email_changes": email_changes,
            "views_by_support": views,
            "passkeys": passkeys,
            "passkeys_being_added": ceremonies,
            "reseller": reseller,
            "reseller_plans": reseller_plans,
            "resets_of_second_factor": resets_of_factor,
            "mails": mails,
            "exports": exports,
            "api_credentials": credentials,
            "unconfirmed_sign_ups": sign_ups,
            "webhooks": webhooks,
            "tickets": tickets,
            "ticket_messages": messages,
            "ticket_files": files,
            "store_transfers": transfers,
            "audit": events,
            "audit_read_by_provider": read_by_provider,
        }))
    }
}
