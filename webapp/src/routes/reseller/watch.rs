//! `/reseller/customers/{id}/logs` and `…/usage`: what the store of a customer writes and uses, as its owner reads it.

use super::super::{Answer, store_log, store_usage};
use super::{customers, store};
use crate::extract::{Ctx, Query};
use crate::urls;
use crate::views::reseller::{CustomerLogs, CustomerUsage};
use actix_web::{HttpRequest, web};

/// The page of the log.
#[must_use]
pub fn logs_place(customer_id: u64) -> String {
    format!("{}/logs", customers::place(customer_id))
}

/// The page of what is used.
#[must_use]
pub fn usage_place(customer_id: u64) -> String {
    format!("{}/usage", customers::place(customer_id))
}

/// The last lines.
pub async fn logs(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let (found, store) = store::subject(&ctx, &id).await?;
    let here = logs_place(found.id);
    let log = if store_log::has_log(&store) {
        let login = format!("/login{}", urls::query(&[("next", &here)]));
        Some(store_log::part(&ctx, &store, &here, &login, &query).await?)
    } else {
        None
    };
    ctx.ok(&CustomerLogs {
        page: ctx.page("Logs", "reseller").await,
        email: found.email,
        back: customers::place(found.id),
        store_name: store.name,
        log,
    })
}

/// New lines.
pub async fn stream(ctx: Ctx, id: web::Path<String>, query: Query, request: HttpRequest) -> Answer {
    let (_, store) = store::subject(&ctx, &id).await?;
    store_log::stream(&ctx, &store, &query, &request)
}

/// Meters and charts.
pub async fn usage(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let (found, store) = store::subject(&ctx, &id).await?;
    let usage = if store_log::has_log(&store) {
        Some(store_usage::part(&ctx, &store, &usage_place(found.id), &query).await?)
    } else {
        None
    };
    ctx.ok(&CustomerUsage {
        page: ctx.page("Usage", "reseller").await,
        email: found.email,
        back: customers::place(found.id),
        store_name: store.name,
        usage,
    })
}
