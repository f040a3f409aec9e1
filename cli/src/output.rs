//! Output for people (tables) and for programs (`--json`), from the same values.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Json,
}

/// With `--json`, standard output carries documents only and what is meant for people goes to standard error.
static DOCUMENTS_ONLY: AtomicBool = AtomicBool::new(false);

/// From now on lines for people go to standard error.
pub fn documents_only() {
    DOCUMENTS_ONLY.store(true, Ordering::Relaxed);
}

/// Prints a line for people. A reader that went away (`| head`) is no reason to stop in the middle of something.
pub fn line(text: std::fmt::Arguments<'_>) {
    if DOCUMENTS_ONLY.load(Ordering::Relaxed) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
        return;
    }
    let _ = try_line(text);
}

/// Prints a line and says when nobody reads any more.
pub fn try_line(text: std::fmt::Arguments<'_>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).context("nobody reads what is printed")
}

/// `println!` that does not panic when the reader has gone.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}

/// Prints one value as JSON on one line.
pub fn json<T: Serialize>(value: &T) -> Result<()> {
    try_line(format_args!("{}", serde_json::to_string(value)?))
}

/// A table without frames, as wide as the terminal.
pub fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head);
    for row in rows {
        table.add_row(row.map(|cell| clean(&cell)));
    }
    // Every cell is padded; the first one's padding would only indent the whole.
    table
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Names and log lines come from customers and containers: control characters could drive the terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(|one| if one.is_control() && one != '\n' && one != '\t' { '\u{fffd}' } else { one }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_drive_the_terminal() {
        let text = table(["NAME"], [["a\u{1b}[2Jb".to_owned()]]);
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("a\u{fffd}[2Jb"));
    }
}
