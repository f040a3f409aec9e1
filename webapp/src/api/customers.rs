//! `/api/v1/customers`, for staff.

use super::at;
use super::body::Body;
use super::list::{Cursor, Listing, ok};
use crate::error::WebError;
use crate::export::{self, FileFormat};
use crate::extract::{Ctx, Query};
use crate::routes::Answer;
use crate::routes::admin::customers::STATES;
use actix_web::web;
use hosting::db::Queries;
use hosting::db::customers::CustomerFilter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A customer in a list.
#[derive(Serialize, ToSchema)]
pub struct Customer {
    id: u64,
    email: String,
    created_at: String,
    /// The newest store.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// The newest job.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_job: Option<String>,
}

/// A customer.
#[derive(Serialize, ToSchema)]
pub struct CustomerDetail {
    id: u64,
    email: String,
    /// customer, reseller
    role: &'static str,
    /// unverified, active, suspended, closed
    state: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified_at: Option<String>,
    /// Number of the reseller whose customer they are; absent: ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<u64>,
    /// Public ids.
    stores: Vec<String>,
}

/// Which customers, and how they are written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerExport {
    format: FileFormat,
    /// Start of an e-mail, of a store's name or of its address.
    #[serde(default)]
    #[schema(max_length = 200)]
    q: String,
    /// Only whose newest store is in this state: active, provisioning, requested, suspended, failed, deleting.
    #[serde(default)]
    #[schema(max_length = 40)]
    state: String,
}

/// List customers
#[utoipa::path(get, path = "/api/v1/customers", tag = "customers", operation_id = "list_customers",
    params(("q" = Option<String>, Query, description = "Start of an e-mail, of a store's name or of its address", max_length = 200),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Customer>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let q = query.get("q")?;
    if q.chars().count() > 200 {
        return Err(WebError::field("q", "Give at most 200 characters"));
    }
    let q = q.trim().to_owned();
    let filter = CustomerFilter {
        q: (!q.is_empty()).then_some(q),
        beyond: cursor.before,
        limit: cursor.fetch(),
        ..CustomerFilter::default()
    };
    let rows = ctx.state().services.db.read().await?.customers().list(&filter).await?;
    Ok(ok(&cursor.page(
        rows,
        |r| r.id,
        |r| Customer {
            id: r.id,
            email: r.email.clone(),
            created_at: at(r.created_at),
            store_name: r.store_name.clone(),
            store_state: r.store_state.clone(),
            plan: r.plan_name.clone(),
            server: r.server_name.clone(),
            last_job: r.job_uid.clone(),
        },
    )))
}

/// Read a customer
#[utoipa::path(get, path = "/api/v1/customers/{id}", tag = "customers", operation_id = "get_customer",
    params(("id" = u64, Path, description = "Number")),
    responses((status = 200, body = CustomerDetail)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let id = id.parse().map_err(|_| WebError::NotFound)?;
    let mut conn = ctx.state().services.db.read().await?;
    let found = conn.customers().get(id).await?.ok_or(WebError::NotFound)?;
    let provider = conn.resellers().of_customer(id).await?;
    let stores = conn.stores().list_of_customer(id).await?.iter().map(|s| s.uid.to_string()).collect();
    Ok(ok(&CustomerDetail {
        id: found.id,
        email: found.email,
        role: found.role.as_str(),
        state: found.state,
        created_at: at(found.created_at),
        email_verified_at: found.email_verified_at.map(at),
        provider,
        stores,
    }))
}

/// Take the customers out
///
/// As a file, newest first; that it was taken is an event in the audit log. Sent while it is read: an answer that breaks
/// off is not the whole file.
#[utoipa::path(post, path = "/api/v1/customers/export", tag = "customers", operation_id = "export_customers",
    request_body = CustomerExport,
    responses((status = 200, description = "The file", content((String = "text/csv"), (String = "application/x-ndjson")))))]
pub async fn export(ctx: Ctx, body: Body<CustomerExport>) -> Answer {
    let asked = body.value;
    let q = asked.q.trim();
    if q.chars().count() > 200 {
        return Err(WebError::field("q", "Give at most 200 characters"));
    }
    let known = STATES.iter().any(|(value, _)| *value == asked.state);
    if !known {
        return Err(WebError::field("state", "There is no such state"));
    }
    let filter = CustomerFilter {
        q: (!q.is_empty()).then(|| q.to_owned()),
        store_state: (!asked.state.is_empty()).then_some(asked.state),
        ..CustomerFilter::default()
    };
    export::customers(&ctx, filter, asked.format).await
}
