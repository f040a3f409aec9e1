//! Everything about oneself as one JSON document: asked for, made by a job, told by mail, downloaded by its owner.

use super::{ServiceError, Services, audited, once};
use crate::crypto::Secret;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::jobs::MailArgs;
use crate::transact;

/// Orders an export.
///
/// # Errors
/// `Conflict` when one is being made, or the form was sent before.
pub async fn ask(
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    form_key: &[u8; 32],
) -> Result<(), ServiceError> {
    let job = transact!(services.db, tx => ask_in(&mut tx, services, actor, customer_id, form_key))?;
    services.queue.announce(&[job]).await;
    Ok(())
}

async fn ask_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    form_key: &[u8; 32],
) -> Result<JobRef, ServiceError> {
    once(tx, form_key, "export_data").await?;
    tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    let open = tx.data_exports().list(customer_id).await?;
    if open.iter().any(|e| e.ready_at.is_none()) {
        return Err(ServiceError::Conflict("An export is being made already. We write when it is ready".into()));
    }
    let (id, uid) = tx.data_exports().insert(customer_id).await?;
    let job = tx.jobs().insert(&NewJob::export(customer_id, id, actor)).await?;
    let details = serde_json::json!({ "export": uid });
    let target = customer_id.to_string();
    audited(tx, services, actor, "customer.ask_export", ("customer", &target), "done", details).await?;
    Ok(job)
}

/// Makes the document of an export and orders the mail; made twice, the first one counts. Returns its size in bytes,
/// or `None` when it was made before or nobody waits for it any more.
///
/// # Errors
/// Database trouble.
pub async fn make(services: &Services, export_id: u64) -> Result<Option<usize>, ServiceError> {
    let (size, mail) = transact!(services.db, tx => make_in(&mut tx, services, export_id))?;
    services.queue.announce(&mail.into_iter().collect::<Vec<_>>()).await;
    Ok(size)
}

async fn make_in(
    tx: &mut Tx,
    services: &Services,
    export_id: u64,
) -> Result<(Option<usize>, Option<JobRef>), ServiceError> {
    let Some((customer_id, false)) = tx.data_exports().owner(export_id).await? else { return Ok((None, None)) };
    let document = format!("{:#}\n", tx.data_exports().gather(customer_id).await?);
    if !tx.data_exports().fill(&services.keys, export_id, &document).await? {
        return Ok((None, None));
    }
    let mail = MailArgs { template: "export_ready".into(), customer_id: Some(customer_id), ..MailArgs::default() };
    let mail = tx.jobs().insert(&NewJob::mail(&mail, None, &Actor::system("export"))).await?;
    Ok((Some(document.len()), Some(mail)))
}

/// The document of one's own export; each download is recorded.
///
/// # Errors
/// `NotFound` when it is somebody else's, not ready, or gone.
pub async fn download(services: &Services, actor: &Actor, customer_id: u64, uid: &str) -> Result<Secret, ServiceError> {
    transact!(services.db, tx => download_in(&mut tx, services, actor, customer_id, uid))
}

async fn download_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer_id: u64,
    uid: &str,
) -> Result<Secret, ServiceError> {
    let found = tx.data_exports().document(&services.keys, customer_id, uid).await?.ok_or(ServiceError::NotFound)?;
    let details = serde_json::json!({ "export": uid });
    let target = customer_id.to_string();
    audited(tx, services, actor, "customer.download_export", ("customer", &target), "done", details).await?;
    Ok(found)
}
