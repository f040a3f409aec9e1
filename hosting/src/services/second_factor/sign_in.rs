//! The second half of a sign-in: password proven, code asked for.

use super::check::{Code, use_up};
use super::notice;
use crate::crypto::{Secret, random_token, same, sha256};
use crate::db::jobs::JobRef;
use crate::db::login_sessions::NewSession;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, Role, SignInWay};
use crate::services::note_sign_in::note_sign_in;
use crate::services::{ServiceError, Services, audited};
use crate::transact;

/// How it went.
#[derive(Debug)]
pub enum Second {
    /// Signed in.
    Done {
        /// The cookie's value.
        token: Secret,
        /// Who.
        person: Person,
        /// Their address.
        email: String,
        /// The password is temporary.
        temporary: bool,
        /// A recovery code was used; this many are left.
        codes_left: Option<i64>,
    },
    /// The code is wrong or was used before.
    Wrong,
    /// Nothing waits: begin again with the password.
    Over,
}

/// A sign-in that waits for the person's code; `None` when they have no factor.
pub(in crate::services) async fn ask(
    tx: &mut Tx,
    person: Person,
    password_hash: &str,
) -> Result<Option<Secret>, ServiceError> {
    if tx.second_factors().find(person).await?.is_none_or(|f| f.confirmed_at.is_none()) {
        return Ok(None);
    }
    let token = random_token();
    let mark = sha256(password_hash.as_bytes());
    tx.second_factors().challenge(person, &sha256(token.expose().as_bytes()), &mark).await?;
    Ok(Some(token))
}

/// Whose sign-in waits behind a token.
///
/// # Errors
/// Database trouble.
pub async fn waiting(services: &Services, token: &str) -> Result<Option<Person>, ServiceError> {
    let found = services.db.read().await?.second_factors().find_challenge(&sha256(token.as_bytes())).await?;
    Ok(found.and_then(|c| person_of(c.customer_id, c.admin_id)))
}

fn person_of(customer: Option<u64>, admin: Option<u64>) -> Option<Person> {
    customer.map(Person::Customer).or(admin.map(Person::Staff))
}

/// Signs in with a code of the app or a recovery code.
///
/// # Errors
/// Database trouble.
pub async fn sign_in_with_code(
    services: &Services,
    actor: &Actor,
    token: &str,
    code: &str,
    user_agent: &str,
) -> Result<Second, ServiceError> {
    let (second, mail) = transact!(services.db, tx => sign_in(&mut tx, services, actor, token, code, user_agent))?;
    services.queue.announce(&mail.into_iter().collect::<Vec<_>>()).await;
    Ok(second)
}

async fn sign_in(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    token: &str,
    code: &str,
    user_agent: &str,
) -> Result<(Second, Option<JobRef>), ServiceError> {
    let over = Ok((Second::Over, None));
    let Some(challenge) = tx.second_factors().find_challenge(&sha256(token.as_bytes())).await? else { return over };
    let Some(person) = person_of(challenge.customer_id, challenge.admin_id) else { return over };
    // Looked at again: the account may have changed since the password was proven.
    let found = match person {
        Person::Customer(id) => {
            let customer = tx.customers().get(id).await?.filter(|c| matches!(c.state.as_str(), "active" | "suspended"));
            customer.map(|c| (c.password_hash, c.email, c.role, false))
        }
        Person::Staff(id) => {
            let admin = tx.admins().get(id).await?.filter(|a| a.active && !a.temporary_over);
            admin.map(|a| (a.password_hash, a.email, a.role, a.must_change_password))
        }
    };
    let Some((hash, email, role, temporary)) = found else { return over };
    if !same(&sha256(hash.as_bytes()), &challenge.password_mark) {
        return over;
    }
    let action = format!("{}.sign_in", person.kind());
    let target = person.id().to_string();
    let used = use_up(tx, services, person, code).await?;
    let way = match used {
        _ if temporary => SignInWay::Temporary,
        Code::Recovery(_) => SignInWay::RecoveryCode,
        _ => SignInWay::PasswordCode,
    };
    if used == Code::Wrong {
        tx.second_factors().fail_challenge(challenge.id).await?;
        note_sign_in(tx, actor, person, user_agent, (false, way)).await?;
        let details = serde_json::json!({ "second_factor": "wrong" });
        audited(tx, services, actor, &action, (person.kind(), &target), "refused", details).await?;
        return Ok((Second::Wrong, None));
    }
    tx.second_factors().end_challenge(challenge.id).await?;
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
    let by = by(actor, person, role, &email);
    note_sign_in(tx, &by, person, user_agent, (true, way)).await?;
    super::way_back::not_lost(tx, services, &by, person, "code").await?;
    let codes_left = if let Code::Recovery(left) = used { Some(left) } else { None };
    let mail = match codes_left {
        Some(_) => Some(notice(tx, &by, person, "recovery_code_used").await?),
        None => None,
    };
    let details = serde_json::json!({ "second_factor": if codes_left.is_some() { "recovery code" } else { "app" } });
    audited(tx, services, &by, &action, (person.kind(), &target), "done", details).await?;
    Ok((Second::Done { token: cookie, person, email, temporary, codes_left }, mail))
}

fn by(actor: &Actor, person: Person, role: Role, email: &str) -> Actor {
    Actor { role, id: Some(person.id()), name: email.to_owned(), ..actor.clone() }
}
