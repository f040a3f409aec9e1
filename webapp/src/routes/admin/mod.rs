//! The staff area.

pub mod admins;
pub mod audit;
pub mod customer;
pub mod customer_forms;
pub mod customers;
pub mod customers_bulk;
pub mod dismiss;
pub mod job;
pub mod job_action;
pub mod jobs;
pub mod keyset;
pub mod logs;
pub mod lost_factor;
pub mod mail;
pub mod overview;
pub mod ports;
pub mod provider;
pub mod reauthenticate;
pub mod reseller;
pub mod schedules;
pub mod search;
pub mod settings;
pub mod store_change;
pub mod system;
pub mod tickets;
pub mod view_customer;

use crate::error::WebError;
use crate::extract::Ctx;
use crate::views::{Badge, admin as view, ansi, duration_text};
use hosting::db::Queries;
use hosting::db::customers::Customer;
use hosting::db::jobs::JobRow;
use hosting::domain::JobState;

/// The customer of an address; anything else does not exist.
async fn customer_of(ctx: &Ctx, id: &str) -> Result<Customer, WebError> {
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    ctx.state().services.db.read().await?.customers().get(id).await?.ok_or(WebError::NotFound)
}

/// "999" or "1,000+".
pub(super) fn capped(n: u64, cap: u64) -> String {
    if n >= cap { format!("{}+", grouped(cap)) } else { grouped(n) }
}

fn grouped(n: u64) -> String {
    if n >= 1000 { format!("{},{:03}", n / 1000, n % 1000) } else { n.to_string() }
}

/// A job's state; silence and asked-for stops have their own words.
pub(super) fn job_badge(job: &JobRow) -> Badge {
    match job.state {
        JobState::Started if job.silent_seconds.is_some_and(|s| s > 60) => Badge::new("warning", "Silent"),
        JobState::Started if job.cancel_requested_at.is_some() => Badge::new("busy", "Stopping"),
        state => Badge::job(state.as_str()),
    }
}

/// Time in the queue and time at work, in words.
pub(super) fn times(job: &JobRow) -> (String, String) {
    let ms = |d: time::Duration| i64::try_from(d.whole_milliseconds()).unwrap_or(0);
    let now = hosting::clock::now_plain();
    let waited = job.started_at.unwrap_or(now) - job.created_at;
    let ran = job.started_at.map(|s| job.finished_at.unwrap_or(now) - s);
    (duration_text(ms(waited)), ran.map(|r| duration_text(ms(r))).unwrap_or_default())
}

/// Why a job failed, with its last words.
pub(super) fn failure(
    picture: &crate::job_view::Picture,
    tail: &[hosting::domain::Line],
    first_error: Option<u32>,
    base: &str,
    may_act: bool,
) -> Option<view::Failure> {
    let job = &picture.job;
    if job.state != JobState::Failed {
        return None;
    }
    let steps = picture.shown(job.attempt);
    let at = steps.iter().find(|s| s.state == "failed").or_else(|| steps.iter().find(|s| s.name == job.current_step));
    let title =
        at.map_or_else(|| "This job failed".to_owned(), |s| format!("Step {}, {}, failed", s.position, s.title));
    let mut actions = Vec::new();
    if may_act {
        let post = |verb: &str, label: String, busy: &str, class| view::Action {
            href: format!("{base}/{verb}"),
            label,
            busy: busy.into(),
            class,
            value: String::new(),
        };
        // Where a retry goes on: at the first step whose work does not stand. After a clean-up that is the start.
        let stands = |s: &crate::job_view::Shown| matches!(s.state.as_str(), "finished" | "skipped");
        let next = steps.iter().find(|s| !stands(s)).map_or(0, |s| s.position);
        if next > 1 {
            actions.push(post("retry", format!("Retry from step {next}"), "Starting…", "main"));
        }
        let class = if next > 1 { "" } else { "main" };
        actions.push(view::Action {
            value: "start".into(),
            ..post("retry", "Retry from start".into(), "Starting…", class)
        });
        if job.cleanup_pending {
            actions.push(post("cleanup", "Clean up".into(), "Cleaning…", "danger"));
        }
    }
    let detail = job.error_detail.clone().unwrap_or_default();
    Some(view::Failure {
        badge: Badge::job("failed"),
        title,
        reason: if detail.is_empty() {
            job.error_reason.clone()
        } else {
            format!("{}. {detail}", job.error_reason.trim_end_matches('.'))
        },
        code: job.error_code.clone(),
        reference: crate::urls::short_job(&job.uid),
        first_error: first_error.unwrap_or(0),
        first_error_href: first_error.map(|n| format!("?line={n}#L{n}")).unwrap_or_default(),
        tail: tail.iter().rev().take(5).rev().map(|l| ansi::plain(&l.text)).collect(),
        cleanup: if job.cleanup_pending {
            "Something this job made could not be removed again. Clean up tries once more.".into()
        } else {
            "Everything this job made was removed again.".into()
        },
        actions,
    })
}
