//! `shopfleet up`: a whole private Shopfleet under one supervisor. It prepares `var/`, starts the data stores, the
//! edge and the mail catcher, prepares the database, starts web and worker, and restarts whatever dies.
//!
//! Nothing outlives the supervisor: every child is told by the kernel when it goes (see `child`), and what could
//! not end by itself is found by its record at the next start.

mod apps;
mod containers;
pub mod detach;
pub mod edge;
mod leftovers;
pub mod probe;
mod ready;
mod service;
mod stores;
mod users;

use std::fs::File;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use containers::{remove_all, stop_containers};
pub use leftovers::end_leftovers;
pub use ready::{UpJson, runs_current_build, summary};

use crate::bootstrap;
use crate::files;
use crate::instance::Instance;
use crate::layout::Layout;
use crate::process::Record;
use crate::report::{READY_MARK, Reporter};
use crate::secrets::Secrets;
use service::Service;
use users::Users;

/// Takes the lock that one supervisor per var folder holds for its whole life.
fn take_lock(layout: &Layout) -> Result<Option<File>> {
    files::ensure_dir(&layout.var, 0o711, None)?;
    files::ensure_dir(&layout.run(), 0o711, None)?;
    let path = layout.lock();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// True while a supervisor of this var folder lives.
pub fn is_running(layout: &Layout) -> Result<bool> {
    Ok(layout.lock().exists() && take_lock(layout)?.is_none())
}

/// Everything running under this supervisor, in the order of starting.
#[derive(Default)]
struct Fleet {
    services: Vec<Service>,
}

impl Fleet {
    fn add(&mut self, layout: &Layout, spec: service::Spec) -> Result<usize> {
        self.services.push(Service::start(layout, spec)?);
        Ok(self.services.len() - 1)
    }

    /// Stops in order: first what takes work (web and worker drain at the same time), then edge and mail, then
    /// Redis and MariaDB, which the others need to the end. A further signal ends the waiting.
    async fn stop(&mut self, reporter: &Reporter, signals: &mut Signals) {
        for names in [&["worker", "web"][..], &["edge", "mail"][..], &["redis", "mariadb"][..]] {
            let mut group: Vec<&mut Service> =
                self.services.iter_mut().filter(|service| names.contains(&service.spec.name)).collect();
            if group.is_empty() {
                continue;
            }
            reporter.line(&format!("Stopping {}", names.join(" and ")));
            for service in &group {
                service.begin_stop();
            }
            loop {
                let all = async {
                    for service in &mut group {
                        service.stopped().await;
                    }
                };
                tokio::select! {
                    () = all => break,
                    () = signals.next() => {
                        reporter.line("Asked again: not waiting any longer");
                        for service in &group {
                            service.kill();
                        }
                    }
                }
            }
        }
    }
}

/// Requests to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// Runs the instance until it is asked to stop. Call inside a `LocalSet` on the main thread.
///
/// Side effects: all of `var/`; child processes; Docker containers that `down` had stopped are started again.
pub async fn run(layout: &Layout, reporter: &Reporter) -> Result<()> {
    let Some(_lock) = take_lock(layout)? else {
        bail!("another `shopfleet up` is already at work on {}; ./scripts/down stops it", layout.var.display());
    };
    let mut signals = Signals::listen()?;
    let mut fleet = Fleet::default();
    let started = tokio::select! {
        started = start(layout, reporter, &mut fleet) => started.map(|()| true),
        () = signals.next() => Ok(false),
    };
    if matches!(started, Ok(true)) {
        reporter.raw(READY_MARK);
        if reporter.has_log() {
            reporter.leave_stdout();
        }
        watch(layout, &fleet, &mut signals).await;
    }
    let _ = files::remove_if_there(&layout.up_json());
    fleet.stop(reporter, &mut signals).await;
    let _ = files::remove_if_there(&layout.record("supervisor"));
    if matches!(started, Ok(true)) {
        reporter.line("Stopped");
    }
    started.map(|_| ())
}

async fn watch(layout: &Layout, fleet: &Fleet, signals: &mut Signals) {
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        tokio::select! {
            () = signals.next() => return,
            _ = minute.tick() => {
                for service in &fleet.services {
                    service.trim_log();
                }
                ready::trim_file(&layout.edge().join("access.log"));
            }
        }
    }
}

async fn start(layout: &Layout, reporter: &Reporter, fleet: &mut Fleet) -> Result<()> {
    files::remove_if_there(&layout.up_json())?;
    files::ensure_dir(&layout.logs(), 0o711, None)?;
    let ended = end_leftovers(layout)?;
    if !ended.is_empty() {
        reporter.line(&format!("Ended what an earlier run left behind: {}", ended.join(", ")));
    }
    Record::of("supervisor", std::process::id() as i32)
        .context("cannot see myself in /proc")?
        .write(&layout.record("supervisor"))?;

    let secrets = Secrets::load_or_create(layout)?;
    let mut instance = match Instance::load(layout)? {
        Some(instance) => instance,
        None => Instance::choose(layout)?,
    };
    let mut notes = instance.repair_ports()?;
    instance.save(layout)?;
    let users = Users::choose(layout, &mut notes)?;
    for note in notes {
        reporter.line(&format!("Note: {note}"));
    }

    stores::install_mariadb(layout, users.mariadb.as_ref()).await?;
    let first = fleet.services.len();
    fleet.add(layout, stores::mariadb(layout, &secrets, users.mariadb.as_ref())?)?;
    fleet.add(layout, stores::redis(layout, &secrets, instance.ports.redis, users.redis.as_ref())?)?;
    fleet.add(layout, edge::edge(layout, instance.ports.edge, users.edge.as_ref())?)?;
    fleet.add(layout, apps::mail(layout, instance.ports.smtp, users.mail.as_ref()).await?)?;
    for service in &fleet.services[first..] {
        service.wait_ready().await?;
    }
    reporter.line("MariaDB, Redis, edge and mail catcher are running");

    for line in bootstrap::prepare(layout, &instance, &secrets).await? {
        reporter.line(&line);
    }
    if let Some(line) = containers::start_stopped(layout).await {
        reporter.line(&line);
    }

    let web = fleet.add(layout, apps::web(layout, &instance, &secrets, users.web.as_ref())?)?;
    let worker = fleet.add(layout, apps::worker(layout, &instance, &secrets)?)?;
    fleet.services[web].wait_ready().await?;
    fleet.services[worker].wait_ready().await?;
    reporter.line("Web and worker are ready");

    let up = UpJson::new(layout, &instance, &secrets);
    up.write(layout)?;
    ready::remember_build(layout)?;
    reporter.raw(&summary(&up, Some(reporter.elapsed())));
    Ok(())
}
