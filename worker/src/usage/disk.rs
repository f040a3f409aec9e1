//! Space a store takes on disk: blocks in use, counted by handles beneath the store's directory. No link is followed, no
//! other file system entered; a file with several names counts once per name, as the quota does not, which a shop does
//! not have.

use crate::files::{FileResult, StoreRoot};
use crate::shop::layout::StoreDir;
use std::os::unix::fs::MetadataExt;

/// Entries looked at in one store: a directory with more is measured as far as this.
const MOST_ENTRIES: u64 = 500_000;

/// Folders within folders: each takes a file handle, and what is deeper is no shop's.
const DEEPEST: u32 = 60;

/// Bytes on disk; `None`: the directory is not there or cannot be read.
pub async fn measure(dir: StoreDir) -> Option<u64> {
    tokio::task::spawn_blocking(move || {
        let root = dir.open().ok().flatten()?;
        let mut left = MOST_ENTRIES;
        count(&root, &mut left, 0).ok()
    })
    .await
    .ok()
    .flatten()
}

fn count(dir: &StoreRoot, left: &mut u64, depth: u32) -> FileResult<u64> {
    let mut bytes = 0;
    let Ok(entries) = std::fs::read_dir(dir.held_path()) else { return Ok(0) };
    for entry in entries.flatten() {
        if *left == 0 {
            break;
        }
        *left -= 1;
        // Of the entry itself: a link is a few bytes, whatever it points to.
        let Ok(about) = entry.metadata() else { continue };
        bytes += about.blocks() * 512;
        if about.is_dir()
            && depth < DEEPEST
            && let Ok(Some(sub)) = dir.sub(entry.file_name())
        {
            bytes += count(&sub, left, depth + 1)?;
        }
    }
    Ok(bytes)
}
