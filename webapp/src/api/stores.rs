//! `/api/v1/stores`: an owner's own, all of them for staff.

use super::body::Body;
use super::list::{Cursor, Listing, ok};
use super::{at, idempotency, one_use, uid};
use crate::error::WebError;
use crate::extract::{Ctx, Query, Who};
use crate::rate_limit::REVEAL_ACCOUNT;
use crate::routes::Answer;
use crate::tries::prove;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::stores::Store as Row;
use hosting::domain::rights::{Capability, Reach, may};
use hosting::domain::{StoreState, Uid};
use hosting::services::prove_password::{Proven, WRONG};
use hosting::services::reveal_credentials::reveal_credentials;
use hosting::services::settings::Values;
use hosting::services::store_wish::StoreWish;
use hosting::services::{ServiceError, create_store, delete_store};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A store.
#[derive(Serialize, ToSchema)]
pub struct Store {
    id: String,
    name: String,
    /// woocommerce, magento
    platform: &'static str,
    /// requested, provisioning, active, suspended, failed, deleting, deleted
    state: &'static str,
    /// Where it answers, while it holds an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// ISO 4217
    currency: String,
    /// ISO 3166 alpha-2
    country: String,
    created_at: String,
    /// First verified at.
    #[serde(skip_serializing_if = "Option::is_none")]
    active_at: Option<String>,
    /// Visitors see the maintenance page.
    maintenance: bool,
    /// Why it is suspended: what visitors read (bill, review, request, other), and what its owner does.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspend_cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspend_reason: Option<String>,
    /// Will be deleted at.
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_after: Option<String>,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<u64>,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_email: Option<String>,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
}

/// A store to order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStore {
    /// Title of the shop.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// woocommerce or magento
    platform: String,
    /// Slug of a plan on offer.
    plan: String,
    /// First label of its address; made from the name when left out.
    #[serde(default)]
    address: String,
}

impl From<NewStore> for StoreWish {
    fn from(asked: NewStore) -> Self {
        Self { store_name: asked.name, platform: asked.platform, plan: asked.plan, address: asked.address }
    }
}

/// A job has been ordered.
#[derive(Serialize, ToSchema)]
pub struct Ordered {
    /// The job that does it: follow `/api/v1/jobs/{job}/events`.
    pub(super) job: String,
}

/// Says which store is meant, and proves the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The store's name, exactly.
    name: String,
    /// Your password.
    password: String,
}

/// Asks for a group of credentials.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// Your password.
    password: String,
    group: Group,
}

/// Groups of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The store's own admin.
    Admin,
    /// Its database.
    Database,
}

/// Values shown once; the showing is recorded.
#[derive(Serialize, ToSchema)]
pub struct Revealed {
    /// `admin_login` and `admin_password`, or `db_password`.
    values: std::collections::BTreeMap<String, String>,
}

fn show(row: &Row, settings: &Values, staff: bool) -> Store {
    let suspended = row.state == StoreState::Suspended;
    Store {
        id: row.uid.to_string(),
        name: row.name.clone(),
        platform: row.platform.as_str(),
        state: row.state.as_str(),
        url: row.host.as_deref().map(|h| settings.store_url(h)),
        currency: row.currency.clone(),
        country: row.country.clone(),
        created_at: at(row.created_at),
        active_at: row.active_at.map(at),
        maintenance: row.maintenance,
        suspend_cause: suspended.then(|| row.suspend_cause.as_str()),
        suspend_reason: suspended.then(|| row.suspend_reason.clone()),
        delete_after: row.delete_after.map(at),
        customer: staff.then_some(row.customer_id),
        customer_email: staff.then(|| row.customer_email.clone()),
        server: row.server_name.clone().filter(|_| staff),
    }
}

fn is_staff(ctx: &Ctx) -> bool {
    matches!(ctx.who(), Who::Staff(_))
}

/// The same, with the stores of a reseller's customers: for looking at them and for work on them, never for what is in them.
pub(super) async fn looked_after(ctx: &Ctx, id: &str) -> Result<Row, WebError> {
    match ctx.who() {
        Who::Customer(c) if may(c.role, Capability::WorkOnStores, Reach::OwnCustomers) => {
            let mut conn = ctx.state().services.db.read().await?;
            conn.stores().find_of_reseller(&uid(id)?, c.customer_id).await?.ok_or(WebError::NotFound)
        }
        _ => scoped(ctx, id).await,
    }
}

/// The store of an id that is the caller's own, or any for staff; others do not exist.
pub(super) async fn scoped(ctx: &Ctx, id: &str) -> Result<Row, WebError> {
    let uid: Uid = uid(id)?;
    let found = ctx.state().services.db.read().await?.stores().find(&uid).await?;
    let own = |row: &Row| match ctx.who() {
        Who::Customer(c) => row.customer_id == c.customer_id,
        Who::Staff(_) => true,
        Who::Visitor => false,
    };
    found.filter(own).ok_or(WebError::NotFound)
}

