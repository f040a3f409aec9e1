//! `Idempotency-Key`: the same request under the same key does one thing and gets the same answer,
//! for a day. Works with any operation that changes something; without the header nothing is kept.

use crate::error::WebError;
use crate::extract::Ctx;
use actix_web::{HttpRequest, HttpResponse};
use hosting::crypto::sha256;
use hosting::db::Queries;
use hosting::db::api_requests::Known;
use serde::Serialize;
use std::future::Future;

/// What an operation answers: status and JSON body.
pub type Made<T> = Result<(u16, T), WebError>;

/// Runs `act` once for a key.
///
/// # Errors
/// 422 for a key that was used for another request; 409 while the first is at work, or when it
/// broke off; the operation's own.
pub async fn once<T: Serialize, F: Future<Output = Made<T>>>(
    ctx: &Ctx,
    request: &HttpRequest,
    body_hash: &[u8; 32],
    act: impl FnOnce() -> F,
) -> Result<HttpResponse, WebError> {
    let Some(key) = key(ctx, request)? else {
        let (status, value) = act().await?;
        return answer(status, &text(&value)?, false);
    };
    let what = format!("{} {} {}", request.method(), request.path(), hex::encode(body_hash));
    let services = &ctx.state().services;
    let known = {
        let mut conn = services.db.read().await?;
        conn.api_requests().take(&services.keys, &key, &sha256(what.as_bytes())).await?
    };
    match known {
        Known::New => {}
        Known::Answered(status, body) => return answer(status, &body, true),
        Known::AtWork => return Err(WebError::AtWork),
        Known::BrokenOff => return Err(WebError::BrokenOff),
        Known::Other => {
            return Err(WebError::field("Idempotency-Key", "This key was used for another request. Use a new one"));
        }
    }
    match act().await {
        Ok((status, value)) => {
            let body = text(&value)?;
            services.db.read().await?.api_requests().answer(&services.keys, &key, status, &body).await?;
            answer(status, &body, false)
        }
        Err(error) => {
            // A refusal changed nothing: the key is free for the mended request. What we do not know
            // the outcome of keeps it.
            if !matches!(error, WebError::Internal(_) | WebError::Unavailable(_)) {
                services.db.read().await?.api_requests().free(&key).await?;
            }
            Err(error)
        }
    }
}

/// The same for an operation that takes no body and answers nothing.
///
/// # Errors
/// As [`once`].
pub async fn once_silent<F: Future<Output = Result<(), WebError>>>(
    ctx: &Ctx,
    request: &HttpRequest,
    act: impl FnOnce() -> F,
) -> Result<HttpResponse, WebError> {
    once(ctx, request, &[0; 32], || async {
        act().await?;
        Ok((204, ()))
    })
    .await
}

fn key(ctx: &Ctx, request: &HttpRequest) -> Result<Option<[u8; 32]>, WebError> {
    let mut values = request.headers().get_all("idempotency-key");
    let Some(value) = values.next() else { return Ok(None) };
    let bad = || WebError::field("Idempotency-Key", "Give one key of 8 to 100 letters, digits, - or _");
    let text = value.to_str().map_err(|_| bad())?;
    let fine = (8..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && values.next().is_none();
    if !fine {
        return Err(bad());
    }
    let actor = ctx.actor();
    Ok(Some(sha256(format!("{}/{:?}/{text}", actor.role.as_str(), actor.id).as_bytes())))
}

fn text(value: &impl Serialize) -> Result<String, WebError> {
    serde_json::to_string(value).map_err(|e| WebError::Internal(format!("cannot write an answer: {e}")))
}

fn answer(status: u16, body: &str, again: bool) -> Result<HttpResponse, WebError> {
    let status = actix_web::http::StatusCode::from_u16(status).map_err(|e| WebError::Internal(e.to_string()))?;
    let mut response = HttpResponse::build(status);
    if again {
        response.insert_header(("idempotency-replayed", "true"));
    }
    if status == actix_web::http::StatusCode::NO_CONTENT {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/json").body(body.to_owned()))
}
