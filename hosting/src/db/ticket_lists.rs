//! Lists of tickets: each filter reads ids along an index in the order of the list, and joins the people to what was
//! found. (Joined at once, the server may begin with the customers and sort everything.)

use super::customers::escape_like;
use super::tickets::{RawTicket, SELECT, Ticket, Tickets};
use super::{DbError, DbResult};
use crate::domain::{Category, TicketState};
use time::PlainDateTime;

/// Which states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    /// Those that wait for an answer of ours, the longest first.
    #[default]
    Waiting,
    /// In one state, the newest first.
    In(TicketState),
    /// All, the newest first.
    All,
}

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assigned {
    /// Anybody's.
    #[default]
    Any,
    /// Nobody's.
    Nobody,
    /// This staff member's.
    To(u64),
}

/// A place in a list: when the ticket came into its state, and its row id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// `moved_at`.
    pub at: PlainDateTime,
    /// Row id.
    pub id: u64,
}

/// Filter of the queue.
#[derive(Debug, Clone, Default)]
pub struct QueueFilter {
    /// Which states.
    pub which: Which,
    /// Whose.
    pub assigned: Assigned,
    /// Only those a reseller reads.
    pub reseller_id: Option<u64>,
    /// Only of this customer.
    pub customer_id: Option<u64>,
    /// About what.
    pub category: Option<Category>,
    /// Beyond this place, as the list goes.
    pub beyond: Option<Place>,
    /// Before this place (for "Newer"); they come back in the list's order as well.
    pub before: Option<Place>,
    /// At most this many.
    pub limit: u32,
}

/// Tickets that a reseller reads; customers who went elsewhere took theirs along.
const OF_RESELLER: &str = "JOIN (SELECT q.id FROM tickets q STRAIGHT_JOIN customers k ON k.id = q.customer_id \
 AND k.reseller_id = q.reseller_id WHERE q.reseller_id = ";

