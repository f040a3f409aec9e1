//! Staff look at a customer's panel as that customer sees it, without changing anything: for half an hour, written down
//! at its start and its end, and with the customer's consent where they want to be asked.

pub mod answer;
pub mod end;
pub mod look;
pub mod start;

use super::{ServiceError, Services, audited};
use crate::db::Tx;
use crate::db::customer_views::ViewRow;
use crate::domain::Actor;

/// An audit row about the customer, who reads it as well as staff do.
async fn note(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    action: &str,
    view: &ViewRow,
    details: serde_json::Value,
) -> Result<(), ServiceError> {
    let target = view.customer_id.to_string();
    audited(tx, services, actor, action, ("customer", &target), "done", details).await
}
