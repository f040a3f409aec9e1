//! `/api/v1/ports`: the port pools of a server, for staff.

use super::body::Body;
use super::idempotency;
use super::jobs::Nothing;
use super::list::{Listing, ok};
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::ports::PortRow;
use hosting::domain::PortPool;
use hosting::services::change_ports::{free_port, widen_pool};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A port of a pool.
#[derive(Serialize, ToSchema)]
pub struct Port {
    server: String,
    port: u16,
    /// store_web, store_db_admin
    pool: String,
    /// free, used, resting, left_over
    state: &'static str,
    /// Name of the store that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<u64>,
}

/// Ports to add to a pool.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Widening {
    /// Name of the server.
    #[schema(max_length = 64)]
    server: String,
    /// store_web, store_db_admin
    #[schema(max_length = 40)]
    pool: String,
    #[schema(minimum = 1024)]
    first: u16,
    /// At most 1000 ports at once.
    #[schema(minimum = 1024)]
    last: u16,
}

fn show(row: PortRow, server: &str) -> Port {
    Port {
        server: server.to_owned(),
        port: row.port,
        state: match (row.store_id, row.orphan, row.cooling) {
            (Some(_), true, _) => "left_over",
            (Some(_), false, _) => "used",
            (None, _, true) => "resting",
            (None, _, false) => "free",
        },
        pool: row.pool,
        store: row.store_name,
        customer: row.customer_id,
    }
}

/// List the ports of a server
///
/// Without `server` those of the first one. All of them, lowest first.
#[utoipa::path(get, path = "/api/v1/ports", tag = "ports", operation_id = "list_ports",
    params(("server" = Option<String>, Query, description = "Name of a server", max_length = 64)),
    responses((status = 200, body = Listing<Port>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let servers = ctx.state().servers().await?;
    let chosen = match query.get("server")? {
        "" => servers.first(),
        name => Some(servers.iter().find(|s| s.name == name).ok_or(WebError::NotFound)?),
    };
    let Some(server) = chosen else { return Ok(ok(&Listing::<Port> { items: Vec::new(), next: None })) };
    let rows = ctx.state().services.db.read().await?.ports().of_server(server.id).await?;
    let items = rows.into_iter().map(|row| show(row, &server.name)).collect();
    Ok(ok(&Listing { items, next: None }))
}

/// Add ports to a pool
#[utoipa::path(post, path = "/api/v1/ports", tag = "ports", operation_id = "widen_ports",
    request_body = Widening, responses((status = 204, description = "They are in the pool")))]
pub async fn widen(ctx: Ctx, request: HttpRequest, body: Body<Widening>) -> Answer {
    let asked = body.value;
    let pool = PortPool::ALL.into_iter().find(|p| p.as_str() == asked.pool);
    let pool = pool.ok_or_else(|| WebError::field("pool", "There is no such pool"))?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let (first, last) = (asked.first.to_string(), asked.last.to_string());
        widen_pool(&ctx.state().services, &ctx.actor(), &asked.server, pool, &first, &last).await?;
        Ok((204, ()))
    })
    .await
}

/// Free a left-over port
///
/// It rests for a minute, then stores may take it.
#[utoipa::path(post, path = "/api/v1/ports/{server}/{port}/free", tag = "ports", operation_id = "free_port",
    params(("server" = String, Path, description = "Name of its server"), ("port" = u16, Path, description = "Number")),
    request_body = Nothing, responses((status = 204, description = "Free")))]
pub async fn free(ctx: Ctx, path: web::Path<(String, String)>, request: HttpRequest, body: Body<Nothing>) -> Answer {
    let (server, port) = path.into_inner();
    let port: u16 = port.parse().map_err(|_| WebError::NotFound)?;
    let id = ctx.state().services.db.read().await?.servers().id_of(&server).await?.ok_or(WebError::NotFound)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        free_port(&ctx.state().services, &ctx.actor(), id, port).await?;
        Ok((204, ()))
    })
    .await
}
