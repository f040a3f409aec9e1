//! The run-time log of a store, for its owner and for staff.

use super::{Choice, Page, view};
use serde::Serialize;

/// The log and its filter; drawn with the lines there are, new ones come by stream.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StoreLog {
    /// Path of the page.
    pub here: String,
    /// Address of this page with its filter.
    pub again: String,
    /// Address of the stream with the same filter; empty: nothing to follow.
    pub stream: String,
    /// The newest line drawn, for the stream to go on after it.
    pub after: String,
    /// Where a signed-out reader signs in.
    pub login: String,
    /// Where lines come from.
    pub sources: Vec<Choice>,
    /// How serious.
    pub levels: Vec<Choice>,
    /// How many.
    pub counts: Vec<Choice>,
    /// Searched words.
    pub find: String,
    /// Some lines are left out by choice.
    pub filtered: bool,
    /// Lines, drawn by `line_html`.
    pub blocks_html: Vec<String>,
    /// "The last 200 lines"
    pub shown: String,
    /// Why there are none, or why some may be missing; empty when all is well.
    pub problem: String,
    /// The page renews itself without scripts.
    pub refresh: bool,
}

/// `/dashboard/logs`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerLogs {
    /// Chrome.
    pub page: Page,
    /// Store name.
    pub store_name: String,
    /// The log; `None`: the store has none yet.
    pub log: Option<StoreLog>,
}
view!(OwnerLogs => "pages/dashboard/logs.html");
