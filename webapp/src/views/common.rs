//! Parts that many pages share.

use super::OneUse;
use serde::Serialize;
use time::{OffsetDateTime, PlainDateTime, UtcOffset};

/// What every page carries: who is looking, which theme, which token its forms send.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Page {
    /// For `<title>`, most specific first.
    pub title: String,
    /// Product name (setting `product_name`).
    pub product: String,
    /// Where help is (setting `support_email`).
    pub support_email: String,
    /// Our own name, where a visitor sees a reseller's instead; else empty.
    pub host: String,
    /// Code of the reseller a visitor came by, which links and forms carry along; else empty.
    pub with: String,
    /// Form token, masked anew for each page.
    pub csrf: OneUse,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    /// Where the choice of a theme is sent: each area has its own session, and its form tokens belong to it.
    pub theme_url: &'static str,
    /// Time zone that scripts show exact times in; empty for UTC.
    pub zone: String,
    /// The choices in the footer.
    pub themes: Vec<ThemeChoice>,
    /// Path of this page, for coming back to it.
    pub here: String,
    /// Address of this page as it renews itself without scripts.
    pub again: String,
    /// Key of the current menu entry.
    pub nav: String,
    /// Who is signed in.
    pub user: Option<User>,
    /// Menu of the owner or staff area.
    pub menu: Vec<MenuItem>,
    /// Result of the last action.
    pub notice: Option<Notice>,
    /// A staff member looks at this customer's panel.
    pub viewing: Option<Viewing>,
    /// The warning before the sign-out.
    pub leave: Option<Leave>,
    /// The form below has errors.
    pub has_errors: bool,
}

/// The banner of staff who look at a customer's panel.
#[derive(Debug, Clone, Serialize)]
pub struct Viewing {
    /// Whose.
    pub name: String,
    /// When it ends by itself.
    pub until: When,
}

/// When the reader is signed out, for the script that warns before.
#[derive(Debug, Clone, Serialize)]
pub struct Leave {
    /// Seconds until it happens because nobody came.
    pub idle: i64,
    /// Seconds until it happens in any case.
    pub life: i64,
    /// Tells this reader from another one in the same browser.
    pub who: String,
    /// It is a view of a customer's panel that ends.
    pub viewing: bool,
    /// Where the script asks again.
    pub state: &'static str,
    /// Where the reader says that they are there.
    pub stay: &'static str,
    /// Where they sign in again in another tab.
    pub again: &'static str,
}

/// One of the theme buttons.
#[derive(Debug, Clone, Serialize)]
pub struct ThemeChoice {
    /// `auto`, `light` or `dark`.
    pub value: &'static str,
    /// For people.
    pub label: &'static str,
    /// Chosen now.
    pub current: bool,
}

impl ThemeChoice {
    /// All three, with `theme` chosen.
    #[must_use]
    pub fn all(theme: &str) -> Vec<Self> {
        [("auto", "Auto"), ("light", "Light"), ("dark", "Dark")]
            .into_iter()
            .map(|(value, label)| Self { value, label, current: value == theme })
            .collect()
    }
}

/// The signed-in person.
#[derive(Debug, Clone, Serialize)]
pub struct User {
    /// Name or e-mail.
    pub name: String,
    /// Role in words; empty for customers.
    pub role: String,
}

/// A menu entry.
#[derive(Debug, Clone, Serialize)]
pub struct MenuItem {
    /// Where to.
    pub href: &'static str,
    /// Words.
    pub label: &'static str,
    /// Icon name, staff only.
    pub icon: &'static str,
    /// We are there.
    pub current: bool,
}

/// The result of an action, shown once.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Notice {
    /// `good`, `warn`, `bad` or `info`.
    pub tone: &'static str,
    /// Words.
    pub text: String,
    /// A link, or empty.
    pub href: String,
    /// The link's words.
    pub link: String,
}

/// State as icon + word + colour.
#[derive(Debug, Clone, Serialize)]
pub struct Badge {
    /// CSS tone: good, busy, waiting, warning, bad, upkeep, unknown.
    pub tone: &'static str,
    /// Icon name.
    pub icon: &'static str,
    /// The word.
    pub word: &'static str,
}

