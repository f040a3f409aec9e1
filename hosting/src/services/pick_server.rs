//! Which server a new store starts on, until placement with reasons decides.

use crate::db::{DbResult, Queries, Tx};
use crate::domain::Platform;

/// The fit server with most room that has the platform's image; else any that is not removed (the
/// job waits there); `None` while there is no server at all.
///
/// # Errors
/// Database trouble.
pub async fn pick_server(tx: &mut Tx, platform: Platform) -> DbResult<Option<u64>> {
    let servers = tx.servers().list().await?;
    let has = |s: &crate::db::servers::Server| s.platforms.split(',').any(|p| p.trim() == platform.as_str());
    let room = |s: &crate::db::servers::Server| i64::from(s.store_limit) - s.stores;
    let fit = servers
        .iter()
        .filter(|s| s.state == "active" && s.unfit_reason.is_empty() && room(s) > 0 && has(s))
        .max_by_key(|s| room(s));
    Ok(fit
        .or_else(|| servers.iter().filter(|s| s.state == "active").max_by_key(|s| room(s)))
        .or_else(|| servers.first())
        .map(|s| s.id))
}
