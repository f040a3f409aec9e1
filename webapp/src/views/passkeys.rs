//! Passkeys of owners and staff.

use super::{Field, FieldError, OneUse, Page, When, view};
use serde::Serialize;

/// A passkey.
#[derive(Debug, Clone, Serialize)]
pub struct PasskeyLine {
    /// Row id.
    pub id: u64,
    /// The name it was given.
    pub name: String,
    /// Added.
    pub added: When,
    /// Last sign-in with it.
    pub used: Option<When>,
    /// It opens nothing any more.
    pub blocked: bool,
}

/// State of the forms of the page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PasskeyForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Name of a new one.
    pub name: Field,
    /// Password before one is removed.
    pub password: Field,
    /// Which is being removed.
    pub removing: u64,
}

/// What the page shows; the same for owners and staff.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Passkeys {
    /// `/account/security` or `/admin/security`.
    pub base: &'static str,
    /// Form token.
    pub csrf: OneUse,
    /// The panel has a host name.
    pub available: bool,
    /// The password was proven a moment ago.
    pub fresh: bool,
    /// Where it is proven.
    pub prove: String,
    /// Oldest first.
    pub rows: Vec<PasskeyLine>,
    /// Values and errors.
    pub form: PasskeyForm,
}

/// `/account/security`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerPasskeys {
    /// Chrome.
    pub page: Page,
    /// The rest.
    pub passkeys: Passkeys,
}
view!(OwnerPasskeys => "pages/account/security.html");

/// `/admin/security`
#[derive(Debug, Clone, Serialize)]
pub struct StaffPasskeys {
    /// Chrome.
    pub page: Page,
    /// The rest.
    pub passkeys: Passkeys,
}
view!(StaffPasskeys => "pages/admin/security.html");
