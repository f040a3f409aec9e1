//! `/admin/mail`

use super::super::{Badge, Choice, Link, OneUse, Page, Pager, When, view};
use serde::Serialize;

/// A mail.
#[derive(Debug, Clone, Serialize)]
pub struct Mail {
    /// To whom.
    pub recipient: String,
    /// Their page, or empty.
    pub customer_href: String,
    /// Subject.
    pub subject: String,
    /// State.
    pub badge: Badge,
    /// Tries, or "–".
    pub tries: String,
    /// Why it did not leave, or empty.
    pub error: String,
    /// When it was first tried.
    pub at: When,
    /// Short id of its job.
    pub job: String,
    /// Its job's page.
    pub job_href: String,
    /// Posts to send it again; empty while it is being tried.
    pub resend: String,
    /// One-use key.
    pub form_key: OneUse,
}

/// The page.
#[derive(Debug, Clone, Serialize)]
pub struct MailLog {
    /// Chrome.
    pub page: Page,
    /// Recipient, exactly.
    pub to: String,
    /// States.
    pub states: Vec<Choice>,
    /// Active filters.
    pub chips: Vec<Link>,
    /// Mails.
    pub rows: Vec<Mail>,
    /// Pager.
    pub pager: Pager,
    /// May send again.
    pub may_act: bool,
}
view!(MailLog => "pages/admin/mail.html");
