//! Events, written for every receiver that asked for them, in the transaction of the change they tell of: none is
//! lost, and none tells of what was rolled back. Where nobody listens, one look into a small table is all it costs.

use super::DbResult;
use crate::domain::Uid;
use sqlx::mysql::MySqlConnection;

/// Writes events.
#[derive(Debug)]
pub struct WebhookEvents<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

/// An id for an event: the same for every receiver.
fn event_id() -> String {
    format!("evt_{}", Uid::new())
}

impl WebhookEvents<'_> {
    /// Something became of a store.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn store(&mut self, store_id: u64, kind: &str) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO webhook_deliveries (webhook_id, event_id, kind, body) \
             SELECT w.id, ?, ?, JSON_OBJECT('type', ?, 'timestamp', DATE_FORMAT(NOW(6), '%Y-%m-%dT%H:%i:%s.%fZ'), 'data', \
             JSON_OBJECT('store', s.uid, 'name', s.name, 'state', s.state, 'platform', s.platform, 'customer', s.customer_id, \
             'host', (SELECT a.host FROM store_addresses a WHERE a.store_id = s.id AND a.kind = 'platform' LIMIT 1))) \
             FROM stores s JOIN webhooks w ON (w.customer_id = s.customer_id OR w.customer_id IS NULL) \
             WHERE s.id = ? AND FIND_IN_SET(?, w.events)",
            event_id(),
            kind,
            kind,
            store_id,
            kind
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Jobs of stores ended: one statement for all of them. A record that is written again changes nothing.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn jobs(&mut self, ended: &[u64], kind: &str) -> DbResult<()> {
        if ended.is_empty() {
            return Ok(());
        }
        let mut query = sqlx::QueryBuilder::new(
            "INSERT INTO webhook_deliveries (webhook_id, event_id, kind, body) SELECT w.id, CONCAT('evt_', j.uid, '_', j.attempt), ",
        );
        query.push_bind(kind.to_owned()).push(", JSON_OBJECT('type', ").push_bind(kind.to_owned());
        query.push(
            ", 'timestamp', DATE_FORMAT(NOW(6), '%Y-%m-%dT%H:%i:%s.%fZ'), 'data', JSON_OBJECT('job', j.uid, 'kind', j.kind, \
             'state', j.state, 'attempt', j.attempt, 'error', IF(j.state = 'failed', j.error_code, ''), \
             'reason', IF(j.state = 'failed', j.error_reason, ''), 'store', s.uid, 'customer', s.customer_id)) \
             FROM jobs j JOIN stores s ON s.id = j.store_id \
             JOIN webhooks w ON (w.customer_id = s.customer_id OR w.customer_id IS NULL) \
             WHERE j.kind <> 'send_mail' AND FIND_IN_SET(",
        );
        query.push_bind(kind.to_owned()).push(", w.events) AND j.id IN (");
        super::push_ids(&mut query, ended);
        query.push(" ON DUPLICATE KEY UPDATE event_id = VALUES(event_id)");
        query.build().execute(&mut *self.conn).await?;
        Ok(())
    }

    /// A customer is new. Staff's receivers only.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn customer(&mut self, customer_id: u64) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO webhook_deliveries (webhook_id, event_id, kind, body) \
             SELECT w.id, ?, 'customer.created', JSON_OBJECT('type', 'customer.created', \
             'timestamp', DATE_FORMAT(NOW(6), '%Y-%m-%dT%H:%i:%s.%fZ'), 'data', JSON_OBJECT('customer', c.id, 'email', c.email)) \
             FROM customers c JOIN webhooks w ON w.customer_id IS NULL \
             WHERE c.id = ? AND FIND_IN_SET('customer.created', w.events)",
            event_id(),
            customer_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Something became of a ticket. What was written stays in the panel.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn ticket(&mut self, ticket_id: u64, kind: &str) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO webhook_deliveries (webhook_id, event_id, kind, body) \
             SELECT w.id, ?, ?, JSON_OBJECT('type', ?, 'timestamp', DATE_FORMAT(NOW(6), '%Y-%m-%dT%H:%i:%s.%fZ'), 'data', \
             JSON_OBJECT('ticket', t.uid, 'subject', t.subject, 'category', t.category, 'priority', t.priority, 'state', t.state, \
             'messages', t.last_seq, 'customer', t.customer_id, 'store', (SELECT s.uid FROM stores s WHERE s.id = t.store_id))) \
             FROM tickets t JOIN webhooks w ON (w.customer_id = t.customer_id OR w.customer_id IS NULL) \
             WHERE t.id = ? AND FIND_IN_SET(?, w.events)",
            event_id(),
            kind,
            kind,
            ticket_id,
            kind
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// A test, to one receiver, whatever it asked for. Returns the event's id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn test(&mut self, webhook_id: u64) -> DbResult<String> {
        let id = event_id();
        sqlx::query!(
            "INSERT INTO webhook_deliveries (webhook_id, event_id, kind, body) \
             SELECT id, ?, 'webhook.test', JSON_OBJECT('type', 'webhook.test', 'timestamp', DATE_FORMAT(NOW(6), '%Y-%m-%dT%H:%i:%s.%fZ'), \
             'data', JSON_OBJECT('webhook', uid)) FROM webhooks WHERE id = ?",
            id,
            webhook_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(id)
    }
}
