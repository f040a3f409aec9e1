//! What a store used: meters, charts, and the same numbers as tables.

use super::{Badge, Link, Meter, Page, view};
use serde::Serialize;

/// A word or number at a place of an axis.
#[derive(Debug, Clone, Serialize)]
pub struct Mark {
    /// Place.
    pub at: String,
    /// Words.
    pub text: String,
}

/// A line of a chart.
#[derive(Debug, Clone, Serialize)]
pub struct ChartLine {
    /// Its name.
    pub name: String,
    /// How it is drawn.
    pub class: &'static str,
    /// SVG path.
    pub path: String,
}

/// A chart.
#[derive(Debug, Clone, Serialize)]
pub struct Chart {
    /// Part of ids.
    pub key: &'static str,
    /// Title.
    pub title: String,
    /// What it shows, in a sentence.
    pub summary: String,
    /// Lines.
    pub lines: Vec<ChartLine>,
    /// The plan's limit.
    pub limit: Option<Mark>,
    /// Numbers at the left.
    pub rows: Vec<Mark>,
    /// Times below.
    pub times: Vec<Mark>,
}

/// A chart with its table.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// The drawing.
    pub chart: Chart,
    /// Titles of the columns after the time.
    pub columns: Vec<&'static str>,
    /// Time and values, newest first.
    pub rows: Vec<Vec<String>>,
}

/// How much of a plan's part is used.
#[derive(Debug, Clone, Serialize)]
pub struct UsageMeter {
    /// "Space"
    pub label: &'static str,
    /// Use and limit.
    pub bar: Meter,
}

/// Use of one store.
#[derive(Debug, Clone, Serialize)]
pub struct UsagePart {
    /// 24 h or 7 d.
    pub ranges: Vec<Link>,
    /// Limit and use now.
    pub meters: Vec<UsageMeter>,
    /// What is at its limit, in words.
    pub warnings: Vec<String>,
    /// State in a word.
    pub badge: Option<Badge>,
    /// What is missing from the charts, or empty.
    pub gaps: String,
    /// Charts; none: nothing was measured yet.
    pub figures: Vec<Figure>,
    /// From when there will be something.
    pub empty: String,
}

/// `/dashboard/usage`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerUsage {
    /// Chrome.
    pub page: Page,
    /// Store name.
    pub store_name: String,
    /// Its use; `None`: it does not run yet.
    pub usage: Option<UsagePart>,
}
view!(OwnerUsage => "pages/dashboard/usage.html");
