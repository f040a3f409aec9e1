//! The client itself: how a call is sent, proven, repeated and read.

use crate::auth::{Credentials, Keep, LogIn, Memory, Session};
use crate::download::Download;
use crate::error::{Error, Refusal};
use crate::types::{AccountKind, LogInRequest, Problem, ProblemCode, TokenError};
use reqwest::{Method, Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// Begins the words of a failure before anything was sent.
pub(crate) const NOT_REACHED: &str = "cannot reach";
/// A whole answer that is no stream.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Between two parts of an answer; streams send a ping every 15 s.
const SILENCE: Duration = Duration::from_secs(45);
/// No answer of the API but a stream is longer.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// A client of one panel. Clones share connections and log-in.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    tries: u32,
    longest_wait: Duration,
    key: Option<Arc<str>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// One call.
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) sent: Sent,
}

/// Its body.
pub(crate) enum Sent {
    Nothing,
    Json(Vec<u8>),
    Form(String),
}

impl Sent {
    pub(crate) fn json<T: Serialize>(body: &T) -> Result<Self, Error> {
        serde_json::to_vec(body).map(Self::Json).map_err(|e| Error::Use(e.to_string()))
    }
    pub(crate) fn form<T: Serialize>(body: &T) -> Result<Self, Error> {
        serde_urlencoded::to_string(body).map(Self::Form).map_err(|e| Error::Use(e.to_string()))
    }
}

/// The query as it stands in an address.
pub(crate) fn encoded<T: Serialize>(query: &T) -> Result<String, Error> {
    serde_urlencoded::to_string(query).map_err(|e| Error::Use(e.to_string()))
}

