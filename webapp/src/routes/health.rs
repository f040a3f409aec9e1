//! Alive, ready, measured; and static files.

use super::Answer;
use crate::assets;
use crate::error::WebError;
use crate::extract::Ctx;
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde_json::json;

/// `GET /healthz`: the process answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// `GET /readyz`: 200 when pages can be served in full; names the failed part.
pub async fn ready(ctx: Ctx) -> HttpResponse {
    let services = &ctx.state().services;
    let (database, pending, queue) =
        tokio::join!(services.db.ping(), services.db.pending_migrations(), services.queue.ping());
    let schema = match (&database, pending) {
        (Ok(()), Ok(0)) => "ok",
        (Ok(()), Ok(_)) => "behind",
        _ => "unknown",
    };
    let word = |ok: bool| if ok { "ok" } else { "down" };
    // Without Redis work is slower and everything still works: not a reason to take us out.
    let fit = database.is_ok() && schema == "ok";
    let body = json!({
        "status": if fit { "ready" } else { "not ready" },
        "database": word(database.is_ok()),
        "schema": schema,
        "redis": word(queue.is_ok()),
        "version": env!("CARGO_PKG_VERSION"),
    });
    if fit { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

/// `GET /metrics`: Prometheus text.
pub async fn metrics(ctx: Ctx) -> Answer {
    let handle = ctx.state().metrics.clone().ok_or(WebError::NotFound)?;
    metrics::gauge!("shopfleet_streams_open").set(f64::from(ctx.state().streams.open()));
    let (jobs, watchers) = ctx.state().hub.counts();
    metrics::gauge!("shopfleet_watched_jobs").set(jobs as f64);
    metrics::gauge!("shopfleet_watchers").set(watchers as f64);
    handle.run_upkeep();
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4")).body(handle.render()))
}

/// `GET /static/{name}`
pub async fn asset(request: HttpRequest, name: web::Path<String>) -> Answer {
    assets::respond(&request, &name).ok_or(WebError::NotFound)
}
