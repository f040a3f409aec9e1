//! Asking to look, and beginning.

use super::note;
use crate::crypto::{Secret, random_token, sha256};
use crate::db::customer_views::{Begin, ViewRow};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::login_sessions::AdminSession;
use crate::db::{Queries, Tx};
use crate::domain::rights::{Capability, Reach, may};
use crate::domain::{Actor, HumanText};
use crate::jobs::MailArgs;
use crate::services::{ServiceError, Services, once};
use crate::transact;

/// How it went.
#[derive(Debug)]
pub enum Started {
    /// It runs; the cookie's value.
    Running(Secret),
    /// The customer was asked.
    Asked,
}

/// Begins, or asks the customer first where they want that. Who was allowed begins with the reason they gave then.
///
/// # Errors
/// `Denied`; `NotFound`; `Invalid` on `reason`; `Conflict` when the customer was asked already, the account is not open,
/// or the form was sent before.
pub async fn start(
    services: &Services,
    actor: &Actor,
    staff: &AdminSession,
    customer_id: u64,
    form_key: &[u8; 32],
    reason: &str,
) -> Result<Started, ServiceError> {
    if !may(actor.role, Capability::ViewAsCustomer, Reach::All) {
        return Err(ServiceError::Denied("staff"));
    }
    let (started, mail) =
        transact!(services.db, tx => start_in(&mut tx, services, actor, staff, customer_id, form_key, reason))?;
    services.queue.announce(&mail.into_iter().collect::<Vec<_>>()).await;
    Ok(started)
}

async fn start_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    staff: &AdminSession,
    customer_id: u64,
    form_key: &[u8; 32],
    reason: &str,
) -> Result<(Started, Option<JobRef>), ServiceError> {
    once(tx, form_key, "view_customer").await?;
    let customer = tx.customers().lock(customer_id).await?.ok_or(ServiceError::NotFound)?;
    if !matches!(customer.state.as_str(), "active" | "suspended") {
        return Err(ServiceError::Conflict("This account is not open, so there is nothing to look at".into()));
    }
    let open = tx.customer_views().open_of_admin(staff.admin_id, customer_id).await?;
    let view = match open {
        Some(view) if view.state == "allowed" => view,
        Some(view) if view.state == "asked" => {
            return Err(ServiceError::Conflict("The customer was asked and has not answered yet".into()));
        }
        other => {
            // One at a time: a view that still runs, in another browser perhaps, ends with the new one.
            if let Some(running) = other {
                super::end::end_in(tx, services, actor, &running, "replaced").await?;
            }
            let reason = HumanText::parse("reason", reason).map_err(|e| ServiceError::field("reason", e.0))?;
            let state = if customer.ask_before_view { "asked" } else { "allowed" };
            let by = (staff.admin_id, staff.name.as_str());
            let id = tx.customer_views().insert(customer_id, by, reason.as_str(), state).await?;
            let view = tx.customer_views().open_of_admin(staff.admin_id, customer_id).await?;
            let view = view.filter(|v| v.id == id).ok_or(ServiceError::NotFound)?;
            if customer.ask_before_view {
                return ask(tx, services, actor, &view).await;
            }
            view
        }
    };
    let token = random_token();
    let secret = sha256(random_token().expose().as_bytes());
    let begin = Begin { token_hash: &sha256(token.expose().as_bytes()), csrf_secret: &secret, session_id: staff.id };
    if !tx.customer_views().begin(view.id, &begin).await? {
        return Err(ServiceError::Conflict("The permission is over. Ask again".into()));
    }
    let details = serde_json::json!({ "view": view.id, "reason": view.reason, "asked": customer.ask_before_view });
    note(tx, services, actor, "customer.view_start", &view, details).await?;
    Ok((Started::Running(token), None))
}

async fn ask(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    view: &ViewRow,
) -> Result<(Started, Option<JobRef>), ServiceError> {
    let mail = MailArgs {
        template: "view_request".into(),
        customer_id: Some(view.customer_id),
        about: Some(view.id),
        ..MailArgs::default()
    };
    let mail = tx.jobs().insert(&NewJob::mail(&mail, None, actor)).await?;
    let details = serde_json::json!({ "view": view.id, "reason": view.reason });
    note(tx, services, actor, "customer.view_ask", view, details).await?;
    Ok((Started::Asked, Some(mail)))
}
