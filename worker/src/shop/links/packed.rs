//! Values as PHP's `serialize` packs them: lengths are counted anew around every text that changes. It is read as text; no object
//! is made, and what cannot be read to its end stays as it is.
//!
//! Format: <https://www.php.net/manual/en/function.serialize.php>; the letters are those of PHP 8 (`a b d E i N O R r s`). `C`,
//! whose inside is a class's own, is copied.

use super::text::Move;

/// Values within values: deeper than any shop's, and far from the end of the stack.
const DEEPEST: u32 = 128;

/// What became of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing in it leads to the former address.
    Same,
    /// The value with the new address.
    Changed(Vec<u8>),
    /// It has the former host's name, but is packed in a way that cannot be read. It stays.
    Unread,
}

/// Rewrites one value of a column, packed or not.
#[must_use]
pub fn in_value(m: &Move, value: &[u8]) -> Value {
    at_depth(m, value, 0)
}

/// A value that stands in so many others.
fn at_depth(m: &Move, value: &[u8], depth: u32) -> Value {
    if !m.is_in(value) {
        return Value::Same;
    }
    if looks_packed(value) {
        return match unpack(m, value, depth) {
            Some(new) if new == value => Value::Same,
            Some(new) => Value::Changed(new),
            None => Value::Unread,
        };
    }
    m.in_text(value).map_or(Value::Same, Value::Changed)
}

/// Only what can hold a text: a number needs nothing.
fn looks_packed(value: &[u8]) -> bool {
    matches!(value, [b'a' | b'O' | b'C' | b's' | b'E', b':', digit, ..] if digit.is_ascii_digit())
        && matches!(value.trim_ascii_end().last(), Some(b';' | b'}'))
}

