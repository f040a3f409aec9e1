//! The page's two folders in the store's directory: `db-admin/config` (one file, read-only for the
//! container) and `db-admin/state` (tickets that wait, and the time of the last use).

use crate::files::root::Owner;
use crate::files::{FileResult, remove};
use crate::shop::layout::{StoreDir, WEB_UID};
use hosting::crypto::{Secret, sha256};
use hosting::domain::Uid;
use serde::Serialize;

const FOLDER: &str = "db-admin";
const STATE: &str = "db-admin/state";
const TICKETS: &str = "db-admin/state/tickets";
/// Touched by the page at every use.
const USED: &str = "used";
const MINE: Owner = Owner::of(WEB_UID, 0o600);

/// `access.json`, as `docker/db-admin/access.php` reads it.
#[derive(Serialize)]
pub struct Access<'a> {
    /// Database account.
    pub user: &'a str,
    /// Its password.
    #[serde(serialize_with = "exposed")]
    pub password: &'a Secret,
    /// A session ends after so much time without use.
    pub idle_seconds: u32,
    /// Address of the panel, for the link on the refusal.
    pub panel: &'a str,
    /// Whether visitors come by https: then cookies say so.
    pub secure: bool,
}

/// Only here: the file is what the password is for.
fn exposed<S: serde::Serializer>(secret: &&Secret, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(secret.expose())
}

/// Writes both folders; what is there already stays in use. Blocking.
///
/// # Errors
/// The store's directory is missing or full.
pub fn write(dir: &StoreDir, access: &Access<'_>) -> FileResult<()> {
    let missing = || crate::files::FileError::new("open", dir.path(), nix::errno::Errno::ENOENT);
    let root = dir.open()?.ok_or_else(missing)?;
    root.ensure_dir(FOLDER, Owner::ROOT)?;
    let config = root.ensure_dir("db-admin/config", Owner::readable_by(WEB_UID, 0o750))?;
    root.ensure_dir(STATE, Owner::of(WEB_UID, 0o700))?;
    root.ensure_dir(TICKETS, Owner::of(WEB_UID, 0o700))?;
    let text = serde_json::to_vec(access)
        .map_err(|_| crate::files::FileError::new("write", dir.path(), nix::errno::Errno::EINVAL))?;
    config.write("access.json", &text, Owner::of(WEB_UID, 0o400))?;
    touch(dir)
}

/// Counts as a use now.
///
/// # Errors
/// The folder is missing.
pub fn touch(dir: &StoreDir) -> FileResult<()> {
    dir.open_dir(STATE)?.write(USED, b"", MINE)
}

/// Hands a ticket over by its hash, good for `seconds` by this machine's clock, which the page shares.
///
/// # Errors
/// The folder is missing.
pub fn admit(dir: &StoreDir, token_hash: &[u8], seconds: i64) -> FileResult<()> {
    let until = hosting::clock::now().unix_timestamp().saturating_add(seconds);
    dir.open_dir(TICKETS)?.write(&hex::encode(token_hash), until.to_string().as_bytes(), MINE)
}

/// Takes a ticket back; used or gone is fine.
///
/// # Errors
/// A directory in its place.
pub fn dismiss(dir: &StoreDir, token_hash: &[u8]) -> FileResult<()> {
    match dir.open()?.map(|root| root.sub(TICKETS)) {
        Some(Ok(Some(tickets))) => tickets.unlink(&hex::encode(token_hash)),
        Some(Err(e)) => Err(e),
        _ => Ok(()),
    }
}

/// A ticket of the worker's own, for its look at the page.
///
/// # Errors
/// The folder is missing.
pub fn own_ticket(dir: &StoreDir) -> FileResult<Secret> {
    let ticket = hosting::crypto::random_token();
    admit(dir, &sha256(ticket.expose().as_bytes()), 60)?;
    Ok(ticket)
}

/// Seconds since the page was used; `None`: its folder is gone. A time in the future is now.
///
/// # Errors
/// Something else in the file's place.
pub fn idle_seconds(dir: &StoreDir) -> FileResult<Option<i64>> {
    let Some(root) = dir.open()? else { return Ok(None) };
    let Some(state) = root.sub(STATE)? else { return Ok(None) };
    let now = hosting::clock::now().unix_timestamp();
    Ok(state.modified(USED)?.map(|at| now.saturating_sub(at).max(0)))
}

/// Removes both folders; gone is fine. Blocking.
///
/// # Errors
/// A file system error.
pub fn remove(dir: &StoreDir) -> FileResult<()> {
    let Some(root) = dir.open()? else { return Ok(()) };
    if root.sub(FOLDER)?.is_none() {
        return Ok(());
    }
    // Out of the way in one step, so that no half of it is ever mounted.
    let waiting = format!(".{FOLDER}.{}", Uid::new());
    root.move_to(FOLDER, &root, &waiting)?;
    remove::remove_tree(&root, &waiting)
}
