//! Output for people (tables) and for programs (`--json`), from the same values.

use anyhow::Result;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Json,
}

/// Prints one value as JSON on one line.
pub fn json<T: Serialize>(value: &T) -> Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
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
