//! Confirming an address starts the store, in the same transaction.

use super::note_sign_in::note_sign_in;
use super::place_store::order_set_up;
use super::{ServiceError, Services};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::audit::NewEvent;
use crate::db::jobs::JobRef;
use crate::db::login_sessions::NewSession;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, Role, StoreState};
use crate::transact;

/// What the link would do, for the page with the button.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The address it confirms.
    pub email: String,
    /// A store waits for it.
    pub starts_store: bool,
}

/// What it did.
#[derive(Debug)]
pub struct Verified {
    /// Public id of the set-up job, when a store was waiting.
    pub job: Option<String>,
    /// A session for the browser that signed up; others sign in with the password.
    pub session: Option<Secret>,
    /// Whose address it is.
    pub customer_id: u64,
}

/// Looks at a link without changing anything; `None` when it is of no use any more.
///
/// # Errors
/// Database trouble.
pub async fn look(services: &Services, token: &str) -> Result<Option<Pending>, ServiceError> {
    let mut conn = services.db.read().await?;
    let Some(found) = conn.email_verifications().find_usable(&sha256(token.as_bytes())).await? else { return Ok(None) };
    let stores = conn.stores().list_of_customer(found.customer_id).await?;
    Ok(Some(Pending { email: found.email, starts_store: stores.iter().any(|s| s.state == StoreState::Requested) }))
}

/// Uses the link up, confirms the address and starts the store.
///
/// # Errors
/// `NotFound` when the link is used, over or not the newest.
pub async fn verify_email(
    services: &Services,
    actor: &Actor,
    token: &str,
    visitor_hash: &[u8; 32],
    user_agent: &str,
) -> Result<Verified, ServiceError> {
    let (verified, job) =
        transact!(services.db, tx => verify_in(&mut tx, services, actor, token, visitor_hash, user_agent))?;
    services.queue.announce(&job.into_iter().collect::<Vec<_>>()).await;
    Ok(verified)
}

async fn verify_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    token: &str,
    visitor_hash: &[u8; 32],
    user_agent: &str,
) -> Result<(Verified, Option<JobRef>), ServiceError> {
    let link = tx.email_verifications().find_usable(&sha256(token.as_bytes())).await?.ok_or(ServiceError::NotFound)?;
    let customer = tx.customers().lock(link.customer_id).await?.ok_or(ServiceError::NotFound)?;
    if !tx.email_verifications().consume(link.id).await? {
        return Err(ServiceError::NotFound);
    }
    tx.customers().confirm_email(customer.id).await?;
    let by = Actor { role: Role::Customer, id: Some(customer.id), name: customer.email.clone(), ..actor.clone() };
    let waiting =
        tx.stores().list_of_customer(customer.id).await?.into_iter().find(|s| s.state == StoreState::Requested);
    let job = match waiting {
        None => None,
        Some(store) => Some(order_set_up(tx, &by, store.id, customer.id, store.platform).await?),
    };
    let same_browser = match link.visitor_session_id {
        Some(id) => tx.login_sessions().is_visitor(id, visitor_hash).await?,
        None => false,
    };
    let session =
        if same_browser { Some(new_session(tx, customer.id, &actor.address, user_agent).await?) } else { None };
    if same_browser {
        note_sign_in(tx, &by, Person::Customer(customer.id), user_agent, true).await?;
    }
    tx.audit()
        .append(
            &services.keys,
            &by,
            &NewEvent {
                action: "customer.confirm_email",
                target_kind: "customer",
                target_id: &customer.id.to_string(),
                outcome: "done",
                details: serde_json::json!({ "job": job.map(|j| j.uid.to_string()), "signed_in": same_browser }),
            },
        )
        .await?;
    Ok((Verified { job: job.map(|j| j.uid.to_string()), session, customer_id: customer.id }, job))
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
