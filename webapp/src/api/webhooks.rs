//! `/api/v1/webhooks`: receivers of events; an owner's own, the panel's for admins.

use super::body::Body;
use super::jobs::Nothing;
use super::list::{Cursor, Listing, ok};
use super::{at, idempotency, uid};
use crate::error::WebError;
use crate::extract::{Ctx, Query, Who};
use crate::routes::Answer;
use actix_web::{HttpRequest, HttpResponse, web};
use hosting::db::Queries;
use hosting::db::webhook_deliveries::DeliveryRow;
use hosting::db::webhooks::{Side, Webhook as Row};
use hosting::services::webhooks::{self as service, HookWish, Switch, deliveries, secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A receiver of events.
#[derive(Serialize, ToSchema)]
pub struct Webhook {
    id: String,
    url: String,
    note: String,
    events: Vec<String>,
    paused: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    paused_reason: String,
    /// Attempts that failed since the last one that did not.
    failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_at: Option<String>,
    /// Two secrets sign until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap_until: Option<String>,
    created_at: String,
}

/// A receiver to register or to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// https, the usual port, a host on the public internet.
    #[schema(min_length = 1, max_length = 500)]
    url: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 80)]
    note: String,
    /// store.live, store.failed, store.suspended, store.resumed, store.deleted, job.finished, job.failed, ticket.created,
    /// ticket.answered; admins also customer.created.
    #[schema(min_items = 1, max_items = 20)]
    events: Vec<String>,
}

/// A new receiver, or a new secret. It is shown here and never again.
#[derive(Serialize, ToSchema)]
pub struct MadeWebhook {
    id: String,
    /// `whsec_…`
    secret: String,
}

/// An event on its way.
#[derive(Serialize, ToSchema)]
pub struct Delivery {
    /// The same for every receiver and every try: header `webhook-id`.
    id: String,
    /// Kind of event.
    event: String,
    /// pending, delivered, failed
    state: String,
    attempts: u32,
    created_at: String,
    /// While pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
}

/// A delivery with its tries.
#[derive(Serialize, ToSchema)]
pub struct DeliveryDetail {
    #[serde(flatten)]
    delivery: Delivery,
    /// What is posted, as it is signed.
    body: String,
    /// Newest first.
    tries: Vec<DeliveryTry>,
}

/// A try.
#[derive(Serialize, ToSchema)]
pub struct DeliveryTry {
    at: String,
    took_ms: u32,
    /// Absent: no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why it failed; empty when it worked.
    error: String,
    /// The first bytes of the answer.
    answer: String,
}

/// An event that was sent.
#[derive(Serialize, ToSchema)]
pub struct SentEvent {
    id: String,
}

/// How many are sent again.
#[derive(Serialize, ToSchema)]
pub struct Replayed {
    events: u64,
}

fn side(ctx: &Ctx) -> Result<Side, WebError> {
    match ctx.who() {
        Who::Customer(c) => Ok(Side::Owner(c.customer_id)),
        Who::Staff(_) => Ok(Side::Panel),
        Who::Visitor => Err(WebError::SignedOut),
    }
}

fn show(h: &Row) -> Webhook {
    Webhook {
        id: h.uid.to_string(),
        url: h.url.clone(),
        note: h.note.clone(),
        events: h.events.split(',').map(str::to_owned).collect(),
        paused: h.paused,
        paused_reason: h.paused_reason.clone(),
        failures: h.failures,
        last_success_at: h.last_success_at.map(at),
        overlap_until: h.old_until.map(at),
        created_at: at(h.created_at),
    }
}

fn show_delivery(d: &DeliveryRow) -> Delivery {
    Delivery {
        id: d.event_id.clone(),
        event: d.kind.clone(),
        state: d.state.clone(),
        attempts: d.attempts,
        created_at: at(d.created_at),
        next_at: (d.state == "pending").then(|| at(d.next_at)),
    }
}

async fn find(ctx: &Ctx, id: &str) -> Result<(Side, Row), WebError> {
    let side = side(ctx)?;
    let found = ctx.state().services.db.read().await?.webhooks().find(side, &uid(id)?).await?;
    Ok((side, found.ok_or(WebError::NotFound)?))
}

/// List webhooks
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses((status = 200, body = Listing<Webhook>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let rows = ctx.state().services.db.read().await?.webhooks().list(side(&ctx)?).await?;
    Ok(ok(&Listing { items: rows.iter().map(show).collect(), next: None }))
}

/// Register a webhook
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "create_webhook",
    request_body = NewWebhook, responses((status = 201, body = MadeWebhook)))]
pub async fn create(ctx: Ctx, request: HttpRequest, body: Body<NewWebhook>) -> Answer {
    let asked = body.value;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let events: Vec<&str> = asked.events.iter().map(String::as_str).collect();
        let wish = HookWish { url: &asked.url, note: &asked.note, events: &events };
        let (id, secret) = service::create(&ctx.state().services, &ctx.actor(), side(&ctx)?, &wish, None).await?;
        Ok((201, MadeWebhook { id: id.to_string(), secret: secret.expose().to_owned() }))
    })
    .await
}

/// Read a webhook
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = Webhook)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    Ok(ok(&show(&find(&ctx, &id).await?.1)))
}

