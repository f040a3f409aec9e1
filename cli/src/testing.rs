//! What unit tests share.

use std::path::PathBuf;

/// A fresh empty folder under the build's own temporary directory, emptied at each call.
pub fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("shopfleet-cli-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
