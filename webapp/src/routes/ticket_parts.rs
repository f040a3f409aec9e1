//! What the pages of both sides share: states in words, entries, files.

use super::{Answer, refuse};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::views::tickets::{Entry, FileLink, TicketFacts, TicketRow};
use crate::views::{Badge, Choice, Field, FieldError, Labelled, When, duration_text};
use actix_web::HttpResponse;
use actix_web::http::header;
use hosting::db::Queries;
use hosting::db::ticket_files::FileRow;
use hosting::db::tickets::{Evidence, Message, Note, Ticket};
use hosting::domain::{Category, TicketState, Uid, Urgency};
use time::PlainDateTime;

/// Names that are looked up again and again are few: what a person chose, marked in a list.
pub fn categories(chosen: &str) -> Vec<Choice> {
    Category::ALL
        .into_iter()
        .map(|c| Choice { value: c.as_str().into(), label: c.title().into(), current: c.as_str() == chosen })
        .collect()
}

/// As [`categories`], how much it presses.
pub fn priorities(chosen: &str) -> Vec<Choice> {
    Urgency::ALL
        .into_iter()
        .map(|u| Choice { value: u.as_str().into(), label: u.title().into(), current: u.as_str() == chosen })
        .collect()
}

/// "24 hours"
pub async fn promise(ctx: &Ctx) -> String {
    match ctx.state().settings().await.number("ticket_answer_hours") {
        0 | 1 => "an hour".into(),
        hours => format!("{hours} hours"),
    }
}

/// Why an answer was not sent: somebody wrote since. An empty name is the customer's.
pub fn since_words(name: &str, seconds: i64, had_files: bool) -> String {
    let ago = duration_text(seconds * 1000);
    let mut words = if name.is_empty() {
        format!("The customer wrote {ago} ago. Nothing was sent: read it, then send or change your answer.")
    } else {
        format!("{name} answered {ago} ago. Nothing was sent: read it, then send or change yours.")
    };
    if had_files {
        words.push_str(" Choose your files again.");
    }
    words
}

