//! What the web front, the workers and the command line share: domain types, the database, the
//! job queue, the progress log, secrets, settings and mail.
//!
//! Dependencies point one way: `services → db, queue, progress → domain`; `domain` imports nothing
//! of ours, and only `db` holds SQL. This crate never links actix-web, Tera or bollard.

pub mod clock;
pub mod config;
pub mod crypto;
pub mod db;
pub mod domain;
pub mod jobs;
pub mod lifecycle;
pub mod mail;
pub mod process_watch;
pub mod progress;
pub mod queue;
pub mod render;
pub mod service_log;
pub mod services;
pub mod store_logs;
pub mod telemetry;
mod unix_password;

pub use db::{Db, DbError};
