//! Tickets, as their customers and as staff see them.

use super::{Badge, Choice, Field, FieldError, Labelled, Link, OneUse, Page, Pager, When, view};
use serde::Serialize;

/// A ticket in a list.
#[derive(Debug, Clone, Serialize)]
pub struct TicketRow {
    /// Its page.
    pub href: String,
    /// In one line.
    pub subject: String,
    /// `T-…`
    pub short: String,
    /// State.
    pub badge: Badge,
    /// In its state since.
    pub moved: When,
    /// Store it is about, or empty.
    pub store: String,
}

/// `/dashboard/tickets`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerTickets {
    /// Chrome.
    pub page: Page,
    /// Newest first.
    pub rows: Vec<TicketRow>,
    /// Pager.
    pub pager: Pager,
    /// "24 hours"
    pub promise: String,
}
view!(OwnerTickets => "pages/dashboard/tickets.html");

/// `/dashboard/tickets/new`
#[derive(Debug, Clone, Serialize)]
pub struct NewTicket {
    /// Chrome.
    pub page: Page,
    /// In one line.
    pub subject: Field,
    /// Text.
    pub message: Field,
    /// What it is about.
    pub categories: Vec<Choice>,
    /// How much it presses.
    pub priorities: Vec<Choice>,
    /// Their stores, the first chosen; empty when there is none.
    pub stores: Vec<Choice>,
    /// What is wrong with the files, or empty.
    pub files_error: String,
    /// What files may be.
    pub limits: &'static str,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// "24 hours"
    pub promise: String,
    /// One-use key.
    pub form_key: OneUse,
}
view!(NewTicket => "pages/dashboard/ticket_new.html");

/// A file of a message.
#[derive(Debug, Clone, Serialize)]
pub struct FileLink {
    /// Where it is downloaded.
    pub href: String,
    /// Its name.
    pub name: String,
    /// "120 KB"
    pub size: String,
}

/// A message, or a note of staff.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// `m3` or `n2`: where a link leads.
    pub id: String,
    /// Who.
    pub who: String,
    /// customer, staff, note
    pub kind: &'static str,
    /// When.
    pub at: When,
    /// "by email", or empty.
    pub source: &'static str,
    /// Text.
    pub text: String,
    /// Files.
    pub files: Vec<FileLink>,
}

/// What both sides see of a ticket.
#[derive(Debug, Clone, Serialize)]
pub struct TicketFacts {
    /// Its page.
    pub href: String,
    /// `T-…`
    pub short: String,
    /// In one line.
    pub subject: String,
    /// State.
    pub badge: Badge,
    /// What it is about.
    pub category: &'static str,
    /// How much it presses.
    pub priority: &'static str,
    /// Opened.
    pub opened: When,
    /// Solved or closed.
    pub over: bool,
    /// Answers are welcome until then: what was attached by itself when it was opened.
    pub attached: Vec<Labelled>,
}

/// `/dashboard/tickets/{ticket}`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerTicket {
    /// Chrome.
    pub page: Page,
    /// Facts.
    pub ticket: TicketFacts,
    /// What was written, oldest first.
    pub entries: Vec<Entry>,
    /// The answer.
    pub message: Field,
    /// What is wrong with the files, or empty.
    pub files_error: String,
    /// What files may be.
    pub limits: &'static str,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// "24 hours", while an answer is due; else empty.
    pub promise: String,
    /// One-use key.
    pub form_key: OneUse,
}
view!(OwnerTicket => "pages/dashboard/ticket.html");

/// A ticket in the queue.
#[derive(Debug, Clone, Serialize)]
pub struct QueueRow {
    /// Its page.
    pub href: String,
    /// In one line.
    pub subject: String,
    /// `T-…`
    pub short: String,
    /// Whose.
    pub customer: String,
    /// Their page.
    pub customer_href: String,
    /// State.
    pub badge: Badge,
    /// How much it presses.
    pub priority: Badge,
    /// What it is about.
    pub category: &'static str,
    /// Who looks after it, or empty.
    pub assigned: String,
    /// In its state since.
    pub moved: When,
}

/// `/admin/tickets`
#[derive(Debug, Clone, Serialize)]
pub struct Queue {
    /// Chrome.
    pub page: Page,
    /// Which states.
    pub which: Vec<Choice>,
    /// Whose.
    pub whose: Vec<Choice>,
    /// About what.
    pub categories: Vec<Choice>,
    /// Active filters.
    pub chips: Vec<Link>,
    /// Tickets.
    pub rows: Vec<QueueRow>,
    /// Pager.
    pub pager: Pager,
}
view!(Queue => "pages/admin/tickets.html");

