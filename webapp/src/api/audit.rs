//! `/api/v1/audit`: the tamper-evident record, for staff; super admins verify it.

use super::at;
use super::list::{Cursor, Listing, ok};
use crate::extract::{Ctx, Query};
use crate::routes::Answer;
use hosting::db::Queries;
use serde::Serialize;
use utoipa::ToSchema;

/// One event.
#[derive(Serialize, ToSchema)]
pub struct Event {
    /// 1, 2, 3 … without gaps.
    number: u64,
    at: String,
    actor: String,
    role: String,
    address: String,
    /// noun.verb
    action: String,
    target_kind: String,
    target_id: String,
    /// done, refused, failed
    outcome: String,
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

/// What came of checking the chain.
#[derive(Serialize, ToSchema)]
pub struct Verification {
    /// Every event stands where and as it was written.
    whole: bool,
    /// How many events were checked, up to the first that does not hold.
    events: u64,
    /// Number and reason of the first that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<String>,
}

/// List audit events
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "list_audit_events",
    params(("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Event>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let rows = ctx.state().services.db.read().await?.audit().list(None, cursor.before, cursor.fetch()).await?;
    Ok(ok(&cursor.page(
        rows,
        |r| r.number,
        |r| Event {
            number: r.number,
            at: at(r.at),
            actor: r.actor_name.clone(),
            role: r.role.clone(),
            address: r.address.clone(),
            action: r.action.clone(),
            target_kind: r.target_kind.clone(),
            target_id: r.target_id.clone(),
            outcome: r.outcome.clone(),
            details: r.details.clone(),
        },
    )))
}

/// Verify the audit chain
#[utoipa::path(get, path = "/api/v1/audit/verification", tag = "audit", operation_id = "verify_audit",
    responses((status = 200, body = Verification)))]
pub async fn verify(ctx: Ctx) -> Answer {
    let services = &ctx.state().services;
    let checked = services.db.read().await?.audit().verify(&services.keys).await?;
    Ok(ok(&match checked {
        Ok(events) => Verification { whole: true, events, broken: None },
        Err(b) => Verification {
            whole: false,
            events: b.number.saturating_sub(1),
            broken: Some(format!("event {}: {}", b.number, b.why)),
        },
    }))
}
