//! Logging in to the JSON API with name and password, renewing the log-in, ending it.

use super::note_sign_in::note_sign_in;
use super::passwords::Passwords;
use super::second_factor::check::{Code, use_up};
use super::{ServiceError, Services, audited};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::api_credentials::{Kind, NewCredential, Refresh};
use crate::db::jobs::JobRef;
use crate::db::{Queries, Tx};
use crate::domain::scope::Scopes;
use crate::domain::{Actor, Person, Role, SignInWay, Uid};
use crate::transact;

/// Seconds a customer's log-in lives, however often it is renewed.
const CUSTOMER_LIFE_SECONDS: u32 = 30 * 86_400;
/// Seconds a staff log-in lives.
const STAFF_LIFE_SECONDS: u32 = 12 * 3600;

/// Which kind of account logs in; the two have separate name spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// A shop owner or reseller.
    Customer,
    /// Support, admin, super admin.
    Staff,
}

/// A log-in that stands.
#[derive(Debug)]
pub struct LogIn {
    /// Public id of its credential; access tokens name it.
    pub credential: Uid,
    /// Renews it once.
    pub refresh: Secret,
}

/// How a log-in went.
#[derive(Debug)]
pub enum Outcome {
    /// It stands.
    Done(LogIn),
    /// Right password; a code of the second factor is needed along with it.
    CodeNeeded,
    /// Name, password or code is wrong, or the account is not open: the same answer, in the same time.
    Wrong,
}

/// An open account whose password was right.
#[derive(Debug)]
pub struct Found {
    owner: Person,
    role: Role,
    email: String,
    hash: String,
    open: bool,
    factor: bool,
}

impl Found {
    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> Person {
        self.owner
    }
    /// A code of the second factor has to come along.
    #[must_use]
    pub fn asks_code(&self) -> bool {
        self.factor
    }
}

/// Checks name and password. `None` for a wrong name, a wrong password or an account that is not open: the same answer,
/// in the same time.
///
/// # Errors
/// Database trouble.
pub async fn prove(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    account: Account,
    email_key: &str,
    password: &Secret,
    user_agent: &str,
) -> Result<Option<Found>, ServiceError> {
    let mut conn = services.db.read().await?;
    let found = match account {
        Account::Customer => conn.customers().find_by_email(email_key).await?.map(|c| Found {
            owner: Person::Customer(c.id),
            role: c.role,
            email: c.email,
            hash: c.password_hash,
            open: matches!(c.state.as_str(), "active" | "suspended"),
            factor: false,
        }),
        Account::Staff => conn.admins().find_by_email(email_key).await?.map(|a| Found {
            owner: Person::Staff(a.id),
            role: a.role,
            email: a.email,
            hash: a.password_hash,
            open: a.active && !a.must_change_password,
            factor: false,
        }),
    };
    let right = passwords.verify(password, found.as_ref().map(|f| f.hash.as_str())).await;
    let Some(mut found) = found else { return Ok(None) };
    if !right || !found.open {
        transact!(services.db, tx => refused(&mut tx, services, actor, &found, user_agent))?;
        return Ok(None);
    }
    found.factor = conn.second_factors().find(found.owner).await?.is_some_and(|f| f.confirmed_at.is_some());
    Ok(Some(found))
}

async fn refused(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    found: &Found,
    user_agent: &str,
) -> Result<(), ServiceError> {
    note_sign_in(tx, actor, found.owner, user_agent, (false, SignInWay::Api)).await?;
    let target = found.owner.id().to_string();
    let about = (found.owner.kind(), target.as_str());
    audited(tx, services, actor, "api.log_in", about, "refused", serde_json::json!({})).await
}

/// Opens a log-in for an account whose password was right, with the code of its second factor where it has one.
///
/// # Errors
/// Database trouble.
pub async fn open(
    services: &Services,
    actor: &Actor,
    found: &Found,
    code: &str,
    user_agent: &str,
) -> Result<Outcome, ServiceError> {
    let (outcome, mail) = transact!(services.db, tx => open_in(&mut tx, services, actor, found, code, user_agent))?;
    services.queue.announce(&mail.into_iter().collect::<Vec<_>>()).await;
    Ok(outcome)
}

async fn open_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    found: &Found,
    code: &str,
    user_agent: &str,
) -> Result<(Outcome, Option<JobRef>), ServiceError> {
    let (target_kind, id, life) = match found.owner {
        Person::Customer(id) => ("customer", id, CUSTOMER_LIFE_SECONDS),
        Person::Staff(id) => ("admin", id, STAFF_LIFE_SECONDS),
    };
    let mut right = true;
    if tx.second_factors().find(found.owner).await?.is_some_and(|f| f.confirmed_at.is_some()) {
        if code.is_empty() {
            return Ok((Outcome::CodeNeeded, None));
        }
        right = use_up(tx, services, found.owner, code).await? != Code::Wrong;
    }
    let mut outcome = Outcome::Wrong;
    let mut by = actor.clone();
    if right {
        let (_, credential) = tx
            .api_credentials()
            .insert(&NewCredential {
                kind: Kind::Session,
                owner: found.owner,
                name: "Log-in",
                prefix: "",
                secret_hash: None,
                scopes: &Scopes::All,
                address: &actor.address,
                user_agent,
                life_seconds: life,
            })
            .await?;
        outcome = Outcome::Done(LogIn { credential, refresh: new_refresh(tx, &credential).await? });
        by = Actor { role: found.role, id: Some(id), name: found.email.clone(), ..by };
    }
    let mail = note_sign_in(tx, &by, found.owner, user_agent, (right, SignInWay::Api)).await?;
    audited(
        tx,
        services,
        &by,
        "api.log_in",
        (target_kind, &id.to_string()),
        if right { "done" } else { "refused" },
        serde_json::json!({}),
    )
    .await?;
    Ok((outcome, mail))
}

async fn new_refresh(tx: &mut Tx, credential: &Uid) -> Result<Secret, ServiceError> {
    let refresh = random_token();
    tx.api_credentials().add_refresh(credential, &sha256(refresh.expose().as_bytes())).await?;
    Ok(refresh)
}

/// Renews a log-in by a refresh token, which is used up. A token that was used before ends the whole
/// log-in: two parties hold it. `None` for anything that renews nothing.
///
/// # Errors
/// Database trouble.
pub async fn refresh(services: &Services, actor: &Actor, token: &Secret) -> Result<Option<LogIn>, ServiceError> {
    let hash = sha256(token.expose().as_bytes());
    transact!(services.db, tx => renew(&mut tx, services, actor, &hash))
}

async fn renew(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    hash: &[u8; 32],
) -> Result<Option<LogIn>, ServiceError> {
    match tx.api_credentials().use_refresh(hash).await? {
        Refresh::Fine(credential) => {
            // The owner may have been disabled meanwhile.
            if tx.api_credentials().find(&credential, &actor.address).await?.is_none() {
                return Ok(None);
            }
            Ok(Some(LogIn { credential, refresh: new_refresh(tx, &credential).await? }))
        }
        Refresh::Reused(credential) => {
            audited(
                tx,
                services,
                actor,
                "api.refresh_reused",
                ("api_credential", &credential.to_string()),
                "refused",
                serde_json::json!({}),
            )
            .await?;
            Ok(None)
        }
        Refresh::Unknown => Ok(None),
    }
}
