//! The JSON API, version 1: everything the panel does, for programs. Same services, same rights;
//! this folder only reads bodies and writes answers. `operations` is where each module's handlers
//! carry their part of the OpenAPI document, `gate` decides who may come in.

pub mod account;
pub mod audit;
pub mod auth;
pub mod body;
pub mod customers;
pub mod docs;
pub mod gate;
pub mod idempotency;
pub mod jobs;
pub mod jwt;
pub mod list;
pub mod oauth;
pub mod openapi;
pub mod plans;
pub mod schedules;
pub mod servers;
pub mod settings;
pub mod stores;
pub mod system;
pub mod tickets;
pub mod tokens;
pub mod webhooks;

pub use body::Body;
pub use list::{Cursor, Listing};

use crate::error::WebError;
use hosting::domain::Uid;
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
