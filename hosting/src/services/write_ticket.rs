//! Writing in a ticket: the customer, staff, and staff among themselves. A ticket that was over is open again when its
//! customer writes.

use super::open_ticket::fit;
use super::tell_ticket::{Told, tell};
use super::{ServiceError, Services, audited, once};
use crate::db::jobs::JobRef;
use crate::db::tickets::{Author, Message, NewMessage, Ticket};
use crate::db::{Queries, Tx};
use crate::domain::rights::{Capability, Reach, may};
use crate::domain::{Actor, MessageText, Role, TicketEvent, Upload};
use crate::transact;

/// A message as it comes.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Text.
    pub message: &'a str,
    /// Files.
    pub files: &'a [Upload],
    /// `panel` or `api`.
    pub source: &'static str,
    /// Number of the newest message its writer has seen; another answer of staff since then is shown first.
    pub seen: Option<u32>,
}

/// Which row of which ticket a mail came for.
#[derive(Debug, Clone, Copy)]
pub(super) struct FromMail<'a> {
    pub(super) id: &'a str,
    pub(super) hash: [u8; 32],
}

fn check(words: &Words<'_>) -> Result<MessageText, ServiceError> {
    let text = MessageText::parse(words.message);
    match (text, fit(words.files)) {
        (Ok(text), Ok(())) => Ok(text),
        (Err(e), _) => Err(ServiceError::field("message", e.0)),
        (_, Err(e)) => Err(ServiceError::field("files", e)),
    }
}

/// The customer writes. The caller has looked the ticket up among theirs.
///
/// # Errors
/// `Invalid` on `message` or `files`; `Conflict` when the form was sent before.
pub async fn write_as_customer(
    services: &Services,
    actor: &Actor,
    ticket: u64,
    words: &Words<'_>,
    form_key: Option<&[u8; 32]>,
) -> Result<u32, ServiceError> {
    let text = check(words)?;
    let (seq, jobs) = transact!(services.db, tx => async {
        if let Some(key) = form_key {
            once(&mut tx, key, "ticket.write").await?;
        }
        customer_in(&mut tx, services, actor, ticket, &text, words.files, words.source, None).await
    })?;
    services.queue.announce(&jobs).await;
    Ok(seq)
}

#[allow(clippy::too_many_arguments, reason = "one transaction's facts")]
pub(super) async fn customer_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    ticket: u64,
    text: &MessageText,
    files: &[Upload],
    source: &'static str,
    mail: Option<FromMail<'_>>,
) -> Result<(u32, Vec<JobRef>), ServiceError> {
    let ticket = tx.tickets().lock(ticket).await?.ok_or(ServiceError::NotFound)?;
    let message = NewMessage {
        author: Author::Customer,
        admin_id: None,
        author_name: &ticket.customer_name,
        source,
        body: text.as_str(),
        mail: mail.map(|m| (m.id, m.hash)),
    };
    let (id, seq) = tx.tickets().add_message(ticket.id, &message).await?;
    for file in files {
        tx.tickets().add_file(&services.keys, id, file).await?;
    }
    step(tx, &ticket, TicketEvent::CustomerWrote).await?;
    let assigned = still_there(tx, &ticket).await?;
    let mut jobs = vec![tell(tx, actor, ticket.customer_id, id, Told::Staff(assigned)).await?];
    if let Some(reseller) = ticket.reseller_id {
        jobs.push(tell(tx, actor, ticket.customer_id, id, Told::Reseller(reseller)).await?);
    }
    let details = serde_json::json!({ "source": source, "files": files.len(), "customer": ticket.customer_id,
        "opened_again": ticket.state.is_over() });
    audited(tx, services, actor, "ticket.write", ("ticket", &ticket.uid.to_string()), "done", details).await?;
    Ok((seq, jobs))
}

/// Who looks after a ticket and may still sign in. Whoever may not any more loses it: it is everybody's again.
async fn still_there(tx: &mut Tx, ticket: &Ticket) -> Result<Option<u64>, ServiceError> {
    let Some(id) = ticket.assigned_admin_id else { return Ok(None) };
    if tx.admins().get(id).await?.is_some_and(|a| a.active) {
        return Ok(Some(id));
    }
    tx.tickets().sort(ticket.id, None, ticket.category, ticket.priority).await?;
    Ok(None)
}

/// What came of an answer of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It is on its way; the number of the message.
    Sent(u32),
    /// Somebody wrote since the page was drawn; nothing was sent.
    Since {
        /// Name of whoever answered, or empty: the customer wrote.
        name: String,
        /// Seconds ago.
        seconds: i64,
        /// Number of the newest message now.
        newest: u32,
    },
}

/// Staff answer, or the reseller whose customer it is. `solves`: and it is solved with that.
///
/// # Errors
/// `NotFound`; `Invalid` on `message` or `files`; `Conflict` when the form was sent before.
pub async fn answer(
    services: &Services,
    actor: &Actor,
    ticket: u64,
    words: &Words<'_>,
    solves: bool,
    form_key: Option<&[u8; 32]>,
) -> Result<Answered, ServiceError> {
    let text = check(words)?;
    let (answered, jobs) =
        transact!(services.db, tx => answer_in(&mut tx, services, actor, ticket, &text, words, solves, form_key))?;
    services.queue.announce(&jobs).await;
    Ok(answered)
}

