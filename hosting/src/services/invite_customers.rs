//! A link to a new password for many customers at once.

use super::create_customer::invite;
use super::{ServiceError, Services, audited};
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// Sends each of them a link, all or none; closed accounts and unknown numbers are left out. Returns how many.
///
/// # Errors
/// Database trouble.
pub async fn invite_customers(services: &Services, actor: &Actor, ids: &[u64]) -> Result<usize, ServiceError> {
    let jobs = transact!(services.db, tx => invite_in(&mut tx, services, actor, ids))?;
    services.queue.announce(&jobs).await;
    Ok(jobs.len())
}

async fn invite_in(tx: &mut Tx, services: &Services, actor: &Actor, ids: &[u64]) -> Result<Vec<JobRef>, ServiceError> {
    let mut jobs = Vec::new();
    for id in ids {
        // Whose address was never confirmed gets another mail: to take part of the account they have to prove it.
        if tx.customers().get(*id).await?.is_none_or(|c| c.state != "active") {
            continue;
        }
        jobs.push(invite(tx, actor, *id).await?);
        audited(tx, services, actor, "customer.invite", ("customer", &id.to_string()), "done", serde_json::json!({}))
            .await?;
    }
    Ok(jobs)
}
