//! A process says that it lives, and hears when staff ask it to restart: it then ends in order, as on SIGTERM, and its
//! supervisor (`shopfleet up`, or systemd with `Restart=always`) starts it anew. Nobody needs rights on the machine for it.

use crate::Db;
use crate::db::service_processes::Alive;
use crate::db::{DbResult, Queries};
use crate::domain::Uid;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(3);

/// Tells and listens until `stop` is cancelled, which it does itself when asked to restart.
pub fn watch(
    db: Db,
    service: &'static str,
    place: String,
    version: &'static str,
    supervised: bool,
    stop: CancellationToken,
) -> tokio::task::JoinHandle<()> {
    let pid = std::process::id();
    let alive = Alive { owner: format!("{service}/{pid}/{}", Uid::new()), service, place, version, pid, supervised };
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => match beat(&db, &alive).await {
                    Ok(true) => {
                        tracing::info!("asked to restart from the panel: finishing what runs, then ending");
                        stop.cancel();
                    }
                    Ok(false) => {}
                    Err(error) => tracing::debug!(error = %error, "no sign of life was written"),
                },
            }
        }
        let _ = gone(&db, &alive.owner).await;
    })
}

/// Name of this machine, for people.
#[must_use]
pub fn machine() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().chars().take(100).collect()
}

/// Whether something starts this process anew when it ends: systemd says so by its own variable, ours by one of ours.
#[must_use]
pub fn supervised() -> bool {
    ["INVOCATION_ID", "SHOPFLEET_SUPERVISED"].into_iter().any(|name| std::env::var_os(name).is_some())
}

async fn beat(db: &Db, alive: &Alive) -> DbResult<bool> {
    db.read().await?.service_processes().heartbeat(alive).await
}

async fn gone(db: &Db, owner: &str) -> DbResult<()> {
    db.read().await?.service_processes().ended(owner).await
}
