//! Error pages.

use super::{Page, view};
use serde::Serialize;

/// Any error page; before strangers, and where the area is not known.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ErrorPage {
    /// Chrome.
    pub page: Page,
    /// "404"
    pub status: u16,
    /// What happened.
    pub heading: String,
    /// What is safe, what to do.
    pub words: Vec<String>,
    /// The way out, or empty.
    pub back: String,
    /// Its words.
    pub back_text: String,
    /// Address to try again, or empty.
    pub retry: String,
    /// Offer the front page.
    pub home: bool,
    /// Request id.
    pub reference: String,
}
view!(ErrorPage => "pages/errors/error.html");

/// Before somebody who is signed in: their menu stays.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct OwnerError(pub ErrorPage);
view!(OwnerError => "pages/errors/owner.html");

/// The same before staff.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct StaffError(pub ErrorPage);
view!(StaffError => "pages/errors/staff.html");
