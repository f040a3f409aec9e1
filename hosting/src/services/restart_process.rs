//! Asks a web or worker process to end in order, so that its supervisor starts it anew.

use super::{ServiceError, Services, audited};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::domain::rights::{Capability, Reach, may};
use crate::transact;

/// Asks it; `owner` is the process' name on the list.
///
/// # Errors
/// `Denied`; `Conflict` when it is not there any more, was asked before, or nothing would start it anew.
pub async fn restart_process(services: &Services, actor: &Actor, owner: &str) -> Result<(), ServiceError> {
    if !may(actor.role, Capability::OperateMachines, Reach::All) {
        return Err(ServiceError::Denied("super admin"));
    }
    transact!(services.db, tx => ask(&mut tx, services, actor, owner))
}

async fn ask(tx: &mut Tx, services: &Services, actor: &Actor, owner: &str) -> Result<(), ServiceError> {
    // Names of processes are plain; the column takes no other signs, and the database would call the comparison wrong.
    let plain = !owner.is_empty() && owner.bytes().all(|b| b.is_ascii_graphic());
    if !plain || !tx.service_processes().ask_restart(owner, &actor.name).await? {
        return Err(ServiceError::Conflict(
            "This process is not there any more, restarts already, or nothing would start it again".into(),
        ));
    }
    audited(tx, services, actor, "process.restart", ("process", owner), "done", serde_json::json!({})).await
}
