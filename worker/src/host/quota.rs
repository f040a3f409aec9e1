//! Disk limits: a project quota per store where the file system has them. Where it has not, the
//! server says so in its facts, and paid plans are not placed there (design.md §6).

use super::command::{self, CommandError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the file system of the data directory can do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuotaSupport {
    /// Project quotas are on.
    Project {
        /// Mount point.
        mount: PathBuf,
        /// `ext4` or `xfs`.
        filesystem: String,
    },
    /// They are not; the words say why.
    None {
        /// For staff.
        reason: String,
    },
}

/// Looks at the mount that holds `dir`.
#[must_use]
pub fn detect(dir: &Path) -> QuotaSupport {
    match std::fs::read_to_string("/proc/self/mountinfo") {
        Ok(text) => detect_in(&text, dir),
        Err(e) => QuotaSupport::None { reason: format!("/proc/self/mountinfo cannot be read: {e}") },
    }
}

fn detect_in(mountinfo: &str, dir: &Path) -> QuotaSupport {
    let mut best: Option<(PathBuf, String, String)> = None;
    for line in mountinfo.lines() {
        let Some((front, back)) = line.split_once(" - ") else { continue };
        let Some(point) = front.split(' ').nth(4).map(PathBuf::from) else { continue };
        let mut back = back.split(' ');
        let (Some(kind), Some(_), Some(options)) = (back.next(), back.next(), back.next()) else { continue };
        let deeper = best.as_ref().is_none_or(|(b, ..)| point.components().count() >= b.components().count());
        if dir.starts_with(&point) && deeper {
            best = Some((point, kind.to_owned(), options.to_owned()));
        }
    }
    let Some((mount, filesystem, options)) = best else {
        return QuotaSupport::None { reason: format!("no mount point holds {}", dir.display()) };
    };
    let on = options.split(',').any(|o| matches!(o, "prjquota" | "pquota" | "pqnoenforce"));
    if on && matches!(filesystem.as_str(), "ext4" | "xfs") {
        QuotaSupport::Project { mount, filesystem }
    } else {
        let reason = format!(
            "{} is {filesystem} without project quotas (mount ext4 or xfs with prjquota): disk limits of plans are not enforced",
            mount.display()
        );
        QuotaSupport::None { reason }
    }
}

/// Why a limit was not set.
#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    /// A program could not be run.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It refused.
    #[error("{0} refused: {1}")]
    Refused(&'static str, String),
}

const LIMIT: Duration = Duration::from_secs(20);

/// Puts `dirs` (all directories a store has so far, still without files; what is made in them later
/// inherits the project) into the store's project and limits it to `mb` MiB. Project ids are the stores'
/// row ids plus a million, so they meet nobody else's.
///
/// # Errors
/// `chattr` or `setquota` missing or refusing.
pub async fn limit(support: &QuotaSupport, dirs: &[PathBuf], store_id: u64, mb: u32) -> Result<bool, QuotaError> {
    let QuotaSupport::Project { mount, .. } = support else { return Ok(false) };
    put_into_project(dirs, store_id).await?;
    set(mount, &project_id(store_id), u64::from(mb) * 1024).await?;
    Ok(true)
}

/// Marks directories as a store's: what is made in them from now on is counted for it.
///
/// # Errors
/// `chattr` missing or refusing.
pub async fn put_into_project(dirs: &[PathBuf], store_id: u64) -> Result<(), QuotaError> {
    let id = project_id(store_id);
    let dirs: Vec<String> = dirs.iter().map(|d| d.to_string_lossy().into_owned()).collect();
    let mut args = vec!["-p", &id, "+P", "--"];
    args.extend(dirs.iter().map(String::as_str));
    run("chattr", &args).await
}

/// Takes the limit of a store away.
///
/// # Errors
/// As [`limit`].
pub async fn release(support: &QuotaSupport, store_id: u64) -> Result<(), QuotaError> {
    let QuotaSupport::Project { mount, .. } = support else { return Ok(()) };
    set(mount, &project_id(store_id), 0).await
}

async fn set(mount: &Path, id: &str, kib: u64) -> Result<(), QuotaError> {
    let (kib, mount) = (kib.to_string(), mount.to_string_lossy().into_owned());
    // Soft and hard limit alike; no limit on the number of files.
    run("setquota", &["-P", id, &kib, &kib, "0", "0", &mount]).await
}

async fn run(program: &'static str, args: &[&str]) -> Result<(), QuotaError> {
    let answer = command::run(program, args, b"", LIMIT).await?;
    if answer.ok() { Ok(()) } else { Err(QuotaError::Refused(program, answer.err.trim().to_owned())) }
}

fn project_id(store_id: u64) -> String {
    (1_000_000 + store_id).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_decides() {
        let info = "1 0 8:1 / / rw - ext4 /dev/a rw,relatime\n2 1 8:2 / /var/customers rw - xfs /dev/b rw,prjquota\n";
        assert!(matches!(
            detect_in(info, Path::new("/var/customers/x")),
            QuotaSupport::Project { mount, filesystem } if mount == Path::new("/var/customers") && filesystem == "xfs"
        ));
        assert!(
            matches!(detect_in(info, Path::new("/srv")), QuotaSupport::None { reason } if reason.contains("prjquota"))
        );
    }
}
