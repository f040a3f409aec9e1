//! Confirming an address starts the store, in the same transaction.
//!
//! A link proves the mailbox. Whose sign-up it confirms has to be proven as well, because anybody may
//! have typed the address: by the browser that filled in the form, or by the password it chose there.
//! Every sign-up has its own links, password and store; the one that is proven becomes the account and
//! the others of the same address are forgotten.

use super::note_sign_in::note_sign_in;
use super::passwords::Passwords;
use super::place_store::order_set_up;
use super::resellers::link as reseller_link;
use super::settings::Values;
use super::sign_up::let_go;
use super::store_wish::settle_address;
use super::{ServiceError, Services, audited};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::email_verifications::Verification;
use crate::db::jobs::JobRef;
use crate::db::login_sessions::NewSession;
use crate::db::reseller_links::Provider;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, Role, SignInWay, StoreState};
use crate::transact;

/// What the link would do, for the page with the button.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The address it confirms.
    pub email: String,
    /// The address as it is compared; subject of the limits on wrong passwords.
    pub email_key: String,
    /// A store waits for it.
    pub starts_store: bool,
    /// This is not the browser that signed up: the password has to be proven.
    pub ask_password: bool,
    /// The reseller by whose link it was made.
    pub provider: Option<Provider>,
}

/// How it went.
#[derive(Debug)]
pub enum Verified {
    /// Confirmed.
    Done(Confirmed),
    /// Another browser than the one that signed up, and not the password it chose. Nothing changed.
    WrongPassword,
}

/// What confirming did.
#[derive(Debug)]
pub struct Confirmed {
    /// Public id of the set-up job, when a store was waiting.
    pub job: Option<String>,
    /// A session: mailbox and sign-up are proven.
    pub session: Secret,
    /// Whose address it is.
    pub customer_id: u64,
}

/// Looks at a link without changing anything; `None` when it is of no use any more.
///
/// # Errors
/// Database trouble.
pub async fn look(services: &Services, token: &str, visitor_hash: &[u8; 32]) -> Result<Option<Pending>, ServiceError> {
    let mut conn = services.db.read().await?;
    let Some(link) = conn.email_verifications().find_usable(&sha256(token.as_bytes())).await? else { return Ok(None) };
    let same_browser = is_same_browser(&mut conn, &link, visitor_hash).await?;
    let stores = conn.stores().list_of_customer(link.customer_id).await?;
    let starts_store =
        stores.iter().any(|s| s.state == StoreState::Requested && link.store_id.is_none_or(|waiting| waiting == s.id));
    let provider = match link.reseller_id {
        Some(id) => conn.resellers().provider(id).await?,
        None => None,
    };
    Ok(Some(Pending {
        email: link.email,
        email_key: link.email_key,
        starts_store,
        ask_password: !same_browser,
        provider,
    }))
}

/// Uses the link up, confirms the address and starts the store. `password` counts only in another
/// browser than the one that signed up.
///
/// # Errors
/// `NotFound` when the link is used, over or not the newest of its sign-up; `Conflict` when the reseller by whose link it was
/// made has no room, which leaves the link usable.
pub async fn verify_email(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    token: &str,
    visitor_hash: &[u8; 32],
    user_agent: &str,
    password: &Secret,
) -> Result<Verified, ServiceError> {
    let token_hash = sha256(token.as_bytes());
    let mut conn = services.db.read().await?;
    let link = conn.email_verifications().find_usable(&token_hash).await?.ok_or(ServiceError::NotFound)?;
    let same_browser = is_same_browser(&mut conn, &link, visitor_hash).await?;
    drop(conn);
    if !same_browser && !passwords.verify(password, Some(&link.password_hash)).await {
        transact!(services.db, tx => refuse(&mut tx, services, actor, &link))?;
        return Ok(Verified::WrongPassword);
    }
    let settings = Values::load(&services.db).await?;
    let proof = Proof { link, same_browser };
    let (confirmed, job) =
        transact!(services.db, tx => confirm(&mut tx, services, &settings, actor, &token_hash, &proof, user_agent))?;
    services.queue.announce(&job.into_iter().collect::<Vec<_>>()).await;
    Ok(Verified::Done(confirmed))
}

