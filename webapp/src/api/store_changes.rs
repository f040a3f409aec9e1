//! Changes of a store in service, each a job: `/api/v1/stores/{id}/restart` and its like.

use super::body::Body;
use super::idempotency;
use super::jobs::Nothing;
use super::stores::{Ordered, looked_after};
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::domain::store::SuspendCause;
use hosting::services::change_store::{StoreChange, change_store};
use serde::Deserialize;
use utoipa::ToSchema;

/// Why, for the audit log.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// One line.
    #[schema(min_length = 1, max_length = 400)]
    reason: String,
}

/// A suspension.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// What visitors read.
    #[serde(default)]
    cause: Cause,
    /// What the owner reads, by mail and in the panel; the audit log keeps it.
    #[schema(min_length = 1, max_length = 400)]
    reason: String,
}

/// What visitors of a suspended store read.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A bill is open.
    Bill,
    /// Its content is being checked.
    Review,
    /// Its owner asked for it.
    Request,
    /// Anything else.
    #[default]
    Other,
}

/// Maintenance on or off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// Visitors see the maintenance page.
    on: bool,
}

/// Another plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanChange {
    /// Slug of a plan on offer.
    #[schema(max_length = 40)]
    plan: String,
    /// One line for the audit log.
    #[schema(min_length = 1, max_length = 400)]
    reason: String,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameChange {
    /// Title of the shop.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
}

/// Another web address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressChange {
    /// First label of the address: small letters, digits, hyphens.
    #[schema(max_length = 63)]
    address: String,
}

async fn order(ctx: &Ctx, request: &HttpRequest, id: &str, hash: &[u8; 32], change: StoreChange) -> Answer {
    let store = looked_after(ctx, id).await?;
    idempotency::once(ctx, request, hash, || async {
        let job = change_store(&ctx.state().services, &ctx.actor(), store.id, &change).await?;
        Ok((202, Ordered { job: job.uid.to_string() }))
    })
    .await
}

/// Restart a store
///
/// Its containers stop and start; it is away for some seconds.
#[utoipa::path(post, path = "/api/v1/stores/{id}/restart", tag = "stores", operation_id = "restart_store",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 202, body = Ordered)))]
pub async fn restart(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Nothing>) -> Answer {
    order(&ctx, &request, &id, &body.hash, StoreChange::Restart).await
}

/// Suspend a store
///
/// Its containers stop, its data stays; visitors see a page that says that it is paused.
#[utoipa::path(post, path = "/api/v1/stores/{id}/suspend", tag = "stores", operation_id = "suspend_store",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Suspension, responses((status = 202, body = Ordered)))]
pub async fn suspend(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Suspension>) -> Answer {
    let cause = match body.value.cause {
        Cause::Bill => SuspendCause::Bill,
        Cause::Review => SuspendCause::Review,
        Cause::Request => SuspendCause::Request,
        Cause::Other => SuspendCause::Other,
    };
    order(&ctx, &request, &id, &body.hash, StoreChange::Suspend { cause, reason: body.value.reason }).await
}

/// Resume a store
///
/// A suspended store starts again, is looked at, and is shown to visitors.
#[utoipa::path(post, path = "/api/v1/stores/{id}/resume", tag = "stores", operation_id = "resume_store",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Reason, responses((status = 202, body = Ordered)))]
pub async fn resume(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Reason>) -> Answer {
    order(&ctx, &request, &id, &body.hash, StoreChange::Resume { reason: body.value.reason }).await
}

/// Start or end the maintenance of a store
#[utoipa::path(put, path = "/api/v1/stores/{id}/maintenance", tag = "stores", operation_id = "set_maintenance",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Maintenance, responses((status = 202, body = Ordered)))]
pub async fn maintenance(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Maintenance>) -> Answer {
    order(&ctx, &request, &id, &body.hash, StoreChange::Maintenance { on: body.value.on }).await
}

/// Give a store's administrator a new password
///
/// Reveal it with `reveal_credentials` when the job has ended.
#[utoipa::path(post, path = "/api/v1/stores/{id}/admin-password", tag = "stores", operation_id = "reset_store_password",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 202, body = Ordered)))]
pub async fn admin_password(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Nothing>) -> Answer {
    order(&ctx, &request, &id, &body.hash, StoreChange::ResetAdminPassword).await
}

/// Give a store the limits of another plan
///
/// At once, while it runs.
#[utoipa::path(put, path = "/api/v1/stores/{id}/plan", tag = "stores", operation_id = "change_store_plan",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = PlanChange, responses((status = 202, body = Ordered)))]
pub async fn plan(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<PlanChange>) -> Answer {
    let PlanChange { plan, reason } = body.value;
    order(&ctx, &request, &id, &body.hash, StoreChange::ChangePlan { plan, reason }).await
}

/// Rename a store
///
/// Here and in the shop; its web address stays.
#[utoipa::path(put, path = "/api/v1/stores/{id}/name", tag = "stores", operation_id = "rename_store",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = NameChange, responses((status = 202, body = Ordered)))]
pub async fn name(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<NameChange>) -> Answer {
    order(&ctx, &request, &id, &body.hash, StoreChange::Rename { name: body.value.name }).await
}

/// Change the web address of a store
///
/// The former one leads there for 30 days.
#[utoipa::path(put, path = "/api/v1/stores/{id}/address", tag = "stores", operation_id = "change_store_address",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = AddressChange, responses((status = 202, body = Ordered)))]
pub async fn address(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<AddressChange>) -> Answer {
    order(&ctx, &request, &id, &body.hash, StoreChange::ChangeAddress { address: body.value.address }).await
}
