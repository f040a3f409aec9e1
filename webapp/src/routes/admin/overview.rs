//! `/admin`: what needs a person, first.

use super::super::Answer;
use super::{capped, times};
use crate::extract::Ctx;
use crate::urls;
use crate::views::admin::{Attention, Figure, Overview, RunningJob};
use crate::views::{Badge, Link, When, duration_text};
use hosting::clock::now_plain;
use hosting::db::jobs::{JobFilter, JobRow};
use hosting::db::mail_messages::MailRow;
use hosting::db::ports::PoolUse;
use hosting::db::servers::Server;
use hosting::db::tickets::Ticket;
use hosting::db::{DbResult, Queries};
use hosting::domain::{JobState, PortPool, StoreState};
use hosting::services::Services;
use hosting::services::settings::Values;
use time::PlainDateTime;

const CAP: u32 = 1000;

/// What the page shows. The same for everybody on the staff.
#[derive(Debug)]
pub struct Facts {
    at: PlainDateTime,
    failed: Vec<JobRow>,
    failed_count: i64,
    mails: Vec<MailRow>,
    pools: Vec<(String, PoolUse)>,
    running: Vec<JobRow>,
    late: Vec<JobRow>,
    jobs: Vec<(JobState, u64)>,
    stores: Vec<(StoreState, i64)>,
    customers: i64,
    tickets: Vec<Ticket>,
    tickets_waiting: i64,
    queue_answers: bool,
}

impl Facts {
    /// Reads them.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn read(services: &Services) -> DbResult<Self> {
        let hours = Values::load(&services.db).await?.number("ticket_attention_hours").max(1);
        let mut conn = services.db.read().await?;
        let of = |state, limit| JobFilter { state: Some(state), limit, ..JobFilter::default() };
        let mut facts = Self {
            at: now_plain(),
            failed: conn.jobs().failed_and_open(10).await?,
            failed_count: conn.jobs().count_failed_and_open(CAP).await?,
            mails: conn.mail_messages().failing(50).await?,
            pools: Vec::new(),
            running: conn.jobs().list(&of(JobState::Started, 20)).await?,
            late: conn.jobs().waiting_longer_than(300, 10).await?,
            jobs: conn.jobs().count_by_state(CAP).await?,
            stores: conn.stores().count_by_state(CAP).await?,
            customers: conn.customers().count(CAP).await?,
            tickets: conn.tickets().unanswered(hours, 10).await?,
            tickets_waiting: conn.tickets().count_waiting(CAP).await?,
            queue_answers: false,
        };
        for server in conn.servers().list().await? {
            let pools = conn.ports().usage(server.id).await?;
            facts.pools.extend(pools.into_iter().map(|p| (server.name.clone(), p)));
        }
        drop(conn);
        facts.queue_answers = services.queue.ping().await.is_ok();
        Ok(facts)
    }
}

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let facts = ctx.state().overview().await?;
    let Facts { at, failed_count, running, jobs, stores, customers, queue_answers, .. } = &*facts;
    let now = *at;
    let attention = attention(&facts, &ctx.state().servers().await?);
    let role = ctx.staff()?.role;
    let link = |href: &str, label: String| Link { href: href.into(), label, current: false };
    let mut quick = Vec::new();
    if role.may_operate() && *failed_count > 0 {
        let many = capped(u64::try_from(*failed_count).unwrap_or(0), u64::from(CAP));
        quick.push(link("/admin/jobs/dismiss", format!("Clear failed jobs ({many})")));
    }
    quick.push(link("/admin/jobs?state=failed", "Failed jobs".into()));
    if role.may_operate() {
        quick.push(link("/admin/schedules", "Run a schedule".into()));
    }
    quick.push(link("/admin/system", "System health".into()));
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
        figure(u64::try_from(facts.tickets_waiting).unwrap_or(0), "Tickets waiting", "/admin/tickets"),
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
        quick,
    })
}

