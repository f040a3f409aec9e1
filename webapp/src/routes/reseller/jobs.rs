//! `/reseller/jobs/{job}`: work on the store of a customer, watched in the plain words its owner reads.

use super::super::dashboard::job::reason;
use super::super::{Answer, log_routes, need_key};
use super::customers;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::job_view::{self, Picture};
use crate::stream::Reader;
use crate::urls;
use crate::views::Badge;
use crate::views::change::OwnerJob;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::jobs::JobRow;
use hosting::domain::{JobState, Uid};
use hosting::jobs as kinds;
use hosting::services::retry_job::{Wish, retry_job};

/// What a reseller may have ordered, or their customer; the database page and passwords are the owner's alone.
pub const KINDS: &[&str] = &[
    kinds::PROVISION_STORE,
    kinds::DEPROVISION_STORE,
    kinds::RESTART_STORE,
    kinds::START_MAINTENANCE,
    kinds::END_MAINTENANCE,
    kinds::SUSPEND_STORE,
    kinds::RESUME_STORE,
    kinds::CHANGE_PLAN,
    kinds::RENAME_STORE,
    kinds::CHANGE_ADDRESS,
];

/// A job's page.
#[must_use]
pub fn place(job: &str) -> String {
    format!("/reseller/jobs/{job}")
}

/// A job of one of their customers; anything else does not exist.
async fn theirs(ctx: &Ctx, job: &str) -> Result<(JobRow, Uid), WebError> {
    let uid = Uid::parse(job).map_err(|_| WebError::NotFound)?;
    let me = ctx.customer()?.customer_id;
    let found = ctx.state().services.db.read().await?.jobs().find_of_reseller(&uid, me).await?;
    found.filter(|j| KINDS.contains(&j.kind.as_str())).map(|j| (j, uid)).ok_or(WebError::NotFound)
}

/// The page.
pub async fn get(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let (job, _) = theirs(&ctx, &path).await?;
    let picture = Picture::load(&ctx.state().services.db, job).await?;
    let job = &picture.job;
    let here = place(&job.uid);
    let log = job_view::owner_part(&picture, query.get("live")? == "0", &here);
    let heading = kinds::title(&job.kind);
    let again = matches!(job.state, JobState::Failed | JobState::Cancelled) && job.owner_may_retry();
    ctx.ok(&OwnerJob {
        page: ctx.page(heading, "reseller").await,
        heading: heading.into(),
        badge: Badge::job(job.state.as_str()),
        store_name: job.store_name.clone().unwrap_or_default(),
        reason: reason(job),
        kept: match job.kind.as_str() {
            kinds::PROVISION_STORE => "Nothing is left of it.",
            kinds::DEPROVISION_STORE => "We have been told.",
            _ => "The store is as it was before.",
        },
        reference: urls::short_job(&job.uid),
        next: String::new(),
        next_text: "",
        retry: if again { format!("{here}/retry") } else { String::new() },
        form_key: ctx.new_form_key(),
        back: job.customer_id.map_or_else(|| "/reseller".into(), customers::place),
        back_text: "Customer",
        steps: picture.owner_steps(),
        log,
    })
}

/// One more try of a set-up that failed.
pub async fn retry(ctx: Ctx, path: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (job, uid) = theirs(&ctx, &path).await?;
    let here = place(&job.uid);
    if !super::super::admin::job_action::first_use(&ctx, &key, "retry_setup").await? {
        return Ok(ctx.see_other(&here));
    }
    if !job.owner_may_retry() {
        return Err(WebError::Conflict(
            "We are looking at this one ourselves. Its owner gets an email when it is done.".into(),
        ));
    }
    retry_job(&ctx.state().services, &ctx.actor(), &uid, Wish::Retry).await?;
    ctx.flash("retry_started");
    Ok(ctx.see_other(&here))
}

/// `…/state`
pub async fn state(ctx: Ctx, path: web::Path<String>) -> Answer {
    let (job, _) = theirs(&ctx, &path).await?;
    log_routes::state(&ctx, Reader::Owner, job).await
}

/// `…/log`
pub async fn lines(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let (job, _) = theirs(&ctx, &path).await?;
    log_routes::lines(&ctx, Reader::Owner, job, &query).await
}

/// `…/log/stream`
pub async fn stream(ctx: Ctx, path: web::Path<String>, query: Query, request: HttpRequest) -> Answer {
    let (job, _) = theirs(&ctx, &path).await?;
    log_routes::stream(&ctx, Reader::Owner, job, &query, &request).await
}
