//! `shopfleet-web`: reads the bootstrap values, builds the server, runs until told to stop.

use anyhow::Context;
use hosting::config::{Bootstrap, WebConfig};
use hosting::db::Db;
use hosting::progress::Hub;
use hosting::queue::Queue;
use hosting::services::Services;
use hosting::{process_watch, service_log};
use std::net::TcpListener;
use webapp::state::AppState;

/// Connections to the database; pages hold one for milliseconds.
const DATABASE_CONNECTIONS: u32 = 16;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    hosting::telemetry::init();
    let boot = Bootstrap::from_env().context("cannot start")?;
    let config = WebConfig::from_env().context("cannot start")?;
    let stop = hosting::lifecycle::stop_on_signal().context("cannot listen for signals")?;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0])
        .and_then(metrics_exporter_prometheus::PrometheusBuilder::install_recorder)
        .context("cannot set up metrics")?;
    let db = Db::connect(&boot.database_url, DATABASE_CONNECTIONS).context("cannot use SHOPFLEET_DATABASE_URL")?;
    let queue = Queue::connect(&boot.redis_url).context("cannot use SHOPFLEET_REDIS_URL")?;
    let hub = Hub::start(boot.redis_url.clone(), stop.clone());
    let listener = TcpListener::bind(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
    tracing::info!(address = %config.listen, base_url = config.base_url.as_str(), "web front is up");
    let services = Services { db, queue, keys: boot.keys };
    let state = AppState::new(services, config, hub, Some(recorder), stop);
    let (db, ending) = (state.services.db.clone(), state.stop.clone());
    let kept = service_log::keep(db.clone(), "web", process_watch::machine(), ending.clone());
    let watch = process_watch::watch(
        db,
        "web",
        process_watch::machine(),
        env!("CARGO_PKG_VERSION"),
        process_watch::supervised(),
        ending,
    );
    let server = webapp::startup::build(state, listener).context("cannot start the server")?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    server.await.context("the server ended with an error")?;
    let _ = watch.await;
    if let Some(kept) = kept {
        let _ = kept.await;
    }
    Ok(())
}
