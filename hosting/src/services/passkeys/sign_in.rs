//! Signing in with a passkey: no name is typed, the key says whose it is.

use super::add::{Begun, keep_challenge};
use super::{BROKEN, block_key, checker, credential_hash, handle, unavailable};
use crate::config::url_like::BaseUrl;
use crate::crypto::{Secret, random_token, same, sha256};
use crate::db::jobs::JobRef;
use crate::db::login_sessions::NewSession;
use crate::db::passkeys::{CeremonyKey, FoundPasskey};
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, Role, SignInWay};
use crate::services::note_sign_in::note_sign_in;
use crate::services::second_factor::way_back::not_lost;
use crate::services::{ServiceError, Services, audited};
use crate::transact;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, DiscoverableKey, Passkey, PublicKeyCredential, Webauthn,
    WebauthnError,
};

/// Which sign-in page it is; a key of the one opens nothing of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Owners.
    Owner,
    /// Staff.
    Staff,
}

/// How it went.
#[derive(Debug)]
pub enum Entered {
    /// Signed in.
    Done {
        /// The cookie's value.
        token: Secret,
        /// Who.
        person: Person,
        /// Their address.
        email: String,
        /// The password is temporary and has to be replaced first.
        temporary: bool,
    },
    /// The challenge is over, used, or another browser's.
    Over,
    /// The key is unknown, removed or blocked, its account may not sign in, or the answer is not right: one answer.
    Refused,
}

/// Begins: keeps a challenge for a form of this browser.
///
/// # Errors
/// `Conflict` where the panel has no host name.
pub async fn begin(services: &Services, base: &BaseUrl, bound_to: &[u8; 32]) -> Result<Begun, ServiceError> {
    let webauthn = checker(base, "").ok_or_else(unavailable)?;
    let (options, state) =
        webauthn.start_discoverable_authentication().map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let state = serde_json::to_string(&state).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let options = serde_json::to_value(&options).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    keep_challenge(services, bound_to, None, &state, options).await
}

/// What the browser sends.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Which of its challenges it answers.
    pub token: &'a str,
    /// The browser, and what it was asked for.
    pub bound_to: &'a [u8; 32],
    /// What its device signed.
    pub text: &'a str,
    /// Its name for itself.
    pub user_agent: &'a str,
}

impl<'a> Answer<'a> {
    pub(super) fn key(&self, token_hash: &'a [u8; 32]) -> CeremonyKey<'a> {
        CeremonyKey { token_hash, bound_to: self.bound_to }
    }
}

/// Signs in with what the browser answered.
///
/// # Errors
/// Database trouble.
pub async fn finish(
    services: &Services,
    base: &BaseUrl,
    actor: &Actor,
    side: Side,
    answer: Answer<'_>,
) -> Result<Entered, ServiceError> {
    let webauthn = checker(base, "").ok_or_else(unavailable)?;
    let (entered, mail) = transact!(services.db, tx => enter(&mut tx, services, &webauthn, actor, side, answer))?;
    services.queue.announce(&mail.into_iter().collect::<Vec<_>>()).await;
    Ok(entered)
}

type Outcome = Result<(Entered, Option<JobRef>), ServiceError>;

async fn enter(
    tx: &mut Tx,
    services: &Services,
    webauthn: &Webauthn,
    actor: &Actor,
    side: Side,
    answer: Answer<'_>,
) -> Outcome {
    let refused = || Ok((Entered::Refused, None));
    // Used up whatever comes of it.
    let state = tx.passkeys().take(answer.key(&sha256(answer.token.as_bytes())), None).await?;
    let Some(state) = state.and_then(|s| serde_json::from_str::<DiscoverableAuthentication>(&s).ok()) else {
        return Ok((Entered::Over, None));
    };
    let Ok(signed) = serde_json::from_str::<PublicKeyCredential>(answer.text) else { return refused() };
    let Ok((claimed, credential)) = webauthn.identify_discoverable_authentication(&signed) else { return refused() };
    let Some(found) = tx.passkeys().find(&credential_hash(credential)).await? else { return refused() };
    let person = match (side, found.customer_id, found.admin_id) {
        (Side::Owner, Some(id), None) => Person::Customer(id),
        (Side::Staff, None, Some(id)) => Person::Staff(id),
        _ => return refused(),
    };
    let Ok(key) = serde_json::from_str::<Passkey>(&found.credential) else { return refused() };
    let who = Who { actor, person, user_agent: answer.user_agent };
    if !same(claimed.as_bytes(), handle(services, person).as_bytes()) {
        return keep_out(tx, services, &who, &found, "the handle of another person").await;
    }
    if found.blocked {
        return keep_out(tx, services, &who, &found, "blocked").await;
    }
    match webauthn.finish_discoverable_authentication_v2(&signed, state, DiscoverableKey::from(&key)) {
        Ok(result) if result.user_verified() => let_in(tx, services, &who, &found, key, &result).await,
        Ok(_) => keep_out(tx, services, &who, &found, "its user was not verified").await,
        Err(WebauthnError::CredentialPossibleCompromise) => block(tx, services, &who, &found).await,
        Err(error) => {
            tracing::info!(error = %error, passkey = found.id, "the answer of a passkey was refused");
            keep_out(tx, services, &who, &found, "its answer was not right").await
        }
    }
}

/// Whose passkey it is, and who holds it.
struct Who<'a> {
    actor: &'a Actor,
    person: Person,
    user_agent: &'a str,
}

