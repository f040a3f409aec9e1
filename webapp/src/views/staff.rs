//! Pages about staff, for super admins.

use super::{Badge, Choice, Field, FieldError, OneUse, Page, When, view};
use serde::Serialize;

/// A row of the list.
#[derive(Debug, Clone, Serialize)]
pub struct AdminRow {
    /// Their page.
    pub href: String,
    /// Name.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// Role in words.
    pub role: &'static str,
    /// State.
    pub badge: Badge,
    /// Last request.
    pub seen: Option<When>,
    /// Made at.
    pub created: When,
}

/// `/admin/admins`
#[derive(Debug, Clone, Serialize)]
pub struct Admins {
    /// Chrome.
    pub page: Page,
    /// By name.
    pub rows: Vec<AdminRow>,
}
view!(Admins => "pages/admin/admins/index.html");

/// State of the form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AdminForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// E-mail.
    pub email: Field,
    /// Name.
    pub name: Field,
    /// Role.
    pub role: Field,
}

/// `/admin/admins/new`
#[derive(Debug, Clone, Serialize)]
pub struct NewAdmin {
    /// Chrome.
    pub page: Page,
    /// Roles that may be given.
    pub roles: Vec<Choice>,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: AdminForm,
}
view!(NewAdmin => "pages/admin/admins/new.html");

/// `/admin/admins/{id}`
#[derive(Debug, Clone, Serialize)]
pub struct Admin {
    /// Chrome.
    pub page: Page,
    /// Their page.
    pub href: String,
    /// E-mail.
    pub email: String,
    /// State.
    pub badge: Badge,
    /// Until when the temporary password works.
    pub temporary_until: Option<When>,
    /// It is the reader.
    pub own: bool,
    /// A second factor is on.
    pub has_factor: bool,
    /// They have passkeys.
    pub has_passkeys: bool,
    /// May sign in.
    pub active: bool,
    /// Roles that may be given.
    pub roles: Vec<Choice>,
    /// The facts this page showed.
    pub version: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Values and errors.
    pub form: AdminForm,
}
view!(Admin => "pages/admin/admins/show.html");

/// State of the form that deletes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ConfirmForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// What was typed.
    pub confirm: Field,
}

/// `/admin/admins/{id}/reset` and `/delete`
#[derive(Debug, Clone, Serialize)]
pub struct AdminAction {
    /// Chrome.
    pub page: Page,
    /// Their page.
    pub href: String,
    /// Name.
    pub name: String,
    /// E-mail, to be typed.
    pub email: String,
    /// `reset` or `delete`.
    pub verb: &'static str,
    /// One-use key.
    pub form_key: OneUse,
    /// Errors.
    pub form: ConfirmForm,
}
view!(AdminAction => "pages/admin/admins/action.html");

/// The answer that shows a temporary password, once.
#[derive(Debug, Clone, Serialize)]
pub struct TemporaryPassword {
    /// Chrome.
    pub page: Page,
    /// Their page.
    pub href: String,
    /// Where it is mailed to.
    pub email: String,
    /// The password.
    pub password: String,
}
view!(TemporaryPassword => "pages/admin/admins/temporary.html");

/// State of a form of one password field.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PasswordOnlyForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Password.
    pub password: Field,
}

/// `/admin/reauthenticate`
#[derive(Debug, Clone, Serialize)]
pub struct StaffReauthenticate {
    /// Chrome.
    pub page: Page,
    /// For password managers.
    pub email: String,
    /// Where to go afterwards.
    pub next: String,
    /// They have a passkey that would do.
    pub passkeys: bool,
    /// Errors.
    pub form: PasswordOnlyForm,
}
view!(StaffReauthenticate => "pages/admin/reauthenticate.html");
