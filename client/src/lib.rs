//! A typed client of the Shopfleet API.
//!
//! ```no_run
//! # async fn example() -> Result<(), shopfleet_client::Error> {
//! use shopfleet_client::{Client, types};
//! let client = Client::new("https://panel.example.com")?.with_token("sft_…".into());
//! let stores = client.list_stores(&types::ListStoresQuery::default()).await?;
//! for store in stores.items {
//!     println!("{} is {}", store.name, store.state);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Types and methods are made from `openapi.json` when the crate is built: one method for each operation. What fails in
//! passing is tried again, and what changes something carries an idempotency key, so that it happens once. A log-in
//! renews itself; its refresh token is never sent twice (see [`auth`]).

pub mod auth;
mod download;
mod error;
mod events;
mod input;
mod pages;
mod send;

pub use auth::{Keep, Kept, LogIn, Memory};
pub use download::Download;
pub use error::{Error, Refusal};
pub use events::{Events, JobEvent};
pub use input::Input;
pub use secrecy::SecretString;
pub use send::{Client, is_loopback};

/// What the API takes and gives.
#[allow(missing_docs, clippy::all, reason = "made from the document")]
pub mod types {
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

/// An operation of the API, as the document has it.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its name, and that of the method.
    pub id: &'static str,
    /// GET, POST, PUT, DELETE
    pub method: &'static str,
    /// With `{names}`.
    pub path: &'static str,
    /// What it belongs to.
    pub tag: &'static str,
    /// In one line.
    pub about: &'static str,
    /// Names in the path.
    pub names: &'static [&'static str],
    /// What the query may have.
    pub query: &'static [&'static str],
    /// Takes a body.
    pub body: bool,
}

mod operations {
    #![allow(clippy::all, reason = "made from the document")]
    use super::events::gathered;
    use super::input::as_value;
    use super::pages::all_pages;
    use super::send::{Call, Sent, encoded, filled};
    use super::{Client, Download, Error, Events, Input, Operation, types};
    use futures_util::Stream;

    include!(concat!(env!("OUT_DIR"), "/operations.rs"));
}

pub use operations::OPERATIONS;
