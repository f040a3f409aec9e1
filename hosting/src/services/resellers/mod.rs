//! Resellers: admins make them and set their limits; they look after customers of their own within these.

pub mod brand;
pub mod create_customer;
pub mod limits;

use super::ServiceError;
use super::settings::Values;
use crate::db::Queries;
use crate::db::resellers::Brand;

/// Settings as a customer of a reseller sees them: the name and the address for help are the reseller's.
#[must_use]
pub fn branded(settings: Values, brand: &Brand) -> Values {
    let settings = if brand.name.is_empty() { settings } else { settings.with("product_name", &brand.name) };
    if brand.email.is_empty() { settings } else { settings.with("support_email", &brand.email) }
}

/// Whether a customer may have one more store of a plan; those of no reseller may.
///
/// # Errors
/// `Invalid` on `plan`; `Conflict` when the reseller has no more to give.
pub(super) async fn check_store(tx: &mut impl Queries, customer_id: u64, plan_id: u64) -> Result<(), ServiceError> {
    let Some(reseller) = tx.resellers().of_customer(customer_id).await? else { return Ok(()) };
    let Some(limits) = tx.resellers().lock(reseller).await? else { return Ok(()) };
    if !tx.resellers().plans(reseller).await?.contains(&plan_id) {
        return Err(ServiceError::field("plan", "Choose a plan your provider offers"));
    }
    if tx.resellers().used(reseller).await?.stores >= i64::from(limits.max_stores) {
        return Err(ServiceError::Conflict("Your provider has no more stores to give. Ask them for one".into()));
    }
    Ok(())
}
