//! A store's directory on a server, and the fixed user numbers of the images (docker/README.md).

use crate::files::root::Owner;
use crate::files::{FileResult, StoreRoot};
use std::path::{Path, PathBuf};

/// User of nginx and php-fpm.
pub const WEB_UID: u32 = 10033;
/// User of MariaDB.
pub const DB_UID: u32 = 10036;
/// User of Redis.
pub const REDIS_UID: u32 = 10037;

/// Directories of a store beside the ones that come with the template, with their owners.
pub const DIRS: &[(&str, Owner)] = &[
    ("db", Owner::ROOT),
    ("db/run", Owner::of(DB_UID, 0o750)),
    ("db/init", Owner::readable_by(DB_UID, 0o750)),
    ("web", Owner::ROOT),
    ("web/config", Owner::readable_by(WEB_UID, 0o750)),
];

/// Where removed directories wait for their end; on the same file system, so moving there is atomic.
pub const TRASH: &str = ".trash";
/// Unpacked golden templates.
pub const TEMPLATES: &str = ".templates";

/// A store's place beneath the data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreDir {
    /// The data directory.
    pub data_dir: PathBuf,
    /// `store-{uid8}`.
    pub name: String,
}

impl StoreDir {
    /// Absolute path, for mounts.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.data_dir.join(&self.name)
    }

    /// The store's directory and those of [`DIRS`] beneath it.
    #[must_use]
    pub fn all_paths(&self) -> Vec<PathBuf> {
        std::iter::once(self.path()).chain(DIRS.iter().map(|(name, _)| self.path().join(name))).collect()
    }

    /// Makes the directories that don't come with the template.
    ///
    /// # Errors
    /// The data directory is missing, full or read-only.
    pub fn prepare(&self) -> FileResult<()> {
        let root = StoreRoot::open(&self.data_dir)?.ensure_dir(&self.name, Owner::ROOT)?;
        for (name, owner) in DIRS {
            root.ensure_dir(name, *owner)?;
        }
        Ok(())
    }

    /// Opens the store's directory; `None`: not there.
    ///
    /// # Errors
    /// The data directory is missing.
    pub fn open(&self) -> FileResult<Option<StoreRoot>> {
        StoreRoot::open(&self.data_dir)?.sub(&self.name)
    }

    /// Opens a directory of the store.
    ///
    /// # Errors
    /// It is not there.
    pub fn open_dir(&self, name: &str) -> FileResult<StoreRoot> {
        let missing = || crate::files::FileError::new("open", self.path().join(name), nix::errno::Errno::ENOENT);
        self.open()?.ok_or_else(missing)?.sub(name)?.ok_or_else(missing)
    }

    /// Takes the directory out of service in one step, then removes it; also what an earlier,
    /// interrupted removal left. Gone is fine. Blocking.
    ///
    /// # Errors
    /// A foreign mount beneath it, or a file system error.
    pub fn remove(&self) -> FileResult<()> {
        let data = StoreRoot::open(&self.data_dir)?;
        let waiting = format!("{}.{}", self.name, hosting::domain::Uid::new());
        let trash = match data.ensure_dir(TRASH, Owner::ROOT) {
            Ok(trash) => match data.move_to(&self.name, &trash, &waiting) {
                // A full disk has no room for the entry either; what is in the way is removed where it is.
                Err(e) if e.is_full() => {
                    crate::files::remove::remove_tree(&data, &self.name)?;
                    trash
                }
                moved => moved.map(|_| trash)?,
            },
            Err(e) if e.is_full() => return crate::files::remove::remove_tree(&data, &self.name).map(|_| ()),
            Err(e) => return Err(e),
        };
        let entries =
            std::fs::read_dir(trash.held_path()).map_err(|e| crate::files::FileError::io("read", trash.path(), &e))?;
        let prefix = format!("{}.", self.name);
        for entry in entries.flatten() {
            if let Some(name) = entry.file_name().to_str()
                && name.starts_with(&prefix)
            {
                crate::files::remove::remove_tree(&trash, name)?;
            }
        }
        Ok(())
    }

    /// Whether anything of the store's directory is there, also in the trash.
    #[must_use]
    pub fn exists(&self) -> bool {
        let prefix = format!("{}.", self.name);
        self.path().exists()
            || std::fs::read_dir(self.data_dir.join(TRASH))
                .is_ok_and(|all| all.flatten().any(|e| e.file_name().to_str().is_some_and(|n| n.starts_with(&prefix))))
    }
}

/// Directory of a template image beneath the data directory.
#[must_use]
pub fn template_dir(data_dir: &Path, image: &str) -> PathBuf {
    let id: String = image.trim_start_matches("sha256:").chars().filter(char::is_ascii_hexdigit).take(24).collect();
    data_dir.join(TEMPLATES).join(id)
}
