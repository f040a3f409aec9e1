//! `/dashboard/usage`: what the owner's store uses of its plan.

use super::super::{Answer, store_log, store_usage};
use super::own_store;
use crate::extract::{Ctx, Query};
use crate::views::usage::OwnerUsage;

/// The page.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let Some(store) = own_store(&ctx).await? else { return Ok(ctx.see_other("/dashboard")) };
    let usage = if store_log::has_log(&store) {
        Some(store_usage::part(&ctx, &store, "/dashboard/usage", &query).await?)
    } else {
        None
    };
    ctx.ok(&OwnerUsage { page: ctx.page("Usage", "dashboard").await, store_name: store.name, usage })
}
