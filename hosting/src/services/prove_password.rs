//! Proving the password of an account that is signed in, before something that hurts. What asks for it takes the
//! [`Proven`] that only this service makes (and the one of passkeys), so none of it can forget to ask.

use super::passwords::Passwords;
use super::second_factor::password_of;
use super::{ServiceError, Services, audited};
use crate::crypto::Secret;
use crate::db::Tx;
use crate::domain::{Actor, Person};
use crate::transact;

/// Words beside the field.
pub const WRONG: &str = "This password is not right";

/// A person's password was right a moment ago, or their passkey.
#[derive(Debug)]
pub struct Proven {
    person: Person,
    passkey: Option<u64>,
}

impl Proven {
    /// By a passkey, whose row id is kept.
    pub(super) fn by_passkey(person: Person, passkey: u64) -> Self {
        Self { person, passkey: Some(passkey) }
    }

    /// Who it was.
    #[must_use]
    pub fn person(&self) -> Person {
        self.person
    }

    /// What the audit log says of it.
    pub(super) fn details(&self) -> serde_json::Value {
        self.passkey.map_or_else(|| serde_json::json!({}), |id| serde_json::json!({ "passkey": id }))
    }
}

/// Whether it is the password of `person`; `None` for a wrong one, which the audit log keeps.
///
/// # Errors
/// `NotFound` when the person is gone.
pub async fn prove_password(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    person: Person,
    password: &Secret,
) -> Result<Option<Proven>, ServiceError> {
    let (hash, _) = password_of(services, person).await?;
    if passwords.verify(password, Some(&hash)).await {
        return Ok(Some(Proven { person, passkey: None }));
    }
    transact!(services.db, tx => refused(&mut tx, services, actor, person))?;
    Ok(None)
}

async fn refused(tx: &mut Tx, services: &Services, actor: &Actor, person: Person) -> Result<(), ServiceError> {
    let (action, target) = (format!("{}.prove_password", person.kind()), person.id().to_string());
    audited(tx, services, actor, &action, (person.kind(), &target), "refused", serde_json::json!({})).await
}

/// Adds what is wrong with the proof to what is wrong with the rest of the form.
pub(super) fn need(proven: Option<&Proven>, person: Person, wrong: &mut Vec<(&'static str, String)>) {
    if proven.is_none_or(|p| p.person != person) {
        wrong.push(("password", WRONG.to_owned()));
    }
}
