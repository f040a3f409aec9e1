//! One small page before something that disturbs: it names the object and the effect.

use super::super::{FieldError, OneUse, Page, view};
use super::Hidden;
use serde::Serialize;

/// The page.
#[derive(Debug, Clone, Serialize)]
pub struct Confirm {
    /// Chrome.
    pub page: Page,
    /// Where this belongs: path.
    pub parent: String,
    /// And its name.
    pub parent_label: String,
    /// "Free port 8004?"
    pub heading: String,
    /// Effect.
    pub words: Vec<String>,
    /// Where it posts.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// Values to send along.
    pub hidden: Vec<Hidden>,
    /// A field for the reason, which the audit log keeps.
    pub ask_reason: bool,
    /// What has to be typed, or empty.
    pub ask_name: String,
    /// A field for the own password.
    pub ask_password: bool,
    /// Reason as typed.
    pub reason: String,
    /// Name as typed.
    pub name: String,
    /// What is wrong with the reason, or empty.
    pub reason_error: String,
    /// With the name.
    pub name_error: String,
    /// With the password.
    pub password_error: String,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Button words: verb and object.
    pub button: String,
    /// Words while sending.
    pub busy: &'static str,
    /// `main` or `danger`.
    pub class: &'static str,
    /// One-use key.
    pub form_key: OneUse,
}
view!(Confirm => "pages/admin/confirm.html");

impl Confirm {
    /// Words of the error at a field.
    #[must_use]
    pub fn wrong(mut self, field: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        match field {
            "reason" => self.reason_error.clone_from(&text),
            "name" => self.name_error.clone_from(&text),
            _ => self.password_error.clone_from(&text),
        }
        self.errors.push(FieldError { field, text });
        self.page.has_errors = true;
        self
    }
}
