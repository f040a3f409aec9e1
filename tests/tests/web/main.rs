//! The web front over real MariaDB and Redis, one file per concern.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod access;
mod account;
mod admins;
mod bad_days;
mod data;
mod forms;
mod log;
mod password;
mod rights;
mod second_factor;
mod sessions;
mod sign_up;
mod support;
mod walls;
