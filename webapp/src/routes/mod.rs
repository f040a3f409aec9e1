//! Handlers: a module per page, `get` draws it, `post` reads as a list: fields, limits, one service
//! call, redirect. Who may is decided by the route table before they run.

pub mod account;
pub mod admin;
pub mod dashboard;
pub mod health;
pub mod home;
pub mod keep_factor;
pub mod log_routes;
pub mod passkey_proof;
pub mod passkeys;
pub mod password;
pub mod plans;
pub mod pricing;
mod reader;
pub mod reseller;
pub mod second_factor;
pub mod session;
pub mod setup;
pub mod sign_up;
pub mod staff_session;
pub mod store_change;
pub mod store_log;
pub mod store_usage;
pub mod theme;
pub mod ticket_parts;
pub mod verify;
pub mod viewing;
pub mod webhooks;
pub mod with;

use crate::error::WebError;
use crate::views::{Field, FieldError};
use actix_web::HttpResponse;

/// What a handler answers.
pub type Answer = Result<HttpResponse, WebError>;

/// Puts the words of a refused field at the field and in the summary.
pub fn refuse(field: &mut Field, errors: &mut Vec<FieldError>, name: &'static str, words: &str) {
    field.error = words.to_owned();
    errors.push(FieldError { field: name, text: words.to_owned() });
}

/// A form must carry its one-use key.
///
/// # Errors
/// 422 when it does not.
pub fn need_key(form: &crate::extract::Form) -> Result<[u8; 32], WebError> {
    form.key_hash()?
        .ok_or_else(|| WebError::Unreadable("Its one-use key is missing. Reload the page and send it again.".into()))
}
