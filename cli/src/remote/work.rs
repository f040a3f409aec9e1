//! What runs the product: servers, schedules, mails, ports, the audit log, the state of the installation.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use shopfleet_client::types::{
    AuditExport, ListAuditEventsQuery, ListMailsQuery, ListPortsQuery, ListServiceLinesQuery, Nothing, ServiceLine,
    WhichProcess, Widening,
};

use super::{Remote, facts, first, moment, page, saved};
use crate::args::remote::{Audit, Mails, Ports, Schedules, System};
use crate::output::{self, Format};
use crate::say;

/// All servers.
pub async fn servers(remote: &Remote) -> Result<ExitCode> {
    let servers = remote.client.list_servers().await?.items;
    remote.list(&servers, ["SERVER", "STATE", "STORES", "LAST SIGN OF LIFE", "CANNOT TAKE WORK BECAUSE"], |s| {
        [
            s.name.clone(),
            s.state.clone(),
            format!("{}/{}", s.stores, s.store_limit),
            moment(s.heartbeat_at.as_deref()),
            s.unfit_reason.clone().unwrap_or_default(),
        ]
    })
}

/// Recurring work.
pub async fn schedules(remote: &Remote, verb: Schedules) -> Result<ExitCode> {
    let client = &remote.client;
    let (name, words) = match verb {
        Schedules::List => {
            let schedules = client.list_schedules().await?.items;
            return remote.list(&schedules, ["NAME", "WHAT", "EVERY", "STATE", "NEXT", "LAST"], |s| {
                [
                    s.name.clone(),
                    s.title.clone(),
                    format!("{} s", s.every_seconds),
                    if s.paused { "paused".into() } else { "runs".into() },
                    moment(Some(&s.next_run_at)),
                    moment(s.last_run_at.as_deref()),
                ]
            });
        }
        Schedules::Run { name } => {
            client.run_schedule(&name, &Nothing {}).await?;
            (name, "is due now")
        }
        Schedules::Pause { name } => {
            client.pause_schedule(&name, &Nothing {}).await?;
            (name, "is paused")
        }
        Schedules::Resume { name } => {
            client.resume_schedule(&name, &Nothing {}).await?;
            (name, "runs again")
        }
    };
    remote.done(&serde_json::json!({ "schedule": name, "result": words }), &format!("{name} {words}"))
}

