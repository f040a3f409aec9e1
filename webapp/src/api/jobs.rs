//! `/api/v1/jobs`: an owner's own in plain words, all of them in full for staff.

use super::body::Body;
use super::list::{Cursor, Listing, ok};
use super::{at, idempotency, uid};
use crate::error::WebError;
use crate::extract::{Ctx, Query, Who};
use crate::job_view::Picture;
use crate::routes::Answer;
use crate::routes::log_routes;
use crate::stream::Reader;
use crate::views::ansi;
use actix_web::{HttpRequest, web};
use hosting::crypto::sha256;
use hosting::db::Queries;
use hosting::db::jobs::{JobFilter, JobRow};
use hosting::domain::rights::{Capability, Reach, may};
use hosting::domain::{Audience, JobState, Line as LogLine, Uid};
use hosting::services::cancel_job::cancel_job;
use hosting::services::retry_job::{Wish, retry_job};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A job.
#[derive(Serialize, ToSchema)]
pub struct Job {
    id: String,
    /// provision_store, deprovision_store, …
    kind: String,
    title: &'static str,
    /// queued, started, retrying, finished, failed, cancelled
    state: &'static str,
    /// From 1.
    attempt: u32,
    max_attempts: u32,
    /// 0 to 100
    progress: u8,
    /// Name of the step in progress, or the last one.
    #[serde(skip_serializing_if = "String::is_empty")]
    step: String,
    /// Highest line number of its log.
    last_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JobError>,
    /// Who asked.
    requested_by: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<u64>,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// Staff only: the process that holds or held it.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// Left-overs wait for a clean-up. Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    cleanup_pending: Option<bool>,
    /// Joins the click to the work.
    correlation_id: String,
}

/// Why a job failed, or waits for its next attempt.
#[derive(Serialize, ToSchema)]
pub struct JobError {
    /// Stable code.
    code: String,
    /// Plain words.
    reason: String,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// A job and its steps.
#[derive(Serialize, ToSchema)]
pub struct JobWithSteps {
    #[serde(flatten)]
    job: Job,
    /// Steps of the current attempt, in order; those still to come are known from earlier runs.
    steps: Vec<Step>,
}

/// One step.
#[derive(Serialize, ToSchema)]
pub struct Step {
    /// From 1.
    position: u32,
    name: String,
    title: String,
    /// todo, started, finished, failed, undoing, undone, skipped
    state: String,
    /// Milliseconds, once over.
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<i64>,
}

/// One line of a log.
#[derive(Serialize, ToSchema)]
pub struct Line {
    /// 1, 2, 3 … without gaps for staff; owners see the lines meant for them.
    number: u32,
    attempt: u32,
    step: String,
    /// debug, info, warning, error
    level: &'static str,
    at: String,
    /// Control sequences removed.
    text: String,
}

/// A list of log lines, oldest first.
#[derive(Serialize, ToSchema)]
pub struct Lines {
    lines: Vec<Line>,
    /// Ask for lines after this number next.
    last: u32,
    /// The job has ended and this is all of its log.
    complete: bool,
}

/// Nothing to say: send `{}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// How a job is tried again; send `{}` to go on where it stopped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retrial {
    /// Do all of it again, also what is done and stands (staff only): nothing is made twice.
    #[serde(default)]
    start_over: bool,
}

fn show(row: &JobRow, staff: bool) -> Job {
    Job {
        id: row.uid.clone(),
        kind: row.kind.clone(),
        title: hosting::jobs::title(&row.kind),
        state: row.state.as_str(),
        attempt: row.attempt,
        max_attempts: row.max_attempts,
        progress: row.progress,
        step: row.current_step.clone(),
        last_line: row.last_seq,
        store: row.store_uid.clone(),
        error: (!row.error_code.is_empty()).then(|| JobError {
            code: row.error_code.clone(),
            reason: row.error_reason.clone(),
            detail: row.error_detail.clone().filter(|_| staff),
        }),
        requested_by: if staff { row.requested_by.clone() } else { String::new() },
        created_at: at(row.created_at),
        started_at: row.started_at.map(at),
        finished_at: row.finished_at.map(at),
        customer: row.customer_id.filter(|_| staff),
        server: row.server_name.clone().filter(|_| staff),
        worker: row.lease_owner.clone().filter(|_| staff),
        cleanup_pending: staff.then_some(row.cleanup_pending),
        correlation_id: row.correlation_id.clone(),
    }
}

