//! `/api/v1/system`: the state of the installation, for staff.

use super::body::Body;
use super::list::{Listing, ok};
use super::{at, idempotency, need_recent_log_in};
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::routes::Answer;
use crate::routes::admin::logs::moment;
use actix_web::HttpRequest;
use hosting::db::Queries;
use hosting::db::service_lines::{ServiceLine as Row, ServiceLineFilter};
use hosting::services::restart_process::restart_process;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of the installation.
#[derive(Serialize, ToSchema)]
pub struct System {
    /// Version of this program.
    version: &'static str,
    /// Version of the database server.
    database: String,
    /// Migrations not run yet.
    pending_migrations: usize,
    /// Version of Redis; absent while it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<String>,
    /// Workers that reported within a minute.
    workers: usize,
    /// Jobs that are due for more than five minutes (counted up to 100).
    jobs_waiting_long: usize,
}

/// Read the state of the installation
#[utoipa::path(get, path = "/api/v1/system", tag = "system", operation_id = "get_system",
    responses((status = 200, body = System)))]
pub async fn get(ctx: Ctx) -> Answer {
    let services = &ctx.state().services;
    let mut conn = services.db.read().await?;
    let workers = conn.workers().list().await?.iter().filter(|w| w.heartbeat_age < 60).count();
    let jobs_waiting_long = conn.jobs().waiting_longer_than(300, 100).await?.len();
    drop(conn);
    Ok(ok(&System {
        version: env!("CARGO_PKG_VERSION"),
        database: services.db.version().await?,
        pending_migrations: services.db.pending_migrations().await?,
        redis: services.queue.version().await.ok(),
        workers,
        jobs_waiting_long,
    }))
}

/// A web or worker process.
#[derive(Serialize, ToSchema)]
pub struct Process {
    /// Names it for a restart; never the same twice.
    process: String,
    /// web, worker
    service: String,
    /// Server or machine.
    place: String,
    version: String,
    pid: u32,
    /// Something starts it anew when it ends.
    supervised: bool,
    started_at: String,
    /// Seconds since its last sign of life.
    silent_seconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    restart_asked_at: Option<String>,
}

/// Which process.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichProcess {
    /// As on the list of processes.
    #[schema(max_length = 190)]
    process: String,
}

/// A line that a web or worker process logged.
#[derive(Serialize, ToSchema)]
pub struct ServiceLine {
    /// Grows with time, nearly; pass the greatest as `since` to read what came after it.
    number: u64,
    at: String,
    /// web, worker
    service: String,
    /// Server or machine.
    place: String,
    /// debug, info, warning, error
    level: &'static str,
    /// The request or job it belongs to.
    #[serde(skip_serializing_if = "String::is_empty")]
    correlation_id: String,
    /// Without passwords and keys.
    text: String,
}

/// List web and worker processes
#[utoipa::path(get, path = "/api/v1/system/processes", tag = "system", operation_id = "list_processes",
    responses((status = 200, body = Listing<Process>)))]
pub async fn processes(ctx: Ctx) -> Answer {
    let all = ctx.state().services.db.read().await?.service_processes().list().await?;
    let items = all
        .into_iter()
        .map(|p| Process {
            process: p.owner,
            service: p.service,
            place: p.place,
            version: p.version,
            pid: p.pid,
            supervised: p.supervised,
            started_at: at(p.started_at),
            silent_seconds: p.silent_seconds,
            restart_asked_at: p.restart_asked_at.map(at),
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}

/// Restart a web or worker process
///
/// It finishes what it has in hand and ends; its supervisor starts it anew. Needs a log-in of the last ten minutes.
#[utoipa::path(post, path = "/api/v1/system/processes/restart", tag = "system", operation_id = "restart_process",
    request_body = WhichProcess, responses((status = 204, description = "It is asked to")))]
pub async fn restart(ctx: Ctx, request: HttpRequest, body: Body<WhichProcess>) -> Answer {
    need_recent_log_in(&ctx)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        restart_process(&ctx.state().services, &ctx.actor(), &body.value.process).await?;
        Ok((204, ()))
    })
    .await
}

/// Read what web and worker processes log
///
/// Newest first; with `since` oldest first, to follow them. Words are looked for in the newest 200,000 lines of the times.
#[utoipa::path(get, path = "/api/v1/system/log", tag = "system", operation_id = "list_service_lines",
    params(("service" = Option<String>, Query, description = "web or worker"),
        ("level" = Option<String>, Query, description = "This level and worse: warning or error"),
        ("find" = Option<String>, Query, description = "Only lines with this in them", max_length = 100),
        ("correlation_id" = Option<String>, Query, description = "Only of this request or job", max_length = 64),
        ("from" = Option<String>, Query, description = "Not before, UTC: 2026-11-21 or 2026-11-21 09:00"),
        ("to" = Option<String>, Query, description = "Before, UTC"),
        ("since" = Option<u64>, Query, description = "Lines with a greater number"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<ServiceLine>)))]
pub async fn log(ctx: Ctx, query: Query) -> Answer {
    let cursor = super::list::Cursor::of(&query)?;
    let time = |name: &'static str| match query.get(name)? {
        "" => Ok(None),
        text => moment(text)
            .map(Some)
            .ok_or_else(|| WebError::field(name, "Give a time like 2026-11-21 or 2026-11-21 09:00, in UTC")),
    };
    let words = |name: &'static str, most: usize| {
        let text = query.get(name)?.trim();
        if text.chars().count() > most || text.chars().any(char::is_control) {
            return Err(WebError::field(name, format!("Give at most {most} characters, in one line")));
        }
        Ok(text.to_owned())
    };
    let service = match query.get("service")? {
        known @ ("" | "web" | "worker") => known.to_owned(),
        _ => return Err(WebError::field("service", "Give web or worker")),
    };
    let level = match query.get("level")? {
        "" => 0,
        "warning" => 2,
        "error" => 3,
        _ => return Err(WebError::field("level", "Give warning or error")),
    };
    let since = match query.get("since")? {
        "" => None,
        // The document's integers are of 64 bits with a sign.
        text => Some(
            text.parse::<u64>()
                .ok()
                .filter(|number| i64::try_from(*number).is_ok())
                .ok_or_else(|| WebError::field("since", "Give the number of a line"))?,
        ),
    };
    let filter = ServiceLineFilter {
        service,
        level,
        correlation: words("correlation_id", 64)?,
        find: words("find", 100)?,
        from: time("from")?,
        to: time("to")?,
        before: cursor.before,
        after: since,
    };
    let rows = ctx.state().services.db.read().await?.service_lines().list(&filter, cursor.fetch()).await?;
    let mut page = cursor.page(rows, |r| r.id, show_line);
    if since.is_some() {
        page.next = None;
    }
    Ok(ok(&page))
}

fn show_line(row: &Row) -> ServiceLine {
    ServiceLine {
        number: row.id,
        at: at(row.at),
        service: row.service.clone(),
        place: row.place.clone(),
        level: ["debug", "info", "warning", "error"][usize::from(row.level.min(3))],
        correlation_id: row.correlation.clone(),
        text: row.text.clone(),
    }
}
