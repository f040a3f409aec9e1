//! `/api/v1/mails`: what was mailed to whom, for staff.

use super::body::Body;
use super::jobs::Nothing;
use super::list::{Cursor, Listing, ok};
use super::stores::Ordered;
use super::{at, idempotency, number};
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::mail_messages::{MailFilter, MailRow};
use hosting::services::resend_mail::{resend_mail, send_test_mail};
use serde::Serialize;
use utoipa::ToSchema;

/// A mail.
#[derive(Serialize, ToSchema)]
pub struct Mail {
    id: u64,
    recipient: String,
    subject: String,
    /// Name of its text.
    template: String,
    /// sending, sent, failed
    state: String,
    /// Why it did not leave.
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    /// Tries so far; absent when its job is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<u64>,
    /// The job that sends it, while it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
}

fn show(row: &MailRow) -> Mail {
    Mail {
        id: row.id,
        recipient: row.recipient.clone(),
        subject: row.subject.clone(),
        template: row.template.clone(),
        state: row.state.clone(),
        error: row.error.clone(),
        tries: row.tries,
        customer: row.customer_id,
        job: row.job_state.as_ref().map(|_| row.job_uid.clone()),
        created_at: at(row.created_at),
        sent_at: row.sent_at.map(at),
    }
}

/// List mails
#[utoipa::path(get, path = "/api/v1/mails", tag = "mails", operation_id = "list_mails",
    params(("state" = Option<String>, Query, description = "sending, sent or failed"),
        ("to" = Option<String>, Query, description = "Only to this address, exactly", max_length = 254),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Mail>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let state = match query.get("state")? {
        "" => None,
        text @ ("sending" | "sent" | "failed") => Some(text.to_owned()),
        _ => return Err(WebError::field("state", "There is no such state")),
    };
    let to = query.get("to")?.trim();
    if to.chars().count() > 254 {
        return Err(WebError::field("to", "Give at most 254 characters"));
    }
    let recipient = (!to.is_empty()).then(|| to.to_owned());
    let filter = MailFilter { state, recipient, before: cursor.before, after: None, limit: cursor.fetch() };
    let rows = ctx.state().services.db.read().await?.mail_messages().list(&filter).await?;
    Ok(ok(&cursor.page(rows, |r| r.id, show)))
}

/// Send a mail again
///
/// Drawn anew from the same facts, with new one-time links.
#[utoipa::path(post, path = "/api/v1/mails/{id}/resend", tag = "mails", operation_id = "resend_mail",
    params(("id" = u64, Path, description = "Number")),
    request_body = Nothing, responses((status = 202, body = Ordered)))]
pub async fn resend(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Nothing>) -> Answer {
    let id = number(&id)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let job = resend_mail(&ctx.state().services, &ctx.actor(), id).await?;
        Ok((202, Ordered { job: job.uid.to_string() }))
    })
    .await
}

/// Send a test mail to oneself
///
/// Tried once: its job says in words what came of it.
#[utoipa::path(post, path = "/api/v1/mails/test", tag = "mails", operation_id = "send_test_mail",
    request_body = Nothing, responses((status = 202, body = Ordered)))]
pub async fn test(ctx: Ctx, request: HttpRequest, body: Body<Nothing>) -> Answer {
    idempotency::once(&ctx, &request, &body.hash, || async {
        let job = send_test_mail(&ctx.state().services, &ctx.actor()).await?;
        Ok((202, Ordered { job: job.uid.to_string() }))
    })
    .await
}