fn is_staff(ctx: &Ctx) -> bool {
    matches!(ctx.who(), Who::Staff(_))
}

/// The job of an id within the caller's scope; others do not exist.
async fn scoped(ctx: &Ctx, id: &str) -> Result<(JobRow, Uid), WebError> {
    let uid = uid(id)?;
    let mut conn = ctx.state().services.db.read().await?;
    let found = match ctx.who() {
        Who::Customer(c) => match conn.jobs().find_of_customer(&uid, c.customer_id).await? {
            None if may(c.role, Capability::ViewStores, Reach::OwnCustomers) => {
                let theirs = conn.jobs().find_of_reseller(&uid, c.customer_id).await?;
                theirs.filter(|j| crate::routes::reseller::jobs::KINDS.contains(&j.kind.as_str()))
            }
            own => own,
        },
        Who::Staff(_) => conn.jobs().find(&uid).await?,
        Who::Visitor => None,
    };
    found.map(|j| (j, uid)).ok_or(WebError::NotFound)
}

/// List jobs
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", operation_id = "list_jobs",
    params(("state" = Option<String>, Query, description = "Only this state"),
        ("kind" = Option<String>, Query, description = "Only this kind"),
        ("store" = Option<String>, Query, description = "Only of this store"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Job>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let state = match query.get("state")? {
        "" => None,
        text => Some(JobState::parse(text).ok_or_else(|| WebError::field("state", "There is no such state"))?),
    };
    let kind = match query.get("kind")? {
        "" => None,
        text if text.len() <= 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => Some(text.to_owned()),
        _ => return Err(WebError::field("kind", "There is no such kind")),
    };
    let store_id = match query.get("store")? {
        "" => None,
        text => Some(super::stores::scoped(&ctx, text).await?.id),
    };
    let customer_id = match ctx.who() {
        Who::Customer(c) => Some(c.customer_id),
        _ => None,
    };
    let filter =
        JobFilter { state, kind, store_id, customer_id, before: cursor.before, after: None, limit: cursor.fetch() };
    let rows = ctx.state().services.db.read().await?.jobs().list(&filter).await?;
    let staff = is_staff(&ctx);
    Ok(ok(&cursor.page(rows, |r| r.id, |r| show(r, staff))))
}

/// Read a job with its steps
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", operation_id = "get_job",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = JobWithSteps)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let (row, _) = scoped(&ctx, &id).await?;
    let picture = Picture::load(&ctx.state().services.db, row).await?;
    let steps = picture
        .shown(picture.job.attempt)
        .into_iter()
        .map(|s| Step { position: s.position, name: s.name, title: s.title, state: s.state, took_ms: s.took_ms })
        .collect();
    Ok(ok(&JobWithSteps { job: show(&picture.job, is_staff(&ctx)), steps }))
}

/// A line as this reader may see it.
pub(crate) fn line(line: &LogLine) -> serde_json::Value {
    serde_json::to_value(shown_line(line)).unwrap_or_default()
}

fn shown_line(line: &LogLine) -> Line {
    Line {
        number: line.seq,
        attempt: line.attempt,
        step: line.step.clone(),
        level: line.level.as_str(),
        at: at(line.at),
        text: ansi::plain(&line.text),
    }
}

/// Highest line number that can be named.
const MOST_LINES: u32 = 2_147_483_646;

fn number(query: &Query, name: &'static str, usual: u32, least: u32, most: u32) -> Result<u32, WebError> {
    match query.get(name)? {
        "" => Ok(usual),
        text => text
            .parse()
            .ok()
            .filter(|n| (least..=most).contains(n))
            .ok_or_else(|| WebError::field(name, format!("Give a whole number from {least} to {most}"))),
    }
}

/// Read log lines
#[utoipa::path(get, path = "/api/v1/jobs/{id}/lines", tag = "jobs", operation_id = "get_job_lines",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("after" = Option<u32>, Query, description = "Lines after this number", minimum = 0, maximum = 2147483646),
        ("limit" = Option<u32>, Query, description = "At most this many", minimum = 1, maximum = 1000)),
    responses((status = 200, body = Lines)))]
