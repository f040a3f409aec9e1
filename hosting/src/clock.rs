//! The one place that asks what time it is.
//!
//! Correctness never depends on this clock (leases and due times are decided by the database's
//! clock); it dates log lines and measures durations.

use time::{OffsetDateTime, PlainDateTime};

/// Now, in UTC.
#[must_use]
pub fn now() -> OffsetDateTime {
    #[allow(clippy::disallowed_methods)]
    OffsetDateTime::now_utc()
}

/// Now, in UTC, as the database stores times (no offset).
#[must_use]
pub fn now_plain() -> PlainDateTime {
    let now = now();
    PlainDateTime::new(now.date(), now.time())
}
