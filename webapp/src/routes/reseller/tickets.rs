//! `/reseller/tickets`: what a reseller's customers ask, and answers to it. What staff write down for themselves, and whom
//! they gave a ticket to, is not theirs to read.

use super::super::admin::tickets::{choices, known, pager, place as position, states};
use super::super::ticket_parts::{
    Reader, download, entries, facts, refuse_message, since_words, staff_badge, urgency_badge,
};
use super::super::{Answer, need_key};
use super::{customers, find, own};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, UploadForm, html};
use crate::rate_limit::MESSAGE_ACCOUNT;
use crate::urls;
use crate::views::tickets::{QueueRow, ResellerTicket, ResellerTickets};
use crate::views::{Badge, Field, Link, View, When};
use actix_web::{HttpResponse, web};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::ticket_lists::QueueFilter;
use hosting::db::tickets::Ticket;
use hosting::domain::upload::LIMITS;
use hosting::domain::{Category, TicketEvent, TicketState, Uid};
use hosting::services::ServiceError;
use hosting::services::change_ticket::move_ticket;
use hosting::services::write_ticket::{Answered, Words, answer};
use time::PlainDateTime;

const HERE: &str = "/reseller/tickets";
const PAGE: u32 = 50;
/// As [`super::super::admin::tickets`] knows them, in words for whom an answer may not be theirs to give.
const WHICH: [(&str, &str); 7] = [
    ("", "Waiting for an answer"),
    ("open", "New"),
    ("waiting_for_us", "Answer due"),
    ("waiting_for_customer", "Waiting for customer"),
    ("solved", "Solved"),
    ("closed", "Closed"),
    ("all", "All"),
];

fn badge(state: TicketState) -> Badge {
    if state == TicketState::WaitingForUs { Badge::new("warning", "Answer due") } else { staff_badge(state) }
}

/// The page of one.
fn place(ticket: &Ticket) -> String {
    format!("{HERE}/{}", ticket.uid)
}

/// Those of one customer, in whatever state.
#[must_use]
pub fn of_customer(customer_id: u64) -> String {
    format!("{HERE}{}", urls::query(&[("state", "all"), ("customer", &customer_id.to_string())]))
}

/// The queue of their customers.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let (me, _) = own(&ctx).await?;
    let which = known(&WHICH, query.get("state")?);
    let category = Category::parse(query.get("category")?);
    let about = category.map_or("", Category::as_str);
    let only = match query.get("customer")? {
        "" => None,
        id => Some(find(&ctx, id).await?),
    };
    let customer = only.as_ref().map(|c| c.id.to_string()).unwrap_or_default();
    let beyond = position(query.get("after")?);
    let filter = QueueFilter {
        which: states(which),
        category,
        reseller_id: Some(me.customer_id),
        customer_id: only.as_ref().map(|c| c.id),
        beyond,
        before: if beyond.is_some() { None } else { position(query.get("before")?) },
        limit: PAGE + 1,
        ..QueueFilter::default()
    };
    let mut rows = ctx.state().services.db.read().await?.tickets().queue(&filter).await?;
    let kept = [("state", which), ("category", about), ("customer", customer.as_str())];
    let pager = pager(&mut rows, &filter, HERE, PAGE, &kept);
    let state = WHICH.iter().find(|(v, _)| *v == which && !v.is_empty()).map(|(_, label)| (*label).to_owned());
    let chips = [
        ("state", state),
        ("category", category.map(|c| c.title().to_owned())),
        ("customer", only.map(|c| format!("Customer: {}", c.email))),
    ]
    .into_iter()
    .filter_map(|(name, label)| {
        let rest: Vec<_> = kept.into_iter().filter(|(n, _)| *n != name).collect();
        Some(Link { href: format!("{HERE}{}", urls::query(&rest)), label: label?, current: false })
    })
    .collect();
    let mut categories: Vec<(&str, &str)> = vec![("", "Anything")];
    categories.extend(Category::ALL.iter().map(|c| (c.as_str(), c.title())));
    let now = now_plain();
    ctx.ok(&ResellerTickets {
        page: ctx.page("Tickets", "reseller").await,
        which: choices(&WHICH, which),
        categories: choices(&categories, about),
        customer,
        chips,
        rows: rows.iter().map(|t| row(t, now)).collect(),
        pager,
    })
}

fn row(t: &Ticket, now: PlainDateTime) -> QueueRow {
    QueueRow {
        href: place(t),
        subject: t.subject.clone(),
        short: t.short(),
        customer: t.customer_email.clone(),
        customer_href: customers::place(t.customer_id),
        badge: badge(t.state),
        priority: urgency_badge(t.priority),
        category: t.category.title(),
        assigned: String::new(),
        moved: When::relative(t.moved_at, now),
    }
}

