//! What a handler answers when it does not do what was asked. The pipeline turns it into a page
//! (or problem+json) with the request id; nothing of SQL, paths or stacks ever leaves.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use hosting::db::DbError;
use hosting::services::ServiceError;

/// An answer that is not the page.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WebError {
    /// The request itself makes no sense.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// Sign in first; the path to come back to.
    #[error("sign in first")]
    SignIn(String),
    /// The session is gone (streams and JSON).
    #[error("signed out")]
    SignedOut,
    /// Signed in, but not allowed; names the role that may.
    #[error("forbidden: {0}")]
    Forbidden(String),
    /// Not there, or not yours.
    #[error("not found")]
    NotFound,
    /// Verb not listed for this address.
    #[error("method not allowed")]
    MethodNotAllowed(String),
    /// The world moved on.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The first request under an idempotency key is not answered yet (JSON API).
    #[error("the first request with this key is still at work")]
    AtWork,
    /// The first request under an idempotency key broke off: nobody knows whether it happened (JSON API).
    #[error("the first request with this key broke off")]
    BrokenOff,
    /// Only a log-in of the last minutes may do this (JSON API).
    #[error("password needed")]
    PasswordNeeded,
    /// Body over the limit.
    #[error("too large")]
    TooLarge,
    /// Not a form.
    #[error("unsupported media type")]
    MediaType,
    /// Wrong Host.
    #[error("misdirected")]
    Misdirected,
    /// The form cannot be read at all (a field twice, bad encoding).
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// Fields that are not right: name and words.
    #[error("invalid: {0:?}")]
    Invalid(Vec<(String, String)>),
    /// Name or password is wrong (JSON API; pages show the form again).
    #[error("wrong name or password")]
    WrongLogIn,
    /// Right password, and the second factor is needed along with it (JSON API).
    #[error("second factor required")]
    CodeNeeded,
    /// Too often; seconds to wait.
    #[error("too many requests")]
    TooMany(u64),
    /// The database does not answer.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Our fault.
    #[error("internal: {0}")]
    Internal(String),
}

/// Left in the response for the pipeline to draw.
#[derive(Debug, Clone)]
pub struct Failure(pub WebError);

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::SignIn(_) => StatusCode::SEE_OTHER,
            Self::SignedOut | Self::WrongLogIn | Self::CodeNeeded => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::PasswordNeeded => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) | Self::AtWork | Self::BrokenOff => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Unreadable(_) | Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::SignIn(to) => {
                response.insert_header((header::LOCATION, to.clone()));
            }
            Self::SignedOut | Self::WrongLogIn | Self::CodeNeeded => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Self::MethodNotAllowed(allow) => {
                response.insert_header((header::ALLOW, allow.clone()));
            }
            Self::TooMany(seconds) => {
                response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            Self::AtWork => {
                response.insert_header((header::RETRY_AFTER, "1"));
            }
            Self::Unavailable(_) => {
                response.insert_header((header::RETRY_AFTER, "10"));
            }
            _ => {}
        }
        let mut response = response.finish();
        response.extensions_mut().insert(Failure(self.clone()));
        response
    }
}

impl WebError {
    /// One field that is not right.
    #[must_use]
    pub fn field(name: &str, words: impl Into<String>) -> Self {
        Self::Invalid(vec![(name.to_owned(), words.into())])
    }

    /// A short stable code for problem+json.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::SignIn(_) | Self::SignedOut => "unauthenticated",
            Self::WrongLogIn => "wrong_log_in",
            Self::CodeNeeded => "second_factor_required",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::Conflict(_) => "conflict",
            Self::AtWork => "still_at_work",
            Self::BrokenOff => "broken_off",
            Self::PasswordNeeded => "password_needed",
            Self::TooLarge => "too_large",
            Self::MediaType => "unsupported_media_type",
            Self::Misdirected => "misdirected",
            Self::Unreadable(_) => "unreadable",
            Self::Invalid(_) => "invalid",
            Self::TooMany(_) => "too_many_requests",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// Heading and words for people.
    #[must_use]
    pub fn words(&self) -> (&'static str, Vec<String>) {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::BadRequest(words) => ("We could not read this request", one(words)),
            Self::SignIn(_) | Self::SignedOut => ("Sign in to go on", one("You were signed out, or never signed in. What you had typed is still in the page before this one.")),
            Self::Forbidden(words) => ("This is not open to you", one(words)),
            Self::NotFound => ("This page does not exist", one("The address may be mistyped, or what it showed is gone.")),
            Self::MethodNotAllowed(_) => ("This address does not take that", one("Go back and use the buttons of the page.")),
            Self::Conflict(words) => ("Something changed meanwhile", one(words)),
            Self::AtWork => ("It is being done", one("The first request with this key is still at work.")),
            Self::BrokenOff => ("Nobody knows whether it happened", one("The first request with this key broke off before its answer. Look whether it happened, then use another key.")),
            Self::PasswordNeeded => ("Log in again first", one("This needs a log-in with the password within the last ten minutes; no token does it. Nothing was changed.")),
            Self::TooLarge => ("That is too much at once", one("What was sent is larger than this page takes. Nothing was changed.")),
            Self::MediaType => ("We could not read this form", one("It was not sent the way a browser sends forms. Nothing was changed.")),
            Self::Misdirected => ("This address is not served here", one("Open the panel at its own address.")),
            Self::Unreadable(words) => ("We could not read this form", vec![words.clone(), "Nothing was changed.".into()]),
            Self::Invalid(fields) => ("Something is not right", fields.iter().map(|(_, w)| format!("{}.", w.trim_end_matches('.'))).collect()),
            Self::CodeNeeded => ("A code is needed", one("This account has a second factor. Log in again with a code of the app, or a recovery code, in `code`.")),
            Self::WrongLogIn => ("The email or the password is not right", one("Nothing was changed.")),
            Self::TooMany(seconds) => ("Too many tries", vec![format!("Wait {}, then try again. Nothing was changed.", wait_words(*seconds))]),
            Self::Unavailable(_) => ("We cannot reach our database", vec!["Stores keep running. Nothing was changed.".into(), "This page works again as soon as the database answers. Try again in a moment.".into()]),
            Self::Internal(_) => ("Something failed on our side", vec!["It is recorded with the reference below. If you were changing something, look whether it happened before you try again.".into()]),
        }
    }
}

/// "1 second", "40 seconds", "3 minutes"
#[must_use]
pub fn wait_words(seconds: u64) -> String {
    match seconds {
        0 | 1 => "1 second".into(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

impl From<DbError> for WebError {
    fn from(error: DbError) -> Self {
        if error.is_passing() { Self::Unavailable(error.to_string()) } else { Self::Internal(error.to_string()) }
    }
}

impl From<ServiceError> for WebError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound => Self::NotFound,
            ServiceError::Denied(role) => Self::Forbidden(format!("Only {role} may do this.")),
            ServiceError::Conflict(words) => Self::Conflict(words),
            ServiceError::Invalid(fields) => {
                Self::Invalid(fields.into_iter().map(|(name, words)| (name.to_owned(), words)).collect())
            }
            ServiceError::Db(db) => db.into(),
        }
    }
}

impl From<crate::views::RenderError> for WebError {
    fn from(error: crate::views::RenderError) -> Self {
        Self::Internal(error.to_string())
    }
}
