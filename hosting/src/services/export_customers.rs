//! Taking the list of customers out of the panel: recorded first, then read in parts.

use super::{ServiceError, Services, audited};
use crate::db::Queries;
use crate::db::customers::{CustomerFilter, CustomerListRow};
use crate::domain::Actor;
use crate::transact;

/// Rows of one read.
const BITE: u32 = 500;

/// Records the export; without this event there is none.
///
/// # Errors
/// Database trouble.
pub async fn begin_export(
    services: &Services,
    actor: &Actor,
    filter: &CustomerFilter,
    format: &str,
) -> Result<(), ServiceError> {
    let details = serde_json::json!({ "format": format, "q": filter.q, "state": filter.store_state });
    transact!(services.db, tx => audited(&mut tx, services, actor, "customer.export", ("customer", "list"), "done", details.clone()))
}

/// The next part, newest first, below a row id; empty at the end.
///
/// # Errors
/// Database trouble.
pub async fn export_part(
    services: &Services,
    filter: &CustomerFilter,
    below: Option<u64>,
) -> Result<Vec<CustomerListRow>, ServiceError> {
    let filter = CustomerFilter { ascending: false, beyond: below, before: None, limit: BITE, ..filter.clone() };
    Ok(services.db.read().await?.customers().list(&filter).await?)
}

/// Row ids of everybody the filter lets through, newest first; `None` when there are more than `most`.
///
/// # Errors
/// Database trouble.
pub async fn matching(
    services: &Services,
    filter: &CustomerFilter,
    most: usize,
) -> Result<Option<Vec<u64>>, ServiceError> {
    let mut ids: Vec<u64> = Vec::new();
    loop {
        let part = export_part(services, filter, ids.last().copied()).await?;
        if part.is_empty() {
            return Ok(Some(ids));
        }
        ids.extend(part.iter().map(|c| c.id));
        if ids.len() > most {
            return Ok(None);
        }
    }
}
