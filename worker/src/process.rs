//! The worker process: start, heartbeat, drain.

use crate::engine::{Engine, EngineConfig};
use crate::webhooks::Sender;
use crate::webhooks::net::Net;
use crate::{identity, metrics_page, registry};
use anyhow::Context;
use hosting::Db;
use hosting::config::{Bootstrap, WorkerConfig};
use hosting::db::{DbResult, Queries};
use hosting::queue::Queue;
use hosting::services::Services;
use hosting::{lifecycle, process_watch, service_log};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Heartbeat of the process and its server.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);
/// How long running jobs may take to reach a step boundary after SIGTERM; systemd's limit is above.
const DRAIN_DEADLINE: Duration = Duration::from_secs(25);

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// Missing configuration, an unknown server name, or a database that never answers.
pub async fn run() -> anyhow::Result<()> {
    let bootstrap = Bootstrap::from_env()?;
    let config = WorkerConfig::from_env()?;
    let stop = lifecycle::stop_on_signal().context("cannot listen for signals")?;
    let metrics = PrometheusBuilder::new().install_recorder().context("cannot install the metrics recorder")?;
    if let Some(listen) = config.metrics_listen {
        metrics_page::serve(listen, metrics).await.with_context(|| format!("cannot listen on {listen} for metrics"))?;
    }
    let services = Services {
        db: Db::connect(&bootstrap.database_url, 16)?,
        queue: Queue::connect(&bootstrap.redis_url)?,
        keys: bootstrap.keys,
    };
    let server_id = server_id(&services.db, &config.server, &stop).await?;
    let owner = identity::owner(&config.server);
    let parts = registry::Parts::new(&services, &config, server_id).await?;
    let kept = service_log::keep(services.db.clone(), "worker", config.server.clone(), stop.clone());
    let watch = process_watch::watch(
        services.db.clone(),
        "worker",
        config.server.clone(),
        env!("CARGO_PKG_VERSION"),
        process_watch::supervised(),
        stop.clone(),
    );
    let engine_config = EngineConfig::new(owner.clone(), server_id, Some(config.data_dir.clone()));
    beat(&services.db, &parts, &owner, server_id, 0).await?;
    parts.open_log_desk(stop.clone());
    parts.measure_usage(stop.clone());
    let engine = Engine::start(services.db.clone(), services.queue.clone(), parts.jobs(), engine_config, stop.clone());
    // Without authorities nothing can be trusted outside; everything else goes on.
    let sender = match Net::public() {
        Ok(net) => Some(tokio::spawn(Sender::new(services.clone(), net).run(stop.clone()))),
        Err(error) => {
            tracing::error!(error = %error, "webhooks are not sent by this worker: no certificate authorities");
            None
        }
    };
    tracing::info!(server = %config.server, worker = %owner, version = env!("CARGO_PKG_VERSION"), "worker ready");
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);

    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(HEARTBEAT_EVERY) => {
                let running = u32::try_from(engine.running()).unwrap_or(u32::MAX);
                if let Err(error) = beat(&services.db, &parts, &owner, server_id, running).await {
                    tracing::warn!(error = %error, "heartbeat not written");
                }
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
            }
        }
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    let clean = engine.drained(DRAIN_DEADLINE).await;
    if let Some(sender) = sender {
        let _ = sender.await;
    }
    if !clean {
        tracing::warn!("jobs still running at the deadline; another worker takes them over when their leases end");
    }
    if let Ok(mut conn) = services.db.read().await {
        let _ = conn.workers().stopped(&owner).await;
    }
    tracing::info!(clean, "worker stopped");
    let _ = watch.await;
    if let Some(kept) = kept {
        let _ = kept.await;
    }
    Ok(())
}

/// Looks the server up; waits for a database that is still starting.
async fn server_id(db: &Db, name: &str, stop: &CancellationToken) -> anyhow::Result<u64> {
    loop {
        match lookup(db, name).await {
            Ok(Some(id)) => return Ok(id),
            Ok(None) => anyhow::bail!(
                "there is no server called {name}; add it in the panel, or set SHOPFLEET_SERVER to one that is there"
            ),
            Err(error) if error.is_passing() && !stop.is_cancelled() => {
                tracing::warn!(error = %error, "waiting for the database");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn lookup(db: &Db, name: &str) -> DbResult<Option<u64>> {
    db.read().await?.servers().id_of(name).await
}

async fn beat(db: &Db, parts: &registry::Parts, owner: &str, server_id: u64, running: u32) -> DbResult<()> {
    let fitness = parts.fitness().await;
    let mut conn = db.read().await?;
    conn.workers().heartbeat(owner, server_id, env!("CARGO_PKG_VERSION"), std::process::id(), running).await?;
    conn.servers().heartbeat(server_id, &fitness.unfit_reason, &fitness.platforms.join(","), &fitness.facts).await
}
