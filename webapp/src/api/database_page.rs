//! `/api/v1/stores/{id}/database-page`: started and stopped by the store's owner. Entering it takes a browser: the
//! ticket goes from the panel to the page in one form and nowhere else.

use super::body::Body;
use super::idempotency;
use super::jobs::Nothing;
use super::list::ok;
use super::stores::{need_password, scoped};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::routes::Answer;
use crate::routes::dashboard::database::{page_state, page_url};
use actix_web::{HttpRequest, web};
use hosting::db::stores::Store;
use hosting::domain::StoreState;
use hosting::services::db_admin;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The database page of a store.
#[derive(Serialize, ToSchema)]
pub struct DatabasePage {
    /// not_ready, closed, starting, open, closing
    state: &'static str,
    /// Where it answers while it is open; the panel leads in.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Why the last start failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    problem: String,
    /// It closes after so many minutes without use.
    idle_minutes: u32,
}

/// Proves the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// Your password.
    #[schema(max_length = 256)]
    pub(super) password: String,
}

/// The job that opens or closes it.
#[derive(Serialize, ToSchema)]
pub struct DatabaseOrder {
    /// Absent when there was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
}

async fn live(ctx: &Ctx, id: &str) -> Result<Store, WebError> {
    let store = scoped(ctx, id).await?;
    if store.state == StoreState::Active {
        Ok(store)
    } else {
        Err(WebError::Conflict("The database page opens while the store is live. It is not now.".into()))
    }
}

/// See the database page of a store
#[utoipa::path(get, path = "/api/v1/stores/{id}/database-page", tag = "stores", operation_id = "get_database_page",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 200, body = DatabasePage)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let store = scoped(&ctx, &id).await?;
    let (state, problem) = page_state(&ctx, &store).await?;
    let settings = ctx.state().settings().await;
    let url = Some(page_url(&settings, &store)).filter(|url| state == "open" && !url.is_empty());
    Ok(ok(&DatabasePage { state, url, problem, idle_minutes: settings.number("db_admin_idle_minutes") }))
}

/// Start the database page of a store
#[utoipa::path(post, path = "/api/v1/stores/{id}/database-page/start", tag = "stores", operation_id = "start_database_page",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Password, responses((status = 202, body = DatabaseOrder)))]
pub async fn start(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Password>) -> Answer {
    let store = live(&ctx, &id).await?;
    need_password(&ctx, &body.value.password).await?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let job = db_admin::start(&ctx.state().services, &ctx.actor(), &store).await?;
        Ok((202, DatabaseOrder { job: job.map(|j| j.uid.to_string()) }))
    })
    .await
}

/// Stop the database page of a store
#[utoipa::path(post, path = "/api/v1/stores/{id}/database-page/stop", tag = "stores", operation_id = "stop_database_page",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = Nothing, responses((status = 202, body = DatabaseOrder)))]
pub async fn stop(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Nothing>) -> Answer {
    let store = live(&ctx, &id).await?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let job = db_admin::stop(&ctx.state().services, &ctx.actor(), &store, "closed by its owner").await?;
        Ok((202, DatabaseOrder { job: Some(job.uid.to_string()) }))
    })
    .await
}
