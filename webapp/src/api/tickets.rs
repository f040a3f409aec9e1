//! `/api/v1/tickets`: conversations of a customer with us, all of them for staff. Notes of staff have an address of
//! their own, which only staff may open.

use super::body::{Body, FilesBody, NewFile};
use super::jobs::Nothing;
use super::list::{Cursor, Listing, ok};
use super::{at, idempotency, uid};
use crate::error::WebError;
use crate::extract::{Ctx, Query, Who};
use crate::rate_limit::{MESSAGE_ACCOUNT, TICKET_ACCOUNT};
use crate::routes::ticket_parts::Reader;
use crate::routes::{Answer, ticket_parts};
use actix_web::{HttpRequest, HttpResponse, web};
use hosting::db::Queries;
use hosting::db::tickets::Ticket as Row;
use hosting::domain::TicketEvent;
use hosting::domain::rights::{Capability, Reach, may};
use hosting::services::change_ticket::{Sorting, move_ticket, sort_ticket};
use hosting::services::open_ticket::{TicketWish, open_ticket};
use hosting::services::write_ticket::{Answered, Words, answer, note, write_as_customer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A ticket.
#[derive(Serialize, ToSchema)]
pub struct Ticket {
    id: String,
    /// T-…: what people quote.
    reference: String,
    subject: String,
    /// store, address, billing, account, other
    category: &'static str,
    /// low, normal, high, urgent
    priority: &'static str,
    /// open, waiting_for_us, waiting_for_customer, solved, closed
    state: &'static str,
    /// In this state since.
    since: String,
    created_at: String,
    /// Number of the newest message.
    messages: u32,
    /// Name of the store it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_name: Option<String>,
    /// Staff and resellers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<u64>,
    /// Staff only: row number of the staff member who looks after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned: Option<u64>,
}

/// A message.
#[derive(Serialize, ToSchema)]
pub struct TicketMessage {
    /// 1, 2, 3 … within the ticket.
    number: u32,
    /// customer, staff; for resellers and staff also reseller
    from: String,
    name: String,
    /// panel, mail, api
    by: String,
    at: String,
    text: String,
    files: Vec<TicketFile>,
}

/// A file of a message.
#[derive(Serialize, ToSchema)]
pub struct TicketFile {
    id: String,
    name: String,
    /// By its content.
    media: String,
    bytes: u32,
}

/// A note among staff.
#[derive(Serialize, ToSchema)]
pub struct TicketNote {
    id: String,
    name: String,
    at: String,
    text: String,
}

/// A ticket to open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    /// In one line.
    #[schema(min_length = 1, max_length = 80)]
    subject: String,
    /// Text.
    #[schema(min_length = 1, max_length = 20000)]
    message: String,
    /// store, address, billing, account, other
    category: String,
    /// low, normal, high, urgent
    #[serde(default = "usual")]
    priority: String,
    /// Public id of the store it is about.
    #[serde(default)]
    store: String,
    /// Up to five.
    #[serde(default)]
    #[schema(max_items = 5)]
    files: Vec<NewFile>,
}

fn usual() -> String {
    "normal".into()
}

/// A ticket that was opened.
#[derive(Serialize, ToSchema)]
pub struct Opened {
    id: String,
}

/// A message to write.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
    /// Staff and resellers: number of the newest message that was read; the answer is refused with 409 when there are newer ones.
    #[serde(default)]
    seen: Option<u32>,
    /// Up to five.
    #[serde(default)]
    #[schema(max_items = 5)]
    files: Vec<NewFile>,
}

/// A message that was written.
#[derive(Serialize, ToSchema)]
pub struct Written {
    number: u32,
}

/// A note to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
}

/// How a ticket is sorted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSorting {
    /// Row number of a staff member; absent: nobody.
    #[serde(default)]
    assigned: Option<u64>,
    /// store, address, billing, account, other
    category: String,
    /// low, normal, high, urgent
    priority: String,
}

fn is_staff(ctx: &Ctx) -> bool {
    matches!(ctx.who(), Who::Staff(_))
}

/// Who calls about a ticket they were found to reach.
fn reader(ctx: &Ctx, t: &Row) -> Reader {
    match ctx.who() {
        Who::Staff(_) => Reader::Staff,
        Who::Customer(c) if c.customer_id != t.customer_id => Reader::Reseller,
        _ => Reader::Customer,
    }
}

fn show(t: &Row, reader: Reader) -> Ticket {
    Ticket {
        id: t.uid.to_string(),
        reference: t.short(),
        subject: t.subject.clone(),
        category: t.category.as_str(),
        priority: t.priority.as_str(),
        state: t.state.as_str(),
        since: at(t.moved_at),
        created_at: at(t.created_at),
        messages: t.last_seq,
        store_name: t.store_name.clone(),
        customer: (reader != Reader::Customer).then_some(t.customer_id),
        assigned: t.assigned_admin_id.filter(|_| reader == Reader::Staff),
    }
}

