//! `/admin`: what needs a person, first.

use super::super::Answer;
use super::{capped, times};
use crate::extract::Ctx;
use crate::urls;
use crate::views::admin::{Attention, Figure, Overview, RunningJob};
use crate::views::{Badge, When, duration_text};
use hosting::clock::now_plain;
use hosting::db::jobs::{JobFilter, JobRow};
use hosting::db::{DbResult, Queries};
use hosting::domain::{JobState, StoreState};
use hosting::services::Services;
use time::PlainDateTime;

const CAP: u32 = 1000;

/// What the page shows. The same for everybody on the staff.
#[derive(Debug)]
pub struct Facts {
    at: PlainDateTime,
    failed: Vec<JobRow>,
    running: Vec<JobRow>,
    late: Vec<JobRow>,
    jobs: Vec<(JobState, u64)>,
    stores: Vec<(StoreState, i64)>,
    customers: i64,
    queue_answers: bool,
}

impl Facts {
    /// Reads them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn read(services: &Services) -> DbResult<Self> {
        let mut conn = services.db.read().await?;
        let of = |state, limit| JobFilter { state: Some(state), limit, ..JobFilter::default() };
        let mut facts = Self {
            at: now_plain(),
            failed: conn.jobs().list(&of(JobState::Failed, 10)).await?,
            running: conn.jobs().list(&of(JobState::Started, 20)).await?,
            late: conn.jobs().waiting_longer_than(300, 10).await?,
            jobs: conn.jobs().count_by_state(CAP).await?,
            stores: conn.stores().count_by_state(CAP).await?,
            customers: conn.customers().count(CAP).await?,
            queue_answers: false,
        };
        drop(conn);
        facts.queue_answers = services.queue.ping().await.is_ok();
        Ok(facts)
    }
}

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let facts = ctx.state().overview().await?;
    let Facts { at, failed, running, late, jobs, stores, customers, queue_answers } = &*facts;
    let now = *at;
    let servers = ctx.state().servers().await?;
    let mut attention = Vec::new();
    for server in servers.iter() {
        let age = server.heartbeat_age.unwrap_or(i64::MAX);
        if server.state == "active" && age > 60 {
            let since = if age == i64::MAX {
                "never reported".into()
            } else {
                format!("Last sign of life {} ago", duration_text(age * 1000))
            };
            attention.push(Attention {
                badge: Badge::new("warning", "Late"),
                href: "/admin/system".into(),
                title: format!("Server {} does not report", server.name),
                detail: format!("{since}; {} stores on it", server.stores),
                since: server.heartbeat_at.map(|at| When::relative(at, now)),
            });
        } else if !server.unfit_reason.is_empty() {
            attention.push(Attention {
                badge: Badge::new("bad", "Unfit"),
                href: "/admin/system".into(),
                title: format!("Server {} takes no work", server.name),
                detail: server.unfit_reason.clone(),
                since: None,
            });
        } else if server.stores >= i64::from(server.store_limit) {
            attention.push(Attention {
                badge: Badge::new("warning", "Full"),
                href: "/admin/system".into(),
                title: format!("Server {} is full", server.name),
                detail: format!("{} of {} stores", server.stores, server.store_limit),
                since: None,
            });
        }
    }
    let title = |j: &JobRow, what: &str| {
        let on = j.store_name.as_deref().or(j.customer_email.as_deref()).map(|n| format!(": {n}")).unwrap_or_default();
        format!("{} {what}{on}", hosting::jobs::title(&j.kind))
    };
    for job in running.iter().filter(|j| j.silent_seconds.is_some_and(|s| s > 60)) {
        attention.push(Attention {
            badge: Badge::new("warning", "Silent"),
            href: urls::admin_job(&job.uid),
            title: title(job, "is stuck"),
            detail: format!(
                "No sign of life for {}. {}",
                duration_text(job.silent_seconds.unwrap_or(0) * 1000),
                urls::short_job(&job.uid)
            ),
            since: None,
        });
    }
    for job in failed {
        attention.push(Attention {
            badge: Badge::job("failed"),
            href: urls::admin_job(&job.uid),
            title: title(job, "failed"),
            detail: format!("{} · {}", job.error_reason, urls::short_job(&job.uid)),
            since: job.finished_at.map(|at| When::relative(at, now)),
        });
    }
    for job in late {
        attention.push(Attention {
            badge: Badge::new("waiting", "Waiting"),
            href: urls::admin_job(&job.uid),
            title: title(job, "waits for more than 5 minutes"),
            detail: urls::short_job(&job.uid),
            since: Some(When::relative(job.created_at, now)),
        });
    }
    let job_count = |state| jobs.iter().find(|(s, _)| *s == state).map_or(0, |(_, n)| *n);
    let store_count =
        |state| stores.iter().find(|(s, _)| *s == state).map_or(0, |(_, n)| u64::try_from(*n).unwrap_or(0));
    let figure = |n: u64, label: &str, href: &str| Figure {
        value: capped(n, u64::from(CAP)),
        label: label.into(),
        href: href.into(),
    };
    let counts = vec![
        figure(store_count(StoreState::Active), "Stores live", "/admin/customers?state=active"),
        figure(store_count(StoreState::Provisioning), "Being set up", "/admin/customers?state=provisioning"),
        figure(store_count(StoreState::Failed), "Setups failed", "/admin/customers?state=failed"),
        figure(u64::try_from(*customers).unwrap_or(0), "Customers", "/admin/customers"),
        figure(job_count(JobState::Queued), "Jobs waiting", "/admin/jobs?state=queued"),
        figure(job_count(JobState::Failed), "Jobs failed", "/admin/jobs?state=failed"),
    ];
    let unavailable = if *queue_answers {
        String::new()
    } else {
        "The queue cannot be reached. Jobs are kept and go on by themselves, only slower.".into()
    };
    let running = running
        .iter()
        .map(|j| RunningJob {
            href: urls::admin_job(&j.uid),
            short: urls::short_job(&j.uid),
            kind: hosting::jobs::title(&j.kind).into(),
            customer: j.customer_email.clone().unwrap_or_default(),
            customer_href: j.customer_id.map(urls::admin_customer).unwrap_or_default(),
            step: j.current_step.replace('_', " "),
            percent: j.progress,
            ran: times(j).1,
        })
        .collect();
    ctx.ok(&Overview {
        page: ctx.page("Overview", "admin").await,
        checked: When::exact(now),
        unavailable,
        attention,
        counts,
        running,
    })
}
