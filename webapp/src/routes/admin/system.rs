//! `/admin/system`: health by looking, not by assuming.

use super::super::{Answer, need_key};
use super::admins::need_fresh;
use super::job_action::first_use;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::urls;
use crate::views::admin::confirm::Confirm;
use crate::views::admin::{Check, Hidden, ProcessRow, ServerRow, System};
use crate::views::{Badge, Labelled, Link, When, duration_text};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::service_processes::ServiceProcess;
use hosting::domain::rights::{Capability, Reach, may};
use hosting::services::restart_process::restart_process;
use std::time::Instant;
use time::PlainDateTime;

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let services = &ctx.state().services;
    let now = now_plain();
    let check =
        |name: &str, badge, seen: String, mend: &str| Check { name: name.into(), badge, seen, mend: mend.into() };
    let good = || Badge::new("good", "Healthy");
    let mut checks = Vec::new();
    let began = Instant::now();
    let version = services.db.version().await;
    let took = began.elapsed().as_millis();
    checks.push(match &version {
        Ok(v) => check("Database", good(), format!("{v}, answers in {took} ms"), ""),
        Err(e) => check(
            "Database",
            Badge::new("bad", "Offline"),
            e.to_string(),
            "Start MariaDB. Stores keep running; jobs wait.",
        ),
    });
    checks.push(match services.db.pending_migrations().await {
        Ok(0) => check("Schema", good(), "Up to date".into(), ""),
        Ok(n) => {
            check("Schema", Badge::new("warning", "Behind"), format!("{n} migrations wait"), "Run shopfleet migrate.")
        }
        Err(_) => check("Schema", Badge::new("unknown", "Unknown"), "The database does not answer".into(), ""),
    });
    let began = Instant::now();
    let redis = services.queue.version().await;
    let took = began.elapsed().as_millis();
    checks.push(match &redis {
        Ok(v) => check("Queue", good(), format!("Redis {v}, answers in {took} ms"), ""),
        Err(_) => check(
            "Queue",
            Badge::new("bad", "Offline"),
            "Redis does not answer".into(),
            "Start Redis. Jobs are kept in the database and go on by themselves, only slower.",
        ),
    });
    let mut conn = services.db.read().await?;
    let servers = conn.servers().list().await?;
    let workers = conn.workers().list().await?;
    let processes = conn.service_processes().list().await?;
    let waiting = conn.jobs().waiting_longer_than(300, 100).await?.len();
    drop(conn);
    let alive = workers.iter().filter(|w| w.heartbeat_age < 60).count();
    checks.push(match (alive, workers.len()) {
        (0, _) => check(
            "Workers",
            Badge::new("bad", "Offline"),
            "No worker has reported within a minute".into(),
            "Start shopfleet-worker on the server.",
        ),
        (a, n) if a < n => check(
            "Workers",
            Badge::new("warning", "Degraded"),
            format!("{a} of {n} report"),
            "Look at the servers below.",
        ),
        (a, _) => check(
            "Workers",
            good(),
            format!("{a} at work, {} jobs in hand", workers.iter().map(|w| w.running).sum::<u32>()),
            "",
        ),
    });
    checks.push(match waiting {
        0 => check("Waiting jobs", good(), "None waits for more than 5 minutes".into(), ""),
        n => check(
            "Waiting jobs",
            Badge::new("warning", "Slow"),
            format!("{n} wait for more than 5 minutes"),
            "Look whether a worker of their server runs.",
        ),
    });
    let (jobs, watchers) = ctx.state().hub.counts();
    checks.push(check("Live logs", good(), format!("{watchers} watchers of {jobs} jobs in this process"), ""));
    let rows = servers
        .iter()
        .map(|s| {
            let age = s.heartbeat_age;
            let badge = match (s.state.as_str(), age) {
                ("active", Some(a)) if a <= 60 && s.unfit_reason.is_empty() => good(),
                ("active", Some(a)) if a <= 60 => Badge::new("bad", "Unfit"),
                ("active", _) => Badge::new("bad", "Offline"),
                ("draining", _) => Badge::new("upkeep", "Draining"),
                ("maintenance", _) => Badge::new("upkeep", "Maintenance"),
                _ => Badge::new("waiting", "Joining"),
            };
            let worker = workers.iter().find(|w| w.server_name == s.name);
            let note = if s.unfit_reason.is_empty() { String::new() } else { format!(" · {}", s.unfit_reason) };
            ServerRow {
                name: s.name.clone(),
                badge,
                heartbeat: s.heartbeat_at.map(|at| When::relative(at, now)),
                stores: format!("{} of {}", s.stores, s.store_limit),
                version: worker.map_or_else(
                    || format!("no worker{note}"),
                    |w| {
                        format!(
                            "{} since {}{note}",
                            w.version,
                            duration_text((now - w.started_at).whole_seconds() * 1000)
                        )
                    },
                ),
            }
        })
        .collect();
    ctx.ok(&System {
        page: ctx.page("System", "admin").await,
        checked: When::exact(now),
        checks,
        servers: rows,
        again: processes.iter().any(|p| p.restart_asked_at.is_some()),
        processes: processes.iter().map(|p| process_row(p, now)).collect(),
        may_restart: may(ctx.staff()?.role, Capability::OperateMachines, Reach::All),
        actions: actions(&ctx)?,
        versions: vec![
            Labelled::new("Shopfleet", env!("CARGO_PKG_VERSION")),
            Labelled::new("Database", version.unwrap_or_else(|_| "unknown".into())),
            Labelled::new("Redis", redis.unwrap_or_else(|_| "unknown".into())),
        ],
    })
}

