//! Proving oneself again with a passkey, where the page would take the password: no name, and only keys of the person who is
//! signed in.

use super::add::{Begun, keep_challenge};
use super::sign_in::Answer;
use super::{BROKEN, block_key, checker, credential_hash, handle, unavailable};
use crate::config::url_like::BaseUrl;
use crate::crypto::{same, sha256};
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person};
use crate::services::prove_password::Proven;
use crate::services::{ServiceError, Services, audited};
use crate::transact;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, DiscoverableKey, Passkey, PublicKeyCredential, Webauthn, WebauthnError,
};

/// How it went.
#[derive(Debug)]
pub enum Proved {
    /// It was them.
    Done(Proven),
    /// The challenge is over, used, or another form's, browser's or person's.
    Over,
    /// The key is not theirs, removed or blocked, or the answer is not right: one answer.
    Refused,
}

/// Whether the person has a passkey that opens something.
///
/// # Errors
/// Database trouble.
pub async fn possible(services: &Services, base: &BaseUrl, person: Person) -> Result<bool, ServiceError> {
    Ok(super::available(base) && !services.db.read().await?.passkeys().usable(person).await?.is_empty())
}

/// Begins: keeps a challenge and names the person's keys.
///
/// # Errors
/// `Conflict` where the panel has no host name, or the person no passkey.
pub async fn begin(
    services: &Services,
    base: &BaseUrl,
    person: Person,
    bound_to: &[u8; 32],
) -> Result<Begun, ServiceError> {
    let webauthn = checker(base, "").ok_or_else(unavailable)?;
    let known = services.db.read().await?.passkeys().usable(person).await?;
    let known: Vec<_> = known
        .iter()
        .filter_map(|text| serde_json::from_str::<Passkey>(text).ok())
        .map(|key| serde_json::json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(key.cred_id()) }))
        .collect();
    if known.is_empty() {
        return Err(ServiceError::Conflict("You have no passkey that works here. Use your password".into()));
    }
    // Not the library's list of keys: their counters are looked at when the answer comes, as they are then.
    let broken = || ServiceError::Conflict(BROKEN.into());
    let (options, state) = webauthn.start_discoverable_authentication().map_err(|_| broken())?;
    let state = serde_json::to_string(&state).map_err(|_| broken())?;
    let options = serde_json::to_value(&options).map_err(|_| broken())?;
    let mut options = serde_json::json!({ "publicKey": options["publicKey"] });
    options["publicKey"]["allowCredentials"] = known.into();
    keep_challenge(services, bound_to, Some(person), &state, options).await
}

/// Looks at what the browser answered.
///
/// # Errors
/// Database trouble.
pub async fn finish(
    services: &Services,
    base: &BaseUrl,
    actor: &Actor,
    person: Person,
    answer: Answer<'_>,
) -> Result<Proved, ServiceError> {
    let webauthn = checker(base, "").ok_or_else(unavailable)?;
    let (proved, mail) = transact!(services.db, tx => prove(&mut tx, services, &webauthn, actor, person, answer))?;
    services.queue.announce(&mail.into_iter().collect::<Vec<_>>()).await;
    Ok(proved)
}

type Outcome = Result<(Proved, Option<JobRef>), ServiceError>;

async fn prove(
    tx: &mut Tx,
    services: &Services,
    webauthn: &Webauthn,
    actor: &Actor,
    person: Person,
    answer: Answer<'_>,
) -> Outcome {
    // Used up whatever comes of it.
    let state = tx.passkeys().take(answer.key(&sha256(answer.token.as_bytes())), Some(person)).await?;
    let Some(state) = state.and_then(|s| serde_json::from_str::<DiscoverableAuthentication>(&s).ok()) else {
        return Ok((Proved::Over, None));
    };
    let Ok(signed) = serde_json::from_str::<PublicKeyCredential>(answer.text) else {
        return refuse(tx, services, actor, person, None, "not readable").await;
    };
    let found = tx.passkeys().find(&credential_hash(&signed.raw_id)).await?;
    let Some(found) = found.filter(|f| (f.customer_id, f.admin_id) == (person.customer(), person.admin())) else {
        return refuse(tx, services, actor, person, None, "not a key of theirs").await;
    };
    let id = Some(found.id);
    if found.blocked {
        return refuse(tx, services, actor, person, id, "blocked").await;
    }
    // Browsers leave it out where keys were named; where it comes, it is right.
    let handle = handle(services, person);
    if signed.response.user_handle.as_ref().is_some_and(|h| !same(h, handle.as_bytes())) {
        return refuse(tx, services, actor, person, id, "the handle of another person").await;
    }
    let Ok(mut key) = serde_json::from_str::<Passkey>(&found.credential) else {
        return refuse(tx, services, actor, person, id, "not readable").await;
    };
    match webauthn.finish_discoverable_authentication_v2(&signed, state, DiscoverableKey::from(&key)) {
        Ok(result) if result.user_verified() => {
            key.update_credential(&result);
            let text = serde_json::to_string(&key).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
            tx.passkeys().used(found.id, &text).await?;
            Ok((Proved::Done(Proven::by_passkey(person, found.id)), None))
        }
        Ok(_) => refuse(tx, services, actor, person, id, "its user was not verified").await,
        Err(WebauthnError::CredentialPossibleCompromise) => {
            let mail = block_key(tx, services, actor, person, found.id).await?;
            Ok((Proved::Refused, Some(mail)))
        }
        Err(error) => {
            tracing::info!(error = %error, passkey = found.id, "the answer of a passkey was refused");
            refuse(tx, services, actor, person, id, "its answer was not right").await
        }
    }
}

async fn refuse(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    person: Person,
    passkey: Option<u64>,
    cause: &str,
) -> Outcome {
    let (action, target) = (format!("{}.prove_passkey", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": passkey, "cause": cause });
    audited(tx, services, actor, &action, (person.kind(), &target), "refused", details).await?;
    Ok((Proved::Refused, None))
}
