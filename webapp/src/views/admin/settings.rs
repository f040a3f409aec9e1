//! `/admin/settings`

use super::super::{Choice, FieldError, OneUse, Page, When, view};
use serde::Serialize;

/// A setting as a field.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// Name: id and name of the field.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// `text`, `number`, `email`, `choice` or `secret`.
    pub kind: &'static str,
    /// Value as stored or as typed; never a secret's.
    pub value: String,
    /// "Default: 25", or empty.
    pub hint: String,
    /// Choices.
    pub choices: Vec<Choice>,
    /// Secrets: there is one.
    pub is_set: bool,
    /// What is wrong with it.
    pub error: String,
    /// Who changed it last, or empty.
    pub changed_by: String,
    /// When.
    pub changed_at: Option<When>,
}

/// Settings that are saved together.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// In the address.
    pub key: &'static str,
    /// Heading.
    pub title: &'static str,
    /// Its settings.
    pub settings: Vec<Setting>,
    /// What was stored when this was drawn.
    pub version: String,
    /// One-use key.
    pub form_key: OneUse,
}

/// The page.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// Chrome.
    pub page: Page,
    /// Groups.
    pub groups: Vec<Group>,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// Where the test mail goes.
    pub own_email: String,
    /// One-use key of the test mail.
    pub form_key: OneUse,
}
view!(Settings => "pages/admin/settings.html");
