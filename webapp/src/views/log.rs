//! Context of the live log part.

use super::common::Badge;
use serde::Serialize;

/// What `components/log.html` needs.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogPart {
    /// Event stream.
    pub stream: String,
    /// Lines from … to …, as JSON.
    pub lines: String,
    /// Count of matches in earlier lines, as JSON; carries its `?`.
    pub find_url: String,
    /// State of the job, as JSON.
    pub status: String,
    /// Where to sign in again.
    pub login: String,
    /// This page.
    pub here: String,
    /// `?` or `&`, to add to `here`.
    pub join: &'static str,
    /// Attempt shown, when not the newest; 0 = newest.
    pub attempt: u32,
    /// Last line the page knows of.
    pub last: u32,
    /// First line drawn.
    pub first: u32,
    /// First line there is (of this attempt).
    pub start: u32,
    /// Job state.
    pub state: String,
    /// New lines may come.
    pub live: bool,
    /// The address names a line, so the log does not follow.
    pub pinned: bool,
    /// Start of the attempt, ms since 1970.
    pub begun_ms: i64,
    /// "09:14", or empty.
    pub finished: String,
    /// Job or store, for announcements.
    pub name: String,
    /// Connection words before scripts run.
    pub conn: String,
    /// 0 to 100.
    pub percent: u8,
    /// Class of the bar: "", "done", "failed".
    pub bar: &'static str,
    /// "Step 4 of 8 · about 1 min left"
    pub progress_text: String,
    /// Search text.
    pub find: String,
    /// "3 matches", or empty.
    pub find_text: String,
    /// "", "warn" or "error".
    pub level: String,
    /// Warnings drawn.
    pub warnings: usize,
    /// Errors drawn.
    pub errors: usize,
    /// Address of the text file.
    pub download: String,
    /// Page with earlier lines.
    pub older: String,
    /// Page with later lines, or empty.
    pub newer: String,
    /// Lines by step.
    pub groups: Vec<Group>,
    /// Words when there is no line yet.
    pub empty: String,
    /// Without scripts, refresh every 10 s.
    pub refresh: bool,
}

/// Lines of one step.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Order; 0 = before the first step.
    pub position: u32,
    /// Words.
    pub title: String,
    /// State for scripts.
    pub state: String,
    /// Icon, word, colour; none for the group before the first step.
    pub badge: Option<Badge>,
    /// Start, ms since 1970; empty when over.
    pub started_ms: String,
    /// "1.2 s", "usually 3 s".
    pub took: String,
    /// Unfolded.
    pub open: bool,
    /// Drawn and escaped by `line_html`.
    pub blocks_html: Vec<String>,
}

/// A step as owners see it.
#[derive(Debug, Clone, Serialize)]
pub struct OwnerStep {
    /// Order.
    pub position: u32,
    /// Words.
    pub title: String,
    /// `todo`, `running`, `done`, `failed`.
    pub state: &'static str,
    /// Icon.
    pub icon: &'static str,
    /// "Done", "4 s", "Running".
    pub status: String,
}
