//! What runs the product: servers, schedules, mails, ports, the audit log, the state of the installation.

use std::process::ExitCode;

use anyhow::Result;
use shopfleet_client::types::{AuditExport, ListAuditEventsQuery, ListMailsQuery, ListPortsQuery, Nothing, Widening};

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
