//! Retry, cancel, clean up, release: a small page that names the job and the effect, then the act.

use super::super::{Answer, need_key};
use super::job::find_job;
use super::job_badge;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::urls;
use crate::views::admin::{Hidden, JobAction, NamedJob, PlainForm};
use actix_web::web;
use hosting::db::Queries;
use hosting::domain::Uid;
use hosting::services::ServiceError;
use hosting::services::cancel_job::cancel_job;
use hosting::services::retry_job::{Wish, retry_job};

/// What is done to jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Again.
    Retry,
    /// Stop.
    Cancel,
    /// Take back what is left.
    CleanUp,
}

impl Act {
    fn words(self) -> (&'static str, &'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Retry => (
                "retry",
                "Retry",
                "A new attempt starts. Finished work that is still valid is not repeated.",
                "Retry",
                "Starting…",
            ),
            Self::Cancel => (
                "cancel",
                "Cancel",
                "A waiting job stops at once. A running one stops at its next step and takes back what it did.",
                "Cancel",
                "Cancelling…",
            ),
            Self::CleanUp => (
                "cleanup",
                "Clean up after",
                "What this job left behind is removed. Nothing else is touched.",
                "Clean up after",
                "Cleaning…",
            ),
        }
    }
}

/// Uses a one-use key up; `false` when the form was sent before.
///
/// # Errors
/// Database trouble.
pub async fn first_use(ctx: &Ctx, key: &[u8; 32], action: &str) -> Result<bool, WebError> {
    let mut tx = ctx.state().services.db.begin().await?;
    let first = tx.form_keys().take(key, action).await?;
    tx.commit().await?;
    Ok(first)
}

async fn page(ctx: Ctx, job: String, act: Act) -> Answer {
    let (row, _) = find_job(&ctx, &job).await?;
    let (verb, title, effect, button, busy) = act.words();
    let short = urls::short_job(&row.uid);
    let on = row.store_name.as_deref().map(|s| format!("Store: {s}. ")).unwrap_or_default();
    let view = JobAction {
        page: ctx.page(format!("{title} {short}"), "admin").await,
        heading: format!("{title} {short}?"),
        words: vec![format!("{}. {on}", hosting::jobs::title(&row.kind)), effect.into()],
        action: format!("{}/{verb}", urls::admin_job(&row.uid)),
        back: urls::admin_job(&row.uid),
        short,
        jobs: Vec::new(),
        hidden: Vec::new(),
        button: match act {
            Act::Retry => "Retry job",
            Act::Cancel => "Cancel job",
            Act::CleanUp => "Clean up",
        },
        busy,
        class: if act == Act::Retry { "main" } else { "danger" },
        form_key: ctx.new_form_key(),
        form: PlainForm::default(),
    };
    let _ = button;
    ctx.ok(&view)
}

/// The page before a retry.
pub async fn retry_page(ctx: Ctx, job: web::Path<String>) -> Answer {
    page(ctx, job.into_inner(), Act::Retry).await
}
/// The page before a cancel.
pub async fn cancel_page(ctx: Ctx, job: web::Path<String>) -> Answer {
    page(ctx, job.into_inner(), Act::Cancel).await
}
/// The page before a clean-up.
pub async fn cleanup_page(ctx: Ctx, job: web::Path<String>) -> Answer {
    page(ctx, job.into_inner(), Act::CleanUp).await
}

/// A new attempt.
pub async fn retry(ctx: Ctx, job: web::Path<String>, form: Form) -> Answer {
    let wish = match form.get("from")? {
        "" => Wish::Retry,
        "start" => Wish::StartOver,
        _ => return Err(WebError::Unreadable("Choose to go on or to start over.".into())),
    };
    act(&ctx, &job, &form, "job.retry", wish, "retry_started").await
}
/// Takes back what is left.
pub async fn cleanup(ctx: Ctx, job: web::Path<String>, form: Form) -> Answer {
    act(&ctx, &job, &form, "job.clean_up", Wish::CleanUp, "clean_up_started").await
}
/// Frees a job from a silent worker.
pub async fn release(ctx: Ctx, job: web::Path<String>, form: Form) -> Answer {
    act(&ctx, &job, &form, "job.release", Wish::Release, "job_released").await
}

