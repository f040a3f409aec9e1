//! `/admin/tickets/{ticket}`: the conversation, notes among staff, the customer beside it.

use super::super::super::ticket_parts::{
    Reader, categories, download, entries, facts, owner_badge, priorities, refuse_message, row, since_words,
    staff_badge,
};
use super::super::super::{Answer, need_key, refuse};
use super::find;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, UploadForm, html};
use crate::urls;
use crate::views::tickets::{CustomerPanel, StaffTicket, StoreNow};
use crate::views::{Badge, Choice, Field, View};
use actix_web::{HttpResponse, web};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::tickets::Ticket;
use hosting::domain::upload::LIMITS;
use hosting::domain::{TicketEvent, Uid};
use hosting::services::ServiceError;
use hosting::services::change_ticket::{Sorting, move_ticket, sort_ticket};
use hosting::services::write_ticket::{Answered, Words, answer, note};

/// The page; `?answer=` fills a kept answer in.
pub async fn get(ctx: Ctx, ticket: web::Path<String>, query: Query) -> Answer {
    let ticket = find(&ctx, &ticket).await?;
    let mut view = view(&ctx, &ticket).await?;
    if let Ok(uid) = Uid::parse(query.get("answer")?)
        && let Some(kept) = ctx.state().services.db.read().await?.canned_answers().find(&uid).await?
    {
        view.message = Field::of(kept.body);
        for choice in &mut view.canned {
            choice.current = choice.value == kept.uid;
        }
    }
    ctx.ok(&view)
}

