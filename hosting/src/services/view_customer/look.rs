//! Who a cookie of a view is: read at each request, so that it ends with the staff member's sign-in and rights.

use crate::db::login_sessions::{CustomerSession, Ends, SessionOwner, Viewer, Visit};
use crate::db::{DbError, DbResult, Queries};
use crate::domain::rights::{Capability, Reach, may};

/// A proof of a password that is never fresh.
const NEVER_SECONDS: i64 = 2_147_483_647;

/// The customer behind a running view, who is looked at by the same `visit`; `None` when it is over, the staff member signed out or lost the right, or the
/// account is closed.
///
/// # Errors
/// Database trouble.
pub async fn look(tx: &mut impl Queries, token_hash: &[u8; 32], visit: Visit) -> DbResult<Option<CustomerSession>> {
    let Some(view) = tx.customer_views().find(token_hash).await? else { return Ok(None) };
    let hash = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| DbError::Row("hash of a view".into()));
    let Some(SessionOwner::Staff(staff)) = tx.login_sessions().find(&hash(&view.session_hash)?, visit).await? else {
        return Ok(None);
    };
    if staff.must_change_password || !may(staff.role, Capability::ViewAsCustomer, Reach::All) {
        return Ok(None);
    }
    let Some(customer) = tx.customers().get(view.customer_id).await? else { return Ok(None) };
    if !matches!(customer.state.as_str(), "active" | "suspended") {
        return Ok(None);
    }
    let brand = tx.resellers().brand_of(customer.id).await?;
    Ok(Some(CustomerSession {
        id: 0,
        customer_id: customer.id,
        email: customer.email,
        time_zone: customer.time_zone,
        role: customer.role,
        csrf_secret: hash(&view.csrf_secret)?,
        authenticated_seconds: NEVER_SECONDS,
        ends: Ends { life: staff.ends.life.min(view.left_seconds), ..staff.ends },
        brand,
        viewer: Some(Viewer {
            view_id: view.id,
            admin_id: staff.admin_id,
            admin_email: staff.email,
            role: staff.role,
            session_id: staff.id,
            until: view.expires_at,
        }),
    }))
}
