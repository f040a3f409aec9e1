//! Lines of a job's progress log.

use time::PlainDateTime;

/// How serious a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Detail for engineers.
    Debug,
    /// Normal course.
    Info,
    /// Worth a look; the job goes on.
    Warning,
    /// What went wrong.
    Error,
}

impl Level {
    /// For programs: debug, info, warning, error.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
    /// As stored: 0 to 3.
    #[must_use]
    pub fn as_u8(self) -> u8 {
        self as u8
    }
    /// Reads the stored number; unknown ones count as errors, so that nothing hides.
    #[must_use]
    pub fn from_u8(n: u8) -> Self {
        match n {
            0 => Self::Debug,
            1 => Self::Info,
            2 => Self::Warning,
            _ => Self::Error,
        }
    }
}

/// Who may read a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Technical lines.
    Staff,
    /// Plain words for the shop owner (staff see them too).
    Owner,
}

/// One stored line. `seq` counts 1, 2, 3 … per job without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Position in the job's log.
    pub seq: u32,
    /// Which attempt wrote it.
    pub attempt: u32,
    /// Which step wrote it; empty between steps.
    pub step: String,
    /// How serious.
    pub level: Level,
    /// Who may read it.
    pub audience: Audience,
    /// When it was written, UTC, milliseconds.
    pub at: PlainDateTime,
    /// At most [`MAX_LINE_BYTES`].
    pub text: String,
}

/// Longer lines are cut and marked.
pub const MAX_LINE_BYTES: usize = 8 * 1024;

/// Cuts a line at the limit, on a character boundary, and says so.
#[must_use]
pub fn cut(mut text: String) -> String {
    if text.len() > MAX_LINE_BYTES {
        let mut end = MAX_LINE_BYTES - 16;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(" … [cut]");
    }
    text
}
