//! Many jobs at once, for staff who operate.

use super::body::Body;
use super::list::ok;
use super::{idempotency, uid};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::HttpRequest;
use hosting::db::Queries;
use hosting::services::ServiceError;
use hosting::services::cancel_job::cancel_job;
use hosting::services::dismiss_failed::dismiss_failed;
use hosting::services::retry_job::{Wish, retry_job};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most jobs of one request.
const MOST: usize = 200;

/// What to do to which jobs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    action: BulkAction,
    /// Public ids.
    #[schema(min_items = 1, max_items = 200)]
    jobs: Vec<String>,
}

/// What to do.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// A new attempt of failed and cancelled ones; waiting ones start now.
    Retry,
    /// Stop them.
    Cancel,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct BulkDone {
    /// Public ids of the jobs it was done to.
    done: Vec<String>,
    /// Those in a state that does not take it.
    left: Vec<Left>,
}

/// A job that stays as it is.
#[derive(Serialize, ToSchema)]
pub struct Left {
    job: String,
    /// Why.
    reason: String,
}

/// Failed jobs to be taken off the list of what needs somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// The newest one that was seen; later ones stay.
    #[schema(max_length = 26)]
    newest: String,
}

/// How many were taken off the list.
#[derive(Serialize, ToSchema)]
pub struct Dismissed {
    dismissed: u64,
}

/// Retry or cancel many jobs
///
/// An unknown id is answered 404, and nothing is done to any.
#[utoipa::path(post, path = "/api/v1/jobs/bulk", tag = "jobs", operation_id = "bulk_jobs",
    request_body = Bulk, responses((status = 200, body = BulkDone)))]
pub async fn bulk(ctx: Ctx, request: HttpRequest, body: Body<Bulk>) -> Answer {
    let asked = body.value;
    if asked.jobs.is_empty() || asked.jobs.len() > MOST {
        return Err(WebError::field("jobs", format!("Give 1 to {MOST} jobs")));
    }
    let mut ids = Vec::new();
    {
        let mut conn = ctx.state().services.db.read().await?;
        for id in &asked.jobs {
            let id = uid(id)?;
            conn.jobs().find(&id).await?.ok_or(WebError::NotFound)?;
            ids.push(id);
        }
    }
    idempotency::once(&ctx, &request, &body.hash, || async {
        let (services, actor) = (&ctx.state().services, ctx.actor());
        let mut done = BulkDone { done: Vec::new(), left: Vec::new() };
        for id in &ids {
            let one = match asked.action {
                BulkAction::Cancel => cancel_job(services, &actor, id).await.map(|_| ()),
                BulkAction::Retry => retry_job(services, &actor, id, Wish::Retry).await.map(|_| ()),
            };
            match one {
                Ok(()) => done.done.push(id.to_string()),
                Err(ServiceError::Conflict(reason)) => done.left.push(Left { job: id.to_string(), reason }),
                Err(ServiceError::NotFound) => {
                    done.left.push(Left { job: id.to_string(), reason: "It is gone".into() });
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok((200, done))
    })
    .await
}

/// Take failed jobs off the list of what needs somebody
///
/// The jobs and their logs stay. One that left something behind stays on the list.
#[utoipa::path(post, path = "/api/v1/jobs/dismiss", tag = "jobs", operation_id = "dismiss_failed_jobs",
    request_body = Dismissal, responses((status = 200, body = Dismissed)))]
pub async fn dismiss(ctx: Ctx, request: HttpRequest, body: Body<Dismissal>) -> Answer {
    let newest = uid(&body.value.newest)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let dismissed = dismiss_failed(&ctx.state().services, &ctx.actor(), &newest).await?;
        Ok((200, Dismissed { dismissed }))
    })
    .await
}

/// Count jobs by state
///
/// Up to 1000 of each: a full count of millions would be slow.
#[utoipa::path(get, path = "/api/v1/jobs/counts", tag = "jobs", operation_id = "count_jobs",
    responses((status = 200, body = JobCounts)))]
pub async fn counts(ctx: Ctx) -> Answer {
    let rows = ctx.state().services.db.read().await?.jobs().count_by_state(1000).await?;
    Ok(ok(&JobCounts { counts: rows.into_iter().map(|(state, n)| (state.as_str().to_owned(), n)).collect() }))
}

/// Jobs by state.
#[derive(Serialize, ToSchema)]
pub struct JobCounts {
    /// queued, started, … and how many.
    counts: std::collections::BTreeMap<String, u64>,
}
