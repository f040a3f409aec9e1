//! `/dashboard/files`: SFTP to a store's content.

use super::{Field, FieldError, OneUse, Page, When, view};
use serde::Serialize;

/// A key on the list.
#[derive(Debug, Clone, Serialize)]
pub struct Key {
    /// Row id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// Added.
    pub added: When,
    /// One-use key of its remove button.
    pub form_key: OneUse,
}

/// The form for a key.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeyForm {
    /// Summary.
    pub errors: Vec<FieldError>,
    /// The key.
    pub key: Field,
    /// Its name.
    pub name: Field,
}

/// The page.
#[derive(Clone, Serialize)]
pub struct Files {
    /// Chrome.
    pub page: Page,
    /// Store name.
    pub store_name: String,
    /// `not_ready`, `closed`, `starting`, `open`, `closing`.
    pub phase: &'static str,
    /// The page renews itself.
    pub waits: bool,
    /// Why it could not be opened, or empty.
    pub problem: String,
    /// Host to connect to.
    pub host: String,
    /// Port, 0 while there is none.
    pub port: u16,
    /// Account.
    pub user: &'static str,
    /// Host key's fingerprint.
    pub fingerprint: String,
    /// Host key for a `known_hosts` file.
    pub host_key: String,
    /// Minutes without use until it closes.
    pub idle_minutes: u32,
    /// Keys.
    pub keys: Vec<Key>,
    /// There is a password.
    pub has_password: bool,
    /// The new password, in this answer only; else empty.
    pub password: String,
    /// There is a way to sign in.
    pub can_start: bool,
    /// One-use keys: start or stop, password, no password, key.
    pub form_key: OneUse,
    /// Second.
    pub password_key: OneUse,
    /// Third.
    pub remove_key: OneUse,
    /// Fourth.
    pub add_key: OneUse,
    /// Values and errors of the key form.
    pub form: KeyForm,
}
view!(Files => "pages/dashboard/files.html");