/// The ticket of an id within the caller's scope; others do not exist.
async fn scoped(ctx: &Ctx, id: &str) -> Result<Row, WebError> {
    let found = ctx.state().services.db.read().await?.tickets().find(&uid(id)?).await?;
    let own = found.filter(|t| match ctx.who() {
        Who::Staff(_) => true,
        Who::Customer(c) => {
            let theirs = t.reseller_id == Some(c.customer_id);
            c.customer_id == t.customer_id || theirs && may(c.role, Capability::AnswerTickets, Reach::OwnCustomers)
        }
        Who::Visitor => false,
    });
    own.ok_or(WebError::NotFound)
}

/// List tickets
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets", operation_id = "list_tickets",
    params(("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Ticket>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let customer = match ctx.who() {
        Who::Customer(c) => Some(c.customer_id),
        _ => None,
    };
    let rows = ctx.state().services.db.read().await?.tickets().newest(customer, cursor.before, cursor.fetch()).await?;
    let reader = if is_staff(&ctx) { Reader::Staff } else { Reader::Customer };
    Ok(ok(&cursor.page(rows, |t| t.id, |t| show(t, reader))))
}

/// List tickets of your customers
///
/// Those they opened since they are yours, newest first. One is read and answered where all tickets are.
#[utoipa::path(get, path = "/api/v1/reseller/tickets", tag = "resellers", operation_id = "list_customer_tickets",
    params(("customer" = Option<u64>, Query, description = "Only of this customer of yours"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Ticket>)))]
pub async fn list_of_customers(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let me = ctx.customer()?.customer_id;
    let customer = super::resellers::asked_customer(&ctx, &query).await?;
    let mut conn = ctx.state().services.db.read().await?;
    let rows = conn.tickets().newest_of_reseller(me, customer, cursor.before, cursor.fetch()).await?;
    drop(conn);
    Ok(ok(&cursor.page(rows, |t| t.id, |t| show(t, Reader::Reseller))))
}

/// Open a ticket
#[utoipa::path(post, path = "/api/v1/tickets", tag = "tickets", operation_id = "open_ticket",
    request_body = NewTicket, responses((status = 201, body = Opened)))]
pub async fn open(ctx: Ctx, request: HttpRequest, body: FilesBody<NewTicket>) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let asked = body.value;
    let files = NewFile::uploads(asked.files)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        ctx.state().limits.take(TICKET_ACCOUNT, &customer.to_string()).await.map_err(WebError::TooMany)?;
        let wish = TicketWish {
            subject: &asked.subject,
            message: &asked.message,
            category: &asked.category,
            priority: &asked.priority,
            store: &asked.store,
            files: &files,
            source: "api",
        };
        let id = open_ticket(&ctx.state().services, &ctx.actor(), customer, &wish, None).await?;
        Ok((201, Opened { id: id.to_string() }))
    })
    .await
}

/// Read a ticket
#[utoipa::path(get, path = "/api/v1/tickets/{id}", tag = "tickets", operation_id = "get_ticket",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = Ticket)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let ticket = scoped(&ctx, &id).await?;
    Ok(ok(&show(&ticket, reader(&ctx, &ticket))))
}

/// Read what was written
#[utoipa::path(get, path = "/api/v1/tickets/{id}/messages", tag = "tickets", operation_id = "list_ticket_messages",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = Listing<TicketMessage>)))]
pub async fn messages(ctx: Ctx, id: web::Path<String>) -> Answer {
    let ticket = scoped(&ctx, &id).await?;
    let reader = reader(&ctx, &ticket);
    let mut conn = ctx.state().services.db.read().await?;
    let rows = conn.tickets().messages(ticket.id).await?;
    let files = conn.tickets().files(ticket.id).await?;
    let items = rows
        .into_iter()
        .rev()
        .map(|m| TicketMessage {
            number: m.seq,
            // Their provider and we are one to the customer.
            from: if reader == Reader::Customer && m.author == "reseller" { "staff".into() } else { m.author },
            name: m.author_name,
            by: m.source,
            at: at(m.created_at),
            text: m.body,
            files: files
                .iter()
                .filter(|f| f.seq == m.seq)
                .map(|f| TicketFile { id: f.uid.clone(), name: f.name.clone(), media: f.media.clone(), bytes: f.size })
                .collect(),
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}

/// Write in a ticket
///
/// A customer's message opens it again when it was over; one of staff, or of the reseller whose customer it is, is an answer.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/messages", tag = "tickets", operation_id = "write_in_ticket",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = NewMessage, responses((status = 201, body = Written)))]
pub async fn write(ctx: Ctx, request: HttpRequest, id: web::Path<String>, body: FilesBody<NewMessage>) -> Answer {
    let ticket = scoped(&ctx, &id).await?;
    let asked = body.value;
    let files = NewFile::uploads(asked.files)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let words = Words { message: &asked.text, files: &files, source: "api", seen: asked.seen };
        let services = &ctx.state().services;
        let reader = reader(&ctx, &ticket);
        if let Who::Customer(c) = ctx.who() {
            let who = c.customer_id.to_string();
            ctx.state().limits.take(MESSAGE_ACCOUNT, &who).await.map_err(WebError::TooMany)?;
        }
        let number = if reader != Reader::Customer {
            match answer(services, &ctx.actor(), ticket.id, &words, false, None).await? {
                Answered::Sent(number) => number,
                Answered::Since { newest, .. } => {
                    return Err(WebError::Conflict(format!(
                        "Somebody wrote meanwhile; message {newest} is the newest."
                    )));
                }
            }
        } else {
            write_as_customer(services, &ctx.actor(), ticket.id, &words, None).await?
        };
        Ok((201, Written { number }))
    })
    .await
}

