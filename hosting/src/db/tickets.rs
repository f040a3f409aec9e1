//! Tickets and what was written in them. Notes of staff are in a table of their own: a query about messages cannot
//! show them.

use super::{DbError, DbResult};
use crate::domain::{Category, TicketState, Uid, Urgency};
use sqlx::mysql::MySqlConnection;
use sqlx::types::Json;
use time::PlainDateTime;

/// A ticket row.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: Uid,
    /// Whose it is.
    pub customer_id: u64,
    /// Their address.
    pub customer_email: String,
    /// Their name, or empty.
    pub customer_name: String,
    /// The reseller who reads and answers it: whose customer they were when they opened it, and are.
    pub reseller_id: Option<u64>,
    /// Store it is about.
    pub store_id: Option<u64>,
    /// Its name.
    pub store_name: Option<String>,
    /// In one line.
    pub subject: String,
    /// What it is about.
    pub category: Category,
    /// How much it presses.
    pub priority: Urgency,
    /// Where it is.
    pub state: TicketState,
    /// Since when.
    pub moved_at: PlainDateTime,
    /// Who looks after it.
    pub assigned_admin_id: Option<u64>,
    /// Their name.
    pub assigned_name: Option<String>,
    /// Number of the newest message.
    pub last_seq: u32,
    /// The store and its last job when it was opened.
    pub evidence: Evidence,
    /// Opened at.
    pub created_at: PlainDateTime,
}

impl Ticket {
    /// `T-…`: what people quote.
    #[must_use]
    pub fn short(&self) -> String {
        format!("T-{}", self.uid.short())
    }
}

/// What is attached to a new ticket by itself: nothing that its customer may not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Evidence {
    /// Public id of the store, or empty.
    #[serde(default)]
    pub store: String,
    /// Its name.
    #[serde(default)]
    pub store_name: String,
    /// Its state.
    #[serde(default)]
    pub store_state: String,
    /// Where it answers.
    #[serde(default)]
    pub host: String,
    /// Public id of its last job, or empty.
    #[serde(default)]
    pub job: String,
    /// Kind of it.
    #[serde(default)]
    pub job_kind: String,
    /// State of it.
    #[serde(default)]
    pub job_state: String,
    /// Why it failed, in the words its owner read.
    #[serde(default)]
    pub job_reason: String,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The customer.
    Customer,
    /// A staff member.
    Staff,
    /// The reseller whose customer it is.
    Reseller,
}

impl Author {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Reseller => "reseller",
        }
    }
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: String,
    /// Number within the ticket.
    pub seq: u32,
    /// `customer`, `staff` or `reseller`.
    pub author: String,
    /// Who of staff.
    pub admin_id: Option<u64>,
    /// The name it was signed with.
    pub author_name: String,
    /// `panel`, `mail`, `api`.
    pub source: String,
    /// Text.
    pub body: String,
    /// When.
    pub created_at: PlainDateTime,
}

/// A note of staff.
#[derive(Debug, Clone)]
pub struct Note {
    /// Public id.
    pub uid: String,
    /// Who.
    pub author_name: String,
    /// Text.
    pub body: String,
    /// When.
    pub created_at: PlainDateTime,
}

/// A message to insert.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    /// Who wrote it.
    pub author: Author,
    /// Who of staff.
    pub admin_id: Option<u64>,
    /// The name it is signed with.
    pub author_name: &'a str,
    /// `panel`, `mail`, `api`.
    pub source: &'static str,
    /// Text.
    pub body: &'a str,
    /// Message-ID and hash of a mail that came in.
    pub mail: Option<(&'a str, [u8; 32])>,
}

/// A ticket to insert.
#[derive(Debug, Clone)]
pub struct NewTicket<'a> {
    /// Whose.
    pub customer_id: u64,
    /// Whose customer they are.
    pub reseller_id: Option<u64>,
    /// Store it is about.
    pub store_id: Option<u64>,
    /// In one line.
    pub subject: &'a str,
    /// What it is about.
    pub category: Category,
    /// How much it presses.
    pub priority: Urgency,
    /// What was attached by itself.
    pub evidence: &'a Evidence,
}

#[derive(sqlx::FromRow)]
pub(super) struct RawTicket {
    id: u64,
    uid: String,
    customer_id: u64,
    customer_email: String,
    customer_name: String,
    reseller_id: Option<u64>,
    store_id: Option<u64>,
    store_name: Option<String>,
    subject: String,
    category: String,
    priority: String,
    state: String,
    moved_at: PlainDateTime,
    assigned_admin_id: Option<u64>,
    assigned_name: Option<String>,
    last_seq: u32,
    evidence: Json<Evidence>,
    created_at: PlainDateTime,
}

