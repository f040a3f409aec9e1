//! Files of stores, which tenants can change while we look: everything goes through a directory
//! handle, beneath it, without following any link (threat-model §4.4).

pub mod copy;
pub mod remove;
pub mod root;

pub use root::StoreRoot;

/// A file operation that failed: what was attempted on what, and why.
#[derive(Debug, thiserror::Error)]
#[error("{what} {path}: {cause}")]
pub struct FileError {
    /// Verb.
    pub what: &'static str,
    /// Path, relative where it is a store's.
    pub path: String,
    /// The system's reason.
    pub cause: nix::errno::Errno,
}

impl FileError {
    /// An error of `what` on `path`.
    pub fn new(what: &'static str, path: impl AsRef<std::path::Path>, cause: nix::errno::Errno) -> Self {
        Self { what, path: path.as_ref().display().to_string(), cause }
    }
    /// From a standard error.
    pub fn io(what: &'static str, path: impl AsRef<std::path::Path>, cause: &std::io::Error) -> Self {
        let errno = cause.raw_os_error().map_or(nix::errno::Errno::EIO, nix::errno::Errno::from_raw);
        Self::new(what, path, errno)
    }
    /// Whether the disk (or the quota) is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.cause, nix::errno::Errno::ENOSPC | nix::errno::Errno::EDQUOT)
    }
}

/// Result of a file operation.
pub type FileResult<T> = Result<T, FileError>;