/// What staff do from here, as far as the role may.
fn actions(ctx: &Ctx) -> Result<Vec<Link>, WebError> {
    let role = ctx.staff()?.role;
    let all = [
        ("/admin/jobs/dismiss", "Clear failed jobs", role.may_operate()),
        ("/admin/jobs?state=failed", "Failed jobs", true),
        ("/admin/jobs?state=queued", "Waiting jobs", true),
        ("/admin/schedules", "Run a schedule now", true),
        ("/admin/logs", "Service logs", may(role, Capability::ReadLogs, Reach::All)),
        ("/admin/ports", "Port pools", true),
    ];
    Ok(all
        .into_iter()
        .filter(|a| a.2)
        .map(|(href, label, _)| Link { href: href.into(), label: label.into(), current: false })
        .collect())
}

fn process_row(p: &ServiceProcess, now: PlainDateTime) -> ProcessRow {
    let badge = match (p.restart_asked_at, p.silent_seconds) {
        (Some(_), _) => Badge::new("upkeep", "Restarting"),
        (None, 0..=15) => Badge::new("good", "Running"),
        _ => Badge::new("warning", "Silent"),
    };
    ProcessRow {
        name: title(p),
        badge,
        version: p.version.clone(),
        pid: p.pid,
        started: When::relative(p.started_at, now),
        note: match p.restart_asked_at {
            Some(at) => {
                format!("asked {} ago by {}", duration_text((now - at).whole_seconds() * 1000), p.restart_asked_by)
            }
            None if !p.supervised => "nothing would start it again: restart it on its machine".into(),
            None => String::new(),
        },
        restart: if p.supervised && p.restart_asked_at.is_none() && p.silent_seconds <= 60 {
            format!("/admin/system/restart{}", urls::query(&[("process", &p.owner)]))
        } else {
            String::new()
        },
    }
}

fn title(p: &ServiceProcess) -> String {
    format!("{} on {}", if p.service == "web" { "Web" } else { "Worker" }, p.place)
}

async fn process(ctx: &Ctx, owner: &str) -> Result<ServiceProcess, WebError> {
    let all = ctx.state().services.db.read().await?.service_processes().list().await?;
    all.into_iter().find(|p| p.owner == owner).ok_or_else(|| {
        WebError::Conflict(
            "This process is not there any more. Look at the list again: a restarted one has another number".into(),
        )
    })
}

/// What a restart does.
pub async fn restart_page(ctx: Ctx, query: Query) -> Answer {
    let owner = query.get("process")?.to_owned();
    need_fresh(&ctx, &format!("/admin/system/restart{}", urls::query(&[("process", &owner)])))?;
    let p = process(&ctx, &owner).await?;
    let words = if p.service == "web" {
        "It finishes the requests it has in hand and ends; its supervisor starts it again within seconds. With one web process the panel is away for that time. Shops are not touched."
    } else {
        "It takes no new jobs, goes on with running ones to the end of their step, and ends; its supervisor starts it again within seconds, and jobs go on where they were. Shops are not touched."
    };
    ctx.ok(&Confirm {
        page: ctx.page("Restart process", "admin").await,
        parent: "/admin/system".into(),
        parent_label: "System".into(),
        heading: format!("Restart {}?", title(&p)),
        words: vec![words.into()],
        action: "/admin/system/restart".into(),
        back: "/admin/system".into(),
        hidden: vec![Hidden { name: "process", value: owner }],
        ask_reason: false,
        ask_name: String::new(),
        ask_password: false,
        reason: String::new(),
        name: String::new(),
        reason_error: String::new(),
        name_error: String::new(),
        password_error: String::new(),
        errors: Vec::new(),
        button: "Restart process".into(),
        busy: "Asking…",
        class: "main",
        form_key: ctx.new_form_key(),
    })
}

/// Asks it.
pub async fn restart(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let owner = form.get("process")?.to_owned();
    need_fresh(&ctx, &format!("/admin/system/restart{}", urls::query(&[("process", &owner)])))?;
    if first_use(&ctx, &key, "restart_process").await? {
        restart_process(&ctx.state().services, &ctx.actor(), &owner).await?;
        ctx.flash("restart_asked");
    }
    Ok(ctx.see_other("/admin/system"))
}
