//! `/api/v1/stores/{id}/usage`: what a store used of its plan, as measured once a minute.

use super::at;
use super::list::ok;
use super::stores::looked_after;
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::routes::Answer;
use crate::routes::store_usage::{self, Numbers, some};
use actix_web::web;
use hosting::db::store_usage::Usage as Row;
use serde::Serialize;
use utoipa::ToSchema;

/// What a store used. Rows are missing where nothing was measured: the store or its server was away.
#[derive(Serialize, ToSchema)]
pub struct StoreUsage {
    /// 24h, 7d
    range: &'static str,
    /// Seconds that a row stands for.
    row_seconds: u16,
    limits: UsageLimits,
    /// The newest size of its directory, measured once an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_bytes: Option<u64>,
    /// Sent to visitors this month.
    traffic_bytes: u64,
    /// Oldest first.
    rows: Vec<UsageRow>,
}

/// What the plan allows.
#[derive(Serialize, ToSchema)]
pub struct UsageLimits {
    /// 1000 are a core.
    cpu_millis: u32,
    memory_bytes: u64,
    disk_bytes: u64,
    /// A month.
    traffic_bytes: u64,
}

/// What was measured in a span of time.
#[derive(Serialize, ToSchema)]
pub struct UsageRow {
    /// Its beginning.
    at: String,
    /// So many seconds of it were looked at.
    seconds: u32,
    /// Processor time used.
    cpu_ms: u64,
    /// On average.
    memory_bytes: u64,
    /// The highest seen.
    memory_peak_bytes: u64,
    /// Network, to the store.
    bytes_in: u64,
    /// Network, from the store.
    bytes_out: u64,
    requests: u64,
    /// Answered with 500 and above.
    failed_requests: u64,
    /// Sent to visitors.
    bytes_served: u64,
    /// Size of the directory, where it was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_bytes: Option<u64>,
}

/// See what a store uses
#[utoipa::path(get, path = "/api/v1/stores/{id}/usage", tag = "stores", operation_id = "get_store_usage",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("range" = Option<String>, Query, description = "24h (rows of five minutes) or 7d (rows of an hour)")),
    responses((status = 200, body = StoreUsage)))]
pub async fn get(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let week = match query.get("range")? {
        "" | "24h" => false,
        "7d" => true,
        _ => return Err(WebError::field("range", "Give 24h or 7d")),
    };
    let store = looked_after(&ctx, &id).await?;
    let range = store_usage::range(week);
    let Numbers { rows, disk, served, plan } = store_usage::numbers(&ctx, &store, range).await?;
    Ok(ok(&StoreUsage {
        range: if week { "7d" } else { "24h" },
        row_seconds: range.span,
        limits: UsageLimits {
            cpu_millis: plan.cpu_millis,
            memory_bytes: u64::from(plan.web_memory_mb + plan.db_memory_mb + plan.redis_memory_mb) << 20,
            disk_bytes: u64::from(plan.disk_mb) << 20,
            traffic_bytes: u64::from(plan.bandwidth_gb) * 1_000_000_000,
        },
        disk_bytes: disk,
        traffic_bytes: served,
        rows: rows.iter().map(show).collect(),
    }))
}

fn show(row: &Row) -> UsageRow {
    UsageRow {
        at: at(row.at),
        seconds: row.seconds,
        cpu_ms: row.cpu_ms,
        memory_bytes: row.memory_sum / u64::from(row.samples.max(1)),
        memory_peak_bytes: row.memory_peak,
        bytes_in: row.bytes_in,
        bytes_out: row.bytes_out,
        requests: row.requests,
        failed_requests: row.errors,
        bytes_served: row.bytes_served,
        disk_bytes: some(row.disk_bytes),
    }
}
