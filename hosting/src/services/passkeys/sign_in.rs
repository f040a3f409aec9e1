//! Signing in with a passkey: no name is typed, the key says whose it is.

use super::add::Begun;
use super::{BROKEN, checker, credential_hash, handle, notice, unavailable};
use crate::config::url_like::BaseUrl;
use crate::crypto::{Secret, random_token, same, sha256};
use crate::db::jobs::JobRef;
use crate::db::login_sessions::NewSession;
use crate::db::passkeys::FoundPasskey;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, Role};
use crate::services::note_sign_in::note_sign_in;
use crate::services::{ServiceError, Services, audited};
use crate::transact;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, DiscoverableKey, Passkey, PublicKeyCredential, Webauthn, WebauthnError,
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
    /// The challenge is over, the key is unknown, removed or blocked, or the answer is not right: one answer.
    Refused,
}

/// Begins: keeps a challenge for this browser.
///
/// # Errors
/// `Conflict` where the panel has no host name.
pub async fn begin(services: &Services, base: &BaseUrl) -> Result<Begun, ServiceError> {
    let webauthn = checker(base, "").ok_or_else(unavailable)?;
    let (options, state) =
        webauthn.start_discoverable_authentication().map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let state = serde_json::to_string(&state).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let options = serde_json::to_value(&options).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let token = random_token();
    let mut tx = services.db.begin().await?;
    tx.passkeys().begin(&sha256(token.expose().as_bytes()), None, &state).await?;
    tx.commit().await?;
    Ok(Begun { token, options })
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
    token: &str,
    answer: &str,
    user_agent: &str,
) -> Result<Entered, ServiceError> {
    let webauthn = checker(base, "").ok_or_else(unavailable)?;
    let (entered, mail) =
        transact!(services.db, tx => enter(&mut tx, services, &webauthn, actor, side, (token, answer), user_agent))?;
    services.queue.announce(&mail.into_iter().collect::<Vec<_>>()).await;
    Ok(entered)
}

async fn enter(
    tx: &mut Tx,
    services: &Services,
    webauthn: &Webauthn,
    actor: &Actor,
    side: Side,
    (token, answer): (&str, &str),
    user_agent: &str,
) -> Result<(Entered, Option<JobRef>), ServiceError> {
    let refused = || Ok((Entered::Refused, None));
    // Used up whatever comes of it.
    let Some(state) = tx.passkeys().take(&sha256(token.as_bytes()), None).await? else { return refused() };
    let Ok(state) = serde_json::from_str::<DiscoverableAuthentication>(&state) else { return refused() };
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer) else { return refused() };
    let Ok((claimed, credential)) = webauthn.identify_discoverable_authentication(&answer) else { return refused() };
    let Some(found) = tx.passkeys().find(&credential_hash(credential)).await? else { return refused() };
    let person = match (side, found.customer_id, found.admin_id) {
        (Side::Owner, Some(id), None) => Person::Customer(id),
        (Side::Staff, None, Some(id)) => Person::Staff(id),
        _ => return refused(),
    };
    if found.blocked || !same(claimed.as_bytes(), handle(services, person).as_bytes()) {
        return refused();
    }
    let Some((email, role, temporary)) = open_account(tx, person).await? else { return refused() };
    let Ok(mut key) = serde_json::from_str::<Passkey>(&found.credential) else { return refused() };
    let checked = webauthn.finish_discoverable_authentication_v2(&answer, state, &DiscoverableKey::from(&key));
    let result = match checked {
        Ok(result) if result.user_verified() => result,
        Err(WebauthnError::CredentialPossibleCompromise) => {
            let mail = block(tx, services, actor, person, &found).await?;
            return Ok((Entered::Refused, Some(mail)));
        }
        _ => {
            note_sign_in(tx, actor, person, user_agent, false).await?;
            note(tx, services, actor, person, &found, "refused").await?;
            return refused();
        }
    };
    key.update_credential(&result);
    let text = serde_json::to_string(&key).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    tx.passkeys().used(found.id, &text).await?;
    let cookie = random_token();
    tx.login_sessions()
        .insert(&NewSession {
            token_hash: &sha256(cookie.expose().as_bytes()),
            customer_id: person.customer(),
            admin_id: person.admin(),
            address: &actor.address,
            user_agent,
        })
        .await?;
    let by = Actor { role, id: Some(person.id()), name: email.clone(), ..actor.clone() };
    let mail = note_sign_in(tx, &by, person, user_agent, true).await?;
    note(tx, services, &by, person, &found, "done").await?;
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

/// The key's counter went back: there may be two of it.
async fn block(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    found: &FoundPasskey,
) -> Result<JobRef, ServiceError> {
    tx.passkeys().block(found.id).await?;
    let (action, target) = (format!("{}.block_passkey", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": found.id, "cause": "its counter went back" });
    audited(tx, services, actor, &action, (person.kind(), &target), "refused", details).await?;
    notice(tx, actor, person, "passkey_blocked").await
}

async fn note(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    found: &FoundPasskey,
    outcome: &str,
) -> Result<(), ServiceError> {
    let (action, target) = (format!("{}.sign_in", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": found.id });
    audited(tx, services, actor, &action, (person.kind(), &target), outcome, details).await
}