impl Badge {
    /// A badge of a tone; the icon follows from it.
    #[must_use]
    pub const fn new(tone: &'static str, word: &'static str) -> Self {
        Self { tone, icon: tone, word }
    }
    /// A store's state, in owner words.
    #[must_use]
    pub fn store(state: &str) -> Self {
        match state {
            "active" => Self::new("good", "Live"),
            "provisioning" => Self::new("busy", "Setting up"),
            "requested" => Self::new("waiting", "Waiting for email"),
            "suspended" => Self::new("bad", "Suspended"),
            "failed" => Self::new("bad", "Failed"),
            "deleting" => Self::new("upkeep", "Being deleted"),
            "deleted" => Self::new("waiting", "Deleted"),
            _ => Self::new("unknown", "Unknown"),
        }
    }
    /// A job's state.
    #[must_use]
    pub fn job(state: &str) -> Self {
        match state {
            "queued" => Self::new("waiting", "Queued"),
            "started" => Self::new("busy", "Running"),
            "retrying" => Self::new("warning", "Retrying"),
            "finished" => Self::new("good", "Done"),
            "failed" => Self::new("bad", "Failed"),
            "cancelled" => Self::new("waiting", "Cancelled"),
            _ => Self::new("unknown", "Unknown"),
        }
    }
    /// A step's state.
    #[must_use]
    pub fn step(state: &str) -> Self {
        match state {
            "started" => Self::new("busy", "Running"),
            "finished" => Self::new("good", "Done"),
            "failed" => Self::new("bad", "Failed"),
            "undoing" => Self::new("warning", "Taking back"),
            "undone" => Self::new("waiting", "Taken back"),
            "skipped" => Self::new("good", "Done before"),
            _ => Self::new("waiting", "To do"),
        }
    }
}

