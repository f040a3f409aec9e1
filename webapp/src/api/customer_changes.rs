//! Accounts of customers in the hands of staff: made, given another address, closed, opened again, invited.

use super::body::Body;
use super::jobs::Nothing;
use super::{idempotency, number, one_use, renamed};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::routes::Answer;
use crate::tries::prove;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::services::change_customer_email::change_customer_email;
use hosting::services::close_customer::{Closing, close_customer, reopen_customer};
use hosting::services::create_customer::create_customer;
use hosting::services::invite_customers::invite_customers;
use hosting::services::resellers::move_customer::{Move, move_customer};
use hosting::services::second_factor::way_back::{Wish, plan, stop};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A customer to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// Its owner is mailed a link to choose a password.
    #[schema(max_length = 254)]
    pub(super) email: String,
}

/// A customer that was made.
#[derive(Serialize, ToSchema)]
pub struct MadeCustomer {
    pub(super) id: u64,
}

/// Another address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailChange {
    /// The address it has now; another one is answered 409.
    #[schema(max_length = 254)]
    before: String,
    /// The new one.
    #[schema(max_length = 254)]
    email: String,
    /// One line for the audit log.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Says which account is meant and why, and proves the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// The customer's address, exactly.
    #[schema(max_length = 254)]
    email: String,
    /// One line for the audit log.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// Your own password.
    #[schema(max_length = 256)]
    password: String,
}

/// Whose customer somebody becomes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderChange {
    /// Number of a reseller; absent: ours, a direct customer.
    #[serde(default)]
    reseller: Option<u64>,
    /// For the audit log.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// Your own password.
    #[schema(max_length = 256)]
    password: String,
}

/// Says whose second factor goes, why, and proves the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorReset {
    /// The customer's address, exactly.
    #[schema(max_length = 254)]
    email: String,
    /// How you made sure who asks; for the audit log.
    #[schema(min_length = 1, max_length = 80)]
    reason: String,
    /// Your own password.
    #[schema(max_length = 256)]
    password: String,
}

/// Customers by number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    #[schema(min_items = 1, max_items = 1000)]
    customers: Vec<u64>,
}

/// How many mails are on their way.
#[derive(Serialize, ToSchema)]
pub struct Invited {
    /// Closed and unconfirmed accounts are left out.
    sent: usize,
}

/// Make a customer
///
/// Whose owner gets a mail with a link to choose a password.
#[utoipa::path(post, path = "/api/v1/customers", tag = "customers", operation_id = "create_customer",
    request_body = NewCustomer, responses((status = 201, body = MadeCustomer)))]
pub async fn create(ctx: Ctx, request: HttpRequest, body: Body<NewCustomer>) -> Answer {
    idempotency::once(&ctx, &request, &body.hash, || async {
        let state = ctx.state();
        let id = create_customer(&state.services, &state.passwords, &ctx.actor(), &body.value.email).await?;
        Ok((201, MadeCustomer { id }))
    })
    .await
}

/// Give a customer another address
///
/// Every device is signed out; both addresses are told.
#[utoipa::path(put, path = "/api/v1/customers/{id}/email", tag = "customers", operation_id = "change_customer_email",
    params(("id" = u64, Path, description = "Number")),
    request_body = EmailChange, responses((status = 204, description = "Changed")))]
pub async fn email(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<EmailChange>) -> Answer {
    let id = there(&ctx, &id).await?;
    let asked = body.value;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let services = &ctx.state().services;
        change_customer_email(services, &ctx.actor(), id, &asked.before, &asked.email, &asked.reason).await?;
        Ok((204, ()))
    })
    .await
}

/// Close the account of a customer
///
/// Nobody signs in to it any more; its stores are deleted after seven days unless it is opened again.
#[utoipa::path(post, path = "/api/v1/customers/{id}/close", tag = "customers", operation_id = "close_customer",
    params(("id" = u64, Path, description = "Number")),
    request_body = Closure, responses((status = 204, description = "Closed")))]
pub async fn close(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Closure>) -> Answer {
    let id = there(&ctx, &id).await?;
    let asked = body.value;
    let proven = prove(&ctx, &asked.password).await?;
    let closing = Closing { name: &asked.email, reason: &asked.reason, proven: proven.as_ref() };
    idempotency::once(&ctx, &request, &body.hash, || async {
        close_customer(&ctx.state().services, &ctx.actor(), id, &closing)
            .await
            .map_err(|e| renamed(e, "name", "email"))?;
        Ok((204, ()))
    })
    .await
}

