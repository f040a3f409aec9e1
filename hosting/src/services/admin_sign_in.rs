//! Signing in as staff: a session of its own kind.

use super::passwords::Passwords;
use super::{ServiceError, Services};
use crate::crypto::{Secret, random_token, sha256};
use crate::db::admins::Admin;
use crate::db::audit::NewEvent;
use crate::db::login_sessions::NewSession;
use crate::db::{Queries, Tx};
use crate::domain::Actor;
use crate::transact;

/// The cookie's value and whether the password is temporary; `None` when name or password is
/// wrong, the person is not active, or a temporary password is over.
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
) -> Result<Option<(Secret, bool)>, ServiceError> {
    let admin = services.db.read().await?.admins().find_by_email(email_key).await?;
    let right = passwords.verify(password, admin.as_ref().map(|a| a.password_hash.as_str())).await;
    let Some(admin) = admin else { return Ok(None) };
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
) -> Result<Option<(Secret, bool)>, ServiceError> {
    let mut token = None;
    let mut by = actor.clone();
    if right {
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
        token = Some((new, admin.must_change_password));
        by = Actor { role: admin.role, id: Some(admin.id), name: admin.email.clone(), ..by };
    }
    tx.audit()
        .append(
            &services.keys,
            &by,
            &NewEvent {
                action: "admin.sign_in",
                target_kind: "admin",
                target_id: &admin.id.to_string(),
                outcome: if right { "done" } else { "refused" },
                details: serde_json::json!({}),
            },
        )
        .await?;
    Ok(token)
}