impl TryFrom<RawTicket> for Ticket {
    type Error = DbError;
    fn try_from(r: RawTicket) -> DbResult<Self> {
        let odd = |what: &str| DbError::Row(format!("ticket: {what}"));
        Ok(Self {
            id: r.id,
            uid: Uid::parse(&r.uid).map_err(|e| DbError::Row(e.0))?,
            customer_id: r.customer_id,
            customer_email: r.customer_email,
            customer_name: r.customer_name,
            reseller_id: r.reseller_id,
            store_id: r.store_id,
            store_name: r.store_name,
            subject: r.subject,
            category: Category::parse(&r.category).ok_or_else(|| odd(&r.category))?,
            priority: Urgency::parse(&r.priority).ok_or_else(|| odd(&r.priority))?,
            state: TicketState::parse(&r.state).ok_or_else(|| odd(&r.state))?,
            moved_at: r.moved_at,
            assigned_admin_id: r.assigned_admin_id,
            assigned_name: r.assigned_name,
            last_seq: r.last_seq,
            evidence: r.evidence.0,
            created_at: r.created_at,
        })
    }
}

pub(super) const SELECT: &str = "SELECT t.id, t.uid, t.customer_id, c.email AS customer_email, c.name AS customer_name, \
 IF(t.reseller_id = c.reseller_id, t.reseller_id, NULL) AS reseller_id, t.store_id, s.name AS store_name, t.subject, t.category, t.priority, t.state, t.moved_at, t.assigned_admin_id, \
 a.name AS assigned_name, t.last_seq, t.evidence, t.created_at FROM tickets t JOIN customers c ON c.id = t.customer_id \
 LEFT JOIN stores s ON s.id = t.store_id LEFT JOIN admins a ON a.id = t.assigned_admin_id ";

/// Newest messages of a ticket that are read.
const MESSAGES: u32 = 500;

/// Queries on tickets.
#[derive(Debug)]
pub struct Tickets<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

