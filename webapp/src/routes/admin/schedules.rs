//! `/admin/schedules`: recurring work, run now, pause, resume.

use super::super::{Answer, need_key};
use super::job_action::first_use;
use super::job_badge;
use crate::extract::{Ctx, Form};
use crate::urls;
use crate::views::admin::schedules::{Schedule, Schedules};
use crate::views::{Badge, When};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::jobs::JobFilter;
use hosting::services::change_schedule::{Change, change_schedule};

/// The list.
pub async fn get(ctx: Ctx) -> Answer {
    let now = now_plain();
    let mut conn = ctx.state().services.db.read().await?;
    let mut rows = Vec::new();
    for s in conn.schedules().list().await? {
        let newest = JobFilter { kind: Some(s.kind.clone()), limit: 1, ..JobFilter::default() };
        let newest = conn.jobs().list(&newest).await?.into_iter().next();
        rows.push(Schedule {
            badge: if s.paused { Badge::new("waiting", "Paused") } else { Badge::new("good", "On") },
            every: format!("every {}{}", interval(s.every_seconds), if s.per_server { ", on each server" } else { "" }),
            last: s.last_run_at.map(|at| When::relative(at, now)),
            next: (!s.paused).then(|| if s.next_run_at <= now { due(now) } else { When::exact(s.next_run_at) }),
            jobs_href: format!("/admin/jobs{}", urls::query(&[("kind", &s.kind)])),
            job: newest.as_ref().map(|j| urls::short_job(&j.uid)).unwrap_or_default(),
            job_href: newest.as_ref().map(|j| urls::admin_job(&j.uid)).unwrap_or_default(),
            job_badge: newest.as_ref().map(job_badge),
            paused: s.paused,
            form_key: ctx.new_form_key(),
            name: s.name,
            title: s.title,
        });
    }
    drop(conn);
    ctx.ok(&Schedules { page: ctx.page("Schedules", "admin").await, rows, may_act: ctx.staff()?.role.may_operate() })
}

/// Due now.
pub async fn run(ctx: Ctx, name: web::Path<String>, form: Form) -> Answer {
    change(&ctx, &name, &form, Change::RunNow, "schedule_runs").await
}
/// Not by itself any more.
pub async fn pause(ctx: Ctx, name: web::Path<String>, form: Form) -> Answer {
    change(&ctx, &name, &form, Change::Pause, "schedule_paused").await
}
/// By itself again.
pub async fn resume(ctx: Ctx, name: web::Path<String>, form: Form) -> Answer {
    change(&ctx, &name, &form, Change::Resume, "schedule_resumed").await
}

async fn change(ctx: &Ctx, name: &str, form: &Form, change: Change, notice: &'static str) -> Answer {
    let key = need_key(form)?;
    if first_use(ctx, &key, "schedule.change").await? {
        change_schedule(&ctx.state().services, &ctx.actor(), name, change).await?;
        ctx.flash(notice);
    }
    Ok(ctx.see_other("/admin/schedules"))
}

fn due(now: time::PlainDateTime) -> When {
    When { text: "now".into(), ..When::exact(now) }
}

/// "90 s", "5 min", "6 h", "1 day"
fn interval(seconds: u32) -> String {
    match seconds {
        s if s % 86_400 == 0 => format!("{} day{}", s / 86_400, if s == 86_400 { "" } else { "s" }),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}
