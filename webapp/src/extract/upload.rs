//! A form with files: read strictly, within limits, and never onto a disk.

use super::form::Form;
use super::{Ctx, Who};
use crate::error::WebError;
use crate::rate_limit::UPLOAD_ACCOUNT;
use actix_multipart::{Field, Multipart};
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use hosting::domain::Upload;
use hosting::domain::upload::{FILE_BYTES, FILES};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The whole body: five files, the words, and what is between them.
const MAX_BODY_BYTES: usize = (FILES + 1) * FILE_BYTES;
/// All text fields together.
const MAX_TEXT_BYTES: usize = 160 * 1024;
/// Fields of a form.
const MAX_FIELDS: usize = 40;
/// A body that takes longer is given up.
pub(crate) const DEADLINE: Duration = Duration::from_secs(90);
/// Bodies that this process holds in memory at once.
const AT_ONCE: usize = 8;

static BODIES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));

/// What was posted. A form without files may come as an ordinary one.
#[derive(Debug)]
pub struct UploadForm {
    /// The fields.
    pub fields: Form,
    /// The files, at most one byte over their limit each, so that a service can name the one that is too large.
    pub files: Vec<Upload>,
    _room: Option<OwnedSemaphorePermit>,
}

impl FromRequest for UploadForm {
    type Error = WebError;
    type Future = LocalBoxFuture<'static, Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = request.content_type().to_ascii_lowercase();
        if media != "multipart/form-data" {
            let form = Form::from_request(request, payload);
            return Box::pin(async move { Ok(Self { fields: form.await?, files: Vec::new(), _room: None }) });
        }
        let ctx = request.extensions().get::<Ctx>().cloned();
        let long = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<usize>().ok())
            .is_some_and(|n| n > MAX_BODY_BYTES);
        let encoded = request.headers().contains_key(header::CONTENT_ENCODING);
        let body = Multipart::new(request.headers(), payload.take());
        Box::pin(async move {
            let ctx = ctx.ok_or_else(|| WebError::Internal("no context".into()))?;
            if long {
                return Err(WebError::TooLarge);
            }
            if encoded {
                return Err(WebError::MediaType);
            }
            let read = async {
                let room = room(&ctx).await?;
                let (fields, files) = read(&ctx, body).await?;
                Ok(Self { fields, files, _room: Some(room) })
            };
            tokio::time::timeout(DEADLINE, read).await.map_err(|_| broken())?
        })
    }
}

/// Counts one body with files of this person, and waits until there is room for it.
///
/// # Errors
/// 429 above the rate.
pub(crate) async fn room(ctx: &Ctx) -> Result<OwnedSemaphorePermit, WebError> {
    let who = match ctx.who() {
        Who::Visitor => return Err(WebError::SignedOut),
        Who::Customer(c) => format!("customer/{}", c.customer_id),
        Who::Staff(s) => format!("staff/{}", s.admin_id),
    };
    ctx.state().limits.take(UPLOAD_ACCOUNT, &who).await.map_err(WebError::TooMany)?;
    BODIES.clone().acquire_owned().await.map_err(|_| broken())
}

fn broken() -> WebError {
    WebError::BadRequest("It broke off before its end.")
}

async fn read(ctx: &Ctx, mut body: Multipart) -> Result<(Form, Vec<Upload>), WebError> {
    let (mut fields, mut files): (Vec<(String, String)>, Vec<Upload>) = (Vec::new(), Vec::new());
    let (mut text, mut all) = (0, 0);
    let mut ours = false;
    while let Some(field) = body.next().await {
        let mut field = field.map_err(|_| broken())?;
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.content_disposition().and_then(|d| d.get_filename().map(str::to_owned));
        if let Some(file) = file {
            // Our forms send their token first: what is not ours is not read.
            if !ours {
                return Err(not_ours());
            }
            let keep = if files.len() < FILES { FILE_BYTES + 1 } else { 1 };
            let bytes = take(&mut field, keep, &mut all).await?;
            // An empty choice of files comes as one without a name.
            if !(file.is_empty() && bytes.is_empty()) && name == "files" && files.len() <= FILES {
                files.push(Upload::new(&file, bytes));
            }
        } else {
            if fields.len() == MAX_FIELDS {
                return Err(WebError::TooLarge);
            }
            let bytes = take(&mut field, MAX_TEXT_BYTES + 1, &mut all).await?;
            text += bytes.len();
            if text > MAX_TEXT_BYTES {
                return Err(WebError::TooLarge);
            }
            let value = String::from_utf8(bytes).ok().filter(|v| !v.contains('\0'));
            let value = value.ok_or_else(|| WebError::Unreadable("It holds characters that are not text.".into()))?;
            ours |= name == "csrf_token" && ctx.is_form_token(&value);
            fields.push((name, value));
        }
    }
    if !ours {
        return Err(not_ours());
    }
    let form = Form::of(fields);
    // A token that was sent twice is none.
    form.get("csrf_token")?;
    Ok((form, files))
}

/// Reads a field to its end and keeps at most `keep` bytes of it.
async fn take(field: &mut Field, keep: usize, all: &mut usize) -> Result<Vec<u8>, WebError> {
    let mut kept = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|_| broken())?;
        *all += chunk.len();
        if *all > MAX_BODY_BYTES {
            return Err(WebError::TooLarge);
        }
        let room = keep.saturating_sub(kept.len());
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(kept)
}

fn not_ours() -> WebError {
    WebError::Forbidden(
        "This page was open too long, or was not ours. Go back, reload it and send it again. Nothing was changed."
            .into(),
    )
}
