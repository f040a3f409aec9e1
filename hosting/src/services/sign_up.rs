//! Sign-up: customer, store and confirmation mail in one transaction. A known address gets the same
//! answer; the mail explains instead.
//!
//! Until the address is confirmed every browser that signs up with it has a sign-up of its own, with
//! its own password and store; from the same browser the newest one replaces the one before. Which of
//! them becomes the account is decided by `verify_email`: the one whose browser or password is proven.

use super::passwords::{CUSTOMER_LENGTH, Passwords, check_new};
use super::resellers::link;
use super::settings::Values;
use super::store_wish::{self, StoreWish};
use super::{ServiceError, Services, audited};
use crate::crypto::Secret;
use crate::db::customers::Customer;
use crate::db::jobs::{JobRef, NewJob};
use crate::db::login_sessions::NewSession;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Email, StoreState};
use crate::jobs::MailArgs;
use crate::transact;

/// What was posted.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// E-mail.
    pub email: String,
    /// Password.
    pub password: Secret,
    /// The store.
    pub wish: StoreWish,
    /// SHA-256 of the browser's pre-sign-in id.
    pub visitor_hash: [u8; 32],
    /// The browser's name for itself.
    pub user_agent: String,
    /// SHA-256 of the one-use key.
    pub form_key: [u8; 32],
    /// Code of the reseller by whose link they came, or empty.
    pub with: String,
}

/// A form whose every field can be taken.
#[derive(Debug)]
pub struct Checked {
    /// The address, as cleaned.
    pub email: Email,
    password: Secret,
    wish: store_wish::CheckedWish,
    reseller: Option<u64>,
}

/// Checks every field; changes nothing.
///
/// # Errors
/// `Invalid` with every wrong field; `Conflict` when the reseller of the link takes nobody.
pub async fn check(services: &Services, settings: &Values, form: &SignUp) -> Result<Checked, ServiceError> {
    let mut wrong = Vec::new();
    let email = Email::parse(&form.email).map_err(|e| wrong.push(("email", e.0))).ok();
    let password =
        check_new(form.password.expose(), CUSTOMER_LENGTH, &form.email).map_err(|e| wrong.push(("password", e))).ok();
    let mut tx = services.db.begin().await?;
    let reseller = link::named(&mut tx, &form.with).await?;
    let mut checked = store_wish::check(&mut tx, settings, &form.wish).await;
    // What a sign-up of the same address holds that was never confirmed is free for this one.
    let again = match &email {
        Some(e) => tx.customers().find_by_email(&e.key()).await?.filter(|c| c.state == "unverified").map(|c| c.id),
        None => None,
    };
    if let Ok(wish) = &checked
        && let Err(error) = store_wish::free_slug(&mut tx, settings.text("base_domain"), wish, again).await
    {
        match error {
            ServiceError::Invalid(fields) => checked = Err((fields, None)),
            other => return Err(other),
        }
    }
    if let Some(reseller) = reseller {
        let plan = checked.as_ref().ok().map(|wish| wish.plan.id);
        match link::room(&mut tx, reseller, plan).await {
            Ok(()) => {}
            Err(ServiceError::Invalid(fields)) => checked = Err((fields, None)),
            Err(other) => return Err(other),
        }
    }
    tx.rollback().await?;
    let wish = match checked {
        Ok(c) => Some(c),
        Err((_, Some(trouble))) => return Err(trouble.into()),
        Err((mut fields, None)) => {
            wrong.append(&mut fields);
            None
        }
    };
    match (email, password, wish) {
        (Some(email), Some(password), Some(wish)) => Ok(Checked { email, password, wish, reseller }),
        _ => Err(ServiceError::Invalid(wrong)),
    }
}

/// Signs up with a checked form.
///
/// # Errors
/// `Invalid` on `address` when the address is taken.
pub async fn sign_up(
    services: &Services,
    passwords: &Passwords,
    settings: &Values,
    actor: &Actor,
    form: &SignUp,
    checked: &Checked,
) -> Result<(), ServiceError> {
    // Hashed for known and unknown addresses alike: the time says nothing.
    let hash = passwords
        .hash(&checked.password)
        .await
        .ok_or_else(|| ServiceError::Conflict("We could not store your password. Try again".into()))?;
    let job = transact!(services.db, tx => insert(&mut tx, services, settings, actor, form, checked, &hash))?;
    services.queue.announce(&job.into_iter().collect::<Vec<_>>()).await;
    Ok(())
}

