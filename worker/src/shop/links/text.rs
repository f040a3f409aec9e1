//! Addresses in a text: whole host names only, in the spellings in which shops keep them — plain, with JSON's escaped slashes
//! (at any depth of JSON in JSON), and percent-encoded.

use url::{Host, Url};

/// From which address to which.
#[derive(Debug, Clone)]
pub struct Move {
    host: String,
    port: Option<u16>,
    to_scheme: String,
    to_host: String,
    to_port: Option<u16>,
}

/// How the slashes before a host are written.
struct Slashes {
    /// Where they begin.
    start: usize,
    /// `%2F`, and so `%3A` for colons.
    percent: bool,
}

impl Move {
    /// Of two addresses like `https://shop.example.com:8443`. `None`: they are the same, or one of them is no such address.
    #[must_use]
    pub fn new(from: &str, to: &str) -> Option<Self> {
        let (from, to) = (Url::parse(from).ok()?, Url::parse(to).ok()?);
        let host = |url: &Url| match url.host()? {
            Host::Domain(name) => Some(name.to_ascii_lowercase()),
            Host::Ipv4(ip) => Some(ip.to_string()),
            Host::Ipv6(_) => None,
        };
        let made = Self {
            host: host(&from)?,
            port: from.port(),
            to_scheme: to.scheme().to_owned(),
            to_host: host(&to)?,
            to_port: to.port(),
        };
        let same = made.host == made.to_host && made.port == made.to_port && from.scheme() == to.scheme();
        (!same && ["http", "https"].contains(&to.scheme())).then_some(made)
    }

    /// What every text that leads to the former address has in it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the former host's name stands in there at all.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.find(text, 0).is_some()
    }

    /// The text with the new address; `None`: nothing in it leads to the former one.
    #[must_use]
    pub fn in_text(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut out: Option<Vec<u8>> = None;
        let (mut copied, mut at) = (0, 0);
        while let Some(found) = self.find(text, at) {
            at = found + self.host.len();
            let Some((start, end, new)) = self.address_at(text, found, copied) else { continue };
            let out = out.get_or_insert_with(|| Vec::with_capacity(text.len() + 64));
            out.extend_from_slice(&text[copied..start]);
            out.extend_from_slice(&new);
            (copied, at) = (end, end);
        }
        if let Some(out) = &mut out {
            out.extend_from_slice(&text[copied..]);
        }
        out
    }

    /// Next place of the host's name, in whatever case.
    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let host = self.host.as_bytes();
        let last = text.len().checked_sub(host.len())?;
        (from..=last)
            .find(|&i| text[i].eq_ignore_ascii_case(&host[0]) && text[i..i + host.len()].eq_ignore_ascii_case(host))
    }

    /// The address whose host stands at `found`: where it begins, where it ends, what takes its place. What stands before
    /// `least` belongs to another one.
    fn address_at(&self, text: &[u8], found: usize, least: usize) -> Option<(usize, usize, Vec<u8>)> {
        let slashes = slashes_before(&text[least..found]).map(|s| Slashes { start: s.start + least, ..s })?;
        let end = self.end(text, found + self.host.len(), slashes.percent)?;
        let colon: &[u8] = if slashes.percent { b"%3A" } else { b":" };
        let mut new = Vec::new();
        let start = match scheme_before(&text[least..slashes.start], slashes.percent) {
            Scheme::Web(at) => {
                new.extend_from_slice(self.to_scheme.as_bytes());
                new.extend_from_slice(colon);
                at + least
            }
            Scheme::None => slashes.start,
            Scheme::Other => return None,
        };
        new.extend_from_slice(&text[slashes.start..found]);
        new.extend_from_slice(self.to_host.as_bytes());
        if let Some(port) = self.to_port {
            new.extend_from_slice(colon);
            new.extend_from_slice(port.to_string().as_bytes());
        }
        Some((start, end, new))
    }

    /// Where the address ends, if host and port are these and no longer ones.
    fn end(&self, text: &[u8], after_host: usize, percent: bool) -> Option<usize> {
        let rest = &text[after_host..];
        let colon = if percent && starts(rest, b"%3A") {
            3
        } else if rest.first() == Some(&b':') {
            1
        } else {
            0
        };
        let port_follows = colon > 0 && rest.get(colon).is_some_and(u8::is_ascii_digit);
        let taken = match self.port {
            Some(port) => {
                let port = port.to_string();
                let fits = port_follows && rest[colon..].starts_with(port.as_bytes());
                let longer = fits && rest.get(colon + port.len()).is_some_and(u8::is_ascii_digit);
                if !fits || longer {
                    return None;
                }
                colon + port.len()
            }
            None if port_follows => return None,
            None => 0,
        };
        if taken == 0 {
            let goes_on = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            let longer = match rest.first() {
                Some(b'.') => rest.get(1).is_some_and(goes_on),
                Some(b) => goes_on(b) || !b.is_ascii(),
                None => false,
            };
            if longer {
                return None;
            }
        }
        Some(after_host + taken)
    }
}

fn starts(text: &[u8], with: &[u8]) -> bool {
    text.len() >= with.len() && text[..with.len()].eq_ignore_ascii_case(with)
}

fn ends(text: &[u8], with: &[u8]) -> bool {
    text.len() >= with.len() && text[text.len() - with.len()..].eq_ignore_ascii_case(with)
}

