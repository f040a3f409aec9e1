//! `/admin/search`

use super::super::{Badge, Page, view};
use serde::Serialize;

/// Something found.
#[derive(Debug, Clone, Serialize)]
pub struct Hit {
    /// Its page.
    pub href: String,
    /// Name.
    pub title: String,
    /// More.
    pub detail: String,
    /// State, when it has one.
    pub badge: Option<Badge>,
}

/// What was found of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct Hits {
    /// Id of the heading.
    pub key: &'static str,
    /// "Customers"
    pub title: &'static str,
    /// The first of them.
    pub rows: Vec<Hit>,
    /// All of them, or empty.
    pub more_href: String,
}

/// The page.
#[derive(Debug, Clone, Serialize)]
pub struct Search {
    /// Chrome.
    pub page: Page,
    /// What is looked for.
    pub q: String,
    /// Kinds with a hit.
    pub groups: Vec<Hits>,
}
view!(Search => "pages/admin/search.html");
