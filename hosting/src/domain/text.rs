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

/// Control characters, bidirectional overrides, and invisible or private-use code points.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffc}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::HumanText;
    use proptest::prelude::*;

    #[test]
    fn names_are_cleaned_or_refused() {
        assert_eq!(HumanText::parse("store name", "  Ana's \t Bikes ").unwrap().as_str(), "Ana's Bikes");
        for bad in ["", "   ", "a\0b", "a\r\nb", "a\u{202e}b", &"x".repeat(81), &"x".repeat(5000)] {
            assert!(HumanText::parse("store name", bad).is_err(), "{bad:?}");
        }
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
