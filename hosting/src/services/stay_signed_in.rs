//! Somebody who was warned says that they are still there. Only the idle time begins anew; the absolute end stays where it is.
//! It is a visit like any other, so the audit log does not keep it.

use super::{ServiceError, Services};
use crate::db::Queries;

/// Renews the idle time of a session that stands.
///
/// # Errors
/// Database trouble.
pub async fn stay_signed_in(services: &Services, session_id: u64) -> Result<(), ServiceError> {
    let mut tx = services.db.begin().await?;
    tx.login_sessions().renew(session_id).await?;
    tx.commit().await?;
    Ok(())
}
