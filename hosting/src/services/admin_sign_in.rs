//! Signing in as staff: a session of its own kind.

use super::note_sign_in::note_sign_in;
use super::passwords::Passwords;
use super::second_factor::sign_in::ask;
use super::{ServiceError, Services, audited};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::admins::Admin;
use crate::db::login_sessions::NewSession;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Person, SignInWay};
use crate::transact;

/// How it went.
#[derive(Debug)]
pub enum StaffSignIn {
    /// Signed in: the cookie's value, and whether the password is temporary.
    Done(Secret, bool),
    /// Right password, now the second factor; the value of the cookie that waits for it.
    Second(Secret),
    /// Name or password is wrong, the person is not active, or a temporary password is over.
    Wrong,
}

/// Checks the password and makes a session.
///
/// # Errors
/// Database trouble.
pub async fn admin_sign_in(
    services: &Services,
    passwords: &Passwords,
    actor: &Actor,
    email_key: &str,
    password: &Secret,
    user_agent: &str,
) -> Result<StaffSignIn, ServiceError> {
    let admin = services.db.read().await?.admins().find_by_email(email_key).await?;
    let right = passwords.verify(password, admin.as_ref().map(|a| a.password_hash.as_str())).await;
    let Some(admin) = admin else { return Ok(StaffSignIn::Wrong) };
    let right = right && admin.active && !admin.temporary_over;
    transact!(services.db, tx => record(&mut tx, services, actor, &admin, right, user_agent))
}

async fn record(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    admin: &Admin,
    right: bool,
    user_agent: &str,
) -> Result<StaffSignIn, ServiceError> {
    let mut outcome = StaffSignIn::Wrong;
    let second = if right { ask(tx, Person::Staff(admin.id), &admin.password_hash).await? } else { None };
    let waits = second.is_some();
    let mut by = actor.clone();
    if let Some(token) = second {
        outcome = StaffSignIn::Second(token);
    } else if right {
        let new = random_token();
        let token_hash = sha256(new.expose().as_bytes());
        tx.login_sessions()
            .insert(&NewSession {
                token_hash: &token_hash,
                customer_id: None,
                admin_id: Some(admin.id),
                address: &actor.address,
                user_agent,
            })
            .await?;
        outcome = StaffSignIn::Done(new, admin.must_change_password);
    }
    if right {
        by = Actor { role: admin.role, id: Some(admin.id), name: admin.email.clone(), ..by };
    }
    if !waits {
        // Its mail waits for the next sweep, a second at most.
        let way = if admin.must_change_password { SignInWay::Temporary } else { SignInWay::Password };
        note_sign_in(tx, &by, Person::Staff(admin.id), user_agent, (right, way)).await?;
    }
    let details = serde_json::json!({});
    let word = if right { "done" } else { "refused" };
    let action = if waits { "admin.prove_password" } else { "admin.sign_in" };
    audited(tx, services, &by, action, ("admin", &admin.id.to_string()), word, details).await?;
    Ok(outcome)
}
