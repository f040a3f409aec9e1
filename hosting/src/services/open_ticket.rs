//! Opening a ticket: the state of the store and its last job are attached by themselves.

use super::tell_ticket::{Told, tell};
use super::{ServiceError, Services, audited, once};
use crate::db::jobs::{JobFilter, JobRef};
use crate::db::tickets::{Author, Evidence, NewMessage, NewTicket};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Category, HumanText, MessageText, Uid, Upload, Urgency, upload};
use crate::jobs::SEND_MAIL;
use crate::transact;

/// What a customer asks for.
#[derive(Debug, Clone, Copy)]
pub struct TicketWish<'a> {
    /// In one line.
    pub subject: &'a str,
    /// Text.
    pub message: &'a str,
    /// A category's name.
    pub category: &'a str,
    /// An urgency's name.
    pub priority: &'a str,
    /// Public id of a store of theirs, or empty.
    pub store: &'a str,
    /// Files.
    pub files: &'a [Upload],
    /// `panel` or `api`.
    pub source: &'static str,
}

struct Checked {
    subject: HumanText,
    message: MessageText,
    category: Category,
    priority: Urgency,
}

/// Opens one for a customer; `form_key` makes a double press one ticket. Returns its public id.
///
/// # Errors
/// `Invalid` on `subject`, `message`, `category`, `priority`, `store`, `files`; `Conflict` when the form was sent before.
pub async fn open_ticket(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    wish: &TicketWish<'_>,
    form_key: Option<&[u8; 32]>,
) -> Result<Uid, ServiceError> {
    let mut wrong: Vec<(&'static str, String)> = Vec::new();
    let subject = HumanText::parse("subject", wish.subject).map_err(|e| wrong.push(("subject", e.0))).ok();
    let category = Category::parse(wish.category);
    if category.is_none() {
        wrong.push(("category", "Choose what it is about".into()));
    }
    let priority = Urgency::parse(wish.priority);
    if priority.is_none() {
        wrong.push(("priority", "Choose how much it presses".into()));
    }
    let message = MessageText::parse(wish.message).map_err(|e| wrong.push(("message", e.0))).ok();
    if let Err(words) = fit(wish.files) {
        wrong.push(("files", words));
    }
    let (Some(subject), Some(message), Some(category), Some(priority), true) =
        (subject, message, category, priority, wrong.is_empty())
    else {
        return Err(ServiceError::Invalid(wrong));
    };
    let checked = Checked { subject, message, category, priority };
    let (uid, jobs) =
        transact!(services.db, tx => open_in(&mut tx, services, actor, customer_id, wish, &checked, form_key))?;
    services.queue.announce(&jobs).await;
    Ok(uid)
}

/// Whether files keep to the limits.
///
/// # Errors
/// Words that name the file.
pub fn fit(files: &[Upload]) -> Result<(), String> {
    if files.len() > upload::FILES {
        return Err(format!("Choose at most {} files", upload::FILES));
    }
    match files.iter().find(|f| f.bytes().is_empty() || f.bytes().len() > upload::FILE_BYTES) {
        Some(f) if f.bytes().is_empty() => Err(format!("{} is empty", f.name())),
        Some(f) => Err(format!("{} is larger than 5 MB", f.name())),
        None => Ok(()),
    }
}

async fn open_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    wish: &TicketWish<'_>,
    checked: &Checked,
    form_key: Option<&[u8; 32]>,
) -> Result<(Uid, Vec<JobRef>), ServiceError> {
    if let Some(key) = form_key {
        once(tx, key, "ticket.open").await?;
    }
    let customer = tx.customers().get(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let reseller_id = tx.resellers().of_customer(customer_id).await?;
    let stores = tx.stores().list_of_customer(customer_id).await?;
    let store = match wish.store {
        "" => None,
        uid => {
            let found = stores.iter().find(|s| s.uid.to_string() == uid);
            Some(found.ok_or_else(|| ServiceError::field("store", "Choose one of your stores"))?)
        }
    };
    let mut evidence = Evidence::default();
    if let Some(store) = store {
        evidence.store = store.uid.to_string();
        evidence.store_name.clone_from(&store.name);
        evidence.store_state = store.state.as_str().into();
        evidence.host = store.host.clone().unwrap_or_default();
        let jobs = JobFilter { customer_id: Some(customer_id), limit: 30, ..JobFilter::default() };
        let jobs = tx.jobs().list(&jobs).await?;
        if let Some(job) = jobs.into_iter().find(|j| j.store_id == Some(store.id) && j.kind != SEND_MAIL) {
            evidence.job_state = job.state.as_str().into();
            evidence.job_reason = job.error_reason;
            evidence.job_kind = job.kind;
            evidence.job = job.uid;
        }
    }
    let new = NewTicket {
        customer_id,
        reseller_id,
        store_id: store.map(|s| s.id),
        subject: checked.subject.as_str(),
        category: checked.category,
        priority: checked.priority,
        evidence: &evidence,
    };
    let (id, uid) = tx.tickets().insert(&new).await?;
    let message = NewMessage {
        author: Author::Customer,
        admin_id: None,
        author_name: &customer.name,
        source: wish.source,
        body: checked.message.as_str(),
        mail: None,
    };
    let (message_id, _) = tx.tickets().add_message(id, &message).await?;
    for file in wish.files {
        tx.tickets().add_file(&services.keys, message_id, file).await?;
    }
    let mut jobs = vec![
        tell(tx, actor, customer_id, message_id, Told::CustomerTheirTicket).await?,
        tell(tx, actor, customer_id, message_id, Told::Staff(None)).await?,
    ];
    if let Some(reseller) = reseller_id {
        jobs.push(tell(tx, actor, customer_id, message_id, Told::Reseller(reseller)).await?);
    }
    tx.webhook_events().ticket(id, "ticket.created").await?;
    let details = serde_json::json!({
        "category": checked.category.as_str(), "priority": checked.priority.as_str(), "files": wish.files.len(),
        "customer": customer_id,
    });
    audited(tx, services, actor, "ticket.open", ("ticket", &uid.to_string()), "done", details).await?;
    Ok((uid, jobs))
}
