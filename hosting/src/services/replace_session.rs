//! A browser that was signed in signs in anew: nobody has the former session's cookie any more, so the session ends and is not
//! listed among the person's devices. It is part of the new sign-in, which the audit log has.

use super::{ServiceError, Services};
use crate::db::Queries;

/// Ends the session of the cookie that is being replaced; nothing happens when none stands.
///
/// # Errors
/// Database trouble.
pub async fn replace_session(services: &Services, former: &[u8; 32]) -> Result<(), ServiceError> {
    let mut tx = services.db.begin().await?;
    tx.login_sessions().revoke_replaced(former).await?;
    tx.commit().await?;
    Ok(())
}
