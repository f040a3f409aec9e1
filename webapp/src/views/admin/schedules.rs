//! `/admin/schedules`

use super::super::{Badge, OneUse, Page, When, view};
use serde::Serialize;

/// A schedule.
#[derive(Debug, Clone, Serialize)]
pub struct Schedule {
    /// Name in code.
    pub name: String,
    /// For people.
    pub title: String,
    /// Runs or is paused.
    pub badge: Badge,
    /// "every 5 min, on each server"
    pub every: String,
    /// Last run.
    pub last: Option<When>,
    /// Next run; none while paused.
    pub next: Option<When>,
    /// Its jobs.
    pub jobs_href: String,
    /// Short id of the newest, or empty.
    pub job: String,
    /// Its page.
    pub job_href: String,
    /// Its state.
    pub job_badge: Option<Badge>,
    /// Not run by itself.
    pub paused: bool,
    /// One-use key.
    pub form_key: OneUse,
}

/// The page.
#[derive(Debug, Clone, Serialize)]
pub struct Schedules {
    /// Chrome.
    pub page: Page,
    /// All of them.
    pub rows: Vec<Schedule>,
    /// May run and pause.
    pub may_act: bool,
}
view!(Schedules => "pages/admin/schedules.html");
