//! Lines that the programs of a running store write.

use super::Level;
use serde::{Deserialize, Serialize};

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// nginx: requests and its own complaints.
    Web,
    /// PHP and its process manager.
    Php,
    /// MariaDB.
    Database,
}

impl LogSource {
    /// All there are; a fixed list, nothing a person types becomes a place to read from.
    pub const ALL: [Self; 3] = [Self::Web, Self::Php, Self::Database];

    /// In addresses and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Php => "php",
            Self::Database => "database",
        }
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Web => "Web server",
            Self::Php => "PHP",
            Self::Database => "Database",
        }
    }

    /// Reads what [`LogSource::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// One line: masked, without control characters, of bounded length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLogLine {
    /// Unix nanoseconds; also its place in the log.
    pub at: i64,
    /// Where from.
    pub source: LogSource,
    /// How serious.
    pub level: Level,
    /// What it says.
    pub text: String,
}

/// Which lines somebody wants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFilter {
    /// Only from here; `None`: all.
    pub source: Option<LogSource>,
    /// 0 to 3: this level and worse.
    pub level: u8,
    /// Only lines with this in them, whatever the case; empty: all.
    pub find: String,
}

impl LogFilter {
    /// Whether nothing is left out.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        self.source.is_none() && self.level <= Level::Info.as_u8() && self.find.is_empty()
    }

    /// Whether a line is wanted.
    #[must_use]
    pub fn takes(&self, line: &StoreLogLine) -> bool {
        self.source.is_none_or(|s| s == line.source)
            && (self.level <= Level::Info.as_u8() || line.level.as_u8() >= self.level)
            && (self.find.is_empty() || line.text.to_lowercase().contains(&self.find.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_take_what_they_say() {
        let line = |source, level, text: &str| StoreLogLine { at: 1, source, level, text: text.into() };
        let filter = LogFilter { source: Some(LogSource::Php), level: 2, find: "Fatal".into() };
        assert!(filter.takes(&line(LogSource::Php, Level::Error, "a FATAL error")));
        assert!(!filter.takes(&line(LogSource::Php, Level::Info, "a fatal error")));
        assert!(!filter.takes(&line(LogSource::Web, Level::Error, "a fatal error")));
        assert!(!filter.takes(&line(LogSource::Php, Level::Error, "an error")));
        assert!(
            LogFilter::default().takes(&line(LogSource::Web, Level::Debug, "x")) && LogFilter::default().takes_all()
        );
        for source in LogSource::ALL {
            assert_eq!(LogSource::parse(source.as_str()), Some(source));
        }
        assert_eq!(LogSource::parse("../../etc/passwd"), None);
    }
}
