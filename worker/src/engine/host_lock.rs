//! A kernel lock per store on this machine: the last wall against two executors (I-05).
//!
//! The database's lease decides who may act; this lock makes sure that a predecessor which is still
//! acting on this host has really ended. The kernel drops it when its holder dies, however it dies.

use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::path::Path;

/// A held lock; dropped with the value.
pub struct HostLock {
    _lock: Flock<File>,
}

/// Takes the lock of a store, `None` while somebody else on this host holds it.
///
/// # Errors
/// The lock file cannot be made (data directory missing, read-only or full).
pub fn try_lock(data_dir: &Path, store_id: u64, owner: &str) -> std::io::Result<Option<HostLock>> {
    let dir = data_dir.join(".locks");
    std::fs::create_dir_all(&dir)?;
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(format!("{store_id}.lock")))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut lock) => {
            // For people who look: who holds it.
            lock.set_len(0)?;
            lock.rewind()?;
            writeln!(lock, "{owner}")?;
            Ok(Some(HostLock { _lock: lock }))
        }
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(errno.into()),
    }
}
