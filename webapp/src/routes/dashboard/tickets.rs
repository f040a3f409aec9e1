//! `/dashboard/tickets`: asking for help, and what became of it.

use super::super::ticket_parts::{
    Reader, categories, download, entries, facts, owner_badge, priorities, promise, refuse_message, row,
};
use super::super::{Answer, need_key, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, UploadForm};
use crate::rate_limit::{MESSAGE_ACCOUNT, TICKET_ACCOUNT};
use crate::urls;
use crate::views::tickets::{NewTicket, OwnerTicket, OwnerTickets};
use crate::views::{Choice, Field, Pager};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::tickets::Ticket;
use hosting::domain::upload::LIMITS;
use hosting::domain::{StoreState, TicketEvent, Uid};
use hosting::services::ServiceError;
use hosting::services::change_ticket::move_ticket;
use hosting::services::open_ticket::{TicketWish, open_ticket};
use hosting::services::write_ticket::{Words, write_as_customer};

const HERE: &str = "/dashboard/tickets";
const PAGE: u32 = 30;

/// Their tickets.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let before: Option<u64> = query.number("after");
    let mut rows = ctx.state().services.db.read().await?.tickets().list_of_customer(customer, before, PAGE + 1).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let older = if more { rows.last().map(|t| format!("{HERE}?after={}", t.id)) } else { None };
    let pager = Pager {
        text: format!("{} shown{}", rows.len(), if more { ", there are more" } else { "" }),
        newer: if before.is_some() { HERE.into() } else { String::new() },
        older: older.unwrap_or_default(),
    };
    let now = now_plain();
    let rows = rows.iter().map(|t| row(t, urls::owner_ticket(&t.uid.to_string()), owner_badge(t.state), now)).collect();
    ctx.ok(&OwnerTickets { page: ctx.page("Help", "tickets").await, rows, pager, promise: promise(&ctx).await })
}

/// The form.
pub async fn new_page(ctx: Ctx) -> Answer {
    let view = new_view(&ctx, None).await?;
    ctx.ok(&view)
}