/// Change a webhook
#[utoipa::path(put, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = NewWebhook, responses((status = 204, description = "Changed")))]
pub async fn change(ctx: Ctx, id: web::Path<String>, body: Body<NewWebhook>) -> Answer {
    let (side, hook) = find(&ctx, &id).await?;
    let asked = body.value;
    let events: Vec<&str> = asked.events.iter().map(String::as_str).collect();
    let wish = HookWish { url: &asked.url, note: &asked.note, events: &events };
    service::change(&ctx.state().services, &ctx.actor(), side, &hook.uid, &wish).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn switched(ctx: &Ctx, id: &str, switch: Switch) -> Answer {
    let (side, hook) = find(ctx, id).await?;
    service::switch(&ctx.state().services, &ctx.actor(), side, &hook.uid, switch).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Delete a webhook
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "delete_webhook",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(ctx: Ctx, id: web::Path<String>) -> Answer {
    switched(&ctx, &id, Switch::Delete).await
}

/// Pause a webhook
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/pause", tag = "webhooks", operation_id = "pause_webhook",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 204, description = "Nothing is sent; events are kept")))]
pub async fn pause(ctx: Ctx, id: web::Path<String>, _: Body<Nothing>) -> Answer {
    switched(&ctx, &id, Switch::Pause).await
}

/// Resume a webhook
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/resume", tag = "webhooks", operation_id = "resume_webhook",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 204, description = "What waits is sent")))]
pub async fn resume(ctx: Ctx, id: web::Path<String>, _: Body<Nothing>) -> Answer {
    switched(&ctx, &id, Switch::Resume).await
}

/// Replace the secret of a webhook
///
/// The former one signs as well for a day.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 201, body = MadeWebhook)))]
pub async fn rotate(ctx: Ctx, request: HttpRequest, id: web::Path<String>, body: Body<Nothing>) -> Answer {
    let (side, hook) = find(&ctx, &id).await?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let fresh = secret::rotate(&ctx.state().services, &ctx.actor(), side, &hook.uid, None).await?;
        Ok((201, MadeWebhook { id: hook.uid.to_string(), secret: fresh.expose().to_owned() }))
    })
    .await
}

/// Send a test event
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 202, body = SentEvent)))]
pub async fn test(ctx: Ctx, id: web::Path<String>, _: Body<Nothing>) -> Answer {
    let (side, hook) = find(&ctx, &id).await?;
    let event = deliveries::send_test(&ctx.state().services, &ctx.actor(), side, &hook.uid).await?;
    Ok(HttpResponse::Accepted().json(SentEvent { id: event }))
}

/// List deliveries
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_deliveries",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("state" = Option<String>, Query, description = "pending, delivered or failed"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Delivery>)))]
pub async fn deliveries(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let state = match query.get("state")? {
        "" => None,
        text => Some(
            ["pending", "delivered", "failed"]
                .into_iter()
                .find(|s| *s == text)
                .ok_or_else(|| WebError::field("state", "Give pending, delivered or failed"))?,
        ),
    };
    let (_, hook) = find(&ctx, &id).await?;
    let mut conn = ctx.state().services.db.read().await?;
    let rows = conn.webhooks().deliveries(hook.id, state, cursor.before, cursor.fetch()).await?;
    Ok(ok(&cursor.page(rows, |d| d.id, show_delivery)))
}

/// Read a delivery with its tries
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries/{event}", tag = "webhooks", operation_id = "get_delivery",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("event" = String, Path, description = "Id of the event", pattern = "^evt_[0-9A-Z_]{26,50}$")),
    responses((status = 200, body = DeliveryDetail)))]
pub async fn delivery(ctx: Ctx, path: web::Path<(String, String)>) -> Answer {
    let (id, event) = path.into_inner();
    let (_, hook) = find(&ctx, &id).await?;
    let mut conn = ctx.state().services.db.read().await?;
    let row = conn.webhooks().delivery(hook.id, &event).await?.ok_or(WebError::NotFound)?;
    let tries = conn.webhooks().tries(row.id).await?;
    Ok(ok(&DeliveryDetail {
        delivery: show_delivery(&row),
        body: row.body,
        tries: tries
            .into_iter()
            .map(|t| DeliveryTry {
                at: at(t.at),
                took_ms: t.took_ms,
                status: t.status,
                error: t.error,
                answer: t.answer,
            })
            .collect(),
    }))
}

/// Send an event again
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/deliveries/{event}/replay", tag = "webhooks", operation_id = "replay_delivery",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("event" = String, Path, description = "Id of the event", pattern = "^evt_[0-9A-Z_]{26,50}$")),
    request_body = Nothing, responses((status = 204, description = "On its way")))]
pub async fn replay(ctx: Ctx, path: web::Path<(String, String)>, _: Body<Nothing>) -> Answer {
    let (id, event) = path.into_inner();
    let (side, hook) = find(&ctx, &id).await?;
    deliveries::replay(&ctx.state().services, &ctx.actor(), side, &hook.uid, &event).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Send everything again that was given up within 30 days
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/replay", tag = "webhooks", operation_id = "replay_failed_deliveries",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 200, body = Replayed)))]
pub async fn replay_failed(ctx: Ctx, id: web::Path<String>, _: Body<Nothing>) -> Answer {
    let (side, hook) = find(&ctx, &id).await?;
    let events = deliveries::replay_failed(&ctx.state().services, &ctx.actor(), side, &hook.uid).await?;
    Ok(ok(&Replayed { events }))
}
