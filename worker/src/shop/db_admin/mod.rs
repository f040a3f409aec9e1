//! A store's database page (phpMyAdmin): its account in the shop's database, its files, and what it
//! must answer. Container and mounts are in [`super::woocommerce`].

pub mod account;
pub mod files;
pub mod verify;

use hosting::domain::HostName;

/// Name of the routes file of a store's page, beside the store's own.
#[must_use]
pub fn route_name(store: &str) -> String {
    format!("{store}-db-admin")
}

/// Where the page is reached.
#[derive(Debug, Clone)]
pub struct PageAddress {
    /// Public address without a slash at the end.
    pub url: String,
    /// Host name in it.
    pub host: HostName,
    /// Port visitors use.
    pub port: u16,
    /// Port on which the edge answers plain http.
    pub probe_port: u16,
}
