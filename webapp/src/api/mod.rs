//! The JSON API, version 1: everything the panel does, for programs. Same services, same rights;
//! this folder only reads bodies and writes answers. `operations` is where each module's handlers
//! carry their part of the OpenAPI document, `gate` decides who may come in.

pub mod account;
pub mod account_security;
pub mod answers;
pub mod attention;
pub mod audit;
pub mod auth;
pub mod body;
pub mod customer_changes;
pub mod customers;
pub mod database_page;
pub mod docs;
pub mod file_access;
pub mod gate;
pub mod idempotency;
pub mod jobs;
pub mod jobs_bulk;
pub mod jwt;
pub mod list;
pub mod mails;
pub mod oauth;
pub mod openapi;
pub mod own_account;
pub mod plans;
pub mod ports;
pub mod reseller_limits;
pub mod resellers;
pub mod schedules;
pub mod servers;
pub mod settings;
pub mod staff;
pub mod store_changes;
pub mod store_log;
pub mod store_usage;
pub mod stores;
pub mod system;
pub mod tickets;
pub mod tokens;
pub mod transfers;
pub mod webhooks;

pub use body::Body;
pub use list::{Cursor, Listing};

use crate::error::WebError;
use crate::extract::Ctx;
use hosting::crypto::sha256;
use hosting::db::api_credentials::Kind;
use hosting::db::login_sessions::{FRESH_SECONDS, SessionOwner};
use hosting::domain::Uid;
use hosting::services::ServiceError;
use time::PlainDateTime;

/// RFC 3339, UTC, milliseconds.
#[must_use]
pub fn at(time: PlainDateTime) -> String {
    crate::views::iso_time(time)
}

/// A public id from the path; anything else does not exist.
///
/// # Errors
/// 404.
pub fn uid(text: &str) -> Result<Uid, WebError> {
    Uid::parse(text).map_err(|_| WebError::NotFound)
}

/// The row number of a person from the path; anything else does not exist.
///
/// # Errors
/// 404.
pub fn number(text: &str) -> Result<u64, WebError> {
    text.parse().map_err(|_| WebError::NotFound)
}

/// What the panel asks the password for again, the API does for a log-in of the last ten minutes only: a log-in is a
/// proof of the password, a token or a client is none.
///
/// # Errors
/// 403 `password_needed`.
pub fn need_recent_log_in(ctx: &Ctx) -> Result<(), WebError> {
    let caller = ctx.caller()?;
    let age = match &caller.owner {
        SessionOwner::Customer(c) => c.authenticated_seconds,
        SessionOwner::Staff(s) => s.authenticated_seconds,
    };
    if caller.kind == Kind::Session && age <= FRESH_SECONDS { Ok(()) } else { Err(WebError::PasswordNeeded) }
}

/// The one-use key that services of forms take. Repeats of a program are held back by its `Idempotency-Key`; this one
/// is of this request.
#[must_use]
pub fn one_use(ctx: &Ctx) -> [u8; 32] {
    sha256(format!("api/{}", ctx.request_id()).as_bytes())
}

/// The error of a service whose form calls a field otherwise than the document does.
#[must_use]
pub fn renamed(error: ServiceError, form: &str, document: &str) -> WebError {
    let ServiceError::Invalid(fields) = error else { return error.into() };
    let name = |field: &str| if field == form { document.to_owned() } else { field.to_owned() };
    WebError::Invalid(fields.into_iter().map(|(field, words)| (name(field), words)).collect())
}