/// The audit log.
pub async fn audit(remote: &Remote, verb: Audit) -> Result<ExitCode> {
    match verb {
        Audit::List { actor, action, target, from, until, limit } => {
            let query = ListAuditEventsQuery {
                actor,
                action,
                target_id: target,
                from,
                until,
                limit: page(limit),
                ..ListAuditEventsQuery::default()
            };
            let events = first(limit, remote.client.list_audit_events_all(query)).await?;
            remote.list(&events, ["NUMBER", "AT", "WHO", "ROLE", "ACTION", "ABOUT", "RESULT", "ADDRESS"], |e| {
                [
                    e.number.to_string(),
                    moment(Some(&e.at)),
                    e.actor.clone(),
                    e.role.clone(),
                    e.action.clone(),
                    format!("{} {}", e.target_kind, e.target_id),
                    e.outcome.clone(),
                    e.address.clone(),
                ]
            })
        }
        Audit::Export { format, actor, action, target, from, until, to } => {
            let wish = AuditExport {
                format: saved::format(&format),
                actor,
                action,
                target_kind: None,
                target_id: target,
                from,
                until,
            };
            saved::save(remote, remote.client.export_audit(&wish).await?, to.as_deref()).await
        }
        Audit::Verify => {
            let found = remote.client.verify_audit(&Nothing {}).await?;
            remote.answer(&found, |found| match &found.broken {
                None => say!("The chain is whole: {} events", found.events),
                Some(words) => say!("The chain does not hold at {}", output::clean(words)),
            })?;
            Ok(if found.whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// The mail log.
pub async fn mails(remote: &Remote, verb: Mails) -> Result<ExitCode> {
    let job = match verb {
        Mails::List { state, to, limit } => {
            let query = ListMailsQuery { state, to, limit: page(limit), ..ListMailsQuery::default() };
            let mails = first(limit, remote.client.list_mails_all(query)).await?;
            return remote.list(&mails, ["MAIL", "TO", "SUBJECT", "STATE", "TRIES", "AT", "ERROR"], |m| {
                [
                    m.id.to_string(),
                    m.recipient.clone(),
                    m.subject.clone(),
                    m.state.clone(),
                    m.tries.map_or_else(|| "–".into(), |t| t.to_string()),
                    moment(Some(&m.created_at)),
                    m.error.clone().unwrap_or_default(),
                ]
            });
        }
        Mails::Resend { id } => remote.client.resend_mail(id, &Nothing {}).await?.job,
        Mails::Test => remote.client.send_test_mail(&Nothing {}).await?.job,
    };
    remote.ordered(&job)
}

/// Port pools.
pub async fn ports(remote: &Remote, verb: Ports) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Ports::List { server, state } => {
            let mut ports = client.list_ports(&ListPortsQuery { server }).await?.items;
            ports.retain(|p| state.as_ref().is_none_or(|s| p.state == *s));
            remote.list(&ports, ["SERVER", "PORT", "POOL", "STATE", "STORE", "CUSTOMER"], |p| {
                [
                    p.server.clone(),
                    p.port.to_string(),
                    p.pool.clone(),
                    p.state.replace('_', " "),
                    p.store.clone().unwrap_or_default(),
                    p.customer.map(|c| c.to_string()).unwrap_or_default(),
                ]
            })
        }
        Ports::Widen { server, pool, first, last } => {
            let body = Widening { server, pool, first, last };
            client.widen_ports(&body).await?;
            remote.done(&serde_json::json!({ "first": first, "last": last }), "They are in the pool")
        }
        Ports::Free { server, port } => {
            client.free_port(&server, port, &Nothing {}).await?;
            remote.done(
                &serde_json::json!({ "server": server, "port": port }),
                &format!("Port {port} is free in a minute"),
            )
        }
    }
}

/// The state of the installation, and what needs somebody.
pub async fn system(remote: &Remote, verb: System) -> Result<ExitCode> {
    match verb {
        System::Show => {
            let system = remote.client.get_system().await?;
            remote.answer(&system, |s| {
                facts(&[
                    ("Shopfleet", s.version.clone()),
                    ("Database", s.database.clone()),
                    ("Migrations", format!("{} wait", s.pending_migrations)),
                    ("Redis", s.redis.clone().unwrap_or_else(|| "does not answer".into())),
                    ("Workers", format!("{} report", s.workers)),
                    ("Waiting long", format!("{} jobs", s.jobs_waiting_long)),
                ]);
            })
        }
        System::Processes => {
            let all = remote.client.list_processes().await?.items;
            remote.list(&all, ["PROCESS", "SERVICE", "ON", "VERSION", "STARTED", "SEEN"], |p| {
                let seen = format!("{} s ago", p.silent_seconds);
                [
                    p.process.clone(),
                    p.service.clone(),
                    p.place.clone(),
                    p.version.clone(),
                    moment(Some(&p.started_at)),
                    if p.restart_asked_at.is_some() { "restarts".into() } else { seen },
                ]
            })
        }
        System::Restart { process } => {
            let body = WhichProcess { process: process.clone() };
            remote
                .recently(|client| {
                    let body = body.clone();
                    async move { client.restart_process(&body).await }
                })
                .await?;
            remote.done(&serde_json::json!({ "process": process, "asked": true }), "It restarts within seconds")
        }
        System::Log { service, level, find, correlation, from, to, limit, follow } => {
            let query = ListServiceLinesQuery {
                service,
                level,
                find,
                correlation_id: correlation,
                from,
                to,
                limit: page(limit),
                ..ListServiceLinesQuery::default()
            };
            service_log(remote, query, limit, follow).await
        }
        System::Attention => {
            let found = remote.client.list_attention().await?.items;
            if remote.format == Format::Table && found.is_empty() {
                say!("Nothing needs anybody");
                return Ok(ExitCode::SUCCESS);
            }
            remote.list(&found, ["", "WHAT", "WHY", "SINCE"], |a| {
                [a.severity.clone(), a.title.clone(), a.detail.clone(), moment(a.since.as_deref())]
            })?;
            Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// A followed log is asked for new lines this often.
const EVERY: Duration = Duration::from_secs(2);

/// The newest lines, oldest of them first, and with `follow` those that come.
async fn service_log(remote: &Remote, query: ListServiceLinesQuery, limit: u32, follow: bool) -> Result<ExitCode> {
    let mut lines = first(limit, remote.client.list_service_lines_all(query.clone())).await?;
    lines.reverse();
    if remote.format == Format::Json && !follow {
        return remote.answer(&lines, |_| ());
    }
    let mut newest = lines.iter().map(|l| l.number).max().unwrap_or(0);
    loop {
        match remote.format {
            Format::Json => lines.iter().try_for_each(output::json)?,
            Format::Table => lines.iter().try_for_each(service_line)?,
        }
        if !follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(EVERY).await;
        let more = ListServiceLinesQuery { since: Some(newest), limit: Some(200), ..query.clone() };
        lines = remote.client.list_service_lines(&more).await?.items;
        newest = lines.iter().map(|l| l.number).max().unwrap_or(newest);
    }
}

fn service_line(line: &ServiceLine) -> Result<()> {
    let mark = match line.level.as_str() {
        "error" => "ERROR ",
        "warning" => "warning ",
        _ => "",
    };
    output::try_line(format_args!(
        "{} {:<6} {} {mark}{}",
        moment(Some(&line.at)),
        line.service,
        output::clean(&line.place),
        output::clean(&line.text)
    ))
}