/// One that a customer of theirs opened; others do not exist.
async fn theirs(ctx: &Ctx, ticket: &str) -> Result<Ticket, WebError> {
    let uid = Uid::parse(ticket).map_err(|_| WebError::NotFound)?;
    let (me, _) = own(ctx).await?;
    let found = ctx.state().services.db.read().await?.tickets().find_of_reseller(&uid, me.customer_id).await?;
    found.ok_or(WebError::NotFound)
}

/// One.
pub async fn show(ctx: Ctx, ticket: web::Path<String>) -> Answer {
    let ticket = theirs(&ctx, &ticket).await?;
    let view = view(&ctx, &ticket).await?;
    ctx.ok(&view)
}

/// An answer. When somebody wrote since the page was drawn, that is shown first and nothing is sent.
pub async fn post(ctx: Ctx, ticket: web::Path<String>, form: UploadForm) -> Answer {
    let ticket = theirs(&ctx, &ticket).await?;
    let fields = &form.fields;
    let key = need_key(fields)?;
    let message = fields.get("message")?;
    // A form that does not say what its writer saw has seen nothing.
    let seen = fields.get("seen")?.parse().unwrap_or(0);
    let words = Words { message, files: &form.files, source: "panel", seen: Some(seen) };
    let solves = fields.get("solves")? == "yes";
    let state = ctx.state();
    let me = ctx.customer()?.customer_id;
    state.limits.take(MESSAGE_ACCOUNT, &me.to_string()).await.map_err(WebError::TooMany)?;
    match answer(&state.services, &ctx.actor(), ticket.id, &words, solves, Some(&key)).await {
        Ok(Answered::Sent(seq)) => {
            ctx.flash("ticket_answered");
            Ok(ctx.see_other(&format!("{}#m{seq}", place(&ticket))))
        }
        Ok(Answered::Since { name, seconds, .. }) => {
            let ticket = theirs(&ctx, &ticket.uid.to_string()).await?;
            let mut view = view(&ctx, &ticket).await?;
            view.message = Field::of(message);
            view.page.has_errors = true;
            view.since = since_words(&name, seconds, !form.files.is_empty());
            Ok(html(HttpResponse::Conflict(), view.render()?))
        }
        Err(ServiceError::Invalid(wrong)) => {
            let mut view = view(&ctx, &ticket).await?;
            view.page.has_errors = true;
            view.message = Field::of(message.chars().take(30_000).collect::<String>());
            refuse_message(&wrong, &mut view.message, &mut view.files_error, &mut view.errors);
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Says that it is solved.
pub async fn solved(ctx: Ctx, ticket: web::Path<String>, _: Form) -> Answer {
    let ticket = theirs(&ctx, &ticket).await?;
    match move_ticket(&ctx.state().services, &ctx.actor(), ticket.id, TicketEvent::Solve).await {
        // Pressed twice.
        Ok(()) | Err(ServiceError::Conflict(_)) => {}
        Err(other) => return Err(other.into()),
    }
    ctx.flash("ticket_changed");
    Ok(ctx.see_other(&place(&ticket)))
}

/// A file.
pub async fn file(ctx: Ctx, path: web::Path<(String, String)>) -> Answer {
    let (ticket, file) = path.into_inner();
    let ticket = theirs(&ctx, &ticket).await?;
    download(&ctx, &ticket, &file, None).await
}

async fn view(ctx: &Ctx, ticket: &Ticket) -> Result<ResellerTicket, WebError> {
    let (me, _) = own(ctx).await?;
    let href = place(ticket);
    let mut conn = ctx.state().services.db.read().await?;
    let messages = conn.tickets().messages(ticket.id).await?;
    let files = conn.tickets().files(ticket.id).await?;
    drop(conn);
    Ok(ResellerTicket {
        page: ctx.page(format!("{} – {}", ticket.subject, ticket.short()), "reseller").await,
        entries: entries(ticket, messages, Vec::new(), &files, &href, Reader::Reseller, now_plain()),
        ticket: facts(ticket, href, badge(ticket.state)),
        customer: ticket.customer_email.clone(),
        customer_href: customers::place(ticket.customer_id),
        signed: me.brand_name,
        message: Field::default(),
        files_error: String::new(),
        limits: LIMITS,
        errors: Vec::new(),
        since: String::new(),
        seen: ticket.last_seq,
        form_key: ctx.new_form_key(),
    })
}