/// What is wrong with a message and its files, beside each of them. A file cannot be given back to the form.
pub fn refuse_message(
    wrong: &[(&'static str, String)],
    message: &mut Field,
    files_error: &mut String,
    errors: &mut Vec<FieldError>,
) {
    for (name, words) in wrong {
        if *name == "files" {
            files_error.clone_from(words);
            refuse(&mut Field::default(), errors, name, words);
        } else {
            refuse(message, errors, name, words);
        }
    }
}

/// A state as the customer reads it.
#[must_use]
pub fn owner_badge(state: TicketState) -> Badge {
    match state {
        TicketState::Open | TicketState::WaitingForUs => Badge::new("waiting", "Waiting for our answer"),
        TicketState::WaitingForCustomer => Badge::new("busy", "We answered"),
        TicketState::Solved => Badge::new("good", "Solved"),
        TicketState::Closed => Badge::new("good", "Closed"),
    }
}

/// A state as staff read it.
#[must_use]
pub fn staff_badge(state: TicketState) -> Badge {
    match state {
        TicketState::Open => Badge::new("warning", "New"),
        TicketState::WaitingForUs => Badge::new("warning", "Waits for us"),
        TicketState::WaitingForCustomer => Badge::new("waiting", "Waits for customer"),
        TicketState::Solved => Badge::new("good", "Solved"),
        TicketState::Closed => Badge::new("good", "Closed"),
    }
}

/// How much it presses, in one word.
#[must_use]
pub fn urgency_badge(priority: Urgency) -> Badge {
    let tone = match priority {
        Urgency::Low | Urgency::Normal => "waiting",
        Urgency::High => "warning",
        Urgency::Urgent => "bad",
    };
    Badge::new(tone, priority.word())
}

/// A ticket in a list.
pub fn row(ticket: &Ticket, href: String, badge: Badge, now: PlainDateTime) -> TicketRow {
    TicketRow {
        href,
        subject: ticket.subject.clone(),
        short: ticket.short(),
        badge,
        moved: When::relative(ticket.moved_at, now),
        store: ticket.store_name.clone().unwrap_or_default(),
    }
}

/// What both sides see.
pub fn facts(ticket: &Ticket, href: String, badge: Badge) -> TicketFacts {
    TicketFacts {
        href,
        short: ticket.short(),
        subject: ticket.subject.clone(),
        badge,
        category: ticket.category.title(),
        priority: ticket.priority.word(),
        opened: When::exact(ticket.created_at),
        over: ticket.state.is_over(),
        attached: attached(&ticket.evidence),
    }
}

fn attached(evidence: &Evidence) -> Vec<Labelled> {
    if evidence.store.is_empty() {
        return Vec::new();
    }
    let mut all = vec![
        Labelled::new("Store", evidence.store_name.clone()),
        Labelled::new("State", Badge::store(&evidence.store_state).word),
    ];
    if !evidence.host.is_empty() {
        all.push(Labelled::new("Address", evidence.host.clone()));
    }
    if !evidence.job.is_empty() {
        let state = Badge::job(&evidence.job_state).word.to_lowercase();
        let reason = if evidence.job_reason.is_empty() { String::new() } else { format!(": {}", evidence.job_reason) };
        let words = format!("{}, {state}{reason}", hosting::jobs::title(&evidence.job_kind));
        all.push(Labelled::new("Last job", words));
    }
    all
}

/// Who reads a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The customer.
    Customer,
    /// The reseller whose customer it is.
    Reseller,
    /// Staff.
    Staff,
}

/// What a writer is called for a reader.
fn who(ticket: &Ticket, m: &Message, reader: Reader) -> String {
    let named = || if m.author_name.is_empty() { "Support".to_owned() } else { m.author_name.clone() };
    match (m.author.as_str(), reader) {
        ("customer", Reader::Customer) | ("reseller", Reader::Reseller) => "You".into(),
        ("customer", _) if ticket.customer_name.is_empty() => ticket.customer_email.clone(),
        ("customer", _) => ticket.customer_name.clone(),
        ("reseller", Reader::Staff) if m.author_name.is_empty() => "Reseller".into(),
        ("reseller", Reader::Staff) => format!("{} (reseller)", m.author_name),
        _ => named(),
    }
}

/// Messages, and for staff their notes among them, oldest first.
pub fn entries(
    ticket: &Ticket,
    messages: Vec<Message>,
    notes: Vec<Note>,
    files: &[FileRow],
    base: &str,
    reader: Reader,
    now: PlainDateTime,
) -> Vec<Entry> {
    let mut all: Vec<(PlainDateTime, Entry)> = Vec::new();
    for m in messages {
        let customer = m.author == "customer";
        let who = who(ticket, &m, reader);
        let files = files
            .iter()
            .filter(|f| f.seq == m.seq)
            .map(|f| FileLink {
                href: format!("{base}/files/{}", f.uid),
                name: f.name.clone(),
                size: size_words(f.size),
            })
            .collect();
        let entry = Entry {
            id: format!("m{}", m.seq),
            who,
            kind: if customer { "customer" } else { "staff" },
            at: When::relative(m.created_at, now),
            source: if m.source == "mail" { "by email" } else { "" },
            text: m.body,
            files,
        };
        all.push((m.created_at, entry));
    }
    for (number, n) in notes.into_iter().enumerate() {
        let entry = Entry {
            id: format!("n{}", number + 1),
            who: n.author_name,
            kind: "note",
            at: When::relative(n.created_at, now),
            source: "",
            text: n.body,
            files: Vec::new(),
        };
        all.push((n.created_at, entry));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, entry)| entry).collect()
}

fn size_words(bytes: u32) -> String {
    match bytes {
        0..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{} KB", bytes.div_ceil(1024)),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// A file for saving: nothing in it runs, whatever it says it is. The caller has looked the ticket up within the
/// reader's reach; `media` says another type than the one of the content.
///
/// # Errors
/// Not a file of this ticket.
pub async fn download(ctx: &Ctx, ticket: &Ticket, file: &str, media: Option<&str>) -> Answer {
    let uid = Uid::parse(file).map_err(|_| WebError::NotFound)?;
    let services = &ctx.state().services;
    let file = services.db.read().await?.tickets().file(&services.keys, ticket.id, &uid).await?;
    let file = file.ok_or(WebError::NotFound)?;
    ctx.answers_with_a_file();
    let media = match media {
        Some(media) => media.to_owned(),
        None if file.media == "text/plain" => "text/plain; charset=utf-8".into(),
        None => file.media,
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&file.name)))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .body(file.bytes))
}

/// `attachment` with the name twice: for old readers in ASCII, for all others whole (RFC 6266).
fn disposition(name: &str) -> String {
    let ascii: String = name.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '_' }).collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            whole.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{}\"; filename*=UTF-8''{whole}", ascii.replace(['"', '\\'], "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_cannot_leave_their_quotes() {
        assert_eq!(
            disposition("März \"x\".pdf"),
            "attachment; filename=\"M_rz _x_.pdf\"; filename*=UTF-8''M%C3%A4rz%20%22x%22.pdf"
        );
        assert_eq!(size_words(900), "900 bytes");
        assert_eq!(size_words(5 * 1_048_576), "5.0 MB");
    }
}