/// Download a file
#[utoipa::path(get, path = "/api/v1/tickets/{id}/files/{file}", tag = "tickets", operation_id = "get_ticket_file",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("file" = String, Path, description = "Public id of the file", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, description = "Its bytes", content_type = "application/octet-stream", body = Vec<u8>)))]
pub async fn file(ctx: Ctx, path: web::Path<(String, String)>) -> Answer {
    let (id, file) = path.into_inner();
    let ticket = scoped(&ctx, &id).await?;
    ticket_parts::download(&ctx, &ticket, &file, Some("application/octet-stream")).await
}

/// Read the notes among staff
#[utoipa::path(get, path = "/api/v1/tickets/{id}/notes", tag = "tickets", operation_id = "list_ticket_notes",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = Listing<TicketNote>)))]
pub async fn notes(ctx: Ctx, id: web::Path<String>) -> Answer {
    let ticket = scoped(&ctx, &id).await?;
    let rows = ctx.state().services.db.read().await?.tickets().notes(ticket.id).await?;
    let items = rows
        .into_iter()
        .rev()
        .map(|n| TicketNote { id: n.uid, name: n.author_name, at: at(n.created_at), text: n.body })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}

/// Keep a note among staff
#[utoipa::path(post, path = "/api/v1/tickets/{id}/notes", tag = "tickets", operation_id = "add_ticket_note",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = NewNote, responses((status = 204, description = "Kept")))]
pub async fn add_note(ctx: Ctx, id: web::Path<String>, body: Body<NewNote>) -> Answer {
    let ticket = scoped(&ctx, &id).await?;
    note(&ctx.state().services, &ctx.actor(), ticket.id, &body.value.text, None).await.map_err(|e| match e {
        hosting::services::ServiceError::Invalid(fields) => {
            WebError::Invalid(fields.into_iter().map(|(_, words)| ("text".to_owned(), words)).collect())
        }
        other => other.into(),
    })?;
    Ok(HttpResponse::NoContent().finish())
}

async fn moved(ctx: &Ctx, id: &str, event: TicketEvent) -> Answer {
    let ticket = scoped(ctx, id).await?;
    move_ticket(&ctx.state().services, &ctx.actor(), ticket.id, event).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Say that a ticket is solved
#[utoipa::path(post, path = "/api/v1/tickets/{id}/solved", tag = "tickets", operation_id = "solve_ticket",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 204, description = "Solved")))]
pub async fn solve(ctx: Ctx, id: web::Path<String>, _: Body<Nothing>) -> Answer {
    moved(&ctx, &id, TicketEvent::Solve).await
}

/// Close a ticket
#[utoipa::path(post, path = "/api/v1/tickets/{id}/closed", tag = "tickets", operation_id = "close_ticket",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 204, description = "Closed")))]
pub async fn close(ctx: Ctx, id: web::Path<String>, _: Body<Nothing>) -> Answer {
    moved(&ctx, &id, TicketEvent::Close).await
}

/// Take a ticket up again
#[utoipa::path(post, path = "/api/v1/tickets/{id}/reopened", tag = "tickets", operation_id = "reopen_ticket",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 204, description = "Open again")))]
pub async fn reopen(ctx: Ctx, id: web::Path<String>, _: Body<Nothing>) -> Answer {
    moved(&ctx, &id, TicketEvent::Reopen).await
}

/// Give a ticket to somebody and sort it
#[utoipa::path(put, path = "/api/v1/tickets/{id}/sorting", tag = "tickets", operation_id = "sort_ticket",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = NewSorting, responses((status = 204, description = "Sorted")))]
pub async fn sort(ctx: Ctx, id: web::Path<String>, body: Body<NewSorting>) -> Answer {
    let ticket = scoped(&ctx, &id).await?;
    let asked = body.value;
    let assigned = asked.assigned.map(|id| id.to_string()).unwrap_or_default();
    let sorting = Sorting { assigned: &assigned, category: &asked.category, priority: &asked.priority };
    sort_ticket(&ctx.state().services, &ctx.actor(), ticket.id, sorting).await?;
    Ok(HttpResponse::NoContent().finish())
}
