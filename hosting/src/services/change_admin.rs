//! Changing a staff member's name, role and whether they may sign in. Takes effect at their next request.

use super::{ServiceError, Services, audited, once};
use crate::db::admins::Admin;
use crate::db::{Queries, Tx};
use crate::domain::rights::may_grant;
use crate::domain::{Actor, HumanText, Role};
use crate::transact;

/// What was posted.
#[derive(Debug, Clone, Copy)]
pub struct AdminFacts<'a> {
    /// Name.
    pub name: &'a str,
    /// Role as stored.
    pub role: &'a str,
    /// May sign in.
    pub active: bool,
}

/// Changes them; who may no longer sign in is signed out, and their open tickets are unassigned.
///
/// # Errors
/// `Denied` when the actor may not give the new role or take the old one; `Invalid` with words for `name` or `role`;
/// `Conflict` when it would leave no super admin who can sign in, or the form was sent before.
pub async fn change_admin(
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    id: u64,
    facts: AdminFacts<'_>,
) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    let name = HumanText::parse("name", facts.name).map_err(|e| wrong.push(("name", e.0))).ok();
    let role = Role::parse(facts.role).filter(|r| r.is_staff());
    if role.is_none() {
        wrong.push(("role", "Choose a role".into()));
    }
    let (Some(name), Some(role)) = (name, role) else { return Err(ServiceError::Invalid(wrong)) };
    transact!(services.db, tx => change(&mut tx, services, actor, form_key, id, name.as_str(), role, facts.active))
}

#[allow(clippy::too_many_arguments)]
async fn change(
    tx: &mut Tx,
    services: &Services,
    actor: &Actor,
    form_key: &[u8; 32],
    id: u64,
    name: &str,
    role: Role,
    active: bool,
) -> Result<(), ServiceError> {
    once(tx, form_key, "change_admin").await?;
    let weaker = role != Role::SuperAdmin || !active;
    let admin = if weaker { leaves_a_super_admin(tx, id).await? } else { tx.admins().lock(id).await? };
    let admin = admin.ok_or(ServiceError::NotFound)?;
    if !may_grant(actor.role, role) || !may_grant(actor.role, admin.role) {
        return Err(ServiceError::Denied("super admins"));
    }
    tx.admins().set_facts(id, name, role, active).await?;
    // A new role means a new session; who may not sign in has none.
    if role != admin.role || !active {
        tx.login_sessions().revoke_all_of_admin(id).await?;
    }
    // What they looked after and is not over is everybody's again: a customer who writes is to be heard.
    let tickets = if active { 0 } else { tx.tickets().let_go_of(id).await? };
    let details = serde_json::json!({
        "before": { "name": admin.name, "role": admin.role, "active": admin.active },
        "after": { "name": name, "role": role, "active": active },
        "tickets_unassigned": tickets,
    });
    audited(tx, services, actor, "admin.change", ("admin", &id.to_string()), "done", details).await
}

/// Locks a staff member who is about to lose rights, and makes sure that another super admin can still sign in
/// with a password of their own.
///
/// # Errors
/// `Conflict` when there is no other one.
pub(super) async fn leaves_a_super_admin(tx: &mut Tx, id: u64) -> Result<Option<Admin>, ServiceError> {
    let able = tx.admins().lock_able_super_admins().await?;
    let admin = tx.admins().lock(id).await?;
    if able == [id] {
        return Err(ServiceError::Conflict(
            "This is the last super admin who can sign in. Make another one first. Nothing was changed".into(),
        ));
    }
    Ok(admin)
}