/// A path with its names filled in; nothing in a name can leave its place.
pub(crate) fn filled(path: &str, names: &[(&str, String)]) -> String {
    let mut out = path.to_owned();
    for (name, value) in names {
        let mut safe = String::new();
        for byte in value.bytes() {
            // Dots alone would climb; encoded, they are a name like any other.
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || byte == b'.' && value.len() > 2 {
                safe.push(char::from(byte));
            } else {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
        out = out.replace(&format!("{{{name}}}"), &safe);
    }
    out
}

/// Whether an address names this machine itself.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl Client {
    /// A client of the panel at this address, without credentials.
    ///
    /// # Errors
    /// [`Error::Address`]: no address, or plain http to another machine.
    pub fn new(base: &str) -> Result<Self, Error> {
        let url = Url::parse(base).map_err(|e| Error::Address(format!("{base} is no address: {e}")))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(Error::Address(format!("{base} is not encrypted; use https"))),
            _ => return Err(Error::Address(format!("{base} is no web address"))),
        }
        if url.cannot_be_a_base() || !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Address("give the address of the panel alone".into()));
        }
        // The first one to choose wins; two providers could be compiled in.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            // A redirect could take credentials elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(SILENCE)
            .user_agent(concat!("shopfleet-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| Error::Transport(e.to_string()))?;
        let longest_wait = Duration::from_secs(30);
        Ok(Self { http, base: url, credentials: Credentials::Nothing, tries: 4, longest_wait, key: None })
    }

    /// With a token or an access token.
    #[must_use]
    pub fn with_token(mut self, token: SecretString) -> Self {
        self.credentials = Credentials::Token(token);
        self
    }

    /// With a log-in that is kept somewhere.
    #[must_use]
    pub fn with_log_in(mut self, log_in: LogIn, keep: Arc<dyn Keep>) -> Self {
        self.credentials = Credentials::LogIn(Arc::new(Session::new(log_in, keep)));
        self
    }

    /// As a stranger.
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        self.credentials = Credentials::Nothing;
        self
    }

    /// How often a call is tried, and how long it waits in between at most.
    #[must_use]
    pub fn with_retries(mut self, tries: u32, longest_wait: Duration) -> Self {
        self.tries = tries.max(1);
        self.longest_wait = longest_wait;
        self
    }

    /// With an idempotency key of one's own for the next change, e.g. the number of an order: the change happens once
    /// even when this program starts anew in the middle. Without it each call has a key of its own.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.into()), ..self.clone() }
    }

    /// Logs in with name and password (and a code of the second factor); the log-in stays in this process.
    ///
    /// # Errors
    /// Code `wrong_log_in`, or `second_factor_required` without a code.
    pub async fn logged_in(
        &self,
        account: AccountKind,
        email: &str,
        password: &SecretString,
        code: Option<&str>,
    ) -> Result<(Self, LogIn), Error> {
        let body = LogInRequest {
            account: Some(account),
            email: email.to_owned(),
            password: password.expose_secret().to_owned(),
            code: code.map(str::to_owned),
        };
        let log_in = LogIn::from(self.clone().without_credentials().log_in(&body).await?);
        let keep = Arc::new(Memory::of(log_in.clone()));
        Ok((self.clone().with_log_in(log_in.clone(), keep), log_in))
    }

    /// The panel's address.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// A call with a typed answer.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let bytes = body(self.send(&call, None).await?).await?;
        serde_json::from_slice(&bytes).map_err(|e| Error::Answer(format!("{}: {e}", call.operation)))
    }

    /// A call whose answer is a file.
    pub(crate) async fn download(&self, call: Call) -> Result<Download, Error> {
        self.send_for(&call, None, true).await.map(Download::new)
    }

    /// A call without an answer.
    pub(crate) async fn tell(&self, call: Call) -> Result<(), Error> {
        self.send(&call, None).await.map(|_| ())
    }

    /// Sends a call until it is answered, renewing the log-in once. `after`: a stream, from there on.
    pub(crate) async fn send(&self, call: &Call, after: Option<u32>) -> Result<Response, Error> {
        self.send_for(call, after, false).await
    }

    async fn send_for(&self, call: &Call, after: Option<u32>, file: bool) -> Result<Response, Error> {
        // What is tried again has to be the same: one key for all tries.
        let own = format!("{:032x}", rand::random::<u128>());
        let key = self.key.as_deref().unwrap_or(&own);
        let stream = after.is_some();
        let (mut tried, mut renewed) = (0, false);
        loop {
            let bearer = match &self.credentials {
                Credentials::Nothing => None,
                Credentials::Token(token) => Some(token.clone()),
                Credentials::LogIn(session) => Some(session.access().await),
            };
            tried += 1;
            let (error, wait) = match self.try_once(call, bearer.as_ref(), key, after, file).await {
                Ok(response) => return Ok(response),
                Err(error) => {
                    let again = again(call, &error);
                    (error, again)
                }
            };
            if error.code() == Some(ProblemCode::Unauthenticated)
                && let (Credentials::LogIn(session), Some(refused), false) = (&self.credentials, &bearer, renewed)
            {
                // Boxed: a renewal is a call itself.
                Box::pin(session.renew(self, refused)).await?;
                renewed = true;
                continue;
            }
            let Some(asked) = wait.filter(|_| tried < self.tries && !stream) else { return Err(error) };
            let pause = asked.max(Duration::from_millis(100 << tried.min(6)));
            if pause > self.longest_wait {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn try_once(
        &self,
        call: &Call,
        bearer: Option<&SecretString>,
        key: &str,
        after: Option<u32>,
        file: bool,
    ) -> Result<Response, Error> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), call.path));
        url.set_query((!call.query.is_empty()).then_some(call.query.as_str()));
        let mut request = self.http.request(call.method.clone(), url);
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer.expose_secret());
        }
        if call.method != Method::GET {
            request = request.header("idempotency-key", key);
        }
        request = match &call.sent {
            Sent::Nothing => request,
            Sent::Json(bytes) => request.header(header::CONTENT_TYPE, "application/json").body(bytes.clone()),
            Sent::Form(text) => {
                request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(text.clone())
            }
        };
        request = match after {
            Some(after) => {
                request.header(header::ACCEPT, "text/event-stream").header("last-event-id", after.to_string())
            }
            // A file may be long: each part of it has its time.
            None if file => request.header(header::ACCEPT, "*/*"),
            None => request.header(header::ACCEPT, "application/json").timeout(within(&call.sent)),
        };
        let response = request.send().await.map_err(|e| {
            let words = if e.is_connect() { NOT_REACHED } else { "no whole answer from" };
            Error::Transport(format!("{words} {}: {}", self.base, cause(&e)))
        })?;
        if response.status().is_success() { Ok(response) } else { Err(refused(response).await) }
    }
}

