//! What a person asks for when ordering a store, checked field by field.

use super::ServiceError;
use super::settings::Values;
use crate::db::plans::Plan;
use crate::db::stores::NewStore;
use crate::db::{DbError, Queries, Tx};
use crate::domain::{HumanText, Platform, Slug, Uid};

/// Fields as they were posted.
#[derive(Debug, Clone, Default)]
pub struct StoreWish {
    /// Title of the shop.
    pub store_name: String,
    /// `woocommerce` or `magento`.
    pub platform: String,
    /// Plan slug.
    pub plan: String,
    /// First label of the address; empty = from the name.
    pub address: String,
}

/// A wish that can be carried out.
#[derive(Debug, Clone)]
pub struct CheckedWish {
    /// Title.
    pub name: HumanText,
    /// Shop software.
    pub platform: Platform,
    /// Plan.
    pub plan: Plan,
    /// First label.
    pub slug: Slug,
    /// The label was made from the name, so a taken one may get a number.
    pub derived: bool,
}

/// Words for a taken address.
pub(super) const TAKEN: &str = "This web address, or one that looks like it, is taken. Choose another";

/// Checks every field; collects all that is wrong.
///
/// # Errors
/// The fields with words; database trouble.
pub async fn check(
    tx: &mut Tx,
    settings: &Values,
    wish: &StoreWish,
) -> Result<CheckedWish, (Vec<(&'static str, String)>, Option<DbError>)> {
    let mut wrong = Vec::new();
    let name = HumanText::parse("store name", &wish.store_name).map_err(|e| wrong.push(("store_name", e.0))).ok();
    let platform = match Platform::parse(&wish.platform) {
        Some(Platform::Magento) if settings.text("magento_offered") != "yes" => {
            wrong.push(("platform", "Magento opens soon. Choose WooCommerce for now".into()));
            None
        }
        Some(p) => Some(p),
        None => {
            wrong.push(("platform", "Choose a platform".into()));
            None
        }
    };
    // Slugs are ASCII; anything else is no plan, and would upset the comparison in the database.
    let is_slug = wish.plan.len() <= 40 && wish.plan.bytes().all(|b| b.is_ascii_graphic());
    let plan = if is_slug { tx.plans().find(&wish.plan).await.map_err(|e| (Vec::new(), Some(e)))? } else { None };
    let plan = match plan {
        Some(p) if p.state == "offered" => Some(p),
        Some(p) if p.state == "full" => {
            wrong.push(("plan", format!("{} opens again soon. Choose another plan", p.name)));
            None
        }
        _ => {
            wrong.push(("plan", "Choose a plan".into()));
            None
        }
    };
    let derived = wish.address.trim().is_empty();
    let slug = if derived {
        match name.as_ref().map(|n| Slug::from_name(n.as_str())) {
            None => None,
            Some(Some(slug)) => Some(slug),
            Some(None) => {
                wrong.push(("address", "We cannot make a web address from this name. Choose one".into()));
                None
            }
        }
    } else {
        Slug::parse(&wish.address).map_err(|e| wrong.push(("address", e.0))).ok()
    };
    match (name, platform, plan, slug) {
        (Some(name), Some(platform), Some(plan), Some(slug)) if wrong.is_empty() => {
            Ok(CheckedWish { name, platform, plan, slug, derived })
        }
        _ => Err((wrong, None)),
    }
}

/// A free label for the wish: its own, or with a number when it was made from the name. What other
/// unconfirmed sign-ups of the address `pending_of` hold counts as free.
///
/// # Errors
/// `Invalid` on `address` when none is free.
pub async fn free_slug(
    tx: &mut Tx,
    base_domain: &str,
    wish: &CheckedWish,
    pending_of: Option<u64>,
) -> Result<Slug, ServiceError> {
    first_free(tx, base_domain, &wish.slug, wish.derived, pending_of).await
}

async fn first_free(
    tx: &mut Tx,
    base_domain: &str,
    slug: &Slug,
    numbered: bool,
    pending_of: Option<u64>,
) -> Result<Slug, ServiceError> {
    if !tx.stores().address_taken(&slug.under(base_domain), pending_of).await? {
        return Ok(slug.clone());
    }
    if numbered {
        let stem: String = slug.as_str().chars().take(36).collect();
        for n in 2..=30 {
            if let Ok(slug) = Slug::parse(&format!("{}-{n}", stem.trim_end_matches('-')))
                && !tx.stores().address_taken(&slug.under(base_domain), pending_of).await?
            {
                return Ok(slug);
            }
        }
    }
    Err(ServiceError::field("address", TAKEN))
}

/// Gives a confirmed sign-up's store its address for good. Another sign-up of the same e-mail may
/// have held it meanwhile and let it go: if somebody took it then, the store gets it with a number.
///
/// # Errors
/// `Invalid` on `address` when none is free.
pub async fn settle_address(tx: &mut Tx, settings: &Values, store_id: u64, slug: &str) -> Result<(), ServiceError> {
    let base = settings.text("base_domain");
    let wished = Slug::parse(slug).map_err(|e| ServiceError::field("address", e.0))?;
    if tx.stores().holds_address(store_id).await? {
        return Ok(());
    }
    let free = first_free(tx, base, &wished, true, None).await?;
    if free.as_str() != slug {
        tx.stores().set_slug(store_id, free.as_str()).await?;
    }
    hold(tx, store_id, &free.under(base)).await
}

async fn hold(tx: &mut Tx, store_id: u64, host: &str) -> Result<(), ServiceError> {
    tx.stores().hold_address(store_id, host).await.map_err(|e| match e {
        DbError::Duplicate { .. } => ServiceError::field("address", TAKEN),
        other => other.into(),
    })
}

/// Inserts the store with its address.
///
/// # Errors
/// `Invalid` on `address` when somebody was quicker.
pub async fn insert(
    tx: &mut Tx,
    settings: &Values,
    customer_id: u64,
    wish: &CheckedWish,
    slug: &Slug,
) -> Result<(u64, Uid), ServiceError> {
    let (currency, country) =
        (settings.text("default_currency").to_owned(), settings.text("default_country").to_owned());
    let (id, uid) = tx
        .stores()
        .insert(&NewStore {
            customer_id,
            plan_id: wish.plan.id,
            platform: wish.platform,
            name: wish.name.as_str(),
            slug: slug.as_str(),
            currency: &currency,
            country: &country,
        })
        .await?;
    let host = slug.under(settings.text("base_domain"));
    // Another unconfirmed sign-up of this customer may hold it; whichever is confirmed gets it then.
    let shared =
        tx.stores().address_taken(&host, None).await? && !tx.stores().address_taken(&host, Some(customer_id)).await?;
    if !shared {
        hold(tx, id, &host).await?;
    }
    Ok((id, uid))
}