/// `//`, `\/\/` (with as many backslashes as there are layers of JSON) or `%2F%2F` at the end of a text.
fn slashes_before(text: &[u8]) -> Option<Slashes> {
    if ends(text, b"%2F%2F") {
        return Some(Slashes { start: text.len() - 6, percent: true });
    }
    let without = |text: &[u8]| -> Option<(usize, usize)> {
        let rest = text.strip_suffix(b"/")?;
        let backslashes = rest.iter().rev().take_while(|b| **b == b'\\').count();
        Some((rest.len() - backslashes, backslashes))
    };
    let (middle, second) = without(text)?;
    let (start, first) = without(&text[..middle])?;
    (first == second).then_some(Slashes { start, percent: false })
}

enum Scheme {
    /// `http:` or `https:`, and where it begins.
    Web(usize),
    /// The address goes without one.
    None,
    /// Of something else, or a path with two slashes.
    Other,
}

fn scheme_before(text: &[u8], percent: bool) -> Scheme {
    let colon: &[u8] = if percent { b"%3A" } else { b":" };
    if ends(text, colon) {
        let name = &text[..text.len() - colon.len()];
        for scheme in [b"https".as_slice(), b"http"] {
            if ends(name, scheme) {
                let start = name.len() - scheme.len();
                let inside_a_word = start > 0 && name[start - 1].is_ascii_alphanumeric();
                // After `%3A` or the like the letter before belongs to the encoding.
                let encoded = start > 2 && name[start - 3] == b'%';
                return if inside_a_word && !encoded { Scheme::Other } else { Scheme::Web(start) };
            }
        }
        return Scheme::Other;
    }
    let may_begin =
        |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'(' | b'=' | b'>' | b',' | b';' | b'|');
    if text.last().is_none_or(may_begin) { Scheme::None } else { Scheme::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str) -> String {
        let m = Move::new("http://old.example.com", "https://new.example.org").unwrap();
        m.in_text(text.as_bytes()).map_or_else(|| "same".into(), |t| String::from_utf8(t).unwrap())
    }

    #[test]
    fn every_spelling_of_an_address() {
        for (from, to) in [
            ("http://old.example.com", "https://new.example.org"),
            ("https://OLD.example.com/a?b#c", "https://new.example.org/a?b#c"),
            ("<a href='http://old.example.com/x'>", "<a href='https://new.example.org/x'>"),
            ("src=\"//old.example.com/i.png\"", "src=\"//new.example.org/i.png\""),
            ("url(//old.example.com/i.png)", "url(//new.example.org/i.png)"),
            (r#"{"u":"http:\/\/old.example.com\/x"}"#, r#"{"u":"https:\/\/new.example.org\/x"}"#),
            (
                r#""{\"u\":\"http:\\\/\\\/old.example.com\\\/x\"}""#,
                r#""{\"u\":\"https:\\\/\\\/new.example.org\\\/x\"}""#,
            ),
            (r#"{"u":"\/\/old.example.com"}"#, r#"{"u":"\/\/new.example.org"}"#),
            ("?u=http%3A%2F%2Fold.example.com%2Fx", "?u=https%3A%2F%2Fnew.example.org%2Fx"),
            ("?u=http%3a%2f%2fold.example.com", "?u=https%3A%2f%2fnew.example.org"),
            ("See http://old.example.com.", "See https://new.example.org."),
            ("http://old.example.com,http://old.example.com", "https://new.example.org,https://new.example.org"),
            ("http://old.example.com: yes", "https://new.example.org: yes"),
        ] {
            assert_eq!(moved(from), to, "{from}");
        }
    }

    #[test]
    fn nothing_but_whole_addresses() {
        for text in [
            "",
            "old.example.com",
            "ana@old.example.com",
            "http://ana@old.example.com",
            "http://old.example.com.au",
            "http://old.example.com-pany",
            "http://old.example.computer",
            "http://old.example.com:8080/",
            "http://very-old.example.com",
            "http://www.old.example.com",
            "ftp://old.example.com",
            "wss://old.example.com",
            "xhttp://old.example.com",
            "http:/old.example.com",
            r"http:\//old.example.com",
            "/a//old.example.com",
            "http://other.example/?at=//other//old.example.com",
            "http://old.example.comä",
            "http://old.example.comhttp://old.example.com",
        ] {
            assert_eq!(moved(text), "same", "{text}");
        }
    }

    #[test]
    fn a_port_is_a_part_of_the_address() {
        let m = Move::new("http://old.example.com:8080", "http://new.example.org:9090").unwrap();
        let moved = |t: &str| m.in_text(t.as_bytes()).map(|t| String::from_utf8(t).unwrap());
        assert_eq!(moved("http://old.example.com:8080/x").as_deref(), Some("http://new.example.org:9090/x"));
        assert_eq!(
            moved("http%3A%2F%2Fold.example.com%3A8080%2Fx").as_deref(),
            Some("http%3A%2F%2Fnew.example.org%3A9090%2Fx")
        );
        for other in ["http://old.example.com/x", "http://old.example.com:80800/", "http://old.example.com:80"] {
            assert_eq!(moved(other), None, "{other}");
        }
    }

    #[test]
    fn there_and_back() {
        let (a, b) = ("https://a.example.com", "https://b.example.com");
        let (there, back) = (Move::new(a, b).unwrap(), Move::new(b, a).unwrap());
        let text = br#"x "https://a.example.com/y" {"u":"https:\/\/a.example.com"} //a.example.com"#;
        let moved = there.in_text(text).unwrap();
        assert_eq!(there.in_text(&moved), None, "twice is once");
        assert_eq!(back.in_text(&moved).unwrap(), text);
        assert!(Move::new(a, a).is_none() && Move::new("nonsense", a).is_none() && Move::new(a, "ftp://b").is_none());
    }
}
