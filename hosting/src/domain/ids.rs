//! Public ids: ULIDs, 26 characters of Crockford's base 32.

use super::text::Refused;
use std::fmt;

/// A public id. Numeric row ids stay inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(ulid::Ulid);

impl Uid {
    /// A new id, dated now.
    #[must_use]
    pub fn new() -> Self {
        Self(ulid::Ulid::new())
    }
    /// Reads an id from a URL or a row.
    ///
    /// # Errors
    /// Anything that is not 26 characters of Crockford's base 32 in upper case.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let bad = || Refused::new("This is not an id");
        if text.len() != 26 || text.bytes().any(|b| b.is_ascii_lowercase()) {
            return Err(bad());
        }
        ulid::Ulid::from_string(text).map(Self).map_err(|_| bad())
    }
    /// The last eight characters in lower case (40 random bits): names of store objects.
    #[must_use]
    pub fn uid8(&self) -> String {
        self.0.to_string()[18..].to_ascii_lowercase()
    }
    /// Short form for people: the last six characters.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.to_string()[20..].to_owned()
    }
}

impl Default for Uid {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl serde::Serialize for Uid {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Uid;
    #[test]
    fn round_trip_and_refusals() {
        let id = Uid::new();
        assert_eq!(Uid::parse(&id.to_string()).unwrap(), id);
        assert_eq!(id.uid8().len(), 8);
        for bad in ["", "1", "../../etc/passwd", &"0".repeat(27), &id.to_string().to_lowercase()[..]] {
            assert!(Uid::parse(bad).is_err() || bad == id.to_string(), "{bad}");
        }
    }
}
