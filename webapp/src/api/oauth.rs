//! `/api/v1/oauth/token`: OAuth2 client credentials (RFC 6749 §4.4). Errors are those of §5.2.

use super::body;
use super::jwt::{self, Access, LIFE_SECONDS};
use crate::error::WebError;
use crate::extract::{Ctx, pairs};
use crate::rate_limit::SIGN_IN_ADDRESS;
use crate::routes::Answer;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use hosting::crypto::Secret;
use hosting::services::api_credentials::client;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What RFC 6749 §4.4.2 asks for; id and secret may be in the `Authorization: Basic` header instead.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "describes the form; read field by field")]
pub struct TokenRequest {
    /// `client_credentials`
    #[schema(pattern = "^client_credentials$")]
    grant_type: String,
    /// The client's id.
    client_id: Option<String>,
    /// Its secret.
    client_secret: Option<String>,
    /// Space-separated; none = all the client has.
    scope: Option<String>,
}

/// RFC 6749 §5.1
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds it lives.
    expires_in: i64,
    /// What it is limited to.
    scope: String,
}

/// RFC 6749 §5.2
#[derive(Serialize, ToSchema)]
pub struct TokenError {
    /// invalid_request, invalid_client, invalid_scope, unsupported_grant_type
    error: &'static str,
    /// For people.
    error_description: &'static str,
}

fn refused(status: StatusCode, error: &'static str, error_description: &'static str) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"shopfleet\""));
    }
    response.json(TokenError { error, error_description })
}

fn basic(request: &HttpRequest) -> Option<(String, String)> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, code) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(code.trim()).ok()?).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

/// Get an access token for a client
#[utoipa::path(post, path = "/api/v1/oauth/token", tag = "auth", operation_id = "client_token", security((), ("client" = [])),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenAnswer),
        (status = 400, description = "The request is not right", body = TokenError),
        (status = 401, description = "Id or secret are not right", body = TokenError)))]
pub async fn token(ctx: Ctx, request: HttpRequest, payload: web::Payload) -> Answer {
    let bytes = body::bytes(&request, payload.into_inner(), "application/x-www-form-urlencoded").await?;
    if let Err(wait) = ctx.state().limits.take(SIGN_IN_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    let bad = |words| Ok(refused(StatusCode::BAD_REQUEST, "invalid_request", words));
    let Ok(fields) = pairs(&bytes) else { return bad("The form cannot be read") };
    let get = |name: &str| fields.get(name);
    let (Ok(grant), Ok(id), Ok(secret), Ok(scope)) =
        (get("grant_type"), get("client_id"), get("client_secret"), get("scope"))
    else {
        return bad("A field was sent twice");
    };
    if grant.is_empty() {
        return bad("grant_type is missing");
    }
    if grant != "client_credentials" {
        return Ok(refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Only client_credentials is offered"));
    }
    let (id, secret) = basic(&request).unwrap_or_else(|| (id.to_owned(), secret.to_owned()));
    let Some(caller) = client(&ctx.state().services, ctx.address(), &id, &Secret::new(secret)).await? else {
        return Ok(refused(StatusCode::UNAUTHORIZED, "invalid_client", "Id or secret are not right"));
    };
    let narrow = scope.split_whitespace().collect::<Vec<_>>();
    if !narrow.iter().all(|s| caller.scopes.allow(s)) {
        return Ok(refused(StatusCode::BAD_REQUEST, "invalid_scope", "The client does not have all of these scopes"));
    }
    let scope = if narrow.is_empty() { caller.scopes.text() } else { narrow.join(" ") };
    let access = Access { credential: caller.uid, scope: (!narrow.is_empty()).then(|| scope.clone()) };
    Ok(HttpResponse::Ok().insert_header((header::PRAGMA, "no-cache")).json(TokenAnswer {
        access_token: jwt::make(&ctx.state().api_key, &access)?,
        token_type: "Bearer",
        expires_in: LIFE_SECONDS,
        scope,
    }))
}