/// List stores
#[utoipa::path(get, path = "/api/v1/stores", tag = "stores", operation_id = "list_stores",
    params(("state" = Option<String>, Query, description = "Only this state"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Store>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let state = match query.get("state")? {
        "" => None,
        text => Some(StoreState::parse(text).ok_or_else(|| WebError::field("state", "There is no such state"))?),
    };
    let settings = ctx.state().settings().await;
    let mut conn = ctx.state().services.db.read().await?;
    let rows = match ctx.who() {
        Who::Customer(c) => {
            let mut own = conn.stores().list_of_customer(c.customer_id).await?;
            own.retain(|s| state.is_none_or(|w| s.state == w) && cursor.before.is_none_or(|b| s.id < b));
            own.sort_by_key(|s| std::cmp::Reverse(s.id));
            own
        }
        _ => conn.stores().list(state, cursor.before, cursor.fetch()).await?,
    };
    let staff = is_staff(&ctx);
    Ok(ok(&cursor.page(rows, |r| r.id, |r| show(r, &settings, staff))))
}

/// Read a store
#[utoipa::path(get, path = "/api/v1/stores/{id}", tag = "stores", operation_id = "get_store",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = Store)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let row = looked_after(&ctx, &id).await?;
    let settings = ctx.state().settings().await;
    Ok(ok(&show(&row, &settings, is_staff(&ctx))))
}

/// Order a store
#[utoipa::path(post, path = "/api/v1/stores", tag = "stores", operation_id = "create_store",
    request_body = NewStore, responses((status = 202, description = "It is being set up", body = Ordered)))]
pub async fn create(ctx: Ctx, request: HttpRequest, body: Body<NewStore>) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let wish: StoreWish = body.value.into();
    let settings = ctx.state().settings().await;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let key = one_use(&ctx);
        let job = create_store::create_store(&ctx.state().services, &settings, &ctx.actor(), customer, &wish, &key)
            .await
            .map_err(field_names)?;
        Ok((202, Ordered { job }))
    })
    .await
}

/// The form calls it otherwise.
pub(super) fn field_names(error: ServiceError) -> ServiceError {
    match error {
        ServiceError::Invalid(fields) => ServiceError::Invalid(
            fields.into_iter().map(|(f, words)| (if f == "store_name" { "name" } else { f }, words)).collect(),
        ),
        other => other,
    }
}

/// Proves the caller's password.
pub(super) async fn need_password(ctx: &Ctx, password: &str) -> Result<Proven, WebError> {
    prove(ctx, password).await?.ok_or_else(|| WebError::field("password", WRONG))
}

/// Plan the deletion of a store
///
/// It happens after seven days unless it is cancelled.
#[utoipa::path(put, path = "/api/v1/stores/{id}/deletion", tag = "stores", operation_id = "plan_deletion",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Confirm, responses((status = 200, body = Store)))]
pub async fn plan_deletion(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Confirm>) -> Answer {
    let row = looked_after(&ctx, &id).await?;
    if body.value.name.trim() != row.name {
        return Err(WebError::field("name", "Give the store's name exactly"));
    }
    let proven = need_password(&ctx, &body.value.password).await?;
    let settings = ctx.state().settings().await;
    idempotency::once(&ctx, &request, &body.hash, || async {
        delete_store::schedule(&ctx.state().services, &ctx.actor(), &row, Some(&proven)).await?;
        let row = looked_after(&ctx, &id).await?;
        Ok((200, show(&row, &settings, false)))
    })
    .await
}

/// Take a planned deletion back
#[utoipa::path(delete, path = "/api/v1/stores/{id}/deletion", tag = "stores", operation_id = "cancel_deletion",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 204, description = "The store stays")))]
pub async fn cancel_deletion(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    let row = looked_after(&ctx, &id).await?;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(delete_store::cancel(&ctx.state().services, &ctx.actor(), &row).await?)
    })
    .await
}

/// Reveal credentials of a store
#[utoipa::path(post, path = "/api/v1/stores/{id}/credentials", tag = "stores", operation_id = "reveal_credentials",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Reveal, responses((status = 200, body = Revealed)))]
pub async fn credentials(ctx: Ctx, id: web::Path<String>, body: Body<Reveal>) -> Answer {
    let row = scoped(&ctx, &id).await?;
    let customer = ctx.customer()?.customer_id;
    if let Err(wait) = ctx.state().limits.take(REVEAL_ACCOUNT, &customer.to_string()).await {
        return Err(WebError::TooMany(wait));
    }
    need_password(&ctx, &body.value.password).await?;
    if !matches!(row.state, StoreState::Active | StoreState::Suspended) {
        return Err(WebError::Conflict("The store is not set up yet.".into()));
    }
    let names: &[&'static str] = match body.value.group {
        Group::Admin => &["admin_login", "admin_password"],
        Group::Database => &["db_password"],
    };
    let values = reveal_credentials(&ctx.state().services, &ctx.actor(), &row, names).await?;
    let values = values.into_iter().map(|(n, v)| (n.to_owned(), v.expose().to_owned())).collect();
    Ok(ok(&Revealed { values }))
}