/// Plan the reset of a customer's second factor
///
/// For owners who lost phone and recovery codes. They are told at once and can stop it for a day; then the factor and all
/// passkeys are removed and every device is signed out.
#[utoipa::path(put, path = "/api/v1/customers/{id}/factor", tag = "customers", operation_id = "plan_factor_reset",
    params(("id" = u64, Path, description = "Number")),
    request_body = FactorReset, responses((status = 204, description = "Planned")))]
pub async fn reset_factor(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<FactorReset>) -> Answer {
    let id = there(&ctx, &id).await?;
    let asked = body.value;
    let proven = prove(&ctx, &asked.password).await?;
    let wish = Wish { name: &asked.email, reason: &asked.reason, proven: proven.as_ref() };
    idempotency::once(&ctx, &request, &body.hash, || async {
        let planned = plan(&ctx.state().services, &ctx.actor(), id, &one_use(&ctx), &wish).await;
        planned.map_err(|e| renamed(e, "name", "email"))?;
        Ok((204, ()))
    })
    .await
}

/// Take the reset of a customer's second factor back
#[utoipa::path(delete, path = "/api/v1/customers/{id}/factor", tag = "customers", operation_id = "stop_factor_reset",
    params(("id" = u64, Path, description = "Number")),
    responses((status = 204, description = "The factor stays")))]
pub async fn keep_factor(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    let id = there(&ctx, &id).await?;
    idempotency::once_silent(&ctx, &request, || async { Ok(stop(&ctx.state().services, &ctx.actor(), id).await?) })
        .await
}

/// Give a customer to a reseller, or take them back
///
/// Everything of theirs stays as it is, and they stay signed in. Refused when it would be more than the reseller may have, or a
/// plan they may not sell. The customer and every reseller concerned are told.
#[utoipa::path(put, path = "/api/v1/customers/{id}/provider", tag = "customers", operation_id = "change_provider",
    params(("id" = u64, Path, description = "Number")),
    request_body = ProviderChange, responses((status = 204, description = "Moved")))]
pub async fn provider(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<ProviderChange>) -> Answer {
    let id = there(&ctx, &id).await?;
    let asked = body.value;
    let proven = prove(&ctx, &asked.password).await?;
    let reseller = asked.reseller.map(|id| id.to_string()).unwrap_or_default();
    let before = ctx.state().services.db.read().await?.resellers().of_customer(id).await?;
    let wish = Move { before, reseller: &reseller, reason: &asked.reason, proven: proven.as_ref() };
    idempotency::once(&ctx, &request, &body.hash, || async {
        move_customer(&ctx.state().services, &ctx.actor(), id, &wish).await?;
        Ok((204, ()))
    })
    .await
}

/// Open a closed account again
#[utoipa::path(post, path = "/api/v1/customers/{id}/reopen", tag = "customers", operation_id = "reopen_customer",
    params(("id" = u64, Path, description = "Number")),
    request_body = Nothing, responses((status = 204, description = "Open")))]
pub async fn reopen(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Nothing>) -> Answer {
    let id = number(&id)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        reopen_customer(&ctx.state().services, &ctx.actor(), id).await?;
        Ok((204, ()))
    })
    .await
}

/// Send customers a link to choose a password
///
/// The password they have works until then.
#[utoipa::path(post, path = "/api/v1/customers/invite", tag = "customers", operation_id = "invite_customers",
    request_body = Chosen, responses((status = 202, body = Invited)))]
pub async fn invite(ctx: Ctx, request: HttpRequest, body: Body<Chosen>) -> Answer {
    let mut ids = body.value.customers;
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() > 1000 {
        return Err(WebError::field("customers", "Give 1 to 1000 customers"));
    }
    // Numbers of customers are 64 bits with a sign, as the document says.
    if ids.iter().any(|id| i64::try_from(*id).is_err()) {
        return Err(WebError::field("customers", "There is no customer with this number"));
    }
    idempotency::once(&ctx, &request, &body.hash, || async {
        let sent = invite_customers(&ctx.state().services, &ctx.actor(), &ids).await?;
        Ok((202, Invited { sent }))
    })
    .await
}

async fn there(ctx: &Ctx, id: &str) -> Result<u64, WebError> {
    let id = number(id)?;
    let found = ctx.state().services.db.read().await?.customers().get(id).await?;
    found.map(|c| c.id).ok_or(WebError::NotFound)
}
