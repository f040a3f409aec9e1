//! Text that people typed.

/// Why a value was refused, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Refused {
    /// A refusal with words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// One line of text without control or direction-changing characters, 1 to 80 characters.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HumanText(String);

impl HumanText {
    /// Trims, folds inner white space, and refuses what cannot be shown safely.
    ///
    /// # Errors
    /// Words naming `what` ("store name").
    pub fn parse(what: &str, text: &str) -> Result<Self, Refused> {
        if text.len() > 1024 {
            return Err(Refused::new(format!("Enter a {what} of at most 80 characters")));
        }
        if text.chars().any(|c| is_unsafe(c) && c != '\t') {
            return Err(Refused::new(format!("The {what} has a character that cannot be shown. Type it again")));
        }
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match folded.chars().count() {
            0 => Err(Refused::new(format!("Enter a {what}"))),
            1..=80 => Ok(Self(folded)),
            _ => Err(Refused::new(format!("Enter a {what} of at most 80 characters"))),
        }
    }
    /// The cleaned text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What people write to each other: several lines, at most [`MessageText::MAX`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// Longest message, characters.
    pub const MAX: usize = 20_000;

    /// Takes out what cannot be shown (control characters, overrides of the direction), evens out line ends, and
    /// trims.
    ///
    /// # Errors
    /// Words for the form field: empty, or too long.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let clean = Self::clean(text);
        match clean.chars().count() {
            0 => Err(Refused::new("Enter a message")),
            n if n > Self::MAX => Err(Refused::new(format!("Enter at most {} characters", Self::MAX))),
            _ => Ok(Self(clean)),
        }
    }
    /// As [`MessageText::parse`], but what is too long is cut and says so: for mails, which cannot be asked again.
    #[must_use]
    pub fn cut(text: &str) -> Option<Self> {
        let clean = Self::clean(text);
        if clean.is_empty() {
            return None;
        }
        if clean.chars().count() <= Self::MAX {
            return Some(Self(clean));
        }
        let start: String = clean.chars().take(Self::MAX - 40).collect();
        Some(Self(format!("{start}\n\n[cut: this message was longer]")))
    }
    fn clean(text: &str) -> String {
        let even = text.replace("\r\n", "\n").replace('\r', "\n");
        let kept: String = even
            .chars()
            .filter(|c| match c {
                '\n' | '\t' | '\u{200c}' | '\u{200d}' => true,
                c => !is_unsafe(*c),
            })
            .collect();
        let lines: Vec<&str> = kept.lines().map(str::trim_end).collect();
        lines.join("\n").trim().to_owned()
    }
    /// The cleaned text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, bidirectional overrides, and invisible or private-use code points.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffc}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::{HumanText, MessageText};
    use proptest::prelude::*;

    #[test]
    fn names_are_cleaned_or_refused() {
        assert_eq!(HumanText::parse("store name", "  Ana's \t Bikes ").unwrap().as_str(), "Ana's Bikes");
        for bad in ["", "   ", "a\0b", "a\r\nb", "a\u{202e}b", &"x".repeat(81), &"x".repeat(5000)] {
            assert!(HumanText::parse("store name", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn messages_keep_their_lines_and_lose_what_cannot_be_shown() {
        let text =
            MessageText::parse(" Hello,\r\n\tit\u{202e} broke\0.  \r\n\r\nAna \u{1f469}\u{200d}\u{1f4bb} ").unwrap();
        assert_eq!(text.as_str(), "Hello,\n\tit broke.\n\nAna \u{1f469}\u{200d}\u{1f4bb}");
        assert!(MessageText::parse(" \u{202e}\n ").is_err());
        assert!(MessageText::parse(&"x".repeat(20_001)).is_err());
        let cut = MessageText::cut(&"x".repeat(30_000)).unwrap();
        assert!(cut.as_str().chars().count() <= MessageText::MAX && cut.as_str().ends_with("longer]"));
        assert_eq!(MessageText::cut("\0"), None);
    }

    proptest! {
        #[test]
        fn accepted_text_is_short_and_printable(text in "\\PC{0,200}") {
            if let Ok(t) = HumanText::parse("store name", &text) {
                prop_assert!(t.as_str().chars().count() <= 80);
                prop_assert!(!t.as_str().chars().any(char::is_control));
                prop_assert_eq!(HumanText::parse("store name", t.as_str()).unwrap(), t);
            }
        }
    }
}
