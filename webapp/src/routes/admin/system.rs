//! `/admin/system`: health by looking, not by assuming.

use super::super::Answer;
use crate::extract::Ctx;
use crate::views::admin::{Check, ServerRow, System};
use crate::views::{Badge, Labelled, When, duration_text};
use hosting::clock::now_plain;
use hosting::db::Queries;
use std::time::Instant;

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
        versions: vec![
            Labelled::new("Shopfleet", env!("CARGO_PKG_VERSION")),
            Labelled::new("Database", version.unwrap_or_else(|_| "unknown".into())),
            Labelled::new("Redis", redis.unwrap_or_else(|_| "unknown".into())),
        ],
    })
}
