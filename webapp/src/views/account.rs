//! The owner's own account.

use super::{Choice, Field, FieldError, OneUse, Page, When, view};
use serde::Serialize;

/// State of the form about oneself.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ProfileForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Name.
    pub name: Field,
    /// Time zone.
    pub time_zone: Field,
    /// Theme.
    pub theme: Field,
}

/// `/account`
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// Chrome.
    pub page: Page,
    /// Address.
    pub email: String,
    /// An address that waits for its confirmations, or empty.
    pub wanted_email: String,
    /// A second factor is on.
    pub has_factor: bool,
    /// Signed-in browsers.
    pub devices: usize,
    /// Time zones.
    pub zones: Vec<Choice>,
    /// Themes.
    pub themes: Vec<Choice>,
    /// The account is being closed.
    pub closing: bool,
    /// Wants mails about new places.
    pub notify_new_place: bool,
    /// Wants mails about the store.
    pub notify_store: bool,
    /// They have customers of their own.
    pub is_reseller: bool,
    /// Mails when a customer of theirs writes in a ticket.
    pub notify_tickets: bool,
    /// Support asks before it looks at the panel.
    pub ask_before_view: bool,
    /// Values and errors.
    pub form: ProfileForm,
}
view!(Account => "pages/account/index.html");

/// State of the form for a new password.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChangePasswordForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Current password.
    pub current_password: Field,
    /// New password.
    pub new_password: Field,
}

/// `/account/password`
#[derive(Debug, Clone, Serialize)]
pub struct ChangePassword {
    /// Chrome.
    pub page: Page,
    /// For password managers.
    pub email: String,
    /// Errors.
    pub form: ChangePasswordForm,
}
view!(ChangePassword => "pages/account/password.html");

/// State of the form for a new address.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChangeEmailForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// New address.
    pub email: Field,
    /// Password.
    pub password: Field,
}

/// `/account/email`
#[derive(Debug, Clone, Serialize)]
pub struct ChangeEmail {
    /// Chrome.
    pub page: Page,
    /// The address now.
    pub email: String,
    /// The one that waits, or empty.
    pub wanted: String,
    /// The old mailbox said yes.
    pub old_confirmed: bool,
    /// The new mailbox said yes.
    pub new_confirmed: bool,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: ChangeEmailForm,
}
view!(ChangeEmail => "pages/account/email.html");

/// `/email/change`: the page behind the links.
#[derive(Debug, Clone, Serialize)]
pub struct EmailChange {
    /// Chrome.
    pub page: Page,
    /// `confirm`, `stop`, `waiting`, `stopped` or `over`.
    pub mode: &'static str,
    /// The token.
    pub token: String,
    /// The address now.
    pub old: String,
    /// The one wanted.
    pub new: String,
}
view!(EmailChange => "pages/auth/email_change.html");

/// A signed-in browser.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceRow {
    /// Posted value.
    pub id: u64,
    /// "Firefox on Linux"
    pub browser: String,
    /// Address.
    pub address: String,
    /// Signed in.
    pub since: When,
    /// Last visit.
    pub seen: When,
    /// It is this one.
    pub current: bool,
}

/// A sign-in or a try.
#[derive(Debug, Clone, Serialize)]
pub struct SignInLine {
    /// When.
    pub at: When,
    /// "Firefox on Linux"
    pub browser: String,
    /// Address.
    pub address: String,
    /// It worked.
    pub done: bool,
    /// "Password and code"; empty where it was not kept.
    pub way: &'static str,
}

/// `/account/devices`
#[derive(Debug, Clone, Serialize)]
pub struct Devices {
    /// Chrome.
    pub page: Page,
    /// Signed-in browsers.
    pub devices: Vec<DeviceRow>,
    /// There are others than this one.
    pub others: bool,
    /// Newest first.
    pub history: Vec<SignInLine>,
    /// Times at which support looked at the panel, newest first.
    pub views: Vec<ViewLine>,
}

/// `/admin/devices`
#[derive(Debug, Clone, Serialize)]
pub struct StaffDevices {
    /// Chrome.
    pub page: Page,
    /// Who.
    pub email: String,
    /// A second factor is on.
    pub has_factor: bool,
    /// Signed-in browsers.
    pub devices: Vec<DeviceRow>,
    /// There are others than this one.
    pub others: bool,
    /// Newest first.
    pub history: Vec<SignInLine>,
}
view!(StaffDevices => "pages/admin/devices.html");

/// A look of support at the panel.
#[derive(Debug, Clone, Serialize)]
pub struct ViewLine {
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// Began.
    pub from: When,
    /// Ended; `None` while it runs.
    pub to: Option<When>,
}

/// `/view/consent`: the page behind the link of a mail.
#[derive(Debug, Clone, Serialize)]
pub struct ViewConsent {
    /// Chrome.
    pub page: Page,
    /// `ask`, `allowed`, `refused` or `over`.
    pub mode: &'static str,
    /// The token.
    pub token: String,
    /// Who asks.
    pub who: String,
    /// Why.
    pub reason: String,
}
view!(ViewConsent => "pages/auth/view_consent.html");

/// A question of support on the dashboard, or a look that was allowed.
#[derive(Debug, Clone, Serialize)]
pub struct SupportAsk {
    /// Row id.
    pub id: u64,
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// asked, allowed, running
    pub state: String,
    /// Until.
    pub until: When,
}
view!(Devices => "pages/account/devices.html");

/// An export.
#[derive(Debug, Clone, Serialize)]
pub struct ExportRow {
    /// The file, or empty while it is made.
    pub href: String,
    /// Asked for.
    pub asked: When,
    /// Gone after.
    pub until: When,
    /// "12 KB"
    pub size: String,
}

/// `/account/data`
#[derive(Debug, Clone, Serialize)]
pub struct Data {
    /// Chrome.
    pub page: Page,
    /// Newest first.
    pub exports: Vec<ExportRow>,
    /// One is being made.
    pub waiting: bool,
    /// One-use key.
    pub form_key: OneUse,
}
view!(Data => "pages/account/data.html");

/// State of the form that closes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CloseForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// What was typed.
    pub confirm: Field,
    /// Password.
    pub password: Field,
}

/// `/account/close`
#[derive(Debug, Clone, Serialize)]
pub struct CloseAccount {
    /// Chrome.
    pub page: Page,
    /// Address, to be typed.
    pub email: String,
    /// When it happens, if it is planned.
    pub planned: Option<When>,
    /// When it would happen.
    pub when: When,
    /// Names of stores that go along.
    pub stores: Vec<String>,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: CloseForm,
}
view!(CloseAccount => "pages/account/close.html");
