//! `/api/v1/plans`

use super::list::{Listing, ok};
use crate::extract::Ctx;
use crate::routes::Answer;
use serde::Serialize;
use utoipa::ToSchema;

/// A plan on offer.
#[derive(Serialize, ToSchema)]
pub struct Plan {
    /// Its name in orders.
    slug: String,
    name: String,
    summary: String,
    /// Per month, whole cents.
    price_cents: i64,
    /// ISO 4217
    currency: String,
    /// offered, full
    state: String,
    /// 1000 = one core, for the whole store.
    cpu_millis: u32,
    /// MiB
    disk_mb: u32,
    /// GB per month
    bandwidth_gb: u32,
    staging_limit: u32,
    backups_kept: u32,
}

/// List the plans on offer
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans", operation_id = "list_plans", security(()),
    responses((status = 200, body = Listing<Plan>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let plans = ctx.state().plans().await?;
    let items = plans
        .iter()
        .map(|p| Plan {
            slug: p.slug.clone(),
            name: p.name.clone(),
            summary: p.summary.clone(),
            price_cents: p.price_cents,
            currency: p.currency.clone(),
            state: p.state.clone(),
            cpu_millis: p.cpu_millis,
            disk_mb: p.disk_mb,
            bandwidth_gb: p.bandwidth_gb,
            staging_limit: p.staging_limit,
            backups_kept: p.backups_kept,
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}
