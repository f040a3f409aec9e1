//! `/setup/{job}`: the first run, watched by its owner in plain words.

use super::{Answer, log_routes, need_key};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::job_view::{self, Picture};
use crate::stream::Reader;
use crate::urls;
use crate::views::Badge;
use crate::views::owner::Setup;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::jobs::JobRow;
use hosting::domain::{JobState, Uid};
use hosting::jobs::PROVISION_STORE;
use hosting::services::retry_job::{Wish, retry_job};

/// The owner's own set-up job; anything else does not exist.
async fn own(ctx: &Ctx, job: &str) -> Result<(JobRow, Uid), WebError> {
    let uid = Uid::parse(job).map_err(|_| WebError::NotFound)?;
    let customer = ctx.customer()?.customer_id;
    let found = ctx.state().services.db.read().await?.jobs().find_of_customer(&uid, customer).await?;
    found.filter(|j| j.kind == PROVISION_STORE).map(|j| (j, uid)).ok_or(WebError::NotFound)
}

/// The page.
pub async fn get(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let (job, _) = own(&ctx, &path).await?;
    let db = &ctx.state().services.db;
    let store = match job.store_id {
        Some(id) => db.read().await?.stores().get(id).await?,
        None => None,
    };
    let store = store.ok_or(WebError::NotFound)?;
    let settings = ctx.state().settings().await;
    let host = store.host.clone().unwrap_or_else(|| format!("{}.{}", store.slug, settings.text("base_domain")));
    let picture = Picture::load(db, job).await?;
    let job = &picture.job;
    let here = urls::setup(&job.uid);
    let log = job_view::owner_part(&picture, query.get("live")? == "0", &here);
    let (phase, badge, heading) = match job.state {
        JobState::Finished => ("done", Badge::new("good", "Live"), format!("{} is ready", store.name)),
        JobState::Failed => ("failed", Badge::new("bad", "Failed"), "We could not finish".to_owned()),
        JobState::Cancelled => ("failed", Badge::new("waiting", "Cancelled"), "The setup was stopped".to_owned()),
        JobState::Queued => ("waiting", Badge::new("waiting", "Queued"), format!("{} starts in a moment", store.name)),
        _ => ("running", Badge::new("busy", "Setting up"), format!("Setting up {}", store.name)),
    };
    let reason = if job.error_reason.is_empty() {
        "The setup stopped before its end.".to_owned()
    } else {
        sentence(&job.error_reason)
    };
    ctx.ok(&Setup {
        page: ctx.page(format!("{} – {}", badge.word, store.name), "").await,
        heading,
        phase,
        badge,
        store_name: store.name.clone(),
        store_url: settings.store_url(&host),
        store_host: host,
        reason,
        // Nothing can be charged yet: there is no payment in this version.
        safe_words: "Nothing was charged. We have been told.".into(),
        reference: urls::short_job(&job.uid),
        can_retry: matches!(job.state, JobState::Failed | JobState::Cancelled) && job.owner_may_retry(),
        retry_url: format!("{here}/retry"),
        form_key: ctx.new_form_key(),
        steps: picture.owner_steps(),
        log,
    })
}

fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    format!("{text}.")
}

/// One more try.
pub async fn retry(ctx: Ctx, path: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (job, uid) = own(&ctx, &path).await?;
    let here = urls::setup(&job.uid);
    if !super::admin::job_action::first_use(&ctx, &key, "retry_setup").await? {
        return Ok(ctx.see_other(&here));
    }
    if !job.owner_may_retry() {
        return Err(WebError::Conflict(
            "We are looking at this one ourselves. You get an email when it is done.".into(),
        ));
    }
    retry_job(&ctx.state().services, &ctx.actor(), &uid, Wish::Retry).await?;
    ctx.flash("retry_started");
    Ok(ctx.see_other(&here))
}

/// `/setup/{job}/state`
pub async fn state(ctx: Ctx, path: web::Path<String>) -> Answer {
    let (job, _) = own(&ctx, &path).await?;
    log_routes::state(&ctx, Reader::Owner, job).await
}

/// `/setup/{job}/log`
pub async fn lines(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let (job, _) = own(&ctx, &path).await?;
    log_routes::lines(&ctx, Reader::Owner, job, &query).await
}

/// `/setup/{job}/log/stream`
pub async fn stream(ctx: Ctx, path: web::Path<String>, query: Query, request: HttpRequest) -> Answer {
    let (job, _) = own(&ctx, &path).await?;
    log_routes::stream(&ctx, Reader::Owner, job, &query, &request).await
}
