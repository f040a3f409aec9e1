//! `/admin/customers/new` and `/admin/customers/{id}/edit`

use super::super::{Field, FieldError, OneUse, Page, view};
use serde::Serialize;

/// The page: a new account, or another address for one.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerForm {
    /// Chrome.
    pub page: Page,
    /// Row id of the account, 0 for a new one.
    pub id: u64,
    /// Where it posts.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// Its address now.
    pub before: String,
    /// Address.
    pub email: Field,
    /// Reason.
    pub reason: Field,
    /// Summary.
    pub errors: Vec<FieldError>,
    /// One-use key.
    pub form_key: OneUse,
}
view!(CustomerForm => "pages/admin/customer_form.html");