/// The key is right; the account has the last word.
async fn let_in(
    tx: &mut Tx,
    services: &Services,
    who: &Who<'_>,
    found: &FoundPasskey,
    mut key: Passkey,
    result: &AuthenticationResult,
) -> Outcome {
    let person = who.person;
    let Some((email, role, temporary)) = open_account(tx, person).await? else {
        return keep_out(tx, services, who, found, "the account may not sign in").await;
    };
    key.update_credential(result);
    let text = serde_json::to_string(&key).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    tx.passkeys().used(found.id, &text).await?;
    let cookie = random_token();
    tx.login_sessions()
        .insert(&NewSession {
            token_hash: &sha256(cookie.expose().as_bytes()),
            customer_id: person.customer(),
            admin_id: person.admin(),
            address: &who.actor.address,
            user_agent: who.user_agent,
        })
        .await?;
    let by = Actor { role, id: Some(person.id()), name: email.clone(), ..who.actor.clone() };
    let mail = note_sign_in(tx, &by, person, who.user_agent, (true, SignInWay::Passkey)).await?;
    not_lost(tx, services, &by, person, "passkey").await?;
    let (action, target) = (format!("{}.sign_in", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": found.id });
    audited(tx, services, &by, &action, (person.kind(), &target), "done", details).await?;
    Ok((Entered::Done { token: cookie, person, email, temporary }, mail))
}

/// Address, role and whether the password is temporary, of an account that may sign in.
async fn open_account(tx: &mut Tx, person: Person) -> Result<Option<(String, Role, bool)>, ServiceError> {
    Ok(match person {
        Person::Customer(id) => {
            let found = tx.customers().get(id).await?;
            found.filter(|c| matches!(c.state.as_str(), "active" | "suspended")).map(|c| (c.email, c.role, false))
        }
        Person::Staff(id) => {
            let found = tx.admins().get(id).await?.filter(|a| a.active && !a.temporary_over);
            found.map(|a| (a.email, a.role, a.must_change_password))
        }
    })
}

/// A known key that opens nothing this time: its owner reads it in their history, staff in the audit log.
async fn keep_out(tx: &mut Tx, services: &Services, who: &Who<'_>, found: &FoundPasskey, cause: &str) -> Outcome {
    let person = who.person;
    note_sign_in(tx, who.actor, person, who.user_agent, (false, SignInWay::Passkey)).await?;
    let (action, target) = (format!("{}.sign_in", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": found.id, "cause": cause });
    audited(tx, services, who.actor, &action, (person.kind(), &target), "refused", details).await?;
    Ok((Entered::Refused, None))
}

/// The key's counter went back: there may be two of it.
async fn block(tx: &mut Tx, services: &Services, who: &Who<'_>, found: &FoundPasskey) -> Outcome {
    note_sign_in(tx, who.actor, who.person, who.user_agent, (false, SignInWay::Passkey)).await?;
    let mail = block_key(tx, services, who.actor, who.person, found.id).await?;
    Ok((Entered::Refused, Some(mail)))
}
