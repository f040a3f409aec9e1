//! A JSON body, read strictly: right media type, small (but where files may be in it), known fields only.

use crate::error::WebError;
use crate::extract::{Ctx, upload};
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use hosting::crypto::sha256;
use hosting::domain::Upload;
use hosting::domain::upload::{FILE_BYTES, FILES};
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

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

/// A body with files: they stand in it as base64.
pub const MAX_FILES_BYTES: usize = (FILES * FILE_BYTES).div_ceil(3) * 4 + 256 * 1024;

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
        let chunk = chunk.map_err(|_| broken())?;
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(WebError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The same, with files in it. What is small is read like any other; what is larger waits for room in memory, and is
/// counted like the forms with files.
#[derive(Debug)]
pub struct FilesBody<T> {
    /// What was sent.
    pub value: T,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
    _room: Option<OwnedSemaphorePermit>,
}

/// A file as it stands in a body.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFile {
    /// What it is called; it never becomes a path.
    #[schema(max_length = 255)]
    name: String,
    /// Its bytes as base64 (RFC 4648, section 4). At most 5 MiB of them.
    #[schema(max_length = 6990508)]
    content: String,
}

impl NewFile {
    /// The files of a body as services take them.
    ///
    /// # Errors
    /// 422 on `files` for what is no base64.
    pub fn uploads(files: Vec<Self>) -> Result<Vec<Upload>, WebError> {
        files
            .into_iter()
            .map(|file| {
                let bytes = BASE64.decode(&file.content);
                let bytes = bytes.map_err(|_| WebError::field("files", "Send the content of each file as base64"))?;
                Ok(Upload::new(&file.name, bytes))
            })
            .collect()
    }
}

/// Length in characters of a value that is a text; nothing is kept of it.
struct Length(Option<usize>);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Count;
        impl<'de> Visitor<'de> for Count {
            type Value = Length;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Length, E> {
                Ok(Length(Some(text.chars().count())))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Length, E> {
                Ok(Length(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Length, E> {
                Ok(Length(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Length, E> {
                Ok(Length(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Length, E> {
                Ok(Length(None))
            }
            fn visit_unit<E>(self) -> Result<Length, E> {
                Ok(Length(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Length, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Length(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Length, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Length(None))
            }
        }
        from.deserialize_any(Count)
    }
}

/// Texts are as long as the document says, counted as they come: services trim and clean before they count.
fn check_lengths<T: PartialSchema>(body: &[u8]) -> Result<(), WebError> {
    let RefOr::T(Schema::Object(schema)) = T::schema() else { return Ok(()) };
    let longest = |name: &str| match schema.properties.get(name) {
        Some(RefOr::T(Schema::Object(property))) => property.max_length,
        _ => None,
    };
    if !schema.properties.keys().any(|name| longest(name).is_some()) {
        return Ok(());
    }
    let Ok(found) = serde_json::from_slice::<BTreeMap<String, Length>>(body) else { return Ok(()) };
    let wrong: Vec<_> = found
        .into_iter()
        .filter_map(|(name, length)| {
            let most = longest(&name)?;
            (length.0? > most).then(|| (name, format!("Use at most {most} characters")))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(WebError::Invalid(wrong)) }
}

fn parse<T: DeserializeOwned + PartialSchema>(body: &[u8]) -> Result<T, WebError> {
    let value = serde_json::from_slice(body).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => WebError::Unreadable(format!("{e}.")),
        _ => WebError::BadRequest("The body is not well-formed JSON."),
    });
    // What derives its reader takes a list of its values as well, and the document says "object".
    match (value, body.trim_ascii_start().first()) {
        (Ok(_), Some(b'[')) => Err(WebError::Unreadable("Send an object, not a list.".into())),
        (Ok(read), _) => check_lengths::<T>(body).map(|()| read),
        (read, _) => read,
    }
}

impl<T: DeserializeOwned + PartialSchema + 'static> FromRequest for FilesBody<T> {
    type Error = WebError;
    type Future = LocalBoxFuture<'static, Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        let ctx = request.extensions().get::<Ctx>().cloned();
        Box::pin(async move {
            let ctx = ctx.ok_or_else(|| WebError::Internal("no context".into()))?;
            let fits = request.content_type().eq_ignore_ascii_case("application/json");
            if !fits || request.headers().contains_key(header::CONTENT_ENCODING) {
                return Err(WebError::MediaType);
            }
            let said = request.headers().get(header::CONTENT_LENGTH);
            let said = said.and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
            if said.is_some_and(|n| n > MAX_FILES_BYTES) {
                return Err(WebError::TooLarge);
            }
            let read = async {
                let (mut body, mut room) = (Vec::new(), None);
                while let Some(chunk) = payload.next().await {
                    let chunk = chunk.map_err(|_| broken())?;
                    let length = body.len() + chunk.len();
                    if length > MAX_FILES_BYTES {
                        return Err(WebError::TooLarge);
                    }
                    if length > MAX_BODY_BYTES && room.is_none() {
                        room = Some(upload::room(&ctx).await?);
                    }
                    body.extend_from_slice(&chunk);
                }
                Ok(Self { value: parse(&body)?, hash: sha256(&body), _room: room })
            };
            tokio::time::timeout(upload::DEADLINE, read).await.map_err(|_| broken())?
        })
    }
}

fn broken() -> WebError {
    WebError::BadRequest("It broke off before its end.")
}

impl<T: DeserializeOwned + PartialSchema + 'static> FromRequest for Body<T> {
    type Error = WebError;
    type Future = LocalBoxFuture<'static, Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = bytes(&request, payload, "application/json").await?;
            Ok(Self { value: parse(&body)?, hash: sha256(&body) })
        })
    }
}
