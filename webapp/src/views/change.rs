//! Pages before a change of a store, for owners and staff: what it is about, what it does, at most a
//! field or two, one button.

use super::log::{LogPart, OwnerStep};
use super::{Badge, Choice, FieldError, OneUse, Page, view};
use serde::Serialize;

/// A field of the form; without choices it is one line of text.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChangeField {
    /// Name.
    pub name: &'static str,
    /// Label.
    pub label: String,
    /// Hint, or empty.
    pub hint: String,
    /// Value.
    pub value: String,
    /// Error, or empty.
    pub error: String,
    /// What it may be.
    pub choices: Vec<Choice>,
}

/// What both kinds of pages show.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// "Restart Ana's Bikes?"
    pub heading: String,
    /// Effect.
    pub words: Vec<String>,
    /// Where it posts.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// Fields.
    pub fields: Vec<ChangeField>,
    /// Button words.
    pub button: &'static str,
    /// Words while sending.
    pub busy: &'static str,
    /// `main` or `danger`.
    pub class: &'static str,
    /// The facts this page showed.
    pub version: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Summary.
    pub errors: Vec<FieldError>,
}

/// `/dashboard/store/{change}`
#[derive(Debug, Clone, Serialize)]
pub struct OwnerChange {
    /// Chrome.
    pub page: Page,
    /// What is asked.
    pub change: Change,
}
view!(OwnerChange => "pages/dashboard/change.html");

/// `/dashboard/offers/{offer}`: a store that somebody offers to the reader.
#[derive(Debug, Clone, Serialize)]
pub struct Offer {
    /// Chrome.
    pub page: Page,
    /// Address without the verb.
    pub here: String,
    /// Store name.
    pub store_name: String,
    /// Who offers it.
    pub from: String,
    /// Until when.
    pub until: super::When,
    /// Why it cannot be taken, or empty.
    pub hindrance: String,
    /// One-use key of taking it.
    pub form_key: OneUse,
    /// One-use key of declining it.
    pub other_key: OneUse,
}
view!(Offer => "pages/dashboard/offer.html");

/// `/admin/customers/{id}/store/{change}`
#[derive(Debug, Clone, Serialize)]
pub struct StaffChange {
    /// Chrome.
    pub page: Page,
    /// What is asked.
    pub change: Change,
}
view!(StaffChange => "pages/admin/store_change.html");

/// `/dashboard/jobs/{job}`: a change as its owner watches it, or their reseller.
#[derive(Debug, Clone, Serialize)]
pub struct OwnerJob {
    /// Chrome.
    pub page: Page,
    /// "Restart store"
    pub heading: String,
    /// State.
    pub badge: Badge,
    /// Store name.
    pub store_name: String,
    /// Reason of a failure, or empty.
    pub reason: String,
    /// What became of the store after a failure, or empty.
    pub kept: &'static str,
    /// Code staff can search.
    pub reference: String,
    /// Where a good end leads, or empty.
    pub next: String,
    /// Its words.
    pub next_text: &'static str,
    /// Where one more try is ordered, or empty.
    pub retry: String,
    /// One-use key.
    pub form_key: OneUse,
    /// Where it leads back.
    pub back: String,
    /// Its words.
    pub back_text: &'static str,
    /// Stream and progress.
    pub log: LogPart,
    /// Steps in plain words.
    pub steps: Vec<OwnerStep>,
}
view!(OwnerJob => "pages/dashboard/job.html");
