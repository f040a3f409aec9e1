//! `/admin/jobs/dismiss`: takes failed jobs off the list of what needs somebody.

use super::super::{Answer, need_key};
use super::capped;
use super::job_action::first_use;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::urls;
use crate::views::admin::Hidden;
use crate::views::admin::confirm::Confirm;
use hosting::db::Queries;
use hosting::domain::Uid;
use hosting::services::dismiss_failed::dismiss_failed;

const CAP: u32 = 1000;

/// The page before it.
pub async fn get(ctx: Ctx) -> Answer {
    let mut conn = ctx.state().services.db.read().await?;
    let count = conn.jobs().count_failed_and_open(CAP).await?;
    let newest = conn.jobs().failed_and_open(1).await?.into_iter().next();
    drop(conn);
    let Some(newest) = newest else {
        return Err(WebError::Conflict("No failed job waits for anybody. Nothing was changed.".into()));
    };
    let many = capped(u64::try_from(count).unwrap_or(0), u64::from(CAP));
    ctx.ok(&Confirm {
        page: ctx.page("Clear failed jobs", "admin").await,
        parent: "/admin".into(),
        parent_label: "Overview".into(),
        heading: if count == 1 { "Clear 1 failed job?".into() } else { format!("Clear {many} failed jobs?") },
        words: vec![
            format!("Those up to {} leave the list of what needs you. The jobs and their logs stay, and can still be retried.", urls::short_job(&newest.uid)),
            "A job that left something behind stays on the list until it is cleaned up.".into(),
        ],
        action: "/admin/jobs/dismiss".into(),
        back: "/admin".into(),
        hidden: vec![Hidden { name: "newest", value: newest.uid }],
        ask_reason: false,
        ask_name: String::new(),
        ask_password: false,
        reason: String::new(),
        name: String::new(),
        reason_error: String::new(),
        name_error: String::new(),
        password_error: String::new(),
        errors: Vec::new(),
        button: "Clear failed jobs".into(),
        busy: "Clearing…",
        class: "main",
        form_key: ctx.new_form_key(),
    })
}

/// Does it.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let newest = Uid::parse(form.get("newest")?).map_err(|_| WebError::NotFound)?;
    if first_use(&ctx, &key, "job.dismiss_failed").await? {
        dismiss_failed(&ctx.state().services, &ctx.actor(), &newest).await?;
        ctx.flash("failed_cleared");
    }
    Ok(ctx.see_other("/admin"))
}
