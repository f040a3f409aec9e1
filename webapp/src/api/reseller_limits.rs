//! `/api/v1/customers/{id}/reseller`: admins make a customer a reseller, set the limits, and take the role back.

use super::body::Body;
use super::list::ok;
use super::resellers::{Reseller, facts};
use super::{idempotency, number};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::services::resellers::limits::{self, Limits};
use serde::Deserialize;
use utoipa::ToSchema;

/// What a reseller may sell. Lower limits take nothing away; they only stop what is new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResellerLimits {
    /// Slugs of plans.
    #[schema(min_items = 1, max_items = 100)]
    plans: Vec<String>,
    #[schema(maximum = 5000)]
    max_customers: u32,
    /// Of all their customers together.
    #[schema(maximum = 5000)]
    max_stores: u32,
}

async fn there(ctx: &Ctx, id: &str) -> Result<u64, WebError> {
    let id = number(id)?;
    let found = ctx.state().services.db.read().await?.customers().get(id).await?;
    found.map(|c| c.id).ok_or(WebError::NotFound)
}

/// Read what a reseller may sell
#[utoipa::path(get, path = "/api/v1/customers/{id}/reseller", tag = "customers", operation_id = "get_reseller",
    params(("id" = u64, Path, description = "Number")),
    responses((status = 200, body = Reseller)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    Ok(ok(&facts(&ctx, number(&id)?).await?))
}

/// Make a customer a reseller, or set the limits
///
/// Who becomes one signs in again.
#[utoipa::path(put, path = "/api/v1/customers/{id}/reseller", tag = "customers", operation_id = "set_reseller",
    params(("id" = u64, Path, description = "Number")),
    request_body = ResellerLimits, responses((status = 200, body = Reseller)))]
pub async fn set(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<ResellerLimits>) -> Answer {
    let id = there(&ctx, &id).await?;
    let asked = body.value;
    if asked.plans.len() > 100 {
        return Err(WebError::field("plans", "Give at most 100 plans"));
    }
    idempotency::once(&ctx, &request, &body.hash, || async {
        let (customers, stores) = (asked.max_customers.to_string(), asked.max_stores.to_string());
        let plans: Vec<&str> = asked.plans.iter().map(String::as_str).collect();
        let wish = Limits { customers: &customers, stores: &stores, plans: &plans };
        match limits::set(&ctx.state().services, &ctx.actor(), id, &super::one_use(&ctx), &wish).await {
            Ok(()) => Ok((200, facts(&ctx, id).await?)),
            Err(hosting::services::ServiceError::Invalid(fields)) => {
                // The form calls them otherwise.
                let named = |name: &str| if name == "plans" { name.to_owned() } else { format!("max_{name}") };
                Err(WebError::Invalid(fields.into_iter().map(|(name, words)| (named(name), words)).collect()))
            }
            Err(other) => Err(other.into()),
        }
    })
    .await
}

/// Make a reseller an ordinary customer again
///
/// Their customers become ours and keep everything.
#[utoipa::path(delete, path = "/api/v1/customers/{id}/reseller", tag = "customers", operation_id = "end_reseller",
    params(("id" = u64, Path, description = "Number")),
    responses((status = 204, description = "An ordinary customer")))]
pub async fn end(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    let id = there(&ctx, &id).await?;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(limits::end(&ctx.state().services, &ctx.actor(), id).await?)
    })
    .await
}
