//! A JSON body, read strictly: right media type, small, known fields only.

use crate::error::WebError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use hosting::crypto::sha256;
use serde::de::DeserializeOwned;

/// No body of ours comes near this.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The body and what identifies it.
#[derive(Debug)]
pub struct Body<T> {
    /// What was sent.
    pub value: T,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
}

/// Reads the bytes of a request of the given media type.
///
/// # Errors
/// 413, 415, 400.
pub(super) async fn bytes(request: &HttpRequest, mut payload: Payload, media: &str) -> Result<Vec<u8>, WebError> {
    let fits = request.content_type().eq_ignore_ascii_case(media);
    if !fits || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(WebError::MediaType);
    }
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| WebError::BadRequest("It broke off before its end."))?;
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(WebError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = WebError;
    type Future = LocalBoxFuture<'static, Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = bytes(&request, payload, "application/json").await?;
            let value = serde_json::from_slice(&body).map_err(|e| match e.classify() {
                serde_json::error::Category::Data => WebError::Unreadable(format!("{e}.")),
                _ => WebError::BadRequest("The body is not well-formed JSON."),
            })?;
            Ok(Self { value, hash: sha256(&body) })
        })
    }
}
