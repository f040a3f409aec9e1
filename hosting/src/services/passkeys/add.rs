//! Adding a passkey.

use super::{BROKEN, MOST, checker, credential_hash, handle, notice, unavailable};
use crate::config::url_like::BaseUrl;
use crate::crypto::{Secret, random_token, sha256};
use crate::db::jobs::JobRef;
use crate::db::passkeys::CeremonyKey;
use crate::db::{DbError, Queries, Tx};
use crate::domain::{Actor, HumanText, Person};
use crate::services::second_factor::{end_others, password_of};
use crate::services::settings::Values;
use crate::services::{ServiceError, Services, audited};
use crate::transact;
use webauthn_rs::prelude::{Passkey, PasskeyRegistration, RegisterPublicKeyCredential};

/// A challenge for the browser.
#[derive(Debug)]
pub struct Begun {
    /// What the form sends along with the answer: each form has a challenge of its own.
    pub token: Secret,
    /// What the browser's own call takes.
    pub options: serde_json::Value,
}

fn full() -> ServiceError {
    ServiceError::Conflict(format!("You have {MOST} passkeys. Remove one first"))
}

/// Keeps what the library needs to check the answer, under a token of its own.
pub(super) async fn keep_challenge(
    services: &Services,
    bound_to: &[u8; 32],
    person: Option<Person>,
    state: &str,
    options: serde_json::Value,
) -> Result<Begun, ServiceError> {
    let token = random_token();
    let key = CeremonyKey { token_hash: &sha256(token.expose().as_bytes()), bound_to };
    let mut tx = services.db.begin().await?;
    tx.passkeys().begin(key, person, state).await?;
    tx.commit().await?;
    Ok(Begun { token, options })
}

/// Begins: keeps a challenge and says what the browser shall make.
///
/// # Errors
/// `Conflict` where the panel has no host name, or the person has [`MOST`].
pub async fn begin(
    services: &Services,
    base: &BaseUrl,
    person: Person,
    bound_to: &[u8; 32],
) -> Result<Begun, ServiceError> {
    let (_, email) = password_of(services, person).await?;
    let product = Values::load(&services.db).await?.text("product_name").to_owned();
    let webauthn = checker(base, &product).ok_or_else(unavailable)?;
    let known = services.db.read().await?.passkeys().credentials(person).await?;
    if known.len() >= MOST {
        return Err(full());
    }
    let known = known
        .iter()
        .filter_map(|text| serde_json::from_str::<Passkey>(text).ok())
        .map(|key| key.cred_id().clone())
        .collect();
    let (options, state) = webauthn
        .start_passkey_registration(handle(services, person), &email, &email, Some(known))
        .map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let state = serde_json::to_string(&state).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let mut options = serde_json::to_value(&options).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    // It has to be found without a name typed first.
    options["publicKey"]["authenticatorSelection"]["residentKey"] = "required".into();
    options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = true.into();
    keep_challenge(services, bound_to, Some(person), &state, options).await
}

/// Keeps the key that the browser made; every other session ends, as with each change of how somebody signs in.
///
/// # Errors
/// `Invalid` on `name`, or on `answer` when there is none; `Conflict` when the challenge is over, used or another
/// browser's, or the answer is not right.
pub async fn finish(
    services: &Services,
    base: &BaseUrl,
    actor: &Actor,
    (person, session_id): (Person, u64),
    (token, bound_to): (&str, &[u8; 32]),
    (name, answer): (&str, &str),
) -> Result<(), ServiceError> {
    let name = HumanText::parse("name", name).map_err(|e| ServiceError::field("name", e.0))?;
    if answer.is_empty() {
        let words = "Passkeys need scripts in your browser, and a browser that knows them. Nothing was changed";
        return Err(ServiceError::field("answer", words));
    }
    let webauthn = checker(base, "").ok_or_else(unavailable)?;
    let over = || ServiceError::Conflict("This took longer than five minutes, or was sent before. Begin again".into());
    // Used up before anything is looked at, so that no answer is tried twice.
    let key = CeremonyKey { token_hash: &sha256(token.as_bytes()), bound_to };
    let state = transact!(services.db, tx => take(&mut tx, key, person))?.ok_or_else(over)?;
    let state: PasskeyRegistration = serde_json::from_str(&state).map_err(|_| over())?;
    let answer: RegisterPublicKeyCredential =
        serde_json::from_str(answer).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let key = webauthn.finish_passkey_registration(&answer, &state).map_err(|error| {
        tracing::info!(error = %error, "a passkey was refused");
        ServiceError::Conflict("The passkey could not be checked, so it was not added. Try again".into())
    })?;
    let mail = transact!(services.db, tx => keep(&mut tx, services, actor, (person, session_id), name.as_str(), &key))?;
    services.queue.announce(&[mail]).await;
    Ok(())
}

async fn take(tx: &mut Tx, key: CeremonyKey<'_>, person: Person) -> Result<Option<String>, ServiceError> {
    Ok(tx.passkeys().take(key, Some(person)).await?)
}

async fn keep(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    (person, session_id): (Person, u64),
    name: &str,
    key: &Passkey,
) -> Result<JobRef, ServiceError> {
    if tx.passkeys().list(person).await?.len() >= MOST {
        return Err(full());
    }
    let text = serde_json::to_string(key).map_err(|_| ServiceError::Conflict(BROKEN.into()))?;
    let id = tx.passkeys().insert(person, name, &credential_hash(key.cred_id().as_ref()), &text).await.map_err(
        |e| match e {
            DbError::Duplicate { .. } => ServiceError::Conflict("This passkey is added already".into()),
            other => other.into(),
        },
    )?;
    let ended = end_others(tx, person, session_id).await?;
    let mail = notice(tx, actor, person, "passkey_added").await?;
    let (action, target) = (format!("{}.add_passkey", person.kind()), person.id().to_string());
    let details = serde_json::json!({ "passkey": id, "sessions_ended": ended });
    audited(tx, services, actor, &action, (person.kind(), &target), "done", details).await?;
    Ok(mail)
}
