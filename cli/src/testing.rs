//! What unit tests share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A fresh empty folder for one test. Those of earlier test runs are removed on the way.
pub fn scratch(name: &str) -> PathBuf {
    let base = std::env::temp_dir();
    for entry in std::fs::read_dir(&base).unwrap().flatten() {
        let owner = entry
            .file_name()
            .to_str()
            .and_then(|name| name.strip_prefix("shopfleet-cli-")?.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !std::path::Path::new("/proc").join(pid.to_string()).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = base.join(format!("shopfleet-cli-{}-{number}-{name}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}
