//! A handle on one directory of the server, and what may be done beneath it.

use super::{FileError, FileResult};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2, renameat};
use nix::sys::stat::{Mode, fchmod, fstat, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, fsync, unlinkat};
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Owner and mode of something we make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

impl Owner {
    /// Root's own, closed to everybody else.
    pub const ROOT: Self = Self { uid: 0, gid: 0, mode: 0o700 };
    /// Owned by one of the containers' users.
    #[must_use]
    pub const fn of(uid: u32, mode: u32) -> Self {
        Self { uid, gid: uid, mode }
    }
    /// Root's, readable by one of the containers' groups.
    #[must_use]
    pub const fn readable_by(gid: u32, mode: u32) -> Self {
        Self { uid: 0, gid, mode }
    }
}

/// An open directory; all names are relative to it and stay beneath it.
#[derive(Debug)]
pub struct StoreRoot {
    fd: OwnedFd,
    path: PathBuf,
}

const BENEATH: ResolveFlag =
    ResolveFlag::RESOLVE_BENEATH.union(ResolveFlag::RESOLVE_NO_SYMLINKS).union(ResolveFlag::RESOLVE_NO_MAGICLINKS);

fn directory() -> OFlag {
    OFlag::O_DIRECTORY | OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC
}

impl StoreRoot {
    /// Opens a directory that the operator chose (the data directory); its own path may hold links.
    ///
    /// # Errors
    /// Missing or not a directory.
    pub fn open(path: &Path) -> FileResult<Self> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let fd = open(path, flags, Mode::empty()).map_err(|e| FileError::new("open directory", path, e))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens a directory beneath; `None`: not there.
    ///
    /// # Errors
    /// A link or a file where a directory is expected.
    pub fn sub(&self, name: impl AsRef<Path>) -> FileResult<Option<Self>> {
        let name = name.as_ref();
        match self.open2(name, directory(), 0) {
            Ok(fd) => Ok(Some(Self { fd, path: self.path.join(name) })),
            Err(Errno::ENOENT) => Ok(None),
            Err(e) => Err(FileError::new("open directory", self.path.join(name), e)),
        }
    }