/// The link as it was when its sign-up was proven.
struct Proof {
    link: Verification,
    same_browser: bool,
}

async fn is_same_browser(
    conn: &mut impl Queries,
    link: &Verification,
    visitor_hash: &[u8; 32],
) -> Result<bool, ServiceError> {
    Ok(match link.visitor_session_id {
        Some(id) => conn.login_sessions().is_visitor(id, visitor_hash).await?,
        None => false,
    })
}

async fn refuse(tx: &mut Tx, services: &Services, actor: &Actor, link: &Verification) -> Result<(), ServiceError> {
    let details = serde_json::json!({ "reason": "wrong password" });
    audit(tx, services, actor, link.customer_id, "refused", details).await
}

async fn audit(
    tx: &mut Tx,
    services: &Services,
    by: &Actor,
    customer_id: u64,
    outcome: &'static str,
    details: serde_json::Value,
) -> Result<(), ServiceError> {
    audited(tx, services, by, "customer.confirm_email", ("customer", &customer_id.to_string()), outcome, details).await
}

async fn confirm(
    tx: &mut Tx,
    services: &Services,
    settings: &Values,
    actor: &Actor,
    token_hash: &[u8; 32],
    proof: &Proof,
    user_agent: &str,
) -> Result<(Confirmed, Option<JobRef>), ServiceError> {
    let customer = tx.customers().lock(proof.link.customer_id).await?.ok_or(ServiceError::NotFound)?;
    let link = tx.email_verifications().find_usable(token_hash).await?.ok_or(ServiceError::NotFound)?;
    // The browser that signed up may have signed up again meanwhile; what was proven is not that one's password.
    if !proof.same_browser && link.password_hash != proof.link.password_hash {
        return Err(ServiceError::NotFound);
    }
    if !tx.email_verifications().consume(link.id).await? {
        return Err(ServiceError::NotFound);
    }
    if !tx.customers().confirm_email(customer.id, &link.password_hash).await? {
        return Err(ServiceError::NotFound);
    }
    let by = Actor { role: Role::Customer, id: Some(customer.id), name: customer.email.clone(), ..actor.clone() };
    let waiting = tx
        .stores()
        .list_of_customer(customer.id)
        .await?
        .into_iter()
        .find(|s| s.state == StoreState::Requested && link.store_id.is_none_or(|id| id == s.id));
    let chosen = waiting.as_ref().map(|s| s.id);
    // Whose role has ended meanwhile looks after nobody: the customer is ours.
    if let Some(reseller) = link.reseller_id
        && tx.resellers().get(reseller).await?.is_some()
    {
        reseller_link::room(tx, reseller, waiting.as_ref().map(|s| s.plan_id)).await?;
        tx.resellers().adopt(customer.id, Some(reseller)).await?;
    }
    tx.sign_ups().delete_of_customer(customer.id).await?;
    let_go(tx, customer.id, |store| Some(store) != chosen).await?;
    let job = match waiting {
        None => None,
        Some(store) => {
            settle_address(tx, settings, store.id, &store.slug).await?;
            Some(order_set_up(tx, &by, store.id, customer.id, store.platform).await?)
        }
    };
    let session = new_session(tx, customer.id, &actor.address, user_agent).await?;
    let (proven_by, way) =
        if proof.same_browser { ("browser", SignInWay::MailLink) } else { ("password", SignInWay::Password) };
    note_sign_in(tx, &by, Person::Customer(customer.id), user_agent, (true, way)).await?;
    let uid = job.map(|j| j.uid.to_string());
    let details = serde_json::json!({ "job": &uid, "proven_by": proven_by });
    audit(tx, services, &by, customer.id, "done", details).await?;
    Ok((Confirmed { job: uid, session, customer_id: customer.id }, job))
}

/// A session whose password was just proven (or whose browser just proved the mailbox).
pub(super) async fn new_session(
    tx: &mut Tx,
    customer_id: u64,
    address: &str,
    user_agent: &str,
) -> Result<Secret, ServiceError> {
    let token = random_token();
    let token_hash = sha256(token.expose().as_bytes());
    tx.login_sessions()
        .insert(&NewSession {
            token_hash: &token_hash,
            customer_id: Some(customer_id),
            admin_id: None,
            address,
            user_agent,
        })
        .await?;
    Ok(token)
}
