//! Small file operations with the rules of this product: whole-file writes are atomic, secrets are never
//! readable by others (not even between creation and chmod), and every error names the path.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

/// Who a file belongs to; `None` leaves it with the running user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

/// Writes `content` to `path` in one step: temporary file in the same folder with its final mode, fsync, rename,
/// fsync of the folder. A reader sees the old file or the new one, a crash leaves one of the two.
pub fn write_atomic(path: &Path, content: &[u8], mode: u32, owner: Option<Owner>) -> Result<()> {
    let folder = path.parent().context("a file needs a folder")?;
    let name = path.file_name().context("a file needs a name")?.to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = (|| -> io::Result<()> {
        let _ = fs::remove_file(&temporary);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
        // The umask may have removed bits that are wanted; it never adds any.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        if let Some(owner) = owner {
            std::os::unix::fs::fchown(&file, Some(owner.uid), Some(owner.gid))?;
        }
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Makes `path` and its parents, then gives the last folder exactly `mode` and `owner`.
pub fn ensure_dir(path: &Path, mode: u32, owner: Option<Owner>) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))?;
    let found = fs::symlink_metadata(path).with_context(|| format!("cannot look at {}", path.display()))?;
    if !found.is_dir() {
        bail!("{} should be a folder but is something else; move it away", path.display());
    }
    if found.mode() & 0o7777 != mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .with_context(|| format!("cannot set the rights of {}", path.display()))?;
    }
    if let Some(owner) = owner
        && (found.uid() != owner.uid || found.gid() != owner.gid)
    {
        std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid))
            .with_context(|| format!("cannot change the owner of {}", path.display()))?;
    }
    Ok(())
}

/// Reads a small text file; `None` when it does not exist.
pub fn read_optional(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Removes a file; one that is already gone is fine.
pub fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// True when a user other than root can walk down to `path` and, for a file, execute it. Looks at the plain mode
/// bits only; a folder opened by an ACL counts as closed, which errs on the safe side.
pub fn reachable_by(path: &Path, owner: Owner) -> bool {
    let Ok(path) = path.canonicalize() else {
        return false;
    };
    path.ancestors().all(|part| {
        fs::metadata(part).is_ok_and(|meta| {
            let bit = if meta.uid() == owner.uid {
                0o100
            } else if meta.gid() == owner.gid {
                0o010
            } else {
                0o001
            };
            meta.mode() & bit != 0
        })
    })
}

/// The last `lines` lines of a log, for an error message. Reads at most the last 64 KiB.
pub fn tail(path: &Path, lines: usize) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(64 * 1024)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// True when this process runs as root.
pub fn is_root() -> bool {
    Uid::effective().is_root()
}

/// The person behind `sudo`, so that what they must read (password file, mails, `up.json`) belongs to them.
pub fn sudo_person() -> Option<Owner> {
    let uid = std::env::var("SUDO_UID").ok()?.parse().ok()?;
    let gid = std::env::var("SUDO_GID").ok()?.parse().ok()?;
    (is_root() && uid != 0).then_some(Owner { uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_readable_by_others_and_is_replaced_whole() {
        let folder = crate::testing::scratch("files-secret");
        let path = folder.join("secret");
        write_atomic(&path, b"one", 0o600, None).unwrap();
        write_atomic(&path, b"two", 0o600, None).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file may be left");
    }

    #[test]
    fn ensure_dir_refuses_a_file_in_the_way() {
        let folder = crate::testing::scratch("files-dir");
        fs::write(folder.join("x"), "").unwrap();
        assert!(ensure_dir(&folder.join("x"), 0o700, None).is_err());
        ensure_dir(&folder.join("a/b"), 0o711, None).unwrap();
        assert_eq!(fs::metadata(folder.join("a/b")).unwrap().mode() & 0o777, 0o711);
    }

    #[test]
    fn tail_gives_the_end() {
        let folder = crate::testing::scratch("files-tail");
        fs::write(folder.join("log"), "a\nb\nc\n").unwrap();
        assert_eq!(tail(&folder.join("log"), 2), "b\nc");
        assert_eq!(tail(&folder.join("absent"), 2), "");
    }

    #[test]
    fn a_closed_folder_is_not_reachable_by_others() {
        let folder = crate::testing::scratch("files-reach");
        ensure_dir(&folder.join("closed"), 0o700, None).unwrap();
        let other = Owner { uid: 54_321, gid: 54_321 };
        assert!(!reachable_by(&folder.join("closed"), other));
        assert!(reachable_by(Path::new("/usr/bin/env"), other));
    }
}
