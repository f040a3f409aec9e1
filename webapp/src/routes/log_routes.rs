//! What the log part asks for besides its page: lines, state, stream. Owners and staff share it;
//! the caller has looked the job up within the caller's scope.

use super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::job_view::{Picture, to_log_lines};
use crate::stream::{self, Reader, state_facts};
use crate::views::line_html;
use actix_web::{HttpRequest, HttpResponse};
use hosting::db::Queries;
use hosting::db::jobs::JobRow;
use serde_json::json;

/// Lines in one answer.
const MOST: u32 = 1000;

/// `…/log?from=&to=`: lines as drawn for staff, numbers only for owners.
///
/// # Errors
/// 400 without a range.
pub async fn lines(ctx: &Ctx, reader: Reader, job: JobRow, query: &Query) -> Answer {
    let (Some(from), Some(to)) = (query.number::<u32>("from"), query.number::<u32>("to")) else {
        return Err(WebError::BadRequest("Say which lines: from and to."));
    };
    let to = to.min(job.last_seq).min(from.saturating_add(MOST - 1));
    if reader == Reader::Owner {
        return Ok(HttpResponse::Ok().json(json!({ "from": from, "to": to, "html": "" })));
    }
    let attempt: u32 = query.number("attempt").filter(|a| (1..=job.attempt).contains(a)).unwrap_or(job.attempt);
    let db = &ctx.state().services.db;
    let raw = if from <= to { db.read().await?.progress().range(job.id, from, to, MOST).await? } else { Vec::new() };
    let picture = Picture::load(db, job).await?;
    let html = line_html::lines(&to_log_lines(&raw, &picture.positions(attempt)), "?");
    Ok(HttpResponse::Ok().json(json!({ "from": from, "to": to.max(from.saturating_sub(1)), "html": html })))
}

/// `…/state`
///
/// # Errors
/// Database trouble.
pub async fn state(ctx: &Ctx, reader: Reader, job: JobRow) -> Answer {
    let picture = Picture::load(&ctx.state().services.db, job).await?;
    Ok(HttpResponse::Ok().json(state_facts(&picture, reader)))
}

/// `…/log/stream?after=N`: strictly what is above `after` and `Last-Event-ID`.
///
/// # Errors
/// 429 with too many open.
pub async fn stream(ctx: &Ctx, reader: Reader, job: JobRow, query: &Query, request: &HttpRequest) -> Answer {
    let resumed =
        request.headers().get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u32>().ok());
    let after = query.number::<u32>("after").unwrap_or(0).max(resumed.unwrap_or(0));
    let picture = Picture::load(&ctx.state().services.db, job).await?;
    stream::open(ctx, reader, picture, after)
}
