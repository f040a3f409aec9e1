//! Log lines as HTML: the first page, the stream and the fetch of a gap draw with this one
//! function. Everything is escaped here; the template prints the result as it is.

use super::ansi::{self, Span};
use super::common::{iso_nanoseconds, iso_time};
use hosting::db::service_lines::ServiceLine;
use hosting::domain::{Level, StoreLogLine};
use std::fmt::Write;
use time::PlainDateTime;

/// A line to draw.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Number.
    pub seq: u32,
    /// Position of its step; 0 before the first.
    pub step: u32,
    /// 0 debug, 1 info, 2 warning, 3 error.
    pub level: u8,
    /// When, UTC.
    pub at: PlainDateTime,
    /// Raw text, may carry terminal codes.
    pub text: String,
}

/// Lines in blocks of this many, so that a browser skips what it does not show.
pub const BLOCK: usize = 100;

/// Draws lines. Neighbours that say the same fold into one with a count, and a progress line
/// (ending in a carriage return) gives way to the next line of its step.
/// `prefix` starts each line's link: `?` or `?attempt=2&`.
#[must_use]
pub fn lines(lines: &[LogLine], prefix: &str) -> String {
    let mut out = String::with_capacity(lines.len() * 160);
    for folded in fold(lines) {
        one(&mut out, &folded, prefix);
    }
    out
}

/// The same in blocks of [`BLOCK`].
#[must_use]
pub fn blocks(lines: &[LogLine], prefix: &str) -> Vec<String> {
    fold(lines)
        .chunks(BLOCK)
        .map(|chunk| {
            let mut out = String::with_capacity(chunk.len() * 160);
            for folded in chunk {
                one(&mut out, folded, prefix);
            }
            out
        })
        .collect()
}

/// Lines of a running store. No numbers: they have a time and a source.
#[must_use]
pub fn store_lines(lines: &[StoreLogLine]) -> String {
    let mut out = String::with_capacity(lines.len() * 160);
    for line in lines {
        let (class, word) = match line.level {
            Level::Debug | Level::Info => ("l", ""),
            Level::Warning => ("l lw", "<i>Warning</i>"),
            Level::Error => ("l le", "<i>Error</i>"),
        };
        let iso = iso_nanoseconds(line.at);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<div class=\"{class}\"><time datetime=\"{iso}\">{}</time><b>{}</b>{word}<span>{}</span></div>",
            &iso[11..19],
            line.source.as_str(),
            Escaped(&line.text)
        );
    }
    out
}

/// Lines of the product's own processes; `href` leads from a reference to its lines.
#[must_use]
pub fn service_lines(lines: &[ServiceLine]) -> String {
    let mut out = String::with_capacity(lines.len() * 200);
    for line in lines {
        let (class, word) = match line.level {
            0 | 1 => ("l", ""),
            2 => ("l lw", "<i>Warning</i>"),
            _ => ("l le", "<i>Error</i>"),
        };
        let iso = iso_time(line.at);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<div class=\"{class}\"><time datetime=\"{iso}\" title=\"{}\">{}</time><b>{}</b>{word}<span>{}",
            Escaped(&line.place),
            &iso[11..19],
            Escaped(&line.service),
            Escaped(&line.text)
        );
        if !line.correlation.is_empty() {
            let reference = Escaped(&line.correlation);
            let _ = write!(out, " <a href=\"/admin/logs?correlation={reference}\">{reference}</a>");
        }
        out.push_str("</span></div>");
    }
    out
}

/// Says that lines are missing between others.
#[must_use]
pub fn left_out(count: u64, or_more: bool) -> String {
    let more = if or_more { "more than " } else { "" };
    let lines = if count == 1 && !or_more { "line is" } else { "lines are" };
    format!(
        "<div class=\"l lw\"><i>Left out</i><span>{more}{count} {lines} not shown live: the store writes faster than they can be read. Search for what you need.</span></div>"
    )
}

struct Folded<'a> {
    line: &'a LogLine,
    last: u32,
    count: u32,
    spans: Vec<Span>,
}

fn fold(lines: &[LogLine]) -> Vec<Folded<'_>> {
    let mut out: Vec<Folded<'_>> = Vec::with_capacity(lines.len());
    for line in lines {
        let spans = ansi::parse(&line.text);
        if let Some(prev) = out.last_mut().filter(|p| p.line.step == line.step) {
            if ansi::ends_open(&prev.line.text) {
                *prev = Folded { line, last: line.seq, count: 1, spans };
                continue;
            }
            if prev.line.level == line.level && prev.spans == spans && !ansi::ends_open(&line.text) {
                prev.last = line.seq;
                prev.count += 1;
                continue;
            }
        }
        out.push(Folded { line, last: line.seq, count: 1, spans });
    }
    out
}