impl Tickets<'_> {
    /// Opens one; its first message follows.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn insert(&mut self, ticket: &NewTicket<'_>) -> DbResult<(u64, Uid)> {
        let uid = Uid::new();
        let id = sqlx::query!(
            "INSERT INTO tickets (uid, customer_id, reseller_id, store_id, subject, category, priority, evidence) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            uid.to_string(),
            ticket.customer_id,
            ticket.reseller_id,
            ticket.store_id,
            ticket.subject,
            ticket.category.as_str(),
            ticket.priority.as_str(),
            Json(ticket.evidence) as _
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id();
        Ok((id, uid))
    }

    /// Adds a message; the caller holds the ticket's row. Returns row id and number.
    ///
    /// # Errors
    /// `Duplicate` (`ticket_messages_mail`) for a mail that came in before.
    pub async fn add_message(&mut self, ticket_id: u64, message: &NewMessage<'_>) -> DbResult<(u64, u32)> {
        let uid = Uid::new().to_string();
        let id = sqlx::query!(
            "INSERT INTO ticket_messages (uid, ticket_id, seq, author, admin_id, author_name, source, body, mail_id, mail_hash) \
             SELECT ?, id, last_seq + 1, ?, ?, ?, ?, ?, ?, ? FROM tickets WHERE id = ?",
            uid,
            message.author.as_str(),
            message.admin_id,
            message.author_name,
            message.source,
            message.body,
            message.mail.map(|m| m.0),
            message.mail.map(|m| m.1.to_vec()),
            ticket_id
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id();
        sqlx::query!("UPDATE tickets SET last_seq = last_seq + 1 WHERE id = ?", ticket_id)
            .execute(&mut *self.conn)
            .await?;
        let seq = sqlx::query_scalar!("SELECT last_seq FROM tickets WHERE id = ?", ticket_id)
            .fetch_one(&mut *self.conn)
            .await?;
        Ok((id, seq))
    }

    /// Adds a note of staff.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn add_note(&mut self, ticket_id: u64, admin_id: Option<u64>, name: &str, body: &str) -> DbResult<()> {
        let uid = Uid::new().to_string();
        sqlx::query!(
            "INSERT INTO ticket_notes (uid, ticket_id, admin_id, author_name, body) VALUES (?, ?, ?, ?, ?)",
            uid,
            ticket_id,
            admin_id,
            name,
            body
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Moves it, only if it is in `from` now. Who waits keeps their place in the queue.
    ///
    /// # Errors
    /// `Stale` when it is in another state.
    pub async fn move_state(&mut self, id: u64, from: TicketState, to: TicketState) -> DbResult<()> {
        let keeps_place = from.waits() && to.waits();
        let done = sqlx::query!(
            "UPDATE tickets SET state = ?, moved_at = IF(?, moved_at, NOW(6)), \
             first_answer_at = IF(? = 'waiting_for_customer', COALESCE(first_answer_at, NOW(6)), first_answer_at) \
             WHERE id = ? AND state = ?",
            to.as_str(),
            keeps_place,
            to.as_str(),
            id,
            from.as_str()
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if done == 1 || from == to { Ok(()) } else { Err(DbError::Stale("the ticket is in another state now")) }
    }

    /// Who looks after it, what it is about, how much it presses.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn sort(&mut self, id: u64, to: Option<u64>, category: Category, priority: Urgency) -> DbResult<()> {
        sqlx::query!(
            "UPDATE tickets SET assigned_admin_id = ?, category = ?, priority = ? WHERE id = ?",
            to,
            category.as_str(),
            priority.as_str(),
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Takes the tickets that are not over from a staff member; returns how many.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn let_go_of(&mut self, admin_id: u64) -> DbResult<u64> {
        let done = sqlx::query!(
            "UPDATE tickets SET assigned_admin_id = NULL \
             WHERE assigned_admin_id = ? AND state NOT IN ('solved', 'closed')",
            admin_id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(done.rows_affected())
    }

    /// One ticket, anybody's: for staff.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, uid: &Uid) -> DbResult<Option<Ticket>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE t.uid = ").push_bind(uid.to_string());
        let row: Option<RawTicket> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(Ticket::try_from).transpose()
    }

    /// One ticket of a customer.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_of_customer(&mut self, uid: &Uid, customer_id: u64) -> DbResult<Option<Ticket>> {
        Ok(self.find(uid).await?.filter(|t| t.customer_id == customer_id))
    }

    /// One that a customer of a reseller opened; `None` for everybody else's.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_of_reseller(&mut self, uid: &Uid, reseller_id: u64) -> DbResult<Option<Ticket>> {
        Ok(self.find(uid).await?.filter(|t| t.reseller_id == Some(reseller_id)))
    }

    /// One ticket by row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<Ticket>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE t.id = ").push_bind(id);
        let row: Option<RawTicket> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(Ticket::try_from).transpose()
    }

    /// Locks a ticket until the transaction ends, and reads it.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn lock(&mut self, id: u64) -> DbResult<Option<Ticket>> {
        let there = sqlx::query_scalar!("SELECT id FROM tickets WHERE id = ? FOR UPDATE", id)
            .fetch_optional(&mut *self.conn)
            .await?;
        match there {
            Some(id) => self.get(id).await,
            None => Ok(None),
        }
    }

    /// The messages, oldest first: the newest [`MESSAGES`] of them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn messages(&mut self, ticket_id: u64) -> DbResult<Vec<Message>> {
        let mut rows = sqlx::query_as!(
            Message,
            "SELECT id, uid, seq, author, admin_id, author_name, source, body, created_at FROM ticket_messages \
             WHERE ticket_id = ? ORDER BY seq DESC LIMIT ?",
            ticket_id,
            MESSAGES
        )
        .fetch_all(&mut *self.conn)
        .await?;
        rows.reverse();
        Ok(rows)
    }

    /// One message of a ticket, by its number.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn message(&mut self, ticket_id: u64, seq: u32) -> DbResult<Option<Message>> {
        Ok(sqlx::query_as!(
            Message,
            "SELECT id, uid, seq, author, admin_id, author_name, source, body, created_at FROM ticket_messages \
             WHERE ticket_id = ? AND seq = ?",
            ticket_id,
            seq
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// A message by row id, with the row id of its ticket.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn message_by_id(&mut self, id: u64) -> DbResult<Option<(u64, Message)>> {
        let found = sqlx::query!("SELECT ticket_id, seq FROM ticket_messages WHERE id = ?", id)
            .fetch_optional(&mut *self.conn)
            .await?;
        let Some(found) = found else { return Ok(None) };
        Ok(self.message(found.ticket_id, found.seq).await?.map(|m| (found.ticket_id, m)))
    }

    /// The notes, oldest first. Staff only.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn notes(&mut self, ticket_id: u64) -> DbResult<Vec<Note>> {
        Ok(sqlx::query_as!(
            Note,
            "SELECT uid, author_name, body, created_at FROM ticket_notes WHERE ticket_id = ? ORDER BY id LIMIT ?",
            ticket_id,
            MESSAGES
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Message-ID of the newest mail that came in, for the thread in mail programs.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn last_mail(&mut self, ticket_id: u64) -> DbResult<Option<String>> {
        Ok(sqlx::query_scalar!(
            r#"SELECT mail_id AS "mail_id!" FROM ticket_messages WHERE ticket_id = ? AND mail_id IS NOT NULL ORDER BY seq DESC LIMIT 1"#,
            ticket_id
        )
        .fetch_optional(&mut *self.conn)
        .await?)
    }

    /// How many messages came by mail within the last hour.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn mails_of_last_hour(&mut self, ticket_id: u64) -> DbResult<i64> {
        Ok(sqlx::query_scalar!(
            "SELECT COUNT(*) FROM ticket_messages WHERE ticket_id = ? AND source = 'mail' AND created_at > NOW(6) - INTERVAL 1 HOUR",
            ticket_id
        )
        .fetch_one(&mut *self.conn)
        .await?)
    }

    /// Solved ones that nobody wrote in for `days`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn long_solved(&mut self, days: u32, limit: u32) -> DbResult<Vec<u64>> {
        Ok(sqlx::query_scalar!(
            "SELECT id FROM tickets WHERE state = 'solved' AND moved_at < NOW(6) - INTERVAL ? DAY ORDER BY moved_at LIMIT ?",
            days,
            limit
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }
}