/// What needs a person, the machines first.
#[must_use]
pub(crate) fn attention(facts: &Facts, servers: &[Server]) -> Vec<Attention> {
    let Facts { at, failed, mails, pools, running, late, .. } = facts;
    let now = *at;
    let mut attention = Vec::new();
    for server in servers {
        let age = server.heartbeat_age.unwrap_or(i64::MAX);
        if server.state == "active" && age > 60 {
            let since = if age == i64::MAX {
                "never reported".into()
            } else {
                format!("Last sign of life {} ago", duration_text(age * 1000))
            };
            attention.push(Attention {
                kind: "server_silent",
                badge: Badge::new("warning", "Late"),
                href: "/admin/system".into(),
                title: format!("Server {} does not report", server.name),
                detail: format!("{since}; {} stores on it", server.stores),
                since: server.heartbeat_at.map(|at| When::relative(at, now)),
            });
        } else if !server.unfit_reason.is_empty() {
            attention.push(Attention {
                kind: "server_unfit",
                badge: Badge::new("bad", "Unfit"),
                href: "/admin/system".into(),
                title: format!("Server {} takes no work", server.name),
                detail: server.unfit_reason.clone(),
                since: None,
            });
        } else if server.stores >= i64::from(server.store_limit) {
            attention.push(Attention {
                kind: "server_full",
                badge: Badge::new("warning", "Full"),
                href: "/admin/system".into(),
                title: format!("Server {} is full", server.name),
                detail: format!("{} of {} stores", server.stores, server.store_limit),
                since: None,
            });
        }
    }
    for (server, pool) in pools {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let taken = count(pool.used) + count(pool.cooling);
        if super::ports::nearly_full(taken, count(pool.total)) {
            let title = PortPool::ALL.into_iter().find(|p| p.as_str() == pool.pool).map_or("Ports", PortPool::title);
            attention.push(Attention {
                kind: "pool_nearly_full",
                badge: Badge::new("warning", "Nearly full"),
                href: format!("/admin/ports{}", urls::query(&[("server", server)])),
                title: format!("The pool {title} of {server} is nearly full"),
                detail: format!("{taken} of {} ports are taken. Widen it before new stores are refused", pool.total),
                since: None,
            });
        }
    }
    if let [newest, ..] = mails.as_slice() {
        attention.push(Attention {
            kind: "mail_not_sent",
            badge: Badge::new("bad", "Not sent"),
            href: "/admin/mail?state=failed".into(),
            title: match mails.len() {
                1 => "A mail did not leave".into(),
                50.. => "50 or more mails did not leave since yesterday".into(),
                n => format!("{n} mails did not leave since yesterday"),
            },
            detail: newest.error.clone(),
            since: Some(When::relative(newest.created_at, now)),
        });
    }
    let title = |j: &JobRow, what: &str| {
        let on = j.store_name.as_deref().or(j.customer_email.as_deref()).map(|n| format!(": {n}")).unwrap_or_default();
        format!("{} {what}{on}", hosting::jobs::title(&j.kind))
    };
    for job in running.iter().filter(|j| j.silent_seconds.is_some_and(|s| s > 60)) {
        attention.push(Attention {
            kind: "job_silent",
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
            kind: "job_failed",
            badge: Badge::job("failed"),
            href: urls::admin_job(&job.uid),
            title: title(job, "failed"),
            detail: format!("{} · {}", job.error_reason, urls::short_job(&job.uid)),
            since: job.finished_at.map(|at| When::relative(at, now)),
        });
    }
    for job in late {
        attention.push(Attention {
            kind: "job_waiting",
            badge: Badge::new("waiting", "Waiting"),
            href: urls::admin_job(&job.uid),
            title: title(job, "waits for more than 5 minutes"),
            detail: urls::short_job(&job.uid),
            since: Some(When::relative(job.created_at, now)),
        });
    }
    for ticket in &facts.tickets {
        attention.push(Attention {
            kind: "ticket_unanswered",
            badge: Badge::new("warning", "Unanswered"),
            href: urls::admin_ticket(&ticket.uid.to_string()),
            title: format!("{} waits for an answer", ticket.customer_email),
            detail: format!("{} · {}", ticket.subject, ticket.short()),
            since: Some(When::relative(ticket.moved_at, now)),
        });
    }
    attention
}
