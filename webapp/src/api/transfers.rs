//! Handing stores over: `/api/v1/stores/{id}/offer` for who gives, `/api/v1/offers` for who takes, and
//! `/api/v1/stores/{id}/transfer` for staff, who do both at once.

use super::body::Body;
use super::database_page::Password;
use super::jobs::Nothing;
use super::list::{Listing, ok};
use super::stores::{Ordered, need_password, scoped};
use super::{at, idempotency, uid};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::rate_limit::MAIL_ACCOUNT;
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::store_transfers::Transfer;
use hosting::domain::Email;
use hosting::services::change_store::{StoreChange, change_store};
use hosting::services::transfer_store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A store that is offered to somebody.
#[derive(Serialize, ToSchema)]
pub struct Offer {
    id: String,
    store_name: String,
    /// Address of its owner.
    from: String,
    /// Whom it is offered to, whether or not there is such an account.
    to: String,
    /// offered; accepted while it is being handed over
    state: String,
    expires_at: String,
}

/// An offer to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOffer {
    /// Address of the account that may take it.
    #[schema(max_length = 254)]
    email: String,
    /// Your password.
    #[schema(max_length = 256)]
    password: String,
}

/// Another owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// Address of the new owner's account, which has no store.
    #[schema(max_length = 254)]
    email: String,
    /// One line for the audit log.
    #[schema(min_length = 1, max_length = 400)]
    reason: String,
}

fn show(t: &Transfer) -> Offer {
    Offer {
        id: t.uid.clone(),
        store_name: t.store_name.clone(),
        from: t.from_email.clone(),
        to: t.to_email.clone(),
        state: t.state.clone(),
        expires_at: at(t.expires_at),
    }
}

async fn open_of(ctx: &Ctx, store_id: u64) -> Result<Transfer, WebError> {
    let open = ctx.state().services.db.read().await?.store_transfers().open_of_store(store_id).await?;
    open.ok_or(WebError::NotFound)
}

/// Hand a store over to another customer
///
/// At once: the new owner has it when the job has ended, the former one is signed out everywhere.
#[utoipa::path(post, path = "/api/v1/stores/{id}/transfer", tag = "stores", operation_id = "transfer_store",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Handover, responses((status = 202, body = Ordered)))]
pub async fn transfer(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Handover>) -> Answer {
    let store = scoped(&ctx, &id).await?;
    let change = StoreChange::Transfer { email: body.value.email, reason: body.value.reason };
    idempotency::once(&ctx, &request, &body.hash, || async {
        let job = change_store(&ctx.state().services, &ctx.actor(), store.id, &change).await?;
        Ok((202, Ordered { job: job.uid.to_string() }))
    })
    .await
}

/// See the offer of a store
#[utoipa::path(get, path = "/api/v1/stores/{id}/offer", tag = "stores", operation_id = "get_offer",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = Offer)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let store = scoped(&ctx, &id).await?;
    Ok(ok(&show(&open_of(&ctx, store.id).await?)))
}

/// Offer a store to somebody
///
/// They have seven days to take it. The answer is the same whether or not there is such an account.
#[utoipa::path(post, path = "/api/v1/stores/{id}/offer", tag = "stores", operation_id = "offer_store",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = NewOffer, responses((status = 201, body = Offer)))]
pub async fn offer(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<NewOffer>) -> Answer {
    let store = scoped(&ctx, &id).await?;
    need_password(&ctx, &body.value.password).await?;
    let email = body.value.email;
    idempotency::once(&ctx, &request, &body.hash, || async {
        if let Err(wait) = ctx.state().limits.take(MAIL_ACCOUNT, &format!("transfer/{}", store.customer_id)).await {
            return Err(WebError::TooMany(wait));
        }
        transfer_store::offer(&ctx.state().services, &ctx.actor(), &store, &email).await?;
        Ok((201, show(&open_of(&ctx, store.id).await?)))
    })
    .await
}

/// Withdraw the offer of a store
#[utoipa::path(delete, path = "/api/v1/stores/{id}/offer", tag = "stores", operation_id = "withdraw_offer",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 204, description = "The store stays")))]
pub async fn withdraw(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    let store = scoped(&ctx, &id).await?;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(transfer_store::withdraw(&ctx.state().services, &ctx.actor(), &store).await?)
    })
    .await
}

/// List the stores offered to you
#[utoipa::path(get, path = "/api/v1/offers", tag = "offers", operation_id = "list_offers",
    responses((status = 200, body = Listing<Offer>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let key = Email::parse(&ctx.customer()?.email).map_err(|_| WebError::NotFound)?.key();
    let open = ctx.state().services.db.read().await?.store_transfers().open_to(&key).await?;
    Ok(ok(&Listing { items: open.iter().map(show).collect(), next: None }))
}

/// Take a store that is offered to you
#[utoipa::path(post, path = "/api/v1/offers/{id}/accept", tag = "offers", operation_id = "accept_offer",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Password, responses((status = 202, body = Ordered)))]
pub async fn accept(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Password>) -> Answer {
    let (customer, offer) = (ctx.customer()?.customer_id, uid(&id)?);
    need_password(&ctx, &body.value.password).await?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let job = transfer_store::accept(&ctx.state().services, &ctx.actor(), customer, &offer).await?;
        Ok((202, Ordered { job: job.uid.to_string() }))
    })
    .await
}

/// Decline a store that is offered to you
#[utoipa::path(post, path = "/api/v1/offers/{id}/decline", tag = "offers", operation_id = "decline_offer",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 204, description = "It is declined")))]
pub async fn decline(ctx: Ctx, id: web::Path<String>, request: HttpRequest, _: Body<Nothing>) -> Answer {
    let (customer, offer) = (ctx.customer()?.customer_id, uid(&id)?);
    idempotency::once_silent(&ctx, &request, || async {
        Ok(transfer_store::decline(&ctx.state().services, &ctx.actor(), customer, &offer).await?)
    })
    .await
}