impl Tickets<'_> {
    /// One keyset page of the queue.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn queue(&mut self, filter: &QueueFilter) -> DbResult<Vec<Ticket>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        match filter.reseller_id {
            None => query.push("JOIN (SELECT q.id FROM tickets q WHERE 1 = 1"),
            // Joined in this order: the server would begin with the customers, and sort.
            Some(id) => query.push(OF_RESELLER).push_bind(id),
        };
        if let Some(id) = filter.customer_id {
            query.push(" AND q.customer_id = ").push_bind(id);
        }
        match filter.which {
            Which::Waiting => {
                query.push(" AND q.waits = 1");
            }
            Which::In(state) => {
                query.push(" AND q.state = ").push_bind(state.as_str());
            }
            Which::All => {}
        }
        match filter.assigned {
            Assigned::Any => {}
            Assigned::Nobody => {
                query.push(" AND q.assigned_admin_id IS NULL");
            }
            Assigned::To(id) => {
                query.push(" AND q.assigned_admin_id = ").push_bind(id);
            }
        }
        if let Some(category) = filter.category {
            query.push(" AND q.category = ").push_bind(category.as_str());
        }
        // The queue goes from the longest wait on; everything else from the newest on.
        let rising = filter.which == Which::Waiting;
        let (place, back) = match (filter.beyond, filter.before) {
            (Some(place), _) => (Some(place), false),
            (None, Some(place)) => (Some(place), true),
            (None, None) => (None, false),
        };
        let up = rising != back;
        if let Some(place) = place {
            let sign = if up { ">" } else { "<" };
            query.push(" AND (q.moved_at ").push(sign).push(" ").push_bind(place.at);
            query.push(" OR q.moved_at = ").push_bind(place.at).push(" AND q.id ").push(sign).push(" ");
            query.push_bind(place.id).push(")");
            // Lets the index begin at the place instead of at its start.
            query.push(" AND q.moved_at ").push(sign).push("= ").push_bind(place.at);
        }
        let order = if up { "ASC" } else { "DESC" };
        query.push(" ORDER BY q.moved_at ").push(order).push(", q.id ").push(order);
        query.push(" LIMIT ").push_bind(filter.limit);
        query.push(") found ON found.id = t.id ORDER BY t.moved_at ").push(order).push(", t.id ").push(order);
        let rows: Vec<RawTicket> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        let mut rows = rows.into_iter().map(Ticket::try_from).collect::<DbResult<Vec<_>>>()?;
        if back {
            rows.reverse();
        }
        Ok(rows)
    }

    /// Those of a customer, newest first; `before` a row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list_of_customer(
        &mut self,
        customer_id: u64,
        before: Option<u64>,
        limit: u32,
    ) -> DbResult<Vec<Ticket>> {
        self.newest(Some(customer_id), before, limit).await
    }

    /// Anybody's or a customer's, newest first; `before` a row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn newest(&mut self, customer_id: Option<u64>, before: Option<u64>, limit: u32) -> DbResult<Vec<Ticket>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("JOIN (SELECT q.id FROM tickets q WHERE 1 = 1");
        if let Some(id) = customer_id {
            query.push(" AND q.customer_id = ").push_bind(id);
        }
        if let Some(id) = before {
            query.push(" AND q.id < ").push_bind(id);
        }
        query.push(" ORDER BY q.id DESC LIMIT ").push_bind(limit).push(") found ON found.id = t.id ORDER BY t.id DESC");
        let rows: Vec<RawTicket> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(Ticket::try_from).collect()
    }

    /// Tickets that a reseller reads, of all their customers or of one, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn newest_of_reseller(
        &mut self,
        reseller_id: u64,
        customer_id: Option<u64>,
        before: Option<u64>,
        limit: u32,
    ) -> DbResult<Vec<Ticket>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push(OF_RESELLER).push_bind(reseller_id);
        if let Some(id) = customer_id {
            query.push(" AND q.customer_id = ").push_bind(id);
        }
        if let Some(id) = before {
            query.push(" AND q.id < ").push_bind(id);
        }
        query.push(" ORDER BY q.id DESC LIMIT ").push_bind(limit).push(") found ON found.id = t.id ORDER BY t.id DESC");
        let rows: Vec<RawTicket> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(Ticket::try_from).collect()
    }

    /// Those that wait for longer than so many hours, the longest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn unanswered(&mut self, hours: u32, limit: u32) -> DbResult<Vec<Ticket>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("JOIN (SELECT q.id FROM tickets q WHERE q.waits = 1 AND q.moved_at < NOW(6) - INTERVAL ");
        query.push_bind(hours).push(" HOUR ORDER BY q.moved_at, q.id LIMIT ").push_bind(limit);
        query.push(") found ON found.id = t.id ORDER BY t.moved_at, t.id");
        let rows: Vec<RawTicket> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(Ticket::try_from).collect()
    }

    /// Tickets by public id, short id, or the start of the subject, newest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn search(&mut self, text: &str, limit: u32) -> DbResult<Vec<Ticket>> {
        let text = text.trim();
        let code = if text.is_ascii() { text.to_uppercase() } else { "-".into() };
        let short = code.trim_start_matches("T-").to_owned();
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("JOIN (SELECT id FROM tickets WHERE uid = ").push_bind(code);
        query.push(" UNION SELECT id FROM tickets WHERE short_uid = ").push_bind(short);
        query.push(" UNION (SELECT id FROM tickets WHERE subject LIKE ");
        query.push_bind(format!("{}%", escape_like(text))).push(" ORDER BY subject LIMIT ").push_bind(limit);
        query.push(")) found ON found.id = t.id ORDER BY t.id DESC LIMIT ").push_bind(limit);
        let rows: Vec<RawTicket> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(Ticket::try_from).collect()
    }

    /// How many wait for us, counted up to `cap`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn count_waiting(&mut self, cap: u32) -> DbResult<i64> {
        sqlx::query_scalar!("SELECT COUNT(*) FROM (SELECT id FROM tickets WHERE waits = 1 LIMIT ?) t", cap)
            .fetch_one(&mut *self.conn)
            .await
            .map_err(DbError::from)
    }
}
