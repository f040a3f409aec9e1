//! The edge: this server's nginx. One small file per store in `routes/` maps host names to loopback
//! ports; one server block serves them all, so a change costs the same with one store or thousands.
//!
//! Publishing: write beside, rename, test the whole configuration, reload, confirm by a request. On
//! any failure the former file comes back. Callers at the same moment share one test and one reload.

pub mod nginx;
pub mod route;

pub use route::{Entry, Target};

use crate::files::root::Owner;
use crate::files::{FileError, StoreRoot};
use hosting::domain::HostName;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// Why a route was not changed; the former state is in force.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The edge's directory.
    #[error(transparent)]
    File(#[from] FileError),
    /// nginx itself.
    #[error(transparent)]
    Nginx(#[from] nginx::NginxError),
    /// The reload was done, but requests are still routed as before.
    #[error("{0} is not routed as it should be: {1}")]
    NotConfirmed(String, String),
}

/// This server's edge.
#[derive(Debug, Clone)]
pub struct Edge {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    /// Writers and reloads exclude each other: a test always sees whole sets of files.
    writer: Mutex<()>,
    /// Number of the last change written, and of the last one in force.
    written: AtomicU64,
    in_force: AtomicU64,
}

impl Edge {
    /// The edge in `dir` (`nginx.conf`, `routes/`, `nginx.pid`).
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        let shared = Shared {
            dir: dir.to_owned(),
            writer: Mutex::new(()),
            written: AtomicU64::new(0),
            in_force: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Where the edge writes a line per request.
    #[must_use]
    pub fn access_log(&self) -> PathBuf {
        self.shared.dir.join("access.log")
    }

    /// Routes a store's host names and waits until they are in force.
    ///
    /// # Errors
    /// The former routes are in force again.
    pub async fn publish(&self, store: &str, entries: &[Entry], edge_port: u16) -> Result<(), EdgeError> {
        self.change(store, Some(&route::file_text(entries))).await?;
        for entry in entries {
            self.confirm(&entry.host, edge_port, Some(&entry.target)).await?;
        }
        Ok(())
    }

    /// Takes a store's routes away; gone is fine. `hosts` are asked for until they are unknown.
    ///
    /// # Errors
    /// The former routes are in force again.
    pub async fn withdraw(&self, store: &str, hosts: &[HostName], edge_port: u16) -> Result<(), EdgeError> {
        self.change(store, None).await?;
        for host in hosts {
            self.confirm(host, edge_port, None).await?;
        }
        Ok(())
    }

    /// What is routed for a store now, as its file says.
    ///
    /// # Errors
    /// The directory is missing.
    pub fn current(&self, store: &str) -> Result<Option<String>, EdgeError> {
        let text = self.routes()?.read(&file_name(store), 64 * 1024)?;
        Ok(text.map(|t| String::from_utf8_lossy(&t).into_owned()))
    }

    /// Names of the stores with a routes file.
    ///
    /// # Errors
    /// The directory is missing.
    pub fn routed(&self) -> Result<Vec<String>, EdgeError> {
        let dir = self.routes()?;
        let entries = std::fs::read_dir(dir.held_path()).map_err(|e| FileError::io("read", dir.path(), &e))?;
        Ok(entries
            .flatten()
            .filter_map(|e| e.file_name().to_str()?.strip_suffix(".map").map(str::to_owned))
            .filter(|n| !n.starts_with('.'))
            .collect())
    }

    fn routes(&self) -> Result<StoreRoot, EdgeError> {
        Ok(StoreRoot::open(&self.shared.dir.join("routes"))?)
    }

    async fn change(&self, store: &str, text: Option<&str>) -> Result<(), EdgeError> {
        let name = file_name(store);
        let (number, before) = {
            let _writer = self.shared.writer.lock().await;
            let dir = self.routes()?;
            let before = dir.read(&name, 64 * 1024)?;
            if before.as_deref() == text.map(str::as_bytes) && self.is_loaded() {
                // Already so; an earlier, interrupted run may not have reloaded, so that is done anyway.
                (self.shared.written.fetch_add(1, Ordering::SeqCst) + 1, before)
            } else {
                write_or_remove(&dir, &name, text.map(str::as_bytes))?;
                (self.shared.written.fetch_add(1, Ordering::SeqCst) + 1, before)
            }
        };
        match self.bring_into_force(number).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let _writer = self.shared.writer.lock().await;
                let dir = self.routes()?;
                write_or_remove(&dir, &name, before.as_deref())?;
                // Others who waited with us bring the rest into force themselves.
                let _ = nginx::test(&self.shared.dir).await;
                Err(error)
            }
        }
    }

    fn is_loaded(&self) -> bool {
        self.shared.in_force.load(Ordering::SeqCst) > 0
    }

    /// Tests and reloads, unless a reload that began after change `number` was written has done it.
    async fn bring_into_force(&self, number: u64) -> Result<(), EdgeError> {
        let _writer = self.shared.writer.lock().await;
        if self.shared.in_force.load(Ordering::SeqCst) >= number {
            return Ok(());
        }
        let covers = self.shared.written.load(Ordering::SeqCst);
        nginx::test(&self.shared.dir).await?;
        nginx::reload(&self.shared.dir)?;
        self.shared.in_force.store(covers, Ordering::SeqCst);
        Ok(())
    }

    /// Asks the edge for the host until it is routed as it should be, several times in a row: for some
    /// milliseconds after a reload an old worker may still take a connection.
    async fn confirm(&self, host: &HostName, port: u16, want: Option<&Target>) -> Result<(), EdgeError> {
        let end = tokio::time::Instant::now() + Duration::from_secs(5);
        let mut in_a_row = 0;
        loop {
            // A hidden file: every page of the edge stands in front of it, and a shop refuses it without work.
            let status = nginx::probe_path(host, port, "/.edge-probe").await;
            let so = match (want, &status) {
                (None, Ok(status)) => *status == 421,
                (Some(Target::Port(_)), Ok(status)) => !matches!(*status, 301 | 421 | 503),
                (Some(Target::Moved(..)), Ok(status)) => *status == 301,
                (Some(_), Ok(status)) => *status == 503,
                (_, Err(_)) => false,
            };
            in_a_row = if so { in_a_row + 1 } else { 0 };
            if in_a_row == CONFIRMATIONS {
                return Ok(());
            }
            if tokio::time::Instant::now() > end {
                let what = match status {
                    Ok(status) => format!("the edge answers {status}"),
                    Err(e) => format!("the edge on port {port} does not answer: {e}"),
                };
                return Err(EdgeError::NotConfirmed(host.as_str().to_owned(), what));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Fresh connections in a row that must be routed as they should be.
const CONFIRMATIONS: u32 = 3;

fn file_name(store: &str) -> String {
    format!("{store}.map")
}

fn write_or_remove(dir: &StoreRoot, name: &str, text: Option<&[u8]>) -> Result<(), FileError> {
    match text {
        Some(text) => dir.write(name, text, Owner { uid: 0, gid: 0, mode: 0o644 }),
        None => dir.unlink(name),
    }
}