/// Opens one.
pub async fn create(ctx: Ctx, form: UploadForm) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let fields = &form.fields;
    let key = need_key(fields)?;
    let wish = TicketWish {
        subject: fields.get("subject")?,
        message: fields.get("message")?,
        category: fields.get("category")?,
        priority: fields.get("priority")?,
        store: fields.get("store")?,
        files: &form.files,
        source: "panel",
    };
    let state = ctx.state();
    state.limits.take(TICKET_ACCOUNT, &customer.to_string()).await.map_err(WebError::TooMany)?;
    match open_ticket(&state.services, &ctx.actor(), customer, &wish, Some(&key)).await {
        Ok(uid) => {
            ctx.flash("ticket_opened");
            Ok(ctx.see_other(&urls::owner_ticket(&uid.to_string())))
        }
        Err(ServiceError::Invalid(wrong)) => {
            let mut view = new_view(&ctx, Some(fields)).await?;
            view.page.has_errors = true;
            for (name, words) in &wrong {
                let field = match *name {
                    "subject" => &mut view.subject,
                    "message" => &mut view.message,
                    _ => &mut Field::default(),
                };
                refuse(field, &mut view.errors, name, words);
                if *name == "files" {
                    view.files_error.clone_from(words);
                }
            }
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// One ticket.
pub async fn show(ctx: Ctx, ticket: web::Path<String>) -> Answer {
    let ticket = own(&ctx, &ticket).await?;
    let view = view(&ctx, &ticket).await?;
    ctx.ok(&view)
}

/// Writes in it.
pub async fn write(ctx: Ctx, ticket: web::Path<String>, form: UploadForm) -> Answer {
    let ticket = own(&ctx, &ticket).await?;
    let key = need_key(&form.fields)?;
    let message = form.fields.get("message")?;
    let words = Words { message, files: &form.files, source: "panel", seen: None };
    let state = ctx.state();
    state.limits.take(MESSAGE_ACCOUNT, &ticket.customer_id.to_string()).await.map_err(WebError::TooMany)?;
    match write_as_customer(&state.services, &ctx.actor(), ticket.id, &words, Some(&key)).await {
        Ok(seq) => {
            ctx.flash("ticket_written");
            Ok(ctx.see_other(&format!("{}#m{seq}", urls::owner_ticket(&ticket.uid.to_string()))))
        }
        Err(ServiceError::Invalid(wrong)) => {
            let mut view = view(&ctx, &ticket).await?;
            view.page.has_errors = true;
            view.message = Field::of(message);
            refuse_message(&wrong, &mut view.message, &mut view.files_error, &mut view.errors);
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Says that it is solved.
pub async fn solved(ctx: Ctx, ticket: web::Path<String>, _: Form) -> Answer {
    let ticket = own(&ctx, &ticket).await?;
    match move_ticket(&ctx.state().services, &ctx.actor(), ticket.id, TicketEvent::Solve).await {
        // Pressed twice.
        Ok(()) | Err(ServiceError::Conflict(_)) => {}
        Err(other) => return Err(other.into()),
    }
    ctx.flash("ticket_solved");
    Ok(ctx.see_other(&urls::owner_ticket(&ticket.uid.to_string())))
}

/// A file.
pub async fn file(ctx: Ctx, path: web::Path<(String, String)>) -> Answer {
    let (ticket, file) = path.into_inner();
    let ticket = own(&ctx, &ticket).await?;
    download(&ctx, &ticket, &file, None).await
}

/// A ticket of the caller; others do not exist.
async fn own(ctx: &Ctx, ticket: &str) -> Result<Ticket, WebError> {
    let uid = Uid::parse(ticket).map_err(|_| WebError::NotFound)?;
    let customer = ctx.customer()?.customer_id;
    let found = ctx.state().services.db.read().await?.tickets().find_of_customer(&uid, customer).await?;
    found.ok_or(WebError::NotFound)
}

async fn view(ctx: &Ctx, ticket: &Ticket) -> Result<OwnerTicket, WebError> {
    let href = urls::owner_ticket(&ticket.uid.to_string());
    let mut conn = ctx.state().services.db.read().await?;
    let messages = conn.tickets().messages(ticket.id).await?;
    let files = conn.tickets().files(ticket.id).await?;
    drop(conn);
    Ok(OwnerTicket {
        page: ctx.page(format!("{} – {}", ticket.subject, ticket.short()), "tickets").await,
        entries: entries(ticket, messages, Vec::new(), &files, &href, Reader::Customer, now_plain()),
        ticket: facts(ticket, href, owner_badge(ticket.state)),
        message: Field::default(),
        files_error: String::new(),
        limits: LIMITS,
        errors: Vec::new(),
        promise: if ticket.state.waits() { promise(ctx).await } else { String::new() },
        form_key: ctx.new_form_key(),
    })
}

async fn new_view(ctx: &Ctx, form: Option<&Form>) -> Result<NewTicket, WebError> {
    let customer = ctx.customer()?.customer_id;
    let stores = ctx.state().services.db.read().await?.stores().list_of_customer(customer).await?;
    let value = |name: &str| form.map_or(Ok(""), |f| f.get(name));
    let (subject, message, store) = (value("subject")?, value("message")?, value("store")?);
    let mut choices: Vec<Choice> = stores
        .iter()
        .filter(|s| s.state != StoreState::Deleted)
        .enumerate()
        .map(|(i, s)| {
            let uid = s.uid.to_string();
            let current = if form.is_some() { uid == store } else { i == 0 };
            Choice { current, value: uid, label: s.name.clone() }
        })
        .collect();
    if !choices.is_empty() {
        let current = !choices.iter().any(|c| c.current);
        choices.push(Choice { value: String::new(), label: "None of them".into(), current });
    }
    let cut = |text: &str, most: usize| Field::of(text.chars().take(most).collect::<String>());
    Ok(NewTicket {
        page: ctx.page("Ask for help", "tickets").await,
        subject: cut(subject, 200),
        message: cut(message, 30_000),
        categories: categories(if form.is_some() { value("category")? } else { "store" }),
        priorities: priorities(if form.is_some() { value("priority")? } else { "normal" }),
        stores: choices,
        files_error: String::new(),
        limits: LIMITS,
        errors: Vec::new(),
        promise: promise(ctx).await,
        form_key: ctx.new_form_key(),
    })
}
