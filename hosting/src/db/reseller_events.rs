//! A reseller's part of the audit log: what was done to or by their customers while these were theirs. Noted beside the log
//! when an event is appended, so that a page is read along one index, and nobody has to guess later whose customer it was.

use super::DbResult;
use super::audit::NewEvent;
use super::resellers::Resellers;
use crate::domain::{Actor, Role};
use sqlx::mysql::MySqlConnection;
use time::PlainDateTime;

/// What staff do among themselves about a customer: nobody else learns that it was done.
const AMONG_STAFF: &[&str] = &["ticket.note", "ticket.sort"];

/// An event as its reseller may know it; what staff are called is not in it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OwnEvent {
    /// Its number in the log.
    pub number: u64,
    /// When, UTC.
    pub at: PlainDateTime,
    /// Role of who did it.
    pub role: String,
    /// Row id of who did it, of customers when the role is theirs.
    pub actor_id: Option<u64>,
    /// From where.
    pub address: String,
    /// `noun.verb`
    pub action: String,
    /// Kind of the thing acted on.
    pub target_kind: String,
    /// Its public id.
    pub target_id: String,
    /// done, refused, failed
    pub outcome: String,
    /// The customer it is about.
    pub customer_id: u64,
    /// Their address.
    pub customer_email: String,
}

/// What of it is asked for; keyset by number.
#[derive(Debug, Clone, Default)]
pub struct OwnEventFilter {
    /// Only about this customer.
    pub customer_id: Option<u64>,
    /// Numbers below this one.
    pub before: Option<u64>,
    /// Numbers above this one (for "Newer"); they come back newest first as well.
    pub after: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

/// Somebody's customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject {
    reseller_id: u64,
    customer_id: u64,
}

/// Whose part an event belongs to: the reseller of whom it is about, and the one of who did it. Plain reads: an event locks
/// nothing but the head of the log.
pub(super) async fn subjects(
    conn: &mut MySqlConnection,
    event: &NewEvent<'_>,
    actor: &Actor,
) -> DbResult<Vec<Subject>> {
    if AMONG_STAFF.contains(&event.action) {
        return Ok(Vec::new());
    }
    let id = event.target_id;
    let about: Option<u64> = match event.target_kind {
        "customer" => id.parse().ok(),
        "store" => {
            sqlx::query_scalar!("SELECT customer_id FROM stores WHERE uid = ?", id).fetch_optional(&mut *conn).await?
        }
        "ticket" => {
            sqlx::query_scalar!("SELECT customer_id FROM tickets WHERE uid = ?", id).fetch_optional(&mut *conn).await?
        }
        "job" => sqlx::query_scalar!("SELECT customer_id FROM jobs WHERE uid = ?", id)
            .fetch_optional(&mut *conn)
            .await?
            .flatten(),
        _ => None,
    };
    let by = actor.id.filter(|_| matches!(actor.role, Role::Customer | Role::Reseller));
    let mut found: Vec<Subject> = Vec::new();
    for customer_id in about.into_iter().chain(by.filter(|by| about != Some(*by))) {
        let reseller = sqlx::query_scalar!("SELECT reseller_id FROM customers WHERE id = ?", customer_id)
            .fetch_optional(&mut *conn)
            .await?
            .flatten();
        if let Some(reseller_id) = reseller
            && !found.iter().any(|s| s.reseller_id == reseller_id)
        {
            found.push(Subject { reseller_id, customer_id });
        }
    }
    Ok(found)
}

/// Notes whose part an event belongs to.
pub(super) async fn note(conn: &mut MySqlConnection, number: u64, subjects: &[Subject]) -> DbResult<()> {
    for s in subjects {
        sqlx::query!(
            "INSERT INTO reseller_events (reseller_id, number, customer_id) VALUES (?, ?, ?)",
            s.reseller_id,
            number,
            s.customer_id
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

impl Resellers<'_> {
    /// One page of a reseller's part, newest first. Customers who went elsewhere take their events with them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn events(&mut self, id: u64, filter: &OwnEventFilter) -> DbResult<Vec<OwnEvent>> {
        // Joined in this order: the server would begin with the customers, and sort.
        let mut query = sqlx::QueryBuilder::new(
            "SELECT e.number, e.at, e.role, e.actor_id, e.address, e.action, e.target_kind, e.target_id, e.outcome, \
             r.customer_id, c.email AS customer_email FROM reseller_events r \
             STRAIGHT_JOIN customers c ON c.id = r.customer_id AND c.reseller_id = r.reseller_id \
             STRAIGHT_JOIN audit_events e ON e.number = r.number WHERE r.reseller_id = ",
        );
        query.push_bind(id);
        if let Some(customer) = filter.customer_id {
            query.push(" AND r.customer_id = ").push_bind(customer);
        }
        if let Some(before) = filter.before {
            query.push(" AND r.number < ").push_bind(before);
        }
        if let Some(after) = filter.after {
            query.push(" AND r.number > ").push_bind(after);
        }
        let backwards = filter.after.is_some();
        query
            .push(if backwards { " ORDER BY r.number LIMIT " } else { " ORDER BY r.number DESC LIMIT " })
            .push_bind(filter.limit);
        let mut rows: Vec<OwnEvent> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        if backwards {
            rows.reverse();
        }
        Ok(rows)
    }
}
