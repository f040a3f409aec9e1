//! `/api/v1/settings`: read by admins, changed by super admins. Secrets are write-only.

use super::body::Body;
use super::idempotency;
use super::list::{Listing, ok};
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::services::settings::{self, KNOWN, Kind, Known, Values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A setting.
#[derive(Serialize, ToSchema)]
pub struct Setting {
    name: String,
    about: String,
    /// Its value now; absent for secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    default: String,
    /// Never shown.
    secret: bool,
    /// Secrets: whether there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_set: Option<bool>,
}

/// A new value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    #[schema(max_length = 4096)]
    value: String,
}

fn show(known: &Known, values: &Values, secrets: &[String]) -> Setting {
    let secret = known.kind == Kind::Secret;
    Setting {
        name: known.name.into(),
        about: known.about.into(),
        value: (!secret).then(|| values.text(known.name).to_owned()),
        default: known.default.into(),
        secret,
        is_set: secret.then(|| secrets.iter().any(|n| n == known.name)),
    }
}

/// List settings
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", operation_id = "list_settings",
    responses((status = 200, body = Listing<Setting>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let db = &ctx.state().services.db;
    let values = Values::load(db).await?;
    let secrets = db.read().await?.settings().secret_names().await?;
    Ok(ok(&Listing { items: KNOWN.iter().map(|k| show(k, &values, &secrets)).collect(), next: None }))
}

/// Change a setting
///
/// In force within two seconds, without a restart.
#[utoipa::path(put, path = "/api/v1/settings/{name}", tag = "settings", operation_id = "set_setting",
    params(("name" = String, Path, description = "Its name")), request_body = NewValue,
    responses((status = 200, body = Setting)))]
pub async fn set(ctx: Ctx, name: web::Path<String>, request: HttpRequest, body: Body<NewValue>) -> Answer {
    let known = KNOWN.iter().find(|k| k.name == *name).ok_or(crate::error::WebError::NotFound)?;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let services = &ctx.state().services;
        settings::set(services, &ctx.actor(), known.name, &body.value.value).await?;
        let values = Values::load(&services.db).await?;
        let secrets = services.db.read().await?.settings().secret_names().await?;
        Ok((200, show(known, &values, &secrets)))
    })
    .await
}

/// Take a setting back to its default
///
/// A secret is forgotten.
#[utoipa::path(delete, path = "/api/v1/settings/{name}", tag = "settings", operation_id = "unset_setting",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 204, description = "It has its default")))]
pub async fn unset(ctx: Ctx, name: web::Path<String>, request: HttpRequest) -> Answer {
    let known = KNOWN.iter().find(|k| k.name == *name).ok_or(crate::error::WebError::NotFound)?;
    idempotency::once_silent(&ctx, &request, || async {
        settings::unset(&ctx.state().services, &ctx.actor(), known).await?;
        Ok(())
    })
    .await
}
