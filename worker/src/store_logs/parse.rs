//! From what a container wrote to a line for people: where it comes from, how serious it is, without what nobody
//! should read there. Everything a store writes is hostile input.

use crate::docker::logs::RawLine;
use hosting::domain::{Level, LogSource, StoreLogLine};
use hosting::progress::{Mask, mask_by_name};
use hosting::store_logs::LONGEST_LINE;

/// Whose log a container's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// nginx and PHP.
    Web,
    /// MariaDB.
    Database,
}

/// A line for people; `None`: nothing on it.
#[must_use]
pub fn line(service: Service, raw: &RawLine, mask: &Mask) -> Option<StoreLogLine> {
    let clean = clean(&raw.text);
    if clean.is_empty() {
        return None;
    }
    let (source, level) = match service {
        Service::Database => (LogSource::Database, database_level(&clean)),
        Service::Web if !raw.stderr => (LogSource::Web, request_level(&clean)),
        Service::Web => web_error(&clean),
    };
    // Masked by value first, then by name: a value that is cut is not recognised any more.
    let text = cut(mask_by_name(&mask.apply(&clean)));
    Some(StoreLogLine { at: raw.at, source, level, text })
}

/// Without control characters; the tab becomes a space. Colours of terminals have no meaning here.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            // Marks that change the direction of what follows would let a line show something else than it says.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST_LINE {
        let mut end = LONGEST_LINE;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(" … (cut)");
    }
    text
}

/// `2026-11-21 10:00:00 0 [Warning] …`
fn database_level(text: &str) -> Level {
    if text.contains("[ERROR]") {
        Level::Error
    } else if text.contains("[Warning]") {
        Level::Warning
    } else {
        Level::Info
    }
}

/// `ADDRESS "GET / HTTP…" 200 …`: the number after the quoted request.
fn request_level(text: &str) -> Level {
    let status = text.split("\" ").nth(1).and_then(|rest| rest.split(' ').next()).and_then(|s| s.parse::<u16>().ok());
    match status {
        Some(500..) => Level::Error,
        Some(400..500) => Level::Warning,
        _ => Level::Info,
    }
}

/// Standard error of the web container is nginx's, PHP's and its init's.
fn web_error(text: &str) -> (LogSource, Level) {
    // `2026/11/21 10:00:00 [error] 7#7: …`
    let bytes = text.as_bytes();
    let is_nginx = bytes.len() > 20 && bytes[4] == b'/' && bytes[7] == b'/' && bytes[19] == b' ' && bytes[20] == b'[';
    if is_nginx {
        let level = match text[21..].split(']').next() {
            Some("warn") => Level::Warning,
            Some("error" | "crit" | "alert" | "emerg") => Level::Error,
            _ => Level::Info,
        };
        return (LogSource::Web, level);
    }
    if text.starts_with("init: ") {
        return (LogSource::Web, Level::Warning);
    }
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let level = if has(&["PHP Fatal error", "PHP Parse error", "PHP Recoverable", "ERROR:", "ALERT:", "database error"])
    {
        Level::Error
    } else if has(&["PHP Warning", "WARNING:"]) {
        Level::Warning
    } else {
        Level::Info
    };
    (LogSource::Php, level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hosting::crypto::Secret;

    fn of(service: Service, stderr: bool, text: &str) -> StoreLogLine {
        let mut mask = Mask::default();
        mask.add(&Secret::new("hunter22-hunter22"));
        line(service, &RawLine { at: 7, stderr, text: text.into() }, &mask).unwrap()
    }

    #[test]
    fn every_line_has_its_place_and_level() {
        for (service, stderr, text, source, level) in [
            (Service::Web, false, "192.0.2.1 \"GET / HTTP/1.1\" 200 5 0.01 \"-\" \"x\"", LogSource::Web, Level::Info),
            (Service::Web, false, "192.0.2.1 \"GET /x\" 404 5 0.01 \"-\" \"x\"", LogSource::Web, Level::Warning),
            (Service::Web, false, "192.0.2.1 \"POST /\" 502 5 0.01 \"-\" \"x\"", LogSource::Web, Level::Error),
            (Service::Web, true, "2026/11/21 10:00:00 [error] 7#7: *1 access forbidden", LogSource::Web, Level::Error),
            (Service::Web, true, "2026/11/21 10:00:00 [warn] 7#7: a temporary file", LogSource::Web, Level::Warning),
            (Service::Web, true, "[21-Nov-2026 10:00:00] NOTICE: fpm is running", LogSource::Php, Level::Info),
            (Service::Web, true, "[21-Nov-2026 10:00:00 UTC] PHP Fatal error:  Uncaught", LogSource::Php, Level::Error),
            (Service::Web, true, "[21-Nov-2026 10:00:00 UTC] PHP Warning:  x", LogSource::Php, Level::Warning),
            (Service::Web, true, "init: nginx ended", LogSource::Web, Level::Warning),
            (Service::Database, true, "2026-11-21 10:00:00 0 [Note] ready", LogSource::Database, Level::Info),
            (Service::Database, true, "2026-11-21 10:00:00 3 [Warning] Aborted", LogSource::Database, Level::Warning),
            (Service::Database, true, "2026-11-21 10:00:00 0 [ERROR] InnoDB", LogSource::Database, Level::Error),
        ] {
            let line = of(service, stderr, text);
            assert_eq!((line.source, line.level), (source, level), "{text}");
        }
    }

    #[test]
    fn secrets_are_masked_by_value_and_by_name() {
        let text = |t: &str| of(Service::Web, false, t).text;
        assert_eq!(text("pw hunter22-hunter22!"), "pw ••••••!");
        assert_eq!(
            text("1.2.3.4 \"GET /wp-login.php?action=rp&key=aBc&login=ana HTTP/1.1\" 200"),
            "1.2.3.4 \"GET /wp-login.php?action=rp&key=••••••&login=ana HTTP/1.1\" 200"
        );
        assert_eq!(
            text("/?wc_order_key=wc_x&_wpnonce=1&access_token=y&page=2"),
            "/?wc_order_key=••••••&_wpnonce=••••••&access_token=••••••&page=2"
        );
        assert_eq!(text("a = b, ü=ü key="), "a = b, ü=ü key=");
        assert_eq!(text("path=/x?token=abc&page=2 a=key=b"), "path=/x?token=••••••&page=2 a=key=••••••");
    }

    #[test]
    fn hostile_lines_become_plain_text_of_bounded_length() {
        let mask = Mask::default();
        let raw = |text: &str| RawLine { at: 1, stderr: true, text: text.into() };
        let shown = line(Service::Web, &raw("a\u{1b}[31mred\u{7}\u{202e}txt\tx\0"), &mask).unwrap();
        assert_eq!(shown.text, "a[31mredtxt x");
        assert!(line(Service::Web, &raw(" \u{1b} "), &mask).is_none());
        let long = line(Service::Web, &raw(&"ä".repeat(9000)), &mask).unwrap();
        assert!(long.text.len() < LONGEST_LINE + 20 && long.text.ends_with("(cut)"));
        // Positions that are looked at by number are bytes: no text may break them.
        for odd in ["ää/ää/ääää ää [", "2026/11/21 10:00:00 [ä", "====", "key=", "ünonce=1&key=\u{1F600}"] {
            assert!(line(Service::Web, &raw(odd), &mask).is_some());
        }
    }
}
