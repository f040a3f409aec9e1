//! `/api/v1/tokens`: tokens and OAuth2 clients of the caller.

use super::body::Body;
use super::list::{Listing, ok};
use super::{at, idempotency, need_recent_log_in, uid};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::api_credentials::{CredentialRow, Kind};
use hosting::services::api_credentials::{self, Wish, owner_of};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A live credential; its secret is not kept.
#[derive(Serialize, ToSchema)]
pub struct Credential {
    /// Public id; an OAuth2 client's `client_id`.
    id: String,
    /// session, token, client
    kind: String,
    name: String,
    /// First characters of the secret.
    prefix: String,
    /// Space-separated scopes.
    scopes: String,
    created_at: String,
    expires_at: String,
    /// To the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_used_address: String,
}

/// A credential to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredential {
    #[serde(default)]
    kind: NewKind,
    /// What it is for.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// Space-separated scopes; each must be open to your role.
    #[schema(min_length = 1, max_length = 500)]
    scopes: String,
    /// Days it lives.
    #[serde(default = "usual_days")]
    #[schema(minimum = 1, maximum = 366)]
    days: u32,
}

fn usual_days() -> u32 {
    90
}

/// What can be made.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewKind {
    /// Sent as a bearer token.
    #[default]
    Token,
    /// Exchanged for access tokens at `/api/v1/oauth/token`.
    Client,
}

/// A new credential. The secret is shown here and never again.
#[derive(Serialize, ToSchema)]
pub struct MadeCredential {
    id: String,
    secret: String,
}

fn show(row: &CredentialRow) -> Credential {
    Credential {
        id: row.uid.clone(),
        kind: row.kind.clone(),
        name: row.name.clone(),
        prefix: row.prefix.clone(),
        scopes: row.scopes.clone(),
        created_at: at(row.created_at),
        expires_at: at(row.expires_at),
        last_used_at: row.last_used_at.map(at),
        last_used_address: row.last_used_address.clone(),
    }
}

/// List live credentials
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", operation_id = "list_tokens",
    responses((status = 200, body = Listing<Credential>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let owner = owner_of(&ctx.actor()).ok_or(WebError::SignedOut)?;
    let rows = ctx.state().services.db.read().await?.api_credentials().list(owner).await?;
    Ok(ok(&Listing { items: rows.iter().map(show).collect(), next: None }))
}

/// Make a token or an OAuth2 client
///
/// Only with a log-in of the last ten minutes: no token makes another one.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", operation_id = "create_token",
    request_body = NewCredential, responses((status = 201, body = MadeCredential)))]
pub async fn create(ctx: Ctx, request: HttpRequest, body: Body<NewCredential>) -> Answer {
    need_recent_log_in(&ctx)?;
    let asked = body.value;
    let wish = Wish {
        kind: match asked.kind {
            NewKind::Token => Kind::Token,
            NewKind::Client => Kind::Client,
        },
        name: asked.name,
        scopes: asked.scopes,
        days: asked.days,
    };
    idempotency::once(&ctx, &request, &body.hash, || async {
        let (id, secret) = api_credentials::create(&ctx.state().services, &ctx.actor(), &wish).await?;
        Ok((201, MadeCredential { id: id.to_string(), secret: secret.expose().to_owned() }))
    })
    .await
}

/// Revoke a credential
///
/// It is refused at its next request.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", operation_id = "revoke_token",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 204, description = "Revoked")))]
pub async fn revoke(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    let uid = uid(&id)?;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(api_credentials::revoke(&ctx.state().services, &ctx.actor(), &uid).await?)
    })
    .await
}
