//! Resellers: admins make them and set their limits; they look after customers of their own within these.

pub mod brand;
pub mod create_customer;
pub mod limits;
pub mod link;
pub mod move_customer;

use super::ServiceError;
use super::settings::Values;
use crate::db::Queries;
use crate::db::resellers::Brand;
use crate::domain::rights::Reach;
use crate::domain::{Actor, Role};

/// Whose thing somebody acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Their own.
    Own,
    /// A customer's of theirs.
    Customers,
    /// Anybody's: for those who look after everybody.
    Anybodys,
}

impl Whose {
    /// How far a right has to go for it.
    #[must_use]
    pub fn reach(self) -> Reach {
        match self {
            Self::Own => Reach::Own,
            Self::Customers => Reach::OwnCustomers,
            Self::Anybodys => Reach::All,
        }
    }
}

/// Whose customer `customer_id` is to the actor, read inside the change itself: who lost the role, or the customer,
/// a moment ago finds nothing.
///
/// # Errors
/// `NotFound` for what is not theirs.
pub(super) async fn whose(tx: &mut impl Queries, actor: &Actor, customer_id: u64) -> Result<Whose, ServiceError> {
    match actor.role {
        Role::Customer | Role::Reseller if actor.id == Some(customer_id) => Ok(Whose::Own),
        Role::Reseller if actor.id.is_some() && tx.resellers().of_customer(customer_id).await? == actor.id => {
            Ok(Whose::Customers)
        }
        Role::Customer | Role::Reseller | Role::Visitor => Err(ServiceError::NotFound),
        _ => Ok(Whose::Anybodys),
    }
}

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
pub(super) async fn check_store(
    tx: &mut impl Queries,
    whose: Whose,
    customer_id: u64,
    plan_id: u64,
) -> Result<(), ServiceError> {
    let Some(reseller) = tx.resellers().of_customer(customer_id).await? else { return Ok(()) };
    let Some(limits) = tx.resellers().lock(reseller).await? else { return Ok(()) };
    if !tx.resellers().plans(reseller).await?.contains(&plan_id) {
        let words = match whose {
            Whose::Customers => "You may not sell this plan. Choose one of yours",
            _ => "Choose a plan your provider offers",
        };
        return Err(ServiceError::field("plan", words));
    }
    if tx.resellers().used(reseller).await?.stores >= i64::from(limits.max_stores) {
        return Err(ServiceError::Conflict(match whose {
            Whose::Customers => {
                format!("Your customers have {} stores, as many as you may. Ask us for more", limits.max_stores)
            }
            _ => "Your provider has no more stores to give. Ask them for one".into(),
        }));
    }
    Ok(())
}

/// Row ids of the plans a customer may choose from; `None` = all there are.
///
/// # Errors
/// Database trouble.
pub async fn plans_of(tx: &mut impl Queries, customer_id: u64) -> Result<Option<Vec<u64>>, ServiceError> {
    Ok(match tx.resellers().of_customer(customer_id).await? {
        Some(reseller) => Some(tx.resellers().plans(reseller).await?),
        None => None,
    })
}
