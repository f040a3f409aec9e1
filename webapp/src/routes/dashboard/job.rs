//! `/dashboard/jobs/{job}`: a change of the store as its owner watches it.

use super::super::{Answer, log_routes};
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::job_view::{self, Picture};
use crate::stream::Reader;
use crate::urls;
use crate::views::Badge;
use crate::views::change::OwnerJob;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::jobs::JobRow;
use hosting::domain::{JobState, Uid};
use hosting::jobs;

/// What an owner may have ordered; set-up has a page of its own.
const KINDS: &[&str] = &[
    jobs::RESTART_STORE,
    jobs::START_MAINTENANCE,
    jobs::END_MAINTENANCE,
    jobs::RESET_ADMIN_PASSWORD,
    jobs::RENAME_STORE,
    jobs::CHANGE_ADDRESS,
    jobs::START_DB_ADMIN,
    jobs::STOP_DB_ADMIN,
    jobs::START_FILE_ACCESS,
    jobs::STOP_FILE_ACCESS,
    jobs::TRANSFER_STORE,
];

/// The owner's own job; anything else does not exist.
async fn own(ctx: &Ctx, job: &str) -> Result<JobRow, WebError> {
    let uid = Uid::parse(job).map_err(|_| WebError::NotFound)?;
    let customer = ctx.customer()?.customer_id;
    let found = ctx.state().services.db.read().await?.jobs().find_of_customer(&uid, customer).await?;
    found.filter(|j| KINDS.contains(&j.kind.as_str())).ok_or(WebError::NotFound)
}

/// Why it failed, in words; empty while it did not.
#[must_use]
pub fn reason(job: &JobRow) -> String {
    let failed = matches!(job.state, JobState::Failed | JobState::Cancelled);
    match (failed, job.error_reason.is_empty()) {
        (false, _) => String::new(),
        (true, true) => "This was stopped before its end.".into(),
        (true, false) => format!("{}.", job.error_reason.trim_end_matches('.')),
    }
}

/// The page.
pub async fn get(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let job = own(&ctx, &path).await?;
    let picture = Picture::load(&ctx.state().services.db, job).await?;
    let job = &picture.job;
    let here = urls::owner_job(&job.uid);
    let log = job_view::owner_part(&picture, query.get("live")? == "0", &here);
    let heading = jobs::title(&job.kind);
    let reason = reason(job);
    let (next, next_text) = match (job.state, job.kind.as_str()) {
        (JobState::Finished, jobs::RESET_ADMIN_PASSWORD) => ("/dashboard/access", "Show sign-in details"),
        (JobState::Finished, jobs::START_DB_ADMIN) => ("/dashboard/database", "Database"),
        _ => ("", ""),
    };
    ctx.ok(&OwnerJob {
        page: ctx.page(heading, "dashboard").await,
        kept: "Your store is as it was before.",
        retry: String::new(),
        form_key: ctx.new_form_key(),
        back: "/dashboard".into(),
        back_text: "Your store",
        heading: heading.into(),
        badge: Badge::job(job.state.as_str()),
        store_name: job.store_name.clone().unwrap_or_default(),
        reason,
        reference: urls::short_job(&job.uid),
        next: next.into(),
        next_text,
        steps: picture.owner_steps(),
        log,
    })
}

/// `…/state`
pub async fn state(ctx: Ctx, path: web::Path<String>) -> Answer {
    let job = own(&ctx, &path).await?;
    log_routes::state(&ctx, Reader::Owner, job).await
}

/// `…/log`
pub async fn lines(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let job = own(&ctx, &path).await?;
    log_routes::lines(&ctx, Reader::Owner, job, &query).await
}

/// `…/log/stream`
pub async fn stream(ctx: Ctx, path: web::Path<String>, query: Query, request: HttpRequest) -> Answer {
    let job = own(&ctx, &path).await?;
    log_routes::stream(&ctx, Reader::Owner, job, &query, &request).await
}
