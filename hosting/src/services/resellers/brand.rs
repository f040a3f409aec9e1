//! The name and the address for help that a reseller's customers see.

use crate::db::resellers::Brand;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email, HumanText};
use crate::services::{ServiceError, Services, audited};
use crate::transact;

/// Saves them; empty means ours.
///
/// # Errors
/// `Invalid` on `brand_name` or `brand_email`; `NotFound` when they are no reseller.
pub async fn set(
    services: &Services,
    actor: &Actor,
    reseller_id: u64,
    (name, email): (&str, &str),
) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    let mut brand = Brand::default();
    if !name.trim().is_empty() {
        match HumanText::parse("name", name) {
            // Mails carry it: a name that leads somewhere would make them bait.
            Ok(name) if leads_somewhere(name.as_str()) => {
                wrong.push(("brand_name", "Enter a name, without a web or email address".to_owned()));
            }
            Ok(name) => name.as_str().clone_into(&mut brand.name),
            Err(e) => wrong.push(("brand_name", e.0)),
        }
    }
    if !email.trim().is_empty() {
        match Email::parse(email) {
            Ok(email) => email.as_str().clone_into(&mut brand.email),
            Err(e) => wrong.push(("brand_email", e.0)),
        }
    }
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    transact!(services.db, tx => set_in(&mut tx, services, actor, reseller_id, &brand))
}

fn leads_somewhere(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("//") || name.contains("www.") || name.contains('@')
}

async fn set_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    reseller_id: u64,
    brand: &Brand,
) -> Result<(), ServiceError> {
    tx.resellers().lock(reseller_id).await?.ok_or(ServiceError::NotFound)?;
    tx.resellers().set_brand(reseller_id, brand).await?;
    let details = serde_json::json!({ "name": brand.name, "email": brand.email });
    audited(tx, services, actor, "customer.set_brand", ("customer", &reseller_id.to_string()), "done", details).await
}

#[cfg(test)]
mod tests {
    use super::leads_somewhere;

    #[test]
    fn a_name_leads_nowhere() {
        for bait in ["https://evil.example", "Rob //evil.example", "WWW.evil.example", "rob@evil.example"] {
            assert!(leads_somewhere(bait), "{bait}");
        }
        for name in ["Rob's Shops", "Müller & Söhne", "A/B <b>", "R. O. B."] {
            assert!(!leads_somewhere(name), "{name}");
        }
    }
}
