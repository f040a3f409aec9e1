//! `/api/v1/servers`, for staff.

use super::at;
use super::list::{Listing, ok};
use crate::extract::Ctx;
use crate::routes::Answer;
use hosting::db::Queries;
use serde::Serialize;
use utoipa::ToSchema;

/// A server.
#[derive(Serialize, ToSchema)]
pub struct Server {
    name: String,
    /// joining, active, draining, maintenance, offline, removed
    state: String,
    stores: i64,
    store_limit: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    heartbeat_at: Option<String>,
    /// Why it can't take work now.
    #[serde(skip_serializing_if = "String::is_empty")]
    unfit_reason: String,
    /// Its last report of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    facts: Option<serde_json::Value>,
}

/// List servers
#[utoipa::path(get, path = "/api/v1/servers", tag = "servers", operation_id = "list_servers",
    responses((status = 200, body = Listing<Server>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let rows = ctx.state().services.db.read().await?.servers().list().await?;
    let items = rows
        .into_iter()
        .map(|s| Server {
            name: s.name,
            state: s.state,
            stores: s.stores,
            store_limit: s.store_limit,
            heartbeat_at: s.heartbeat_at.map(at),
            unfit_reason: s.unfit_reason,
            facts: s.facts,
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}
