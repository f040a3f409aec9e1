//! The web front over real MariaDB and Redis, one file per concern.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod access;
mod account;
mod admins;
mod api;
mod api_schema;
mod bad_days;
mod change;
mod confirm;
mod data;
mod database;
mod forms;
mod log;
mod panel;
mod panel_audit;
mod panel_customers;
mod panel_settings;
mod passkeys;
mod password;
mod rights;
mod second_factor;
mod sessions;
mod sign_up;
mod support;
mod tries;
mod viewing;
mod walls;
mod way_back;
