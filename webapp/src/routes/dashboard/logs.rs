//! `/dashboard/logs`: what the owner's store writes while it runs.

use super::super::{Answer, store_log};
use super::own_store;
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::views::store_log::OwnerLogs;
use actix_web::HttpRequest;

const HERE: &str = "/dashboard/logs";

/// The page with the last lines.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let Some(store) = own_store(&ctx).await? else { return Ok(ctx.see_other("/dashboard")) };
    let log = if store_log::has_log(&store) {
        Some(store_log::part(&ctx, &store, HERE, "/login?next=%2Fdashboard%2Flogs", &query).await?)
    } else {
        None
    };
    ctx.ok(&OwnerLogs { page: ctx.page("Logs", "dashboard").await, store_name: store.name, log })
}

/// New lines.
pub async fn stream(ctx: Ctx, query: Query, request: HttpRequest) -> Answer {
    let store = own_store(&ctx).await?.ok_or(WebError::NotFound)?;
    store_log::stream(&ctx, &store, &query, &request)
}
