//! `/api/v1/reseller`: what a reseller has to give, and their own customers. Every lookup names the reseller; stores of their
//! customers are changed where all stores are (`/api/v1/stores/{id}/…`).

use super::body::Body;
use super::customer_changes::{MadeCustomer, NewCustomer};
use super::list::{Cursor, Listing, ok};
use super::stores::{NewStore, Ordered, field_names};
use super::{at, idempotency, number, one_use};
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::rate_limit::SIGN_UP_ADDRESS;
use crate::routes::Answer;
use crate::routes::reseller::events::{self, By};
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::reseller_events::{OwnEvent, OwnEventFilter};
use hosting::db::resellers::{OwnCustomer as Row, OwnFilter};
use hosting::services::create_store::create_store;
use hosting::services::resellers::{brand, create_customer};
use hosting::services::store_wish::StoreWish;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reseller: what they may sell, and what of it is used.
#[derive(Serialize, ToSchema)]
pub struct Reseller {
    /// Slugs of plans they may sell.
    plans: Vec<String>,
    max_customers: u32,
    /// Customers whose account is not closed.
    customers: i64,
    max_stores: u32,
    /// Stores of their customers that are not deleted.
    stores: i64,
    /// The name their customers see; empty: ours.
    brand_name: String,
    /// The address for help their customers see; empty: ours.
    brand_email: String,
    /// Who signs up by it becomes their customer.
    #[serde(skip_serializing_if = "String::is_empty")]
    sign_up_link: String,
}

/// What the customers of a reseller see instead of our name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// Empty: ours.
    #[schema(max_length = 80)]
    name: String,
    /// Empty: ours.
    #[schema(max_length = 254)]
    email: String,
}

/// A customer of the caller.
#[derive(Serialize, ToSchema)]
pub struct OwnCustomer {
    id: u64,
    email: String,
    /// unverified, active, suspended, closed
    state: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified_at: Option<String>,
    /// The newest store.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_state: Option<String>,
}

/// A customer of the caller with their stores.
#[derive(Serialize, ToSchema)]
pub struct OwnCustomerDetail {
    #[serde(flatten)]
    customer: OwnCustomer,
    /// Public ids, newest first.
    stores: Vec<String>,
}

/// Something that was done to or by a customer of the caller.
#[derive(Serialize, ToSchema)]
pub struct CustomerEvent {
    at: String,
    /// you, customer (the one it is about), another_customer, staff, system, or somebody who was not signed in
    by: &'static str,
    /// `noun.verb`
    action: String,
    target_kind: String,
    target_id: String,
    /// done, refused, failed
    outcome: String,
    /// The customer it is about.
    customer: u64,
    /// From where, when you, the customer or somebody not signed in did it.
    #[serde(skip_serializing_if = "String::is_empty")]
    address: String,
}

/// What is set for a reseller and what is used of it; nothing for everybody else.
pub(super) async fn facts(ctx: &Ctx, customer_id: u64) -> Result<Reseller, WebError> {
    let mut conn = ctx.state().services.db.read().await?;
    let row = conn.resellers().get(customer_id).await?.ok_or(WebError::NotFound)?;
    let used = conn.resellers().used(customer_id).await?;
    let plans = conn.resellers().plan_slugs(customer_id).await?;
    let code = conn.resellers().provider(customer_id).await?.map(|p| p.code).filter(|code| !code.is_empty());
    let base = &ctx.state().config.base_url;
    Ok(Reseller {
        plans,
        max_customers: row.max_customers,
        customers: used.customers,
        max_stores: row.max_stores,
        stores: used.stores,
        brand_name: row.brand_name,
        brand_email: row.brand_email,
        sign_up_link: code.map(|code| base.join(&crate::routes::with::place(&code))).unwrap_or_default(),
    })
}

fn show(row: &Row) -> OwnCustomer {
    OwnCustomer {
        id: row.id,
        email: row.email.clone(),
        state: row.state.clone(),
        created_at: at(row.created_at),
        email_verified_at: row.email_verified_at.map(at),
        store_name: row.store_name.clone(),
        store_state: row.store_state.clone(),
    }
}

/// One of the caller's customers; everybody else's do not exist.
async fn find(ctx: &Ctx, id: &str) -> Result<Row, WebError> {
    let (id, me) = (number(id)?, ctx.customer()?.customer_id);
    ctx.state().services.db.read().await?.resellers().customer(me, id).await?.ok_or(WebError::NotFound)
}

/// The customer of theirs that a list is asked about.
pub(super) async fn asked_customer(ctx: &Ctx, query: &Query) -> Result<Option<u64>, WebError> {
    Ok(match query.get("customer")? {
        "" => None,
        id => {
            let id = id.parse::<u64>().map_err(|_| WebError::field("customer", "Give the number of a customer"))?;
            Some(find(ctx, &id.to_string()).await?.id)
        }
    })
}

/// Read what you may sell
#[utoipa::path(get, path = "/api/v1/reseller", tag = "resellers", operation_id = "get_own_reseller",
    responses((status = 200, body = Reseller)))]
pub async fn get(ctx: Ctx) -> Answer {
    Ok(ok(&facts(&ctx, ctx.customer()?.customer_id).await?))
}

/// Set the name your customers see
#[utoipa::path(put, path = "/api/v1/reseller/brand", tag = "resellers", operation_id = "set_brand",
    request_body = Brand, responses((status = 200, body = Reseller)))]