/// A moment: relative words, exact on hover, ISO for machines.
#[derive(Debug, Clone, Serialize)]
pub struct When {
    /// RFC 3339, UTC.
    pub iso: String,
    /// "12 Nov 2026, 02:00 UTC"
    pub exact: String,
    /// "3 min ago" or the date.
    pub text: String,
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// "12 Nov 2026, 02:00 UTC"
#[must_use]
pub fn exact_time(at: PlainDateTime) -> String {
    format!("{}, {:02}:{:02} UTC", date_text(at), at.hour(), at.minute())
}

/// "12 Nov 2026"
#[must_use]
pub fn date_text(at: PlainDateTime) -> String {
    format!("{} {} {}", at.day(), MONTHS[usize::from(u8::from(at.month())) - 1], at.year())
}

/// `2026-11-12T02:00:00.123Z`
#[must_use]
pub fn iso_time(at: PlainDateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

/// The same of a moment in Unix nanoseconds.
#[must_use]
pub fn iso_nanoseconds(at: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    iso_time(PlainDateTime::new(at.date(), at.time()))
}

impl When {
    /// Relative to `now`: past minutes and hours in words, else the date.
    #[must_use]
    pub fn relative(at: PlainDateTime, now: PlainDateTime) -> Self {
        let seconds = (now - at).whole_seconds();
        let text = match seconds {
            i64::MIN..=-1 => exact_time(at),
            0..=59 => "just now".to_owned(),
            60..=3599 => format!("{} min ago", seconds / 60),
            3600..=86_399 => format!("{} h ago", seconds / 3600),
            _ => date_text(at),
        };
        Self { iso: iso_time(at), exact: exact_time(at), text }
    }
    /// The exact moment.
    #[must_use]
    pub fn exact(at: PlainDateTime) -> Self {
        Self { iso: iso_time(at), exact: exact_time(at), text: exact_time(at) }
    }
}

/// Milliseconds since 1970 of a UTC moment.
#[must_use]
pub fn epoch_ms(at: PlainDateTime) -> i64 {
    let offset: OffsetDateTime = at.assume_offset(UtcOffset::UTC);
    i64::try_from(offset.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

/// "850 ms", "4.2 s", "1 min 20 s", "2 h 5 min"
#[must_use]
pub fn duration_text(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..=999 => format!("{ms} ms"),
        1000..=9_999 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        10_000..=59_999 => format!("{} s", ms / 1000),
        60_000..=3_599_999 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// "€9.50", "€9": money for people. Amounts are cents.
#[must_use]
pub fn money(cents: i64, currency: &str) -> String {
    let sign = match currency {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        other => return format!("{}.{:02} {other}", cents / 100, cents % 100),
    };
    if cents % 100 == 0 {
        format!("{sign}{}", cents / 100)
    } else {
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

/// One field of a form: what was typed and what is wrong with it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Field {
    /// As typed; empty for passwords.
    pub value: String,
    /// Words, or empty.
    pub error: String,
}

impl Field {
    /// A field with a value and no error.
    pub fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: String::new() }
    }
}

/// An entry of the error summary.
#[derive(Debug, Clone, Serialize)]
pub struct FieldError {
    /// Id of the field, or empty for the form as a whole.
    pub field: &'static str,
    /// The same words as at the field.
    pub text: String,
}

/// A label and its text.
#[derive(Debug, Clone, Serialize)]
pub struct Labelled {
    /// Label.
    pub label: String,
    /// Text.
    pub text: String,
}

impl Labelled {
    /// A pair.
    pub fn new(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self { label: label.into(), text: text.into() }
    }
}

/// A choice in a select, or a filter chip.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    /// Posted value.
    pub value: String,
    /// Words.
    pub label: String,
    /// Chosen now.
    pub current: bool,
}

/// A link.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// Where to.
    pub href: String,
    /// Words.
    pub label: String,
    /// We are there.
    pub current: bool,
}

/// A bar: how much of what there is, is used.
#[derive(Debug, Clone, Serialize)]
pub struct Meter {
    /// Id of its label.
    pub id: String,
    /// "12 of 100"
    pub text: String,
    /// Used.
    pub value: u64,
    /// All there is.
    pub max: u64,
    /// Above this it is getting full (80 %).
    pub low: u64,
    /// Above this it is nearly full (90 %).
    pub high: u64,
}

impl Meter {
    /// A bar with marks at 80 and 90 %.
    #[must_use]
    pub fn of(id: String, value: u64, max: u64, text: String) -> Self {
        Self { id, text, value, max: max.max(1), low: max * 8 / 10, high: max * 9 / 10 }
    }
}

/// Keyset pager.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pager {
    /// "50 shown"
    pub text: String,
    /// Link, or empty.
    pub newer: String,
    /// Link, or empty.
    pub older: String,
}

/// A column head.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Head {
    /// Words.
    pub label: &'static str,
    /// Right-aligned figures.
    pub num: bool,
    /// Link that sorts by it, or empty.
    pub href: String,
    /// `ascending`, `descending` or empty.
    pub dir: &'static str,
}

impl Head {
    /// A column of text that cannot be sorted.
    #[must_use]
    pub fn text(label: &'static str) -> Self {
        Self { label, ..Self::default() }
    }
    /// A column of figures.
    #[must_use]
    pub fn num(label: &'static str) -> Self {
        Self { label, num: true, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn times_and_sums_read_well() {
        let now = datetime!(2026-11-21 10:00:00);
        assert_eq!(When::relative(datetime!(2026-11-21 09:57:00), now).text, "3 min ago");
        assert_eq!(When::relative(datetime!(2026-11-01 09:57:00), now).text, "1 Nov 2026");
        assert_eq!(exact_time(datetime!(2026-11-01 09:07:00)), "1 Nov 2026, 09:07 UTC");
        assert_eq!(iso_time(datetime!(2026-11-01 09:07:00.5)), "2026-11-01T09:07:00.500Z");
        assert_eq!(duration_text(80_000), "1 min 20 s");
        assert_eq!(duration_text(4_230), "4.2 s");
        assert_eq!(money(900, "EUR"), "€9");
        assert_eq!(money(950, "USD"), "$9.50");
        assert_eq!(epoch_ms(datetime!(1970-01-01 00:00:01)), 1000);
    }
}