/// The customer beside a ticket.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerPanel {
    /// Address.
    pub email: String,
    /// Name, or empty.
    pub name: String,
    /// Their page.
    pub href: String,
    /// The store now, if the ticket is about one.
    pub store: Option<StoreNow>,
    /// Their other tickets, newest first.
    pub others: Vec<TicketRow>,
}

/// A store as it is now.
#[derive(Debug, Clone, Serialize)]
pub struct StoreNow {
    /// Name.
    pub name: String,
    /// State.
    pub badge: Badge,
    /// Where it answers.
    pub url: String,
    /// Its host.
    pub host: String,
    /// Plan.
    pub plan: String,
    /// Server, or empty.
    pub server: String,
}

/// `/admin/tickets/{ticket}`
#[derive(Debug, Clone, Serialize)]
pub struct StaffTicket {
    /// Chrome.
    pub page: Page,
    /// Facts.
    pub ticket: TicketFacts,
    /// The job that was attached: its page, or empty.
    pub job_href: String,
    /// Short id of it.
    pub job: String,
    /// Messages and notes, oldest first.
    pub entries: Vec<Entry>,
    /// The answer.
    pub message: Field,
    /// What is wrong with the files, or empty.
    pub files_error: String,
    /// What files may be.
    pub limits: &'static str,
    /// The note.
    pub note: Field,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Somebody wrote meanwhile, in words; else empty.
    pub since: String,
    /// Number of the newest message shown.
    pub seen: u32,
    /// Kept answers.
    pub canned: Vec<Choice>,
    /// Staff to give it to.
    pub staff: Vec<Choice>,
    /// What it is about.
    pub categories: Vec<Choice>,
    /// How much it presses.
    pub priorities: Vec<Choice>,
    /// The customer.
    pub customer: CustomerPanel,
    /// One-use key of the answer.
    pub form_key: OneUse,
    /// One-use key of the note.
    pub note_key: OneUse,
}
view!(StaffTicket => "pages/admin/ticket.html");

/// `/reseller/tickets`
#[derive(Debug, Clone, Serialize)]
pub struct ResellerTickets {
    /// Chrome.
    pub page: Page,
    /// Which states.
    pub which: Vec<Choice>,
    /// About what.
    pub categories: Vec<Choice>,
    /// Of one customer only: their row id, or empty.
    pub customer: String,
    /// Active filters.
    pub chips: Vec<Link>,
    /// Tickets.
    pub rows: Vec<QueueRow>,
    /// Pager.
    pub pager: Pager,
}
view!(ResellerTickets => "pages/reseller/tickets.html");

/// `/reseller/tickets/{ticket}`
#[derive(Debug, Clone, Serialize)]
pub struct ResellerTicket {
    /// Chrome.
    pub page: Page,
    /// Facts.
    pub ticket: TicketFacts,
    /// Whose.
    pub customer: String,
    /// Their page.
    pub customer_href: String,
    /// What was written, oldest first.
    pub entries: Vec<Entry>,
    /// The name under an answer, or empty: ours.
    pub signed: String,
    /// The answer.
    pub message: Field,
    /// What is wrong with the files, or empty.
    pub files_error: String,
    /// What files may be.
    pub limits: &'static str,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Somebody wrote meanwhile, in words; else empty.
    pub since: String,
    /// Number of the newest message shown.
    pub seen: u32,
    /// One-use key.
    pub form_key: OneUse,
}
view!(ResellerTicket => "pages/reseller/ticket.html");

/// A kept answer.
#[derive(Debug, Clone, Serialize)]
pub struct CannedRow {
    /// Its page.
    pub href: String,
    /// What it is for.
    pub title: String,
    /// How it begins.
    pub start: String,
    /// Who changed it last.
    pub by: String,
    /// When.
    pub at: When,
}

/// `/admin/tickets/answers` and one of them.
#[derive(Debug, Clone, Serialize)]
pub struct CannedAnswers {
    /// Chrome.
    pub page: Page,
    /// All of them; empty on the page of one.
    pub rows: Vec<CannedRow>,
    /// Where the form posts.
    pub action: String,
    /// The one that is changed: its page, or empty.
    pub one: String,
    /// What it is for.
    pub title: Field,
    /// Text.
    pub body: Field,
    /// Version shown.
    pub version: u32,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// One-use key.
    pub form_key: OneUse,
}
view!(CannedAnswers => "pages/admin/ticket_answers.html");