pub async fn lines(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let (after, limit) = (number(&query, "after", 0, 0, MOST_LINES)?, number(&query, "limit", 500, 1, 1000)?);
    let (row, _) = scoped(&ctx, &id).await?;
    let mut conn = ctx.state().services.db.read().await?;
    let read = conn.progress().range(row.id, after + 1, u32::MAX, limit).await?;
    let last = read.last().map_or(after, |l| l.seq);
    let staff = is_staff(&ctx);
    let lines = read.iter().filter(|l| staff || l.audience == Audience::Owner).map(shown_line).collect();
    Ok(ok(&Lines { lines, last, complete: row.state.is_over() && last >= row.last_seq }))
}

/// One event of a stream.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "describes what the stream writes")]
pub struct StreamEvent {
    /// lines, step, progress, state, ping, end
    event: Option<String>,
    /// JSON.
    data: Option<String>,
    /// Number of the last line; on `lines` only.
    id: Option<String>,
    /// Milliseconds to wait before connecting again.
    retry: Option<i32>,
}

/// Follow a job
///
/// Server-sent events: `lines` (id = number of the last line), `step`, `progress`, `state`, `ping`,
/// `end`. Resume with `Last-Event-ID` or `after`; 204 when the job is over and everything was seen.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/events", tag = "jobs", operation_id = "follow_job",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("after" = Option<u32>, Query, description = "Lines after this number", minimum = 0, maximum = 2147483646)),
    responses((status = 200, description = "Events until the job ends", content_type = "text/event-stream", body = StreamEvent),
        (status = 204, description = "Over, and everything was seen")))]
pub async fn events(ctx: Ctx, id: web::Path<String>, query: Query, request: HttpRequest) -> Answer {
    number(&query, "after", 0, 0, MOST_LINES)?;
    let (row, _) = scoped(&ctx, &id).await?;
    let reader = if is_staff(&ctx) { Reader::Staff } else { Reader::Owner };
    log_routes::stream(&ctx, reader, row, &query, &request).await
}

async fn act(ctx: &Ctx, request: &HttpRequest, id: &str, wish: Wish) -> Answer {
    let (row, uid) = scoped(ctx, id).await?;
    let open = is_staff(ctx) || wish == Wish::Retry && row.owner_may_retry();
    if !open {
        return Err(WebError::Forbidden(
            "We are looking at this one ourselves. You get an email when it is done.".into(),
        ));
    }
    // The same job wished otherwise is another request.
    idempotency::once(ctx, request, &sha256(format!("{id}/{wish:?}").as_bytes()), || async {
        retry_job(&ctx.state().services, &ctx.actor(), &uid, wish).await?;
        let (row, _) = scoped(ctx, id).await?;
        Ok((202, show(&row, is_staff(ctx))))
    })
    .await
}

/// Retry a job
///
/// A new attempt of the same job; finished work that still stands is not repeated. A waiting attempt
/// starts now. Owners may retry their own failed set-up.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "jobs", operation_id = "retry_job",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Retrial, responses((status = 202, body = Job)))]
pub async fn retry(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Retrial>) -> Answer {
    act(&ctx, &request, &id, if body.value.start_over { Wish::StartOver } else { Wish::Retry }).await
}

/// Clean up after a job
///
/// Takes back what a failed or cancelled job left.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cleanup", tag = "jobs", operation_id = "clean_up_job",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 202, body = Job)))]
pub async fn cleanup(ctx: Ctx, id: web::Path<String>, request: HttpRequest, _: Body<Nothing>) -> Answer {
    act(&ctx, &request, &id, Wish::CleanUp).await
}

/// Release a job
///
/// Its worker is silent: let another one take it.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/release", tag = "jobs", operation_id = "release_job",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 202, body = Job)))]
pub async fn release(ctx: Ctx, id: web::Path<String>, request: HttpRequest, _: Body<Nothing>) -> Answer {
    act(&ctx, &request, &id, Wish::Release).await
}

/// Cancel a job
///
/// At once while nothing has been done; else it stops at its next step and takes back what it did.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 202, body = Job)))]
pub async fn cancel(ctx: Ctx, id: web::Path<String>, request: HttpRequest, _: Body<Nothing>) -> Answer {
    let (_, uid) = scoped(&ctx, &id).await?;
    idempotency::once(&ctx, &request, &sha256(id.as_bytes()), || async {
        cancel_job(&ctx.state().services, &ctx.actor(), &uid).await?;
        let (row, _) = scoped(&ctx, &id).await?;
        Ok((202, show(&row, true)))
    })
    .await
}