async fn insert(
    tx: &mut Tx,
    services: &Services,
    settings: &Values,
    actor: &Actor,
    form: &SignUp,
    Checked { email, wish, reseller, .. }: &Checked,
    hash: &str,
) -> Result<Option<JobRef>, ServiceError> {
    if !tx.form_keys().take(&form.form_key, "sign_up").await? {
        return Ok(None);
    }
    // Before anything that depends on the address, so that the answer does not differ.
    if let Some(reseller) = *reseller {
        link::room(tx, reseller, Some(wish.plan.id)).await?;
    }
    let known = tx.customers().find_by_email(&email.key()).await?;
    let known = match known {
        Some(c) => tx.customers().lock(c.id).await?,
        None => None,
    };
    let mail = match known {
        Some(customer) if customer.state != "unverified" => {
            // The address of the wish is checked all the same, so that the answer does not differ.
            store_wish::free_slug(tx, settings.text("base_domain"), wish, None).await?;
            MailArgs {
                template: "account_exists".into(),
                customer_id: Some(customer.id),
                admin_id: None,
                store_id: None,
                job: None,
                visitor_session_id: None,
                about: None,
            }
        }
        known => {
            let visitor = tx
                .login_sessions()
                .insert(&NewSession {
                    token_hash: &form.visitor_hash,
                    customer_id: None,
                    admin_id: None,
                    address: &actor.address,
                    user_agent: &form.user_agent,
                })
                .await?;
            let customer_id = match known {
                Some(old) => start_over(tx, &old, visitor, hash).await?,
                None => tx.customers().insert(email, hash).await?,
            };
            let slug = store_wish::free_slug(tx, settings.text("base_domain"), wish, Some(customer_id)).await?;
            let (store_id, _) = store_wish::insert(tx, settings, customer_id, wish, &slug).await?;
            tx.sign_ups().insert(customer_id, visitor, store_id, hash, *reseller).await?;
            MailArgs {
                template: "verify_email".into(),
                customer_id: Some(customer_id),
                admin_id: None,
                store_id: Some(store_id),
                job: None,
                visitor_session_id: Some(visitor),
                about: None,
            }
        }
    };
    let by = Actor { name: email.as_str().to_owned(), ..actor.clone() };
    let job = tx.jobs().insert(&NewJob::mail(&mail, None, &by)).await?;
    let target = mail.customer_id.unwrap_or_default().to_string();
    let details = serde_json::json!({ "store": wish.name.as_str(), "plan": wish.plan.slug, "known_address": mail.store_id.is_none(), "reseller": reseller });
    let outcome = if mail.store_id.is_some() { "done" } else { "refused" };
    audited(tx, services, &by, "customer.sign_up", ("customer", &target), outcome, details).await?;
    Ok(Some(job))
}

/// A new sign-up replaces the one that the same browser made for this address. Those of other
/// browsers stay: they may be somebody else's.
async fn start_over(tx: &mut Tx, old: &Customer, visitor: u64, hash: &str) -> Result<u64, ServiceError> {
    // Only the sign-in page looks at it before the confirmation, to say that the address waits.
    tx.customers().replace_unverified_password(old.id, hash).await?;
    if let Some(before) = tx.sign_ups().find(old.id, visitor).await? {
        tx.sign_ups().delete(before.id).await?;
        let_go(tx, old.id, |store| store == before.store_id).await?;
    }
    Ok(old.id)
}

/// Frees the requested stores of a customer that `which` names.
pub(super) async fn let_go(tx: &mut Tx, customer_id: u64, which: impl Fn(u64) -> bool) -> Result<(), ServiceError> {
    for store in tx.stores().list_of_customer(customer_id).await? {
        if store.state == StoreState::Requested && which(store.id) {
            tx.stores().release_addresses(store.id).await?;
            tx.stores().move_state(store.id, StoreState::Requested, StoreState::Deleted).await?;
        }
    }
    Ok(())
}
