//! Who signed in to the caller's account, from where, and what was done with it.

use super::list::{Cursor, Listing, ok};
use super::{at, idempotency, number};
use crate::error::WebError;
use crate::extract::{Ctx, Query, Who};
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::audit::{EventFilter, EventRow};
use hosting::domain::place::browser_words;
use hosting::domain::{Person, Role};
use hosting::services::end_sessions::end_sessions;
use serde::Serialize;
use utoipa::ToSchema;

/// A browser that is signed in.
#[derive(Serialize, ToSchema)]
pub struct Device {
    id: u64,
    /// "Firefox on Linux"
    browser: String,
    address: String,
    signed_in_at: String,
    seen_at: String,
}

/// A sign-in, or a try.
#[derive(Serialize, ToSchema)]
pub struct SignIn {
    at: String,
    /// It worked.
    done: bool,
    /// password, password_code, recovery_code, passkey, temporary (a temporary password), api (a log-in over the API),
    /// mail_link (the confirmation mail); null for those from before it was kept
    way: Option<String>,
    browser: String,
    address: String,
}

/// Something that was done to the caller's account or stores.
#[derive(Serialize, ToSchema)]
pub struct OwnEvent {
    at: String,
    /// you, staff, system, somebody (not signed in)
    by: &'static str,
    /// noun.verb
    action: String,
    target_kind: String,
    target_id: String,
    /// done, refused, failed
    outcome: String,
    /// From where; not said of staff.
    #[serde(skip_serializing_if = "String::is_empty")]
    address: String,
}

/// List the browsers that are signed in
#[utoipa::path(get, path = "/api/v1/account/devices", tag = "account", operation_id = "list_devices",
    responses((status = 200, body = Listing<Device>)))]
pub async fn devices(ctx: Ctx) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let rows = ctx.state().services.db.read().await?.login_sessions().list(Person::Customer(customer)).await?;
    let items = rows
        .into_iter()
        .map(|d| Device {
            id: d.id,
            browser: browser_words(&d.user_agent),
            address: d.address,
            signed_in_at: at(d.created_at),
            seen_at: at(d.seen_at),
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}

/// Sign a browser out
#[utoipa::path(delete, path = "/api/v1/account/devices/{id}", tag = "account", operation_id = "end_device",
    params(("id" = u64, Path, description = "Number")), responses((status = 204, description = "Signed out")))]
pub async fn end_device(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    let (customer, id) = (ctx.customer()?.customer_id, number(&id)?);
    idempotency::once_silent(&ctx, &request, || async {
        Ok(end_sessions(&ctx.state().services, &ctx.actor(), Person::Customer(customer), 0, Some(id)).await?)
    })
    .await
}

/// Sign out everywhere
///
/// Every browser, and every token, client and log-in of the API, the calling one included.
#[utoipa::path(delete, path = "/api/v1/account/devices", tag = "account", operation_id = "end_devices",
    responses((status = 204, description = "Nobody is signed in")))]
pub async fn end_devices(ctx: Ctx, request: HttpRequest) -> Answer {
    let customer = ctx.customer()?.customer_id;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(end_sessions(&ctx.state().services, &ctx.actor(), Person::Customer(customer), 0, None).await?)
    })
    .await
}

/// List the newest sign-ins, and tries
#[utoipa::path(get, path = "/api/v1/account/sign-ins", tag = "account", operation_id = "list_sign_ins",
    responses((status = 200, body = Listing<SignIn>)))]
pub async fn sign_ins(ctx: Ctx) -> Answer {
    let person = match ctx.who() {
        Who::Customer(c) => Person::Customer(c.customer_id),
        Who::Staff(s) => Person::Staff(s.admin_id),
        Who::Visitor => return Err(WebError::SignedOut),
    };
    let rows = ctx.state().services.db.read().await?.sign_ins().list(person, 100).await?;
    let items = rows
        .into_iter()
        .map(|r| SignIn {
            at: at(r.at),
            done: r.done,
            way: r.way,
            browser: browser_words(&r.user_agent),
            address: r.address,
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}

fn show(row: &EventRow) -> OwnEvent {
    let by = match Role::parse(&row.role) {
        Some(Role::Customer | Role::Reseller) => "you",
        Some(Role::Visitor) => "somebody",
        Some(Role::System) => "system",
        _ => "staff",
    };
    OwnEvent {
        at: at(row.at),
        by,
        action: row.action.clone(),
        target_kind: row.target_kind.clone(),
        target_id: row.target_id.clone(),
        outcome: row.outcome.clone(),
        address: if matches!(by, "you" | "somebody") { row.address.clone() } else { String::new() },
    }
}

/// List what was done to the account and its stores
///
/// The rows of the audit log about them, newest first.
#[utoipa::path(get, path = "/api/v1/account/events", tag = "account", operation_id = "list_own_events",
    params(("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<OwnEvent>)))]
pub async fn events(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let customer = ctx.customer()?.customer_id;
    let mut conn = ctx.state().services.db.read().await?;
    let mut targets = vec![("customer", customer.to_string())];
    targets.extend(conn.stores().list_of_customer(customer).await?.iter().map(|s| ("store", s.uid.to_string())));
    let mut rows = Vec::new();
    for (kind, id) in targets {
        let filter = EventFilter {
            target_kind: Some(kind.into()),
            target_id: Some(id),
            before: cursor.before,
            limit: cursor.fetch(),
            ..EventFilter::default()
        };
        rows.extend(conn.audit().search(&filter).await?);
    }
    drop(conn);
    // Each came newest first; together they are so again, and what is beyond the page is not missed.
    rows.sort_by_key(|r| std::cmp::Reverse(r.number));
    Ok(ok(&cursor.page(rows, |r| r.number, show)))
}
