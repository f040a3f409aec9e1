//! `/api/docs`

use super::Page;
use serde::Serialize;

/// The page.
#[derive(Serialize)]
pub struct Docs<'a> {
    /// Chrome.
    pub page: Page,
    /// Operations by tag.
    pub groups: &'a [Group],
    /// What bodies and answers are made of.
    pub schemas: &'a [Schema],
    /// Name and meaning of each scope.
    pub scopes: Vec<(&'static str, &'static str)>,
}

impl Docs<'_> {
    /// Path below `templates/web`.
    pub const TEMPLATE: &'static str = "pages/api/docs.html";
}

impl super::View for Docs<'_> {
    const TEMPLATE: &'static str = "pages/api/docs.html";
}

/// Operations on one kind of thing.
#[derive(Serialize)]
pub struct Group {
    /// Tag.
    pub name: String,
    /// In the order of their paths.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Serialize)]
pub struct Operation {
    /// Its name in clients.
    pub id: String,
    /// Verb.
    pub method: String,
    /// Path with parameters in braces.
    pub path: String,
    /// In short.
    pub summary: String,
    /// In full.
    pub about: String,
    /// Scope it needs, if any.
    pub scope: String,
    /// Of path and query.
    pub parameters: Vec<Field>,
    /// What it takes.
    pub body: String,
    /// Schema of that.
    pub body_link: String,
    /// Status when it went well.
    pub status: String,
    /// What it answers.
    pub answer: String,
    /// Schema of that.
    pub answer_link: String,
}

/// A parameter or property.
#[derive(Serialize)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Type in words.
    pub kind: String,
    /// Schema it is made of.
    pub link: String,
    /// Must be there.
    pub required: bool,
    /// What it is.
    pub about: String,
}

/// A schema.
#[derive(Serialize)]
pub struct Schema {
    /// Name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Its properties, or its values.
    pub fields: Vec<Field>,
}
