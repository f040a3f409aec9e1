//! Checking and taking out the audit log. Both leave an event themselves.

use super::{ServiceError, Services, audited};
use crate::db::Queries;
use crate::db::audit::{Broken, EventFilter, EventRow};
use crate::domain::Actor;
use crate::transact;

/// Rows of one read of an export.
const BITE: u32 = 1000;

/// Walks the whole chain and records what came of it; the event tells whoever opens the log next.
///
/// # Errors
/// Database trouble.
pub async fn verify_audit(services: &Services, actor: &Actor) -> Result<Result<u64, Broken>, ServiceError> {
    let checked = services.db.read().await?.audit().verify(&services.keys).await?;
    let (outcome, details) = match &checked {
        Ok(events) => ("done", serde_json::json!({ "events": events, "whole": true })),
        Err(b) => (
            "failed",
            serde_json::json!({ "events": b.number.saturating_sub(1), "whole": false, "broken_at": b.number, "why": b.why }),
        ),
    };
    transact!(services.db, tx => audited(&mut tx, services, actor, "audit.verify", ("audit", "chain"), outcome, details.clone()))?;
    Ok(checked)
}

/// Records that what `filter` lets through is being taken out; without this event there is no export. Returns the
/// number below which [`export_part`] begins, so that the file does not hold its own beginning.
///
/// # Errors
/// Database trouble.
pub async fn begin_export(
    services: &Services,
    actor: &Actor,
    filter: &EventFilter,
    format: &str,
) -> Result<u64, ServiceError> {
    let details = serde_json::json!({
        "format": format, "actor": filter.actor, "action": filter.action, "target_kind": filter.target_kind,
        "target_id": filter.target_id, "from": filter.from.map(|t| t.to_string()), "until": filter.until.map(|t| t.to_string()),
    });
    let event = || crate::db::audit::NewEvent {
        action: "audit.export",
        target_kind: "audit",
        target_id: "chain",
        outcome: "done",
        details: details.clone(),
    };
    let number = transact!(services.db, tx => async {
        let number = tx.audit().append(&services.keys, actor, &event()).await?;
        Ok::<_, ServiceError>(number)
    })?;
    Ok(number)
}

/// The next part of an export, newest first; empty at the end.
///
/// # Errors
/// Database trouble.
pub async fn export_part(services: &Services, filter: &EventFilter, below: u64) -> Result<Vec<EventRow>, ServiceError> {
    let filter = EventFilter { before: Some(below), after: None, limit: BITE, ..filter.clone() };
    Ok(services.db.read().await?.audit().search(&filter).await?)
}
