//! The web front over real MariaDB and Redis, one file per concern.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod access;
mod bad_days;
mod change;
mod database;
mod forms;
mod log;
mod rights;
mod sessions;
mod sign_up;
mod support;
mod walls;
