//! What was posted: a form read strictly, after its token was checked.

use super::Ctx;
use crate::error::WebError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;

/// No form of ours comes near this.
pub const MAX_FORM_BYTES: usize = 32 * 1024;
/// Nor this.
const MAX_FIELDS: usize = 250;

/// Reads `a=b&c=d`, for bodies that are not forms of ours.
///
/// # Errors
/// What is not text, or too much of it.
pub fn pairs(body: &[u8]) -> Result<Form, WebError> {
    parse(body).map(Form)
}

/// Posted fields. A field we ask for that was sent twice refuses the whole form; fields we don't
/// ask for are not looked at.
#[derive(Debug)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Of fields that were read and checked.
    pub(super) fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// The value of a field, `""` when it was not sent.
    ///
    /// # Errors
    /// The field was sent more than once.
    pub fn get(&self, name: &str) -> Result<&str, WebError> {
        one(&self.0, name)
    }

    /// All values of a field that may be sent many times (ticked rows).
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(k, _)| k == name).map(|(_, v)| v.as_str()).collect()
    }

    /// The one-use key as its hash; `None` when the form carries none that we could have made.
    ///
    /// # Errors
    /// Sent more than once.
    pub fn key_hash(&self) -> Result<Option<[u8; 32]>, WebError> {
        let key = self.get("form_key")?;
        let fine = (40..=48).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        Ok(fine.then(|| hosting::crypto::sha256(key.as_bytes())))
    }
}

fn one<'a>(fields: &'a [(String, String)], name: &str) -> Result<&'a str, WebError> {
    let mut values = fields.iter().filter(|(k, _)| k == name).map(|(_, v)| v.as_str());
    let first = values.next().unwrap_or_default();
    if values.next().is_some() {
        return Err(WebError::Unreadable(format!("The field {name} was sent more than once.")));
    }
    Ok(first)
}

impl FromRequest for Form {
    type Error = WebError;
    type Future = LocalBoxFuture<'static, Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let ctx = request.extensions().get::<Ctx>().cloned();
        let is_form = request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let too_long = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<usize>().ok())
            .is_some_and(|n| n > MAX_FORM_BYTES);
        let encoded = request.headers().contains_key(header::CONTENT_ENCODING);
        let mut payload = payload.take();
        Box::pin(async move {
            let ctx = ctx.ok_or_else(|| WebError::Internal("no context".into()))?;
            if too_long {
                return Err(WebError::TooLarge);
            }
            if !is_form || encoded {
                return Err(WebError::MediaType);
            }
            let mut body = Vec::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|_| WebError::BadRequest("It broke off before its end."))?;
                if body.len() + chunk.len() > MAX_FORM_BYTES {
                    return Err(WebError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            let form = Self(parse(&body)?);
            if !ctx.is_form_token(form.get("csrf_token")?) {
                return Err(WebError::Forbidden("This page was open too long, or was not ours. Go back, reload it and send it again. Nothing was changed.".into()));
            }
            Ok(form)
        })
    }
}

/// Query parameters, read as strictly as forms.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The value of a parameter, `""` when it is not there.
    ///
    /// # Errors
    /// It is there more than once.
    pub fn get(&self, name: &str) -> Result<&str, WebError> {
        one(&self.0, name).map_err(|_| WebError::BadRequest("The address names one thing twice."))
    }
    /// A whole number; `None` when it is not there or not one.
    #[must_use]
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).ok()?.parse().ok()
    }
}

impl FromRequest for Query {
    type Error = WebError;
    type Future = std::future::Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(
            parse(request.query_string().as_bytes())
                .map(Self)
                .map_err(|_| WebError::BadRequest("The address has characters that cannot be read.")),
        )
    }
}

/// `a=b&c=d` with percent encoding; refuses what is not UTF-8 and NUL bytes.
fn parse(body: &[u8]) -> Result<Vec<(String, String)>, WebError> {
    let mut fields = Vec::new();
    for pair in body.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
        if fields.len() == MAX_FIELDS {
            return Err(WebError::TooLarge);
        }
        let mut parts = pair.splitn(2, |b| *b == b'=');
        let name = decode(parts.next().unwrap_or_default())?;
        let value = decode(parts.next().unwrap_or_default())?;
        fields.push((name, value));
    }
    Ok(fields)
}

fn decode(text: &[u8]) -> Result<String, WebError> {
    let bad = || WebError::Unreadable("It holds characters that are not text.".into());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(b) = rest.next() {
        match b {
            b'+' => bytes.push(b' '),
            b'%' => {
                let pair = [*rest.next().ok_or_else(bad)?, *rest.next().ok_or_else(bad)?];
                bytes.push(hex::decode(pair).map_err(|_| bad())?[0]);
            }
            other => bytes.push(*other),
        }
    }
    if bytes.contains(&0) {
        return Err(bad());
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_are_read_strictly() {
        let form = Form(parse(b"a=1+2&b=%C3%A4&b=2&c").unwrap());
        assert_eq!(form.get("a").unwrap(), "1 2");
        assert!(form.get("b").is_err());
        assert_eq!(form.get("c").unwrap(), "");
        assert_eq!(form.get("nothing").unwrap(), "");
        for bad in [&b"a=%"[..], b"a=%G0", b"a=%00", b"a=%ff", b"a=\xff", b"%ff=1"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(fields) = parse(&bytes) {
                prop_assert!(fields.iter().all(|(k, v)| !k.contains('\0') && !v.contains('\0')));
            }
        }
        #[test]
        fn what_browsers_encode_comes_back(value in "[^\\x00]{0,80}") {
            let body = serde_urlencoded::to_string([("field", &value)]).unwrap();
            prop_assert_eq!(parse(body.as_bytes()).unwrap(), vec![("field".to_owned(), value)]);
        }
    }
}