    /// Makes a directory (parents must exist) unless it is there, sets owner and mode, opens it.
    ///
    /// # Errors
    /// A link or a file in its place; no space.
    pub fn ensure_dir(&self, name: impl AsRef<Path>, owner: Owner) -> FileResult<Self> {
        let name = name.as_ref();
        let fail = |e| FileError::new("make directory", self.path.join(name), e);
        let parent = name.parent().filter(|p| !p.as_os_str().is_empty());
        let holder = match parent {
            Some(parent) => Some(self.sub(parent)?.ok_or_else(|| fail(Errno::ENOENT))?),
            None => None,
        };
        let at = holder.as_ref().map_or(self.fd.as_fd(), |h| h.fd.as_fd());
        let last = name.file_name().ok_or_else(|| fail(Errno::EINVAL))?;
        match mkdirat(at, last, Mode::from_bits_truncate(0o700)) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(e) => return Err(fail(e)),
        }
        let sub = self.sub(name)?.ok_or_else(|| fail(Errno::ENOENT))?;
        sub.own(owner)?;
        Ok(sub)
    }

    /// Sets owner and mode of this directory.
    ///
    /// # Errors
    /// No right to.
    pub fn own(&self, owner: Owner) -> FileResult<()> {
        set_owner(&self.fd, owner).map_err(|e| FileError::new("set owner of", &self.path, e))
    }

    /// Writes a file so that a reader sees the old one or the whole new one, never half of it.
    ///
    /// # Errors
    /// No space; a directory in its place.
    pub fn write(&self, name: &str, text: &[u8], owner: Owner) -> FileResult<()> {
        let fail = |e| FileError::new("write", self.path.join(name), e);
        let temporary = format!(".{name}.{}.new", std::process::id());
        let made = (|| {
            let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let mut file = std::fs::File::from(self.open2(Path::new(&temporary), flags, 0o600)?);
            set_owner(&file, owner)?;
            file.write_all(text).map_err(|e| e.raw_os_error().map_or(Errno::EIO, Errno::from_raw))?;
            fsync(&file)?;
            renameat(&self.fd, temporary.as_str(), &self.fd, name)?;
            fsync(&self.fd)
        })();
        if made.is_err() {
            let _ = unlinkat(&self.fd, temporary.as_str(), UnlinkatFlags::NoRemoveDir);
        }
        made.map_err(fail)
    }

    /// Reads a small file; `None`: not there.
    ///
    /// # Errors
    /// A link in its place, more than `limit` bytes.
    pub fn read(&self, name: &str, limit: u64) -> FileResult<Option<Vec<u8>>> {
        use std::io::Read;
        let fail = |e| FileError::new("read", self.path.join(name), e);
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let file = match self.open2(Path::new(name), flags, 0) {
            Ok(fd) => std::fs::File::from(fd),
            Err(Errno::ENOENT) => return Ok(None),
            Err(e) => return Err(fail(e)),
        };
        let mut text = Vec::new();
        file.take(limit + 1).read_to_end(&mut text).map_err(|e| FileError::io("read", self.path.join(name), &e))?;
        if text.len() as u64 > limit { Err(fail(Errno::EFBIG)) } else { Ok(Some(text)) }
    }

    /// When a file was last changed, seconds since 1970 by this machine's clock; `None`: not there.
    ///
    /// # Errors
    /// A link in its place.
    pub fn modified(&self, name: &str) -> FileResult<Option<i64>> {
        let fail = |e| FileError::new("look at", self.path.join(name), e);
        match self.open2(Path::new(name), OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, 0) {
            Ok(fd) => Ok(Some(fstat(&fd).map_err(fail)?.st_mtime)),
            Err(Errno::ENOENT) => Ok(None),
            Err(e) => Err(fail(e)),
        }
    }

    /// Removes a file; gone is fine.
    ///
    /// # Errors
    /// A directory in its place.
    pub fn unlink(&self, name: &str) -> FileResult<()> {
        match unlinkat(&self.fd, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(e) => Err(FileError::new("remove", self.path.join(name), e)),
        }
    }

    /// Renames something within this directory.
    ///
    /// # Errors
    /// `ENOENT` when it is not there, `ENOTEMPTY` when the new name is taken.
    pub fn rename(&self, from: &str, to: &str) -> FileResult<()> {
        renameat(&self.fd, from, &self.fd, to).map_err(|e| FileError::new("rename", self.path.join(from), e))
    }

    /// Moves an entry into another directory of the same file system. `false`: it was not there.
    ///
    /// # Errors
    /// The new name is taken.
    pub fn move_to(&self, name: &str, to: &Self, new_name: &str) -> FileResult<bool> {
        match renameat(&self.fd, name, &to.fd, new_name) {
            Ok(()) => Ok(true),
            Err(Errno::ENOENT) => Ok(false),
            Err(e) => Err(FileError::new("move", self.path.join(name), e)),
        }
    }

    /// A path that leads into this very directory whatever happens to its name: for programs and
    /// libraries that only take paths. Valid while `self` lives.
    #[must_use]
    pub fn held_path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.fd.as_raw_fd()))
    }

    /// Where it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The handle.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Opens beneath, following no link.
    pub(super) fn open2(&self, name: &Path, flags: OFlag, mode: u32) -> nix::Result<OwnedFd> {
        let how = OpenHow::new().flags(flags).mode(Mode::from_bits_truncate(mode)).resolve(BENEATH);
        loop {
            // EAGAIN: a rename elsewhere raced with the check; the kernel asks to try again.
            match openat2(&self.fd, name, how) {
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                other => return other,
            }
        }
    }

    /// Device number, to notice mount points.
    pub(super) fn device(&self) -> nix::Result<u64> {
        Ok(fstat(&self.fd)?.st_dev)
    }
}

pub(super) fn set_owner(fd: impl AsFd, owner: Owner) -> nix::Result<()> {
    fchown(fd.as_fd(), Some(Uid::from_raw(owner.uid)), Some(Gid::from_raw(owner.gid)))?;
    fchmod(fd.as_fd(), Mode::from_bits_truncate(owner.mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("sf-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn links_are_not_followed_and_nothing_leaves_the_root() {
        let dir = scratch("root");
        std::os::unix::fs::symlink("/etc", dir.join("link")).unwrap();
        let root = StoreRoot::open(&dir).unwrap();
        assert!(root.sub("link").is_err());
        assert!(root.sub("../").is_err());
        assert!(root.sub("link/ssl").is_err());
        assert!(root.ensure_dir("link", Owner { uid: 0, gid: 0, mode: 0o755 }).is_err());
        assert!(root.sub("none").unwrap().is_none());
        std::os::unix::fs::symlink("/etc/hostname", dir.join("file")).unwrap();
        assert!(root.read("file", 100).is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let dir = scratch("write");
        let root = StoreRoot::open(&dir).unwrap();
        let mine = Owner { uid: Uid::effective().as_raw(), gid: Gid::effective().as_raw(), mode: 0o440 };
        root.write("a", b"one", mine).unwrap();
        root.write("a", b"two", mine).unwrap();
        assert_eq!(root.read("a", 10).unwrap().unwrap(), b"two");
        assert!(root.read("a", 2).is_err());
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
        root.unlink("a").unwrap();
        root.unlink("a").unwrap();
        std::fs::remove_dir_all(dir).unwrap();
    }
}