#[allow(clippy::too_many_arguments, reason = "one transaction's facts")]
async fn answer_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    ticket: u64,
    text: &MessageText,
    words: &Words<'_>,
    solves: bool,
    form_key: Option<&[u8; 32]>,
) -> Result<(Answered, Vec<JobRef>), ServiceError> {
    let ticket = tx.tickets().lock(ticket).await?.ok_or(ServiceError::NotFound)?;
    may_answer(actor, &ticket)?;
    if words.seen.is_some_and(|seen| seen < ticket.last_seq)
        && let Some(newest) = tx.tickets().message(ticket.id, ticket.last_seq).await?
        && !own(&newest, actor)
    {
        let name = match newest.author.as_str() {
            "customer" => String::new(),
            "reseller" if newest.author_name.is_empty() => "The reseller".into(),
            _ if newest.author_name.is_empty() => "Support".into(),
            _ => newest.author_name,
        };
        let seconds = (crate::clock::now_plain() - newest.created_at).whole_seconds().max(0);
        return Ok((Answered::Since { name, seconds, newest: ticket.last_seq }, Vec::new()));
    }
    if let Some(key) = form_key {
        once(tx, key, "ticket.answer").await?;
    }
    let (author, admin_id, name) = if actor.role == Role::Reseller {
        // Their customers see their name; without one they see ours.
        let brand = tx.resellers().get(actor.id.unwrap_or_default()).await?.ok_or(ServiceError::NotFound)?.brand_name;
        (Author::Reseller, None, brand)
    } else {
        (Author::Staff, actor.id, staff_name(tx, actor).await?)
    };
    let message =
        NewMessage { author, admin_id, author_name: &name, source: words.source, body: text.as_str(), mail: None };
    let (id, seq) = tx.tickets().add_message(ticket.id, &message).await?;
    for file in words.files {
        tx.tickets().add_file(&services.keys, id, file).await?;
    }
    step(tx, &ticket, TicketEvent::StaffAnswered).await?;
    if solves {
        let now = tx.tickets().get(ticket.id).await?.ok_or(ServiceError::NotFound)?;
        step(tx, &now, TicketEvent::Solve).await?;
    }
    if ticket.assigned_admin_id.is_none() && admin_id.is_some() {
        tx.tickets().sort(ticket.id, admin_id, ticket.category, ticket.priority).await?;
    }
    tx.webhook_events().ticket(ticket.id, "ticket.answered").await?;
    let job = tell(tx, actor, ticket.customer_id, id, Told::CustomerAnswer).await?;
    let details = serde_json::json!({ "files": words.files.len(), "solves": solves, "customer": ticket.customer_id });
    audited(tx, services, actor, "ticket.answer", ("ticket", &ticket.uid.to_string()), "done", details).await?;
    Ok((Answered::Sent(seq), vec![job]))
}

/// A note among staff; nobody else ever reads it, and nobody is mailed.
///
/// # Errors
/// `NotFound`; `Invalid` on `note`; `Conflict` when the form was sent before.
pub async fn note(
    services: &Services,
    actor: &Actor,
    ticket: u64,
    note: &str,
    form_key: Option<&[u8; 32]>,
) -> Result<(), ServiceError> {
    let text = MessageText::parse(note).map_err(|e| ServiceError::field("note", e.0))?;
    transact!(services.db, tx => async {
        if let Some(key) = form_key {
            once(&mut tx, key, "ticket.note").await?;
        }
        let ticket = tx.tickets().lock(ticket).await?.ok_or(ServiceError::NotFound)?;
        let name = staff_name(&mut tx, actor).await?;
        tx.tickets().add_note(ticket.id, actor.id, &name, text.as_str()).await?;
        let details = serde_json::json!({ "customer": ticket.customer_id });
        audited(&mut tx, services, actor, "ticket.note", ("ticket", &ticket.uid.to_string()), "done", details).await
    })
}

/// Moves a ticket by the table; the caller holds its row.
pub(super) async fn step(tx: &mut Tx, ticket: &Ticket, event: TicketEvent) -> Result<(), ServiceError> {
    let to = ticket.state.after(event).ok_or_else(|| {
        ServiceError::Conflict(format!("The ticket is {} already", ticket.state.as_str().replace('_', " ")))
    })?;
    tx.tickets().move_state(ticket.id, ticket.state, to).await?;
    Ok(())
}

/// Staff answer everybody, a reseller those who are their customers at this moment.
fn may_answer(actor: &Actor, ticket: &Ticket) -> Result<(), ServiceError> {
    let theirs = actor.role == Role::Reseller && actor.id.is_some() && ticket.reseller_id == actor.id;
    if theirs || may(actor.role, Capability::AnswerTickets, Reach::All) { Ok(()) } else { Err(ServiceError::NotFound) }
}

/// Whether a message is the actor's own answer. A ticket has one reseller.
fn own(message: &Message, actor: &Actor) -> bool {
    match message.author.as_str() {
        "customer" => false,
        "reseller" => actor.role == Role::Reseller,
        _ => actor.role != Role::Reseller && message.admin_id == actor.id,
    }
}

async fn staff_name(tx: &mut Tx, actor: &Actor) -> Result<String, ServiceError> {
    let admin = match actor.id {
        Some(id) => tx.admins().get(id).await?,
        None => None,
    };
    Ok(admin.map_or_else(|| actor.name.clone(), |a| a.name))
}
