//! The web front over real MariaDB and Redis, one file per concern.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod access;
mod account;
mod admins;
mod api;
mod api_changes;
mod api_schema;
mod api_typescript;
mod bad_days;
mod change;
mod cli;
mod cli_pages;
mod client;
mod client_faults;
mod confirm;
mod data;
mod database;
mod forms;
mod log;
mod panel;
mod panel_audit;
mod panel_customers;
mod panel_settings;
mod password;
mod rights;
mod second_factor;
mod sessions;
mod sign_up;
mod store_logs;
mod store_usage;
mod support;
mod tries;
mod viewing;
mod walls;
mod way_back;