/// A body with files takes its time on the way.
fn within(sent: &Sent) -> Duration {
    let length = if let Sent::Json(bytes) = sent { bytes.len() } else { 0 };
    ANSWER_WITHIN + Duration::from_secs((length / 128 / 1024) as u64)
}

/// Whether a call may be sent once more after this, and how long the panel asks to wait.
fn again(call: &Call, error: &Error) -> Option<Duration> {
    // These have no key: a second one would be another log-in, and another use of a token that works once.
    let keyed = !["log_in", "refresh", "client_token"].contains(&call.operation);
    match error {
        Error::Transport(words) if words.starts_with(NOT_REACHED) => Some(Duration::ZERO),
        Error::Transport(_) => keyed.then_some(Duration::ZERO),
        Error::Refused(r) => match r.code {
            ProblemCode::TooManyRequests => r.retry_after,
            ProblemCode::StillAtWork | ProblemCode::Unavailable => keyed.then(|| r.retry_after.unwrap_or_default()),
            _ => None,
        },
        // A proxy that could not reach the panel.
        Error::Answer(words) if keyed && ["502 ", "503 ", "504 "].iter().any(|s| words.starts_with(s)) => {
            Some(Duration::ZERO)
        }
        _ => None,
    }
}

async fn refused(response: Response) -> Error {
    let status = response.status();
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse().ok())
        .map(Duration::from_secs);
    let bytes = match body(response).await {
        Ok(bytes) => bytes,
        Err(error) => return error,
    };
    match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) => Error::Refused(Box::new(Refusal {
            code: problem.code,
            status: status.as_u16(),
            detail: problem.detail,
            request_id: problem.request_id,
            fields: problem.errors.unwrap_or_default(),
            retry_after,
        })),
        Err(_) => match serde_json::from_slice::<TokenError>(&bytes) {
            // The one operation whose refusals have the form of another standard (RFC 6749).
            Ok(error) => Error::Refused(Box::new(Refusal {
                code: ProblemCode::Unknown,
                status: status.as_u16(),
                detail: format!("{}: {}", error.error, error.error_description),
                request_id: String::new(),
                fields: Vec::new(),
                retry_after,
            })),
            Err(_) => Error::Answer(words_of(status, &bytes)),
        },
    }
}

/// The beginning of an answer that is no problem document.
fn words_of(status: StatusCode, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{status} {}", plain.trim())
}

async fn body(mut response: Response) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= LONGEST_ANSWER => bytes.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(Error::Answer("an answer without end".into())),
            Ok(None) => return Ok(bytes),
            Err(e) => return Err(Error::Transport(format!("the answer broke off: {}", cause(&e)))),
        }
    }
}

/// The innermost cause says it best; the outer ones repeat the address.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_leave_unencrypted() {
        for good in ["https://panel.example.com", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost/panel/"]
        {
            assert!(Client::new(good).is_ok(), "{good}");
        }
        for bad in [
            "http://panel.example.com",
            "ftp://x",
            "panel.example.com",
            "https://a:b@c",
            "http://127.0.0.1.evil",
            "data:x",
        ] {
            assert!(matches!(Client::new(bad), Err(Error::Address(_))), "{bad}");
        }
    }

    #[test]
    fn a_name_stays_in_its_place() {
        let path = |name: &str| filled("/api/v1/stores/{id}/plan", &[("id", name.to_owned())]);
        assert_eq!(path("01ARZ3"), "/api/v1/stores/01ARZ3/plan");
        assert_eq!(path("../x?y#z"), "/api/v1/stores/..%2Fx%3Fy%23z/plan");
        assert_eq!(path(".."), "/api/v1/stores/%2E%2E/plan");
        assert_eq!(path("é{id}"), "/api/v1/stores/%C3%A9%7Bid%7D/plan");
    }

    #[test]
    fn nothing_secret_is_shown() {
        let client = Client::new("https://panel.example.com").unwrap().with_token("sft_secret".into());
        let body = LogInRequest {
            account: None,
            email: "a@b.c".into(),
            password: "pw-secret".into(),
            code: Some("123456".into()),
        };
        let shown = format!("{client:?} {body:?}");
        assert!(shown.contains("a@b.c") && !shown.contains("secret") && !shown.contains("123456"), "{shown}");
    }
}