pub async fn set_brand(ctx: Ctx, request: HttpRequest, body: Body<Brand>) -> Answer {
    let me = ctx.customer()?.customer_id;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let Brand { name, email } = &body.value;
        match brand::set(&ctx.state().services, &ctx.actor(), me, (name, email)).await {
            Ok(()) => Ok((200, facts(&ctx, me).await?)),
            Err(hosting::services::ServiceError::Invalid(fields)) => {
                let named = |name: &str| name.trim_start_matches("brand_").to_owned();
                Err(WebError::Invalid(fields.into_iter().map(|(name, words)| (named(name), words)).collect()))
            }
            Err(other) => Err(other.into()),
        }
    })
    .await
}

/// List your customers
#[utoipa::path(get, path = "/api/v1/reseller/customers", tag = "resellers", operation_id = "list_own_customers",
    params(("q" = Option<String>, Query, description = "Start of an e-mail", max_length = 200),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<OwnCustomer>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let q = query.get("q")?;
    if q.chars().count() > 200 {
        return Err(WebError::field("q", "Give at most 200 characters"));
    }
    let q = q.trim().to_owned();
    let filter = OwnFilter { q: (!q.is_empty()).then_some(q), before: cursor.before, limit: cursor.fetch() };
    let me = ctx.customer()?.customer_id;
    let rows = ctx.state().services.db.read().await?.resellers().customers(me, &filter).await?;
    Ok(ok(&cursor.page(rows, |r| r.id, show)))
}

/// Make a customer of yours
///
/// Whose owner gets a mail with a link to choose a password.
#[utoipa::path(post, path = "/api/v1/reseller/customers", tag = "resellers", operation_id = "create_own_customer",
    request_body = NewCustomer, responses((status = 201, body = MadeCustomer)))]
pub async fn create(ctx: Ctx, request: HttpRequest, body: Body<NewCustomer>) -> Answer {
    let me = ctx.customer()?.customer_id;
    ctx.state().limits.take(SIGN_UP_ADDRESS, &format!("reseller/{me}")).await.map_err(WebError::TooMany)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let (state, key) = (ctx.state(), one_use(&ctx));
        let email = &body.value.email;
        let id =
            create_customer::create_customer(&state.services, &state.passwords, &ctx.actor(), me, &key, email).await?;
        Ok((201, MadeCustomer { id }))
    })
    .await
}

/// Read a customer of yours
#[utoipa::path(get, path = "/api/v1/reseller/customers/{id}", tag = "resellers", operation_id = "get_own_customer",
    params(("id" = u64, Path, description = "Number")),
    responses((status = 200, body = OwnCustomerDetail)))]
pub async fn one(ctx: Ctx, id: web::Path<String>) -> Answer {
    let row = find(&ctx, &id).await?;
    let stores = ctx.state().services.db.read().await?.stores().list_of_customer(row.id).await?;
    let stores = stores.iter().map(|s| s.uid.to_string()).collect();
    Ok(ok(&OwnCustomerDetail { customer: show(&row), stores }))
}

/// Order a store for a customer of yours
///
/// Of a plan you may sell. It belongs to the customer, who gets a mail when it is ready.
#[utoipa::path(post, path = "/api/v1/reseller/customers/{id}/stores", tag = "resellers", operation_id = "create_own_customer_store",
    params(("id" = u64, Path, description = "Number")),
    request_body = NewStore, responses((status = 202, description = "It is being set up", body = Ordered)))]
pub async fn create_their_store(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<NewStore>) -> Answer {
    let row = find(&ctx, &id).await?;
    let wish: StoreWish = body.value.into();
    let settings = ctx.state().settings().await;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let key = one_use(&ctx);
        let job = create_store(&ctx.state().services, &settings, &ctx.actor(), row.id, &wish, &key)
            .await
            .map_err(field_names)?;
        Ok((202, Ordered { job }))
    })
    .await
}

fn show_event(event: &OwnEvent, me: u64) -> CustomerEvent {
    let by = events::by(event, me);
    CustomerEvent {
        at: at(event.at),
        by: match by {
            By::You => "you",
            By::Customer => "customer",
            By::AnotherCustomer => "another_customer",
            By::Somebody => "somebody",
            By::System => "system",
            By::Support => "staff",
        },
        action: event.action.clone(),
        target_kind: event.target_kind.clone(),
        target_id: event.target_id.clone(),
        outcome: event.outcome.clone(),
        customer: event.customer_id,
        address: events::from(event, by).to_owned(),
    }
}

/// List what was done to your customers and their stores
///
/// And by them, since they are yours: your part of the audit log, newest first.
#[utoipa::path(get, path = "/api/v1/reseller/events", tag = "resellers", operation_id = "list_customer_events",
    params(("customer" = Option<u64>, Query, description = "Only about this customer of yours"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<CustomerEvent>)))]
pub async fn list_events(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let me = ctx.customer()?.customer_id;
    let customer_id = asked_customer(&ctx, &query).await?;
    let filter = OwnEventFilter { customer_id, before: cursor.before, after: None, limit: cursor.fetch() };
    let rows = ctx.state().services.db.read().await?.resellers().events(me, &filter).await?;
    Ok(ok(&cursor.page(rows, |r| r.number, |r| show_event(r, me))))
}
