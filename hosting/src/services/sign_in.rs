//! Signing in as a customer.

use super::note_sign_in::note_sign_in;
use super::passwords::Passwords;
use super::second_factor::sign_in::ask;
use super::verify_email::new_session;
use super::{ServiceError, Services, audited};
use crate::crypto::Secret;
use crate::db::customers::Customer;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, Role, SignInWay};
use crate::transact;

/// How it went. The words for a wrong name and a wrong password are the same.
#[derive(Debug)]
pub enum SignIn {
    /// Signed in; the cookie's value.
    Done(Secret),
    /// Right password, now the second factor; the value of the cookie that waits for it.
    Second(Secret),
    /// Right password, but the address is not confirmed yet.
    Unconfirmed(String),
    /// Wrong name or password.
    Wrong,
}

/// Checks the password and makes a session.
///
/// # Errors
/// Database trouble.
pub async fn sign_in(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    email_key: &str,
    password: &Secret,
    user_agent: &str,
) -> Result<SignIn, ServiceError> {
    let customer =
        services.db.read().await?.customers().find_by_email(email_key).await?.filter(|c| c.state != "closed");
    let right = passwords.verify(password, customer.as_ref().map(|c| c.password_hash.as_str())).await;
    let Some(customer) = customer else {
        return Ok(SignIn::Wrong);
    };
    if right && customer.state == "unverified" {
        return Ok(SignIn::Unconfirmed(customer.email));
    }
    transact!(services.db, tx => record(&mut tx, services, actor, &customer, right, user_agent))
}

async fn record(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    customer: &Customer,
    right: bool,
    user_agent: &str,
) -> Result<SignIn, ServiceError> {
    let second = if right { ask(tx, Person::Customer(customer.id), &customer.password_hash).await? } else { None };
    let waits = second.is_some();
    let outcome = if let Some(token) = second {
        SignIn::Second(token)
    } else if right {
        SignIn::Done(new_session(tx, customer.id, &actor.address, user_agent).await?)
    } else {
        SignIn::Wrong
    };
    let by = if right {
        Actor { role: Role::Customer, id: Some(customer.id), name: customer.email.clone(), ..actor.clone() }
    } else {
        actor.clone()
    };
    if !waits {
        // Its mail waits for the next sweep, a second at most.
        note_sign_in(tx, &by, Person::Customer(customer.id), user_agent, (right, SignInWay::Password)).await?;
    }
    let details = serde_json::json!({});
    let word = if right { "done" } else { "refused" };
    let action = if waits { "customer.prove_password" } else { "customer.sign_in" };
    audited(tx, services, &by, action, ("customer", &customer.id.to_string()), word, details).await?;
    Ok(outcome)
}
