//! `/admin/audit`

use super::super::{Badge, Choice, Link, OneUse, Page, Pager, When, view};
use serde::Serialize;

/// Filter of the audit log, as typed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Filter {
    /// Who, exactly.
    pub who: String,
    /// Chosen action, or empty.
    pub action: String,
    /// Actions there are.
    pub actions: Vec<Choice>,
    /// Id of the object, with its kind in front or not.
    pub object: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
    /// What is wrong with a day, or empty.
    pub wrong_day: &'static str,
    /// Active filters, each with the link that removes it.
    pub chips: Vec<Link>,
}

/// An event.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Its number.
    pub number: u64,
    /// When.
    pub at: When,
    /// Who.
    pub who: String,
    /// With which role, in words.
    pub role: String,
    /// What.
    pub action: String,
    /// On what.
    pub object: String,
    /// Its page, or empty.
    pub object_href: String,
    /// From where.
    pub address: String,
    /// Result.
    pub badge: Badge,
    /// Before → after, and more facts.
    pub change: String,
}

/// What the last check of the chain found.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// It was whole.
    pub whole: bool,
    /// In words.
    pub text: String,
    /// When.
    pub at: When,
}

/// The page.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    /// Chrome.
    pub page: Page,
    /// Filter.
    pub filter: Filter,
    /// Events.
    pub rows: Vec<Event>,
    /// Pager.
    pub pager: Pager,
    /// Last check.
    pub verified: Option<Verified>,
    /// May verify and export.
    pub may_keep: bool,
    /// One-use key.
    pub form_key: OneUse,
}
view!(Audit => "pages/admin/audit.html");
