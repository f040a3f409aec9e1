//! What the stores of this server use, looked at once a minute.
//!
//! The kernel keeps the counters: cgroups for processor and memory, the store's own bridge for the network. One listing
//! of the Engine says which containers there are; then a store costs a dozen reads of small files. Requests are counted
//! from the edge's log, directories are measured once an hour by handles that follow no link. All stores go into one
//! statement, which adds to the rows of now: a worker that dies loses at most a minute, and a gap stays a gap.

pub mod cgroup;
pub mod disk;
pub mod edge_log;

use crate::docker::{DockerError, LABEL_SERVER, LABEL_STORE};
use crate::machine::Machine;
use edge_log::{EdgeLog, Served};
use hosting::db::store_usage::Sample;
use hosting::db::{DbError, Queries};
use hosting::domain::PortPool;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Time between two looks.
pub const EVERY: Duration = Duration::from_secs(60);
/// Directories are measured this often.
const DISK_EVERY: Duration = Duration::from_secs(3600);
/// Stores measured in one look, so that a server with many spreads them over the hour.
const DISKS_AT_ONCE: usize = 20;
/// After a longer pause counters say nothing about now.
const LONGEST_PAUSE: Duration = Duration::from_secs(200);

/// Why a look failed; the next one is in a minute.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The Engine.
    #[error(transparent)]
    Docker(#[from] DockerError),
    /// Our records.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Counters as they were at the last look.
pub struct Sampler {
    machine: Arc<Machine>,
    edge: EdgeLog,
    /// Processor nanoseconds by container.
    cpu: HashMap<String, u64>,
    /// Bytes in and out by bridge.
    net: HashMap<u64, (u64, u64)>,
    /// When each directory was measured.
    disks: HashMap<u64, Instant>,
    last: Option<Instant>,
}

impl Sampler {
    /// For this server; the first look only remembers counters.
    #[must_use]
    pub fn new(machine: Arc<Machine>) -> Self {
        let edge = EdgeLog::new(machine.edge.access_log());
        Self { machine, edge, cpu: HashMap::new(), net: HashMap::new(), disks: HashMap::new(), last: None }
    }

    /// Looks once a minute until `stop` is cancelled.
    pub fn run(mut self, stop: CancellationToken) {
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = tick.tick() => {
                        if let Err(error) = self.look().await {
                            tracing::warn!(error = %error, "the use of stores was not measured this minute");
                        }
                    }
                }
            }
        });
    }

    /// One look; returns how many stores were recorded.
    ///
    /// # Errors
    /// The Engine or the database is away.
    pub async fn look(&mut self) -> Result<usize, UsageError> {
        let machine = self.machine.clone();
        let containers = machine.docker.containers_by_label(&format!("{LABEL_SERVER}={}", machine.server)).await?;
        let mut conn = machine.services.db.read().await?;
        let stores = conn.stores().list_on_server(machine.server_id).await?;
        let ports: HashMap<u16, u64> =
            conn.ports().holders(machine.server_id, PortPool::StoreWeb).await?.into_iter().collect();
        drop(conn);
        let now = Instant::now();
        let pause = self.last.replace(now).map(|last| now - last).filter(|p| *p <= LONGEST_PAUSE);
        let mut served = self.edge.read(&ports);
        let due = if pause.is_some() { self.disks_due(stores.iter().map(|s| s.id), now) } else { Vec::new() };
        let (mut cpu_now, mut net_now) = (HashMap::new(), HashMap::new());
        let mut samples = Vec::with_capacity(stores.len());
        for store in &stores {
            let uid = store.uid.to_string();
            let mine = containers.iter().filter(|c| c.state == "running" && c.labels.get(LABEL_STORE) == Some(&uid));
            let (mut cpu_ns, mut memory, mut seen) = (0, 0, 0);
            for container in mine {
                let Some(counters) = cgroup::read(&container.id) else { continue };
                seen += 1;
                memory += counters.memory;
                // A container that is new since the last look began at nothing.
                let before = self.cpu.get(&container.id).copied().unwrap_or(0);
                cpu_ns += counters.cpu_ns.saturating_sub(before);
                cpu_now.insert(container.id.clone(), counters.cpu_ns);
            }
            let net = bridge(&store.uid.uid8());
            let Served { requests, errors, bytes } = served.remove(&store.id).unwrap_or_default();
            let disk_bytes =
                if due.contains(&store.id) { disk::measure(machine.dir(store)).await.unwrap_or(0) } else { 0 };
            let (bytes_in, bytes_out) = match (net, self.net.get(&store.id)) {
                (Some(now), Some(before)) => (now.0.saturating_sub(before.0), now.1.saturating_sub(before.1)),
                _ => (0, 0),
            };
            if let Some(net) = net {
                net_now.insert(store.id, net);
            }
            let Some(pause) = pause else { continue };
            // A suspended store uses space and nothing else; one that is missing altogether is a gap.
            if seen == 0 && disk_bytes == 0 {
                continue;
            }
            samples.push(Sample {
                store_id: store.id,
                seconds: u32::try_from(pause.as_secs_f64().round() as u64).unwrap_or(0),
                cpu_ms: cpu_ns / 1_000_000,
                memory,
                bytes_in,
                bytes_out,
                requests,
                errors,
                bytes_served: bytes,
                disk_bytes,
            });
        }
        (self.cpu, self.net) = (cpu_now, net_now);
        if !samples.is_empty() {
            machine.services.db.read().await?.store_usage().add(&samples).await?;
        }
        Ok(samples.len())
    }

    /// Stores whose directories are measured now: the longest unmeasured, a few at a time.
    fn disks_due(&mut self, stores: impl Iterator<Item = u64>, now: Instant) -> Vec<u64> {
        let due: Vec<u64> = stores
            .filter(|id| self.disks.get(id).is_none_or(|at| now - *at >= DISK_EVERY))
            .take(DISKS_AT_ONCE)
            .collect();
        for id in &due {
            self.disks.insert(*id, now);
        }
        due
    }
}

/// Bytes that came to the store and left it, by its bridge: what is sent to the bridge's own side leaves the store.
fn bridge(uid8: &str) -> Option<(u64, u64)> {
    let dir = Path::new("/sys/class/net").join(format!("sf-{uid8}")).join("statistics");
    let number = |name: &str| std::fs::read_to_string(dir.join(name)).ok()?.trim().parse::<u64>().ok();
    Some((number("tx_bytes")?, number("rx_bytes")?))
}
