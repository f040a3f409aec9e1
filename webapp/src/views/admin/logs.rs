//! `/admin/logs`: what web and worker processes log.

use super::super::{Choice, Link, Page, Pager, view};
use serde::Serialize;

/// The page.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceLogs {
    /// Chrome.
    pub page: Page,
    /// Address of the stream with the same filter; empty: an older page.
    pub stream: String,
    /// The newest line drawn.
    pub after: String,
    /// Services.
    pub services: Vec<Choice>,
    /// Levels.
    pub levels: Vec<Choice>,
    /// Words looked for.
    pub find: String,
    /// Request or job.
    pub correlation: String,
    /// First and last moment.
    pub from: String,
    /// First and last moment.
    pub to: String,
    /// What is wrong with the times, or empty.
    pub wrong_time: String,
    /// Filters in force.
    pub chips: Vec<Link>,
    /// Lines, drawn by `line_html`, oldest first.
    pub blocks_html: Vec<String>,
    /// "100 lines"
    pub shown: String,
    /// Older and newer.
    pub pager: Pager,
}
view!(ServiceLogs => "pages/admin/logs.html");
