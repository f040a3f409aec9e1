//! `/api/v1/system`: the state of the installation, for staff.

use super::list::ok;
use crate::extract::Ctx;
use crate::routes::Answer;
use hosting::db::Queries;
use serde::Serialize;
use utoipa::ToSchema;

/// The state of the installation.
#[derive(Serialize, ToSchema)]
pub struct System {
    /// Version of this program.
    version: &'static str,
    /// Version of the database server.
    database: String,
    /// Migrations not run yet.
    pending_migrations: usize,
    /// Version of Redis; absent while it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<String>,
    /// Workers that reported within a minute.
    workers: usize,
    /// Jobs that are due for more than five minutes (counted up to 100).
    jobs_waiting_long: usize,
}

/// Read the state of the installation
#[utoipa::path(get, path = "/api/v1/system", tag = "system", operation_id = "get_system",
    responses((status = 200, body = System)))]
pub async fn get(ctx: Ctx) -> Answer {
    let services = &ctx.state().services;
    let mut conn = services.db.read().await?;
    let workers = conn.workers().list().await?.iter().filter(|w| w.heartbeat_age < 60).count();
    let jobs_waiting_long = conn.jobs().waiting_longer_than(300, 100).await?.len();
    drop(conn);
    Ok(ok(&System {
        version: env!("CARGO_PKG_VERSION"),
        database: services.db.version().await?,
        pending_migrations: services.db.pending_migrations().await?,
        redis: services.queue.version().await.ok(),
        workers,
        jobs_waiting_long,
    }))
}
