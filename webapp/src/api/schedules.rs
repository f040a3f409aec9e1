//! `/api/v1/schedules`: recurring work, for staff.

use super::body::Body;
use super::jobs::Nothing;
use super::list::{Listing, ok};
use super::{at, idempotency};
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::services::change_schedule::{Change, change_schedule};
use serde::Serialize;
use utoipa::ToSchema;

/// A schedule.
#[derive(Serialize, ToSchema)]
pub struct Schedule {
    name: String,
    title: String,
    /// Kind of job it makes.
    kind: String,
    /// One job for each active server.
    per_server: bool,
    every_seconds: u32,
    paused: bool,
    next_run_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run_at: Option<String>,
}

/// List schedules
#[utoipa::path(get, path = "/api/v1/schedules", tag = "schedules", operation_id = "list_schedules",
    responses((status = 200, body = Listing<Schedule>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let rows = ctx.state().services.db.read().await?.schedules().list().await?;
    let items = rows
        .into_iter()
        .map(|s| Schedule {
            name: s.name,
            title: s.title,
            kind: s.kind,
            per_server: s.per_server,
            every_seconds: s.every_seconds,
            paused: s.paused,
            next_run_at: at(s.next_run_at),
            last_run_at: s.last_run_at.map(at),
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}

async fn change(ctx: &Ctx, request: &HttpRequest, name: &str, change: Change) -> Answer {
    idempotency::once_silent(ctx, request, || async {
        Ok(change_schedule(&ctx.state().services, &ctx.actor(), name, change).await?)
    })
    .await
}

/// Run a schedule now
#[utoipa::path(post, path = "/api/v1/schedules/{name}/run", tag = "schedules", operation_id = "run_schedule",
    params(("name" = String, Path, description = "Its name")), request_body = Nothing,
    responses((status = 204, description = "Due now")))]
pub async fn run(ctx: Ctx, name: web::Path<String>, request: HttpRequest, _: Body<Nothing>) -> Answer {
    change(&ctx, &request, &name, Change::RunNow).await
}

/// Pause a schedule
#[utoipa::path(post, path = "/api/v1/schedules/{name}/pause", tag = "schedules", operation_id = "pause_schedule",
    params(("name" = String, Path, description = "Its name")), request_body = Nothing,
    responses((status = 204, description = "Paused")))]
pub async fn pause(ctx: Ctx, name: web::Path<String>, request: HttpRequest, _: Body<Nothing>) -> Answer {
    change(&ctx, &request, &name, Change::Pause).await
}

/// Resume a schedule
#[utoipa::path(post, path = "/api/v1/schedules/{name}/resume", tag = "schedules", operation_id = "resume_schedule",
    params(("name" = String, Path, description = "Its name")), request_body = Nothing,
    responses((status = 204, description = "Runs again")))]
pub async fn resume(ctx: Ctx, name: web::Path<String>, request: HttpRequest, _: Body<Nothing>) -> Answer {
    change(&ctx, &request, &name, Change::Resume).await
}
