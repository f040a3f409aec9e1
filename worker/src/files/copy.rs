//! Copies a tree: by reflink where the file system can, else its data in parallel. Keeps times
//! (compiled code is only valid under the same ones), owners and modes; keeps holes.
//!
//! Only regular files and directories are copied; links, devices, sockets and set-id bits are not.

use super::root::{Owner, StoreRoot, set_owner};
use super::{FileError, FileResult};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, futimens, mkdirat};
use nix::sys::time::TimeSpec;
use nix::unistd::{Whence, ftruncate, lseek};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// What was copied and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Regular files.
    pub files: u64,
    /// Bytes of data, holes not counted.
    pub bytes: u64,
    /// Whether the file system shared the blocks.
    pub reflink: bool,
}

/// Files up to this size are read and written in one go.
const SMALL: u64 = 256 * 1024;
/// Bigger ones are copied in parts of this size.
const CHUNK: usize = 1024 * 1024;

struct Entry {
    path: PathBuf,
    owner: Owner,
    size: u64,
    blocks: u64,
    mtime: TimeSpec,
}

/// Copies everything in `source` (ours, trusted, not changing) into `target`, an empty directory
/// nobody else uses yet. Blocking; uses up to `threads` threads.
///
/// # Errors
/// The first failure; the target is then incomplete and must be thrown away.
pub fn copy_tree(source: &Path, target: &StoreRoot, threads: usize) -> FileResult<Copied> {
    let from = StoreRoot::open(source)?;
    let (mut dirs, mut files) = (Vec::new(), Vec::new());
    walk(source, Path::new(""), &mut dirs, &mut files)?;
    // Parents come first in `dirs`.
    for dir in &dirs {
        mkdirat(target.fd(), &dir.path, Mode::from_bits_truncate(0o700))
            .map_err(|e| FileError::new("make directory", target.path().join(&dir.path), e))?;
    }
    // Big files first, so that no thread starts one when the others are done.
    files.sort_unstable_by_key(|f| std::cmp::Reverse(f.blocks));
    let reflink = AtomicBool::new(true);
    let (next, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
    let work = || -> FileResult<()> {
        let mut buffer = Vec::new();
        loop {
            let Some(entry) = files.get(next.fetch_add(1, Ordering::Relaxed)) else { return Ok(()) };
            let n = copy_file(&from, target, entry, &reflink, &mut buffer)
                .map_err(|e| FileError::new("copy", target.path().join(&entry.path), e))?;
            bytes.fetch_add(n, Ordering::Relaxed);
        }
    };
    let threads = threads.clamp(1, files.len().max(1));
    std::thread::scope(|scope| {
        let running: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut result = work();
        for thread in running {
            let other = thread.join().unwrap_or_else(|_| Err(FileError::new("copy", source, Errno::EIO)));
            result = result.and(other);
        }
        result
    })?;
    // Directory owners and times last: making files in them changes the times.
    for dir in dirs.iter().rev() {
        let sub = target.sub(&dir.path)?.ok_or_else(|| FileError::new("open", &dir.path, Errno::ENOENT))?;
        sub.own(dir.owner)?;
        futimens(sub.fd(), &dir.mtime, &dir.mtime).map_err(|e| FileError::new("set time of", &dir.path, e))?;
    }
    Ok(Copied {
        files: files.len() as u64,
        bytes: bytes.into_inner(),
        reflink: reflink.into_inner() && !files.is_empty(),
    })
}

fn walk(top: &Path, at: &Path, dirs: &mut Vec<Entry>, files: &mut Vec<Entry>) -> FileResult<()> {
    let here = top.join(at);
    let fail = |e: &std::io::Error| FileError::io("read directory", &here, e);
    for entry in std::fs::read_dir(&here).map_err(|e| fail(&e))? {
        let entry = entry.map_err(|e| fail(&e))?;
        let meta = entry.metadata().map_err(|e| fail(&e))?;
        let found = Entry {
            path: at.join(entry.file_name()),
            owner: Owner { uid: meta.uid(), gid: meta.gid(), mode: meta.mode() & 0o777 },
            size: meta.len(),
            blocks: meta.blocks(),
            mtime: TimeSpec::new(meta.mtime(), meta.mtime_nsec()),
        };
        if meta.is_dir() {
            let path = found.path.clone();
            dirs.push(found);
            walk(top, &path, dirs, files)?;
        } else if meta.is_file() {
            files.push(found);
        }
    }
    Ok(())
}

fn copy_file(
    from: &StoreRoot,
    target: &StoreRoot,
    entry: &Entry,
    reflink: &AtomicBool,
    buffer: &mut Vec<u8>,
) -> nix::Result<u64> {
    let io = |e: std::io::Error| e.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
    let source = File::from(from.open2(&entry.path, OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, 0)?);
    let open_target = || {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        target.open2(&entry.path, flags, 0o600).map(File::from)
    };
    let mut copied = 0;
    let shared = reflink.load(Ordering::Relaxed) && {
        // The library makes the new file itself; the path goes through our handle.
        let done = reflink_copy::reflink(from.held_path().join(&entry.path), target.held_path().join(&entry.path));
        if done.is_err() {
            reflink.store(false, Ordering::Relaxed);
        }
        done.is_ok()
    };
    let made = if shared {
        File::from(target.open2(&entry.path, OFlag::O_RDWR | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, 0)?)
    } else {
        let mut made = open_target()?;
        if entry.size <= SMALL {
            buffer.clear();
            (&source).take(entry.size).read_to_end(buffer).map_err(io)?;
            made.write_all(buffer).map_err(io)?;
            copied = buffer.len() as u64;
        } else {
            copied = copy_data(&source, &made, entry.size, buffer)?;
        }
        made
    };
    set_owner(&made, entry.owner)?;
    futimens(&made, &entry.mtime, &entry.mtime)?;
    Ok(copied)
}

/// Copies what is data and leaves holes holes.
fn copy_data(source: &File, made: &File, size: u64, buffer: &mut Vec<u8>) -> nix::Result<u64> {
    let io = |e: std::io::Error| e.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
    buffer.resize(CHUNK, 0);
    let end = i64::try_from(size).map_err(|_| Errno::EFBIG)?;
    ftruncate(made, end)?;
    let (mut at, mut copied) = (0i64, 0u64);
    while at < end {
        at = match lseek(source, at, Whence::SeekData) {
            Ok(data) => data,
            Err(Errno::ENXIO) => break,
            Err(e) => return Err(e),
        };
        let stop = lseek(source, at, Whence::SeekHole)?.min(end);
        while at < stop {
            let (offset, left) = (u64::try_from(at).unwrap_or(0), usize::try_from(stop - at).unwrap_or(0));
            let part = &mut buffer[..left.min(CHUNK)];
            source.read_exact_at(part, offset).map_err(io)?;
            made.write_all_at(part, offset).map_err(io)?;
            at += i64::try_from(part.len()).unwrap_or(0);
            copied += part.len() as u64;
        }
    }
    Ok(copied)
}

/// Frees the blocks of a file that hold only zeros, so that copies of it don't carry them.
///
/// # Errors
/// Reading fails; a file system that cannot free blocks is fine.
pub fn punch_holes(path: &Path) -> std::io::Result<()> {
    use nix::fcntl::{FallocateFlags, fallocate};
    const BLOCK: usize = 64 * 1024;
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(path)?;
    let mut block = vec![0u8; BLOCK];
    let mut at = 0i64;
    loop {
        let mut filled = 0;
        while filled < BLOCK {
            match file.read(&mut block[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        if filled == 0 {
            return Ok(());
        }
        let length = i64::try_from(filled).unwrap_or(0);
        if block[..filled].iter().all(|b| *b == 0) {
            let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            if fallocate(&file, flags, at, length).is_err() {
                return Ok(());
            }
        }
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_copy_keeps_times_modes_and_holes_and_drops_links() {
        let dir = std::env::temp_dir().join(format!("sf-copy-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let (from, to) = (dir.join("from"), dir.join("to"));
        std::fs::create_dir_all(from.join("a/b")).unwrap();
        std::fs::create_dir_all(&to).unwrap();
        for i in 0..40 {
            std::fs::write(from.join(format!("a/b/{i}")), vec![b'x'; i * 100]).unwrap();
        }
        let sparse = File::create(from.join("sparse")).unwrap();
        sparse.set_len(8 << 20).unwrap();
        FileExt::write_at(&sparse, b"middle", 4 << 20).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", from.join("link")).unwrap();
        std::fs::set_permissions(from.join("a/b/1"), PermissionsExt::from_mode(0o4640)).unwrap();
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        File::options().write(true).open(from.join("a/b/2")).unwrap().set_modified(old).unwrap();

        let done = copy_tree(&from, &StoreRoot::open(&to).unwrap(), 4).unwrap();
        assert_eq!(done.files, 41);
        assert_eq!(std::fs::read(to.join("a/b/39")).unwrap().len(), 3900);
        assert_eq!(std::fs::metadata(to.join("a/b/2")).unwrap().modified().unwrap(), old);
        assert_eq!(std::fs::metadata(to.join("a/b/1")).unwrap().permissions().mode() & 0o7777, 0o640);
        assert!(!to.join("link").exists());
        assert_eq!(std::fs::read(to.join("sparse")).unwrap(), std::fs::read(from.join("sparse")).unwrap());
        assert!(std::fs::metadata(to.join("sparse")).unwrap().blocks() * 512 < 1 << 20);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn zeros_are_given_back() {
        let path = std::env::temp_dir().join(format!("sf-punch-{}", std::process::id()));
        std::fs::write(&path, vec![0u8; 4 << 20]).unwrap();
        punch_holes(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 4 << 20);
        std::fs::remove_file(path).unwrap();
    }
}
