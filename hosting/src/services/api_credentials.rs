//! Tokens and OAuth2 clients of a person: made, listed by the pages, revoked.

use super::{ServiceError, Services, audited};
use crate::crypto::{Secret, sha256};
use crate::db::api_credentials::{Caller, Kind, NewCredential};
use crate::db::{Queries, Tx};
use crate::domain::scope::Scopes;
use crate::domain::{Actor, HumanText, Person, Uid};
use crate::transact;

/// A token lives at most this long.
pub const MAX_DAYS: u32 = 366;
/// Live credentials of one person.
const MAX_LIVE: usize = 100;
/// Marks our tokens, for people and for scanners of leaked secrets.
pub const TOKEN_MARK: &str = "sft_";
/// Marks secrets of OAuth2 clients.
pub const CLIENT_MARK: &str = "sfc_";

/// What a person asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Token or client.
    pub kind: Kind,
    /// What it is for.
    pub name: String,
    /// Space-separated scopes.
    pub scopes: String,
    /// Days it lives.
    pub days: u32,
}

/// Whose credential an actor's are; `None` for actors that are not people.
#[must_use]
pub fn owner_of(actor: &Actor) -> Option<Person> {
    match (actor.role.is_staff(), actor.id) {
        (true, Some(id)) => Some(Person::Staff(id)),
        (false, Some(id)) => Some(Person::Customer(id)),
        (_, None) => None,
    }
}

/// Makes a credential; its secret is returned here and never again. The caller has made sure that
/// the password was proven lately.
///
/// # Errors
/// `Invalid` with every wrong field; `Conflict` at too many live ones.
pub async fn create(services: &Services, actor: &Actor, wish: &Wish) -> Result<(Uid, Secret), ServiceError> {
    let owner = owner_of(actor).ok_or(ServiceError::Denied("a person"))?;
    let mut wrong = Vec::new();
    let name = HumanText::parse("name", &wish.name).map_err(|e| wrong.push(("name", e.0))).ok();
    let scopes = Scopes::ask(&wish.scopes, actor.role).map_err(|e| wrong.push(("scopes", e.0))).ok();
    if !(1..=MAX_DAYS).contains(&wish.days) {
        wrong.push(("days", format!("Enter a number of days from 1 to {MAX_DAYS}")));
    }
    let (Some(name), Some(scopes), true) = (name, scopes, wrong.is_empty()) else {
        return Err(ServiceError::Invalid(wrong));
    };
    let mark = if wish.kind == Kind::Client { CLIENT_MARK } else { TOKEN_MARK };
    let secret = Secret::new(format!("{mark}{}", Secret::random(43).expose()));
    let uid = transact!(services.db, tx => insert(&mut tx, services, actor, owner, wish, &name, &scopes, &secret))?;
    Ok((uid, secret))
}

#[allow(clippy::too_many_arguments, reason = "one call, named values")]
async fn insert(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    owner: Person,
    wish: &Wish,
    name: &HumanText,
    scopes: &Scopes,
    secret: &Secret,
) -> Result<Uid, ServiceError> {
    if tx.api_credentials().list(owner).await?.len() >= MAX_LIVE {
        return Err(ServiceError::Conflict(format!("You have {MAX_LIVE} credentials. Revoke one first")));
    }
    let (_, uid) = tx
        .api_credentials()
        .insert(&NewCredential {
            kind: wish.kind,
            owner,
            name: name.as_str(),
            prefix: &secret.expose()[..10],
            secret_hash: Some(&sha256(secret.expose().as_bytes())),
            scopes,
            address: &actor.address,
            user_agent: "",
            life_seconds: wish.days * 86_400,
        })
        .await?;
    audited(
        tx,
        services,
        actor,
        "api_credential.create",
        ("api_credential", &uid.to_string()),
        "done",
        serde_json::json!({
            "kind": wish.kind.as_str(), "name": name.as_str(), "scopes": scopes.text(), "days": wish.days
        }),
    )
    .await?;
    Ok(uid)
}

/// Revokes one of the actor's own credentials; it is refused at its next request.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(services: &Services, actor: &Actor, uid: &Uid) -> Result<(), ServiceError> {
    let owner = owner_of(actor).ok_or(ServiceError::Denied("a person"))?;
    transact!(services.db, tx => revoke_in(&mut tx, services, actor, owner, uid))
}

async fn revoke_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    owner: Person,
    uid: &Uid,
) -> Result<(), ServiceError> {
    if !tx.api_credentials().revoke(owner, uid).await? {
        return Err(ServiceError::NotFound);
    }
    audited(
        tx,
        services,
        actor,
        "api_credential.revoke",
        ("api_credential", &uid.to_string()),
        "done",
        serde_json::json!({}),
    )
    .await?;
    Ok(())
}

/// The live OAuth2 client behind an id and a secret; `None` when they are not both right.
///
/// # Errors
/// Database trouble.
pub async fn client(
    services: &Services,
    address: &str,
    id: &str,
    secret: &Secret,
) -> Result<Option<Caller>, ServiceError> {
    let hash = sha256(secret.expose().as_bytes());
    let found = services.db.read().await?.api_credentials().find_by_secret(&hash, Kind::Client, address).await?;
    Ok(found.filter(|c| c.uid.to_string() == id))
}
