//! `/admin/ports`

use super::super::{Choice, FieldError, Meter, OneUse, Page, view};
use serde::Serialize;

/// A port in the grid.
#[derive(Debug, Clone, Serialize)]
pub struct Port {
    /// Number.
    pub number: u16,
    /// `used`, `rest`, `orphan` or `free`.
    pub state: &'static str,
    /// State and owner in words.
    pub words: String,
    /// Owner's page, or empty.
    pub href: String,
}

/// An orphan.
#[derive(Debug, Clone, Serialize)]
pub struct Orphan {
    /// Number.
    pub number: u16,
    /// Whose it was.
    pub words: String,
    /// Owner's page, or empty.
    pub href: String,
    /// The page that frees it.
    pub free_href: String,
}

/// A pool of the chosen server.
#[derive(Debug, Clone, Serialize)]
pub struct Pool {
    /// As stored.
    pub name: &'static str,
    /// In words.
    pub title: &'static str,
    /// Used of all.
    pub meter: Meter,
    /// "12 used, 3 resting, 85 free"
    pub text: String,
    /// Nearly full.
    pub nearly_full: bool,
    /// Every port.
    pub ports: Vec<Port>,
}

/// The page.
#[derive(Debug, Clone, Serialize)]
pub struct Ports {
    /// Chrome.
    pub page: Page,
    /// Servers to choose from.
    pub servers: Vec<Choice>,
    /// The chosen one, or empty when there is none.
    pub server: String,
    /// Its pools.
    pub pools: Vec<Pool>,
    /// Ports to be freed.
    pub orphans: Vec<Orphan>,
    /// May free and widen.
    pub may_act: bool,
    /// Pool chosen in the form.
    pub pool: String,
    /// As typed.
    pub first: String,
    /// As typed.
    pub last: String,
    /// What is wrong.
    pub errors: Vec<FieldError>,
    /// One-use key.
    pub form_key: OneUse,
}
view!(Ports => "pages/admin/ports.html");