/// An answer. When somebody wrote since the page was drawn, that is shown first and nothing is sent.
pub async fn post(ctx: Ctx, ticket: web::Path<String>, form: UploadForm) -> Answer {
    let ticket = find(&ctx, &ticket).await?;
    let fields = &form.fields;
    let key = need_key(fields)?;
    let message = fields.get("message")?;
    // A form that does not say what its writer saw has seen nothing.
    let seen = fields.get("seen")?.parse().unwrap_or(0);
    let words = Words { message, files: &form.files, source: "panel", seen: Some(seen) };
    let solves = fields.get("solves")? == "yes";
    match answer(&ctx.state().services, &ctx.actor(), ticket.id, &words, solves, Some(&key)).await {
        Ok(Answered::Sent(seq)) => {
            ctx.flash("ticket_answered");
            Ok(ctx.see_other(&format!("{}#m{seq}", urls::admin_ticket(&ticket.uid.to_string()))))
        }
        Ok(Answered::Since { name, seconds, .. }) => {
            let ticket = find(&ctx, &ticket.uid.to_string()).await?;
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

/// A note among staff.
pub async fn add_note(ctx: Ctx, ticket: web::Path<String>, form: UploadForm) -> Answer {
    let ticket = find(&ctx, &ticket).await?;
    let key = need_key(&form.fields)?;
    let text = form.fields.get("note")?;
    match note(&ctx.state().services, &ctx.actor(), ticket.id, text, Some(&key)).await {
        Ok(()) => {
            ctx.flash("ticket_noted");
            Ok(ctx.see_other(&urls::admin_ticket(&ticket.uid.to_string())))
        }
        Err(ServiceError::Invalid(wrong)) => {
            let mut view = view(&ctx, &ticket).await?;
            view.page.has_errors = true;
            view.note = Field::of(text.chars().take(30_000).collect::<String>());
            for (name, words) in &wrong {
                refuse(&mut view.note, &mut view.errors, name, words);
            }
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Solved, closed, taken up again.
pub async fn change_state(ctx: Ctx, ticket: web::Path<String>, form: Form) -> Answer {
    let ticket = find(&ctx, &ticket).await?;
    let event = match form.get("to")? {
        "solved" => TicketEvent::Solve,
        "closed" => TicketEvent::Close,
        "reopened" => TicketEvent::Reopen,
        _ => return Err(WebError::Unreadable("It does not say what to do.".into())),
    };
    move_ticket(&ctx.state().services, &ctx.actor(), ticket.id, event).await?;
    ctx.flash("ticket_changed");
    Ok(ctx.see_other(&urls::admin_ticket(&ticket.uid.to_string())))
}

/// Given to somebody, sorted.
pub async fn sort(ctx: Ctx, ticket: web::Path<String>, form: Form) -> Answer {
    let ticket = find(&ctx, &ticket).await?;
    let sorting =
        Sorting { assigned: form.get("assigned")?, category: form.get("category")?, priority: form.get("priority")? };
    sort_ticket(&ctx.state().services, &ctx.actor(), ticket.id, sorting).await?;
    ctx.flash("ticket_changed");
    Ok(ctx.see_other(&urls::admin_ticket(&ticket.uid.to_string())))
}

/// A file.
pub async fn file(ctx: Ctx, path: web::Path<(String, String)>) -> Answer {
    let (ticket, file) = path.into_inner();
    let ticket = find(&ctx, &ticket).await?;
    download(&ctx, &ticket, &file, None).await
}

async fn view(ctx: &Ctx, ticket: &Ticket) -> Result<StaffTicket, WebError> {
    let me = ctx.staff()?.admin_id;
    let href = urls::admin_ticket(&ticket.uid.to_string());
    let now = now_plain();
    let settings = ctx.state().settings().await;
    let mut conn = ctx.state().services.db.read().await?;
    let messages = conn.tickets().messages(ticket.id).await?;
    let notes = conn.tickets().notes(ticket.id).await?;
    let files = conn.tickets().files(ticket.id).await?;
    let others = conn.tickets().list_of_customer(ticket.customer_id, None, 6).await?;
    let canned = conn.canned_answers().list().await?;
    let people = conn.admins().list().await?;
    let mut store = None;
    if let Some(id) = ticket.store_id
        && let Some(s) = conn.stores().get(id).await?
    {
        let plan = conn.plans().get(s.plan_id).await?.map(|p| p.name).unwrap_or_default();
        let host = s.host.clone().unwrap_or_default();
        store = Some(StoreNow {
            badge: Badge::store(s.state.as_str()),
            url: if host.is_empty() { String::new() } else { settings.store_url(&host) },
            host,
            plan,
            server: s.server_name.clone().unwrap_or_default(),
            name: s.name,
        });
    }
    drop(conn);
    let assigned = ticket.assigned_admin_id;
    let mut staff = vec![Choice { value: String::new(), label: "Nobody".into(), current: assigned.is_none() }];
    staff.extend(people.into_iter().filter(|p| p.active || assigned == Some(p.id)).map(|p| Choice {
        value: p.id.to_string(),
        label: if p.id == me { format!("{} (me)", p.name) } else { p.name },
        current: assigned == Some(p.id),
    }));
    let evidence = &ticket.evidence;
    Ok(StaffTicket {
        page: ctx.page(format!("{} – {}", ticket.subject, ticket.short()), "admin").await,
        entries: entries(ticket, messages, notes, &files, &href, Reader::Staff, now),
        ticket: facts(ticket, href, staff_badge(ticket.state)),
        job_href: if evidence.job.is_empty() { String::new() } else { urls::admin_job(&evidence.job) },
        job: if evidence.job.is_empty() { String::new() } else { urls::short_job(&evidence.job) },
        message: Field::default(),
        files_error: String::new(),
        limits: LIMITS,
        note: Field::default(),
        errors: Vec::new(),
        since: String::new(),
        seen: ticket.last_seq,
        canned: canned.into_iter().map(|c| Choice { value: c.uid, label: c.title, current: false }).collect(),
        staff,
        categories: categories(ticket.category.as_str()),
        priorities: priorities(ticket.priority.as_str()),
        customer: CustomerPanel {
            email: ticket.customer_email.clone(),
            name: ticket.customer_name.clone(),
            href: urls::admin_customer(ticket.customer_id),
            store,
            others: others
                .iter()
                .filter(|t| t.id != ticket.id)
                .take(5)
                .map(|t| row(t, urls::admin_ticket(&t.uid.to_string()), owner_badge(t.state), now))
                .collect(),
        },
        form_key: ctx.new_form_key(),
        note_key: ctx.new_form_key(),
    })
}