fn one(out: &mut String, folded: &Folded<'_>, prefix: &str) {
    let l = folded.line;
    let (class, word) = match l.level {
        0 | 1 => ("l", ""),
        2 => ("l lw", "Warning"),
        _ => ("l le", "Error"),
    };
    let iso = iso_time(l.at);
    // Writing to a String cannot fail.
    let _ = write!(out, "<div class=\"{class}\" id=\"L{}\" data-s=\"{}\" data-v=\"{}\"", l.seq, l.step, l.level);
    if folded.count > 1 {
        let _ = write!(out, " data-n=\"{}\" data-to=\"{}\"", folded.count, folded.last);
    }
    if ansi::ends_open(&l.text) {
        out.push_str(" data-cr=\"1\"");
    }
    let _ = write!(
        out,
        "><a href=\"{}line={}#L{}\">{}</a><time datetime=\"{iso}\">{}</time>",
        Escaped(prefix),
        l.seq,
        l.seq,
        l.seq,
        &iso[11..19]
    );
    if !word.is_empty() {
        let _ = write!(out, "<i>{word}</i>");
    }
    out.push_str("<span>");
    for span in &folded.spans {
        let mut classes = String::new();
        if let Some(ink) = span.style.ink {
            classes.push(ink.0);
        }
        for (on, class) in [(span.style.bold, 'B'), (span.style.underline, 'U')] {
            if on {
                if !classes.is_empty() {
                    classes.push(' ');
                }
                classes.push(class);
            }
        }
        if classes.is_empty() {
            linked(out, &span.text);
        } else {
            let _ = write!(out, "<span class=\"{classes}\">");
            linked(out, &span.text);
            out.push_str("</span>");
        }
    }
    out.push_str("</span>");
    if folded.count > 1 {
        let _ = write!(out, "<em>× {}</em>", folded.count);
    }
    out.push_str("</div>");
}

/// Escapes, and makes http(s) addresses links.
fn linked(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = find_address(rest) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || "\"'<>`|\\^{}".contains(c)).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
        let _ = write!(out, "{}", Escaped(before));
        if address.len() > "https://".len() {
            let _ = write!(out, "<a href=\"{0}\" rel=\"noopener noreferrer\">{0}</a>", Escaped(address));
        } else {
            let _ = write!(out, "{}", Escaped(address));
        }
        rest = &from[address.len()..];
    }
    let _ = write!(out, "{}", Escaped(rest));
}

fn find_address(text: &str) -> Option<usize> {
    [text.find("http://"), text.find("https://")].into_iter().flatten().min()
}

/// Text for element content and quoted attributes.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut from = 0;
        for (i, b) in self.0.bytes().enumerate() {
            let entity = match b {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\'' => "&#39;",
                _ => continue,
            };
            f.write_str(&self.0[from..i])?;
            f.write_str(entity)?;
            from = i + 1;
        }
        f.write_str(&self.0[from..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn line(seq: u32, text: &str) -> LogLine {
        LogLine { seq, step: 1, level: 1, at: datetime!(2026-11-21 09:00:00.25), text: text.into() }
    }

    #[test]
    fn hostile_text_is_shown_as_text() {
        let html = lines(&[line(1, "<script>alert('1')</script>\u{1b}[31m&red")], "?");
        assert!(
            html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;<span class=\"r\">&amp;red</span>"),
            "{html}"
        );
        let html = lines(&[line(2, "see https://a.example/x?y=1&z=\"q\". javascript:alert(1)")], "?");
        assert!(html.contains("<a href=\"https://a.example/x?y=1&amp;z=\" rel=\"noopener noreferrer\">"), "{html}");
        assert_eq!(html.matches("<a href").count(), 2, "{html}");
    }

    #[test]
    fn neighbours_fold_and_progress_lines_keep_their_last_form() {
        let html = lines(
            &[line(1, "same"), line(2, "same"), line(3, "same"), line(4, "10 %\r"), line(5, "90 %\r"), line(6, "done")],
            "?attempt=2&",
        );
        assert_eq!(html.matches("<div").count(), 2, "{html}");
        assert!(html.contains("data-n=\"3\" data-to=\"3\"") && html.contains("× 3"), "{html}");
        assert!(html.contains("<span>done</span>") && !html.contains('%'), "{html}");
        assert!(html.contains("href=\"?attempt=2&amp;line=6#L6\""), "{html}");
    }

    #[test]
    fn a_stores_lines_are_text() {
        let line = StoreLogLine {
            at: 1_795_255_200_123_456_789,
            source: hosting::domain::LogSource::Php,
            level: Level::Error,
            text: "<img src=x onerror=alert(1)>&\"'".into(),
        };
        assert_eq!(
            store_lines(&[line]),
            "<div class=\"l le\"><time datetime=\"2026-11-21T10:00:00.123Z\">10:00:00</time><b>php</b><i>Error</i>\
             <span>&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;</span></div>"
        );
        assert!(left_out(1234, true).contains("more than 1234 lines are") && left_out(1, false).contains(">1 line is"));
    }

    proptest! {
        #[test]
        fn no_text_can_leave_its_line(text in "(<|>|&|\"|'|http://|https://|\\x1b\\[[0-9;]{0,6}m|\\PC){0,60}") {
            let html = lines(&[line(7, &text)], "?");
            let mut depth = 0i32;
            let mut rest = html.as_str();
            while let Some(at) = rest.find('<') {
                let tag = &rest[at..at + rest[at..].find('>').unwrap()];
                let name: String = tag.trim_start_matches("</").trim_start_matches('<').chars().take_while(char::is_ascii_alphabetic).collect();
                prop_assert!(["div", "a", "time", "span", "i", "em"].contains(&name.as_str()), "{}", tag);
                prop_assert!(!tag.contains("javascript:"));
                depth += if tag.starts_with("</") { -1 } else { 1 };
                prop_assert!(depth >= 0);
                rest = &rest[at + tag.len()..];
            }
            prop_assert_eq!(depth, 0);
        }
    }
}