/// The whole value anew; `None`: it cannot be read.
fn unpack(m: &Move, value: &[u8], depth: u32) -> Option<Vec<u8>> {
    let mut reader = Reader { text: value, at: 0, out: Vec::with_capacity(value.len() + 64), m };
    reader.value(depth)?;
    // Some plugins leave a line end behind it.
    let rest = &value[reader.at..];
    if !rest.trim_ascii().is_empty() {
        return None;
    }
    reader.out.extend_from_slice(rest);
    Some(reader.out)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    out: Vec<u8>,
    m: &'a Move,
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(bytes)?;
        let part = self.text.get(self.at..end)?;
        self.at = end;
        Some(part)
    }

    fn expect(&mut self, sign: u8) -> Option<()> {
        (self.take(1)? == [sign]).then_some(())
    }

    /// Up to `end`, which is taken as well.
    fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let length = self.text.get(self.at..)?.iter().position(|b| *b == end)?;
        let part = self.take(length)?;
        self.expect(end)?;
        Some(part)
    }

    /// A length, with the colon behind it. No sign, no empty one.
    fn number(&mut self) -> Option<usize> {
        let digits = self.until(b':')?;
        if digits.is_empty() || digits.len() > 10 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    fn quoted(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.expect(b'"')?;
        let inside = self.take(length)?;
        self.expect(b'"')?;
        Some(inside)
    }

    fn copy_from(&mut self, start: usize) {
        self.out.extend_from_slice(&self.text[start..self.at]);
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let start = self.at;
        match *self.take(1)?.first()? {
            b'N' => {
                self.expect(b';')?;
                self.copy_from(start);
            }
            b'i' | b'b' | b'd' | b'r' | b'R' => {
                self.expect(b':')?;
                let number = self.until(b';')?;
                if number.is_empty() || number.iter().any(|b| matches!(b, b'"' | b'{' | b'}' | b':')) {
                    return None;
                }
                self.copy_from(start);
            }
            b's' => {
                self.expect(b':')?;
                let inside = self.quoted()?;
                self.expect(b';')?;
                self.string(inside, start, depth);
            }
            b'E' => {
                self.expect(b':')?;
                self.quoted()?;
                self.expect(b';')?;
                self.copy_from(start);
            }
            b'a' => {
                self.expect(b':')?;
                self.members(start, depth)?;
            }
            b'O' => {
                self.expect(b':')?;
                self.quoted()?;
                self.expect(b':')?;
                self.members(start, depth)?;
            }
            b'C' => {
                self.expect(b':')?;
                self.quoted()?;
                self.expect(b':')?;
                let length = self.number()?;
                self.expect(b'{')?;
                self.take(length)?;
                self.expect(b'}')?;
                self.copy_from(start);
            }
            _ => return None,
        }
        Some(())
    }

    /// A text: it may be a packed value itself. What only looks like one is left alone.
    fn string(&mut self, inside: &[u8], start: usize, depth: u32) {
        match at_depth(self.m, inside, depth + 1) {
            Value::Changed(new) => {
                self.out.extend_from_slice(format!("s:{}:\"", new.len()).as_bytes());
                self.out.extend_from_slice(&new);
                self.out.extend_from_slice(b"\";");
            }
            Value::Same | Value::Unread => self.copy_from(start),
        }
    }

    /// Count, keys and values of a list or an object. Keys are names and stay.
    fn members(&mut self, start: usize, depth: u32) -> Option<()> {
        let count = self.number()?;
        self.expect(b'{')?;
        self.copy_from(start);
        for _ in 0..count {
            let key = self.at;
            match *self.take(1)?.first()? {
                b'i' => {
                    self.expect(b':')?;
                    self.until(b';')?;
                }
                b's' => {
                    self.expect(b':')?;
                    self.quoted()?;
                    self.expect(b';')?;
                }
                _ => return None,
            }
            self.copy_from(key);
            self.value(depth + 1)?;
        }
        let end = self.at;
        self.expect(b'}')?;
        self.copy_from(end);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(value: &str) -> String {
        let m = Move::new("http://old.example.com", "https://brand-new.example.org").unwrap();
        match in_value(&m, value.as_bytes()) {
            Value::Same => "same".into(),
            Value::Unread => "unread".into(),
            Value::Changed(new) => String::from_utf8(new).unwrap(),
        }
    }

    #[test]
    fn lengths_follow_the_texts() {
        for (from, to) in [
            ("http://old.example.com/x", "https://brand-new.example.org/x"),
            (r#"s:22:"http://old.example.com";"#, r#"s:29:"https://brand-new.example.org";"#),
            (
                r#"a:2:{s:3:"url";s:25:"http://old.example.com/ä";i:7;b:1;}"#,
                r#"a:2:{s:3:"url";s:32:"https://brand-new.example.org/ä";i:7;b:1;}"#,
            ),
            (
                r#"O:8:"stdClass":3:{s:1:"u";s:22:"http://old.example.com";s:1:"n";N;s:1:"d";d:1.5E-7;}"#,
                r#"O:8:"stdClass":3:{s:1:"u";s:29:"https://brand-new.example.org";s:1:"n";N;s:1:"d";d:1.5E-7;}"#,
            ),
            // A packed value in a packed value, as WordPress keeps what was packed already.
            (
                r#"s:40:"a:1:{i:0;s:22:"http://old.example.com";}";"#,
                r#"s:47:"a:1:{i:0;s:29:"https://brand-new.example.org";}";"#,
            ),
            // JSON inside.
            (
                r#"a:1:{i:0;s:32:"{"u":"http:\/\/old.example.com"}";}"#,
                r#"a:1:{i:0;s:39:"{"u":"https:\/\/brand-new.example.org"}";}"#,
            ),
            // Names stay, references still count the same.
            (
                r#"a:2:{s:22:"http://old.example.com";s:22:"http://old.example.com";i:1;R:2;}"#,
                r#"a:2:{s:22:"http://old.example.com";s:29:"https://brand-new.example.org";i:1;R:2;}"#,
            ),
            ("a:1:{i:0;s:22:\"http://old.example.com\";}\n", "a:1:{i:0;s:29:\"https://brand-new.example.org\";}\n"),
            // A text that only begins like a packed value.
            ("a:1 http://old.example.com", "a:1 https://brand-new.example.org"),
            (r#"E:22:"http://old.example.com";"#, "same"),
        ] {
            assert_eq!(moved(from), to, "{from}");
        }
    }

    #[test]
    fn what_cannot_be_read_stays() {
        for value in [
            // Lengths are bytes, not letters.
            r#"a:2:{s:3:"url";s:24:"http://old.example.com/ä";i:7;b:1;}"#,
            r#"a:2:{i:0;s:22:"http://old.example.com";}"#,
            r#"a:1:{i:0;s:23:"http://old.example.com";}"#,
            r#"a:99999999999:{i:0;s:22:"http://old.example.com";}"#,
            r#"a:1:{i:0;s:99999999999999999999:"http://old.example.com";}"#,
            r#"a:1:{a:0:{}s:22:"http://old.example.com";}"#,
            r#"a:1:{i:0;s:22:"http://old.example.com";}x;"#,
            r#"s:-2:"http://old.example.com";"#,
        ] {
            let m = Move::new("http://old.example.com", "https://b.example").unwrap();
            let became = in_value(&m, value.as_bytes());
            // Not packed at all (the sign before the length): an ordinary text.
            let text = value.starts_with("s:-");
            assert_eq!(matches!(became, Value::Unread), !text, "{value}: {became:?}");
        }
        let deep = format!("{}s:22:\"http://old.example.com\";{}", "a:1:{i:0;".repeat(5000), "}".repeat(5000));
        assert_eq!(moved(&deep), "unread");
        let inside = r#"C:3:"Bag":22:{http://old.example.com}"#;
        assert_eq!(moved(inside), "same");
    }

    /// Whatever it is fed: it ends, and nothing but texts and their lengths changes.
    #[test]
    fn cut_and_bent_values_never_break_it() {
        let whole = r#"a:3:{s:1:"a";s:22:"http://old.example.com";s:1:"b";O:3:"Bag":1:{s:1:"c";i:5;}s:1:"d";s:40:"a:1:{i:0;s:22:"http://old.example.com";}";}"#;
        for end in 0..=whole.len() {
            moved(&whole[..end]);
            for sign in ["9", "}", ";", "\"", ":"] {
                moved(&format!("{}{sign}{}", &whole[..end], &whole[(end + 1).min(whole.len())..]));
            }
        }
        assert_eq!(
            moved(whole),
            r#"a:3:{s:1:"a";s:29:"https://brand-new.example.org";s:1:"b";O:3:"Bag":1:{s:1:"c";i:5;}s:1:"d";s:47:"a:1:{i:0;s:29:"https://brand-new.example.org";}";}"#
        );
    }
}
