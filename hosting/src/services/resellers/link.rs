//! Becoming a reseller's customer by their own link: within what they may sell, looked at when somebody signs up and again when
//! they confirm, because only a confirmed account takes a place.

use crate::db::Queries;
use crate::db::reseller_links::Provider;
use crate::domain::Uid;
use crate::services::{ServiceError, Services};

/// Whether a text can be the code of a link.
#[must_use]
pub fn is_code(text: &str) -> bool {
    (6..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
}

/// A code for a link: 50 random bits, short enough to be read aloud.
pub(super) fn new_code() -> String {
    Uid::new().to_string()[16..].to_lowercase()
}

/// The reseller of a code; `None` for one that leads nowhere (any more).
///
/// # Errors
/// Database trouble.
pub async fn find(services: &Services, code: &str) -> Result<Option<Provider>, ServiceError> {
    if !is_code(code) {
        return Ok(None);
    }
    Ok(services.db.read().await?.resellers().by_code(code).await?)
}

/// The reseller of a code that was sent with a form; `None` without one.
pub(in crate::services) async fn named(tx: &mut impl Queries, code: &str) -> Result<Option<u64>, ServiceError> {
    if code.is_empty() {
        return Ok(None);
    }
    let found = if is_code(code) { tx.resellers().by_code(code).await? } else { None };
    let gone = "This link does not work any more. Ask your provider for a new one";
    found.map(|p| Some(p.id)).ok_or_else(|| ServiceError::Conflict(gone.into()))
}

/// Whether a reseller may take one more customer, with a store of this plan.
///
/// # Errors
/// `Invalid` on `plan`; `Conflict` when there is no room.
pub(in crate::services) async fn room(
    tx: &mut impl Queries,
    reseller: u64,
    plan: Option<u64>,
) -> Result<(), ServiceError> {
    let full =
        || ServiceError::Conflict("Your provider takes no new customers at the moment. Ask them for a place".into());
    let limits = tx.resellers().lock(reseller).await?.ok_or_else(full)?;
    let used = tx.resellers().used(reseller).await?;
    if used.customers >= i64::from(limits.max_customers) {
        return Err(full());
    }
    if let Some(plan) = plan {
        if !tx.resellers().plans(reseller).await?.contains(&plan) {
            return Err(ServiceError::field("plan", "Choose a plan your provider offers"));
        }
        if used.stores >= i64::from(limits.max_stores) {
            return Err(full());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_plain() {
        for _ in 0..50 {
            let code = new_code();
            assert!(is_code(&code) && code.len() == 10, "{code}");
        }
        for odd in ["", "abc", "ABCDEFGH", "abc/../def", "abcdef?x=1", "äbcdefg", "abcdefghijklm", "abc def"] {
            assert!(!is_code(odd), "{odd}");
        }
    }
}