async fn act(ctx: &Ctx, job: &str, form: &Form, name: &str, wish: Wish, notice: &'static str) -> Answer {
    let key = need_key(form)?;
    let (row, uid) = find_job(ctx, job).await?;
    if first_use(ctx, &key, name).await? {
        retry_job(&ctx.state().services, &ctx.actor(), &uid, wish).await?;
        ctx.flash(notice);
    }
    Ok(ctx.see_other(&urls::admin_job(&row.uid)))
}

/// Stops it.
pub async fn cancel(ctx: Ctx, job: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (row, uid) = find_job(&ctx, &job).await?;
    if first_use(&ctx, &key, "job.cancel").await? {
        let over = cancel_job(&ctx.state().services, &ctx.actor(), &uid).await?;
        ctx.flash(if over { "job_cancelled" } else { "cancel_asked" });
    }
    Ok(ctx.see_other(&urls::admin_job(&row.uid)))
}

/// Many at once: without a one-use key the page that names them (and the filter they come from), with one the act on
/// exactly those.
///
/// # Errors
/// 404 for an unknown id: nothing is done then.
pub async fn bulk(ctx: &Ctx, action: Act, ids: &[&str], filter: Option<&str>, form: &Form) -> Answer {
    let mut rows = Vec::new();
    let mut conn = ctx.state().services.db.read().await?;
    for id in ids {
        let uid = Uid::parse(id).map_err(|_| WebError::NotFound)?;
        rows.push((conn.jobs().find(&uid).await?.ok_or(WebError::NotFound)?, uid));
    }
    drop(conn);
    let (verb, title, effect, ..) = action.words();
    let Some(key) = form.key_hash()? else {
        let many = format!("{} {}", rows.len(), if rows.len() == 1 { "job" } else { "jobs" });
        let mut hidden = vec![Hidden { name: "action", value: verb.into() }];
        hidden.extend(rows.iter().map(|(j, _)| Hidden { name: "job", value: j.uid.clone() }));
        let mut words = vec![effect.to_owned()];
        if let Some(filter) = filter {
            words.insert(0, format!("All {many} that match now: {filter}. Jobs that come later are not among them."));
        }
        return ctx.ok(&JobAction {
            page: ctx.page(format!("{title} {many}"), "admin").await,
            heading: format!("{title} {many}?"),
            words,
            action: "/admin/jobs/bulk".into(),
            back: "/admin/jobs".into(),
            short: String::new(),
            jobs: rows
                .iter()
                .map(|(j, _)| NamedJob {
                    badge: job_badge(j),
                    text: format!(
                        "{} · {} · {}",
                        urls::short_job(&j.uid),
                        hosting::jobs::title(&j.kind),
                        j.store_name.as_deref().or(j.customer_email.as_deref()).unwrap_or("–")
                    ),
                })
                .collect(),
            hidden,
            button: if action == Act::Retry { "Retry these jobs" } else { "Cancel these jobs" },
            busy: "Working…",
            class: if action == Act::Retry { "main" } else { "danger" },
            form_key: ctx.new_form_key(),
            form: PlainForm::default(),
        });
    };
    if !first_use(ctx, &key, "job.bulk").await? {
        return Ok(ctx.see_other("/admin/jobs"));
    }
    let mut left = 0;
    for (_, uid) in &rows {
        let services = &ctx.state().services;
        let done = match action {
            Act::Cancel => cancel_job(services, &ctx.actor(), uid).await.map(|_| ()),
            _ => retry_job(services, &ctx.actor(), uid, Wish::Retry).await.map(|_| ()),
        };
        match done {
            Ok(()) => {}
            Err(ServiceError::Conflict(_) | ServiceError::NotFound) => left += 1,
            Err(other) => return Err(other.into()),
        }
    }
    ctx.flash(if left == 0 { "bulk_done" } else { "bulk_partly" });
    Ok(ctx.see_other("/admin/jobs"))
}
