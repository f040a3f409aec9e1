//! `shopfleet staff …`, `shopfleet tokens …`

use std::process::ExitCode;

use anyhow::Result;
use shopfleet_client::types::{
    NewCredential, NewKind, NewStaff, Nothing, StaffFacts, StaffMember, StaffRole, TemporaryPassword,
};

use super::{Remote, facts, moment};
use crate::args::remote::{Staff, Tokens};
use crate::say;

fn role_of(text: &str) -> StaffRole {
    match text {
        "super_admin" => StaffRole::SuperAdmin,
        "admin" => StaffRole::Admin,
        _ => StaffRole::Support,
    }
}

fn state_of(staff: &StaffMember) -> &'static str {
    match (staff.active, staff.temporary_password) {
        (false, _) => "not active",
        (true, true) => "temporary password",
        (true, false) => "active",
    }
}

fn once(remote: &Remote, made: &TemporaryPassword) -> Result<ExitCode> {
    remote.answer(made, |made| {
        say!("Staff member {}: temporary password {} (24 hours; also mailed)", made.id, made.temporary_password);
    })
}

/// Runs one verb on staff. What changes somebody asks for the password when the log-in is older than ten minutes.
pub async fn staff(remote: &Remote, verb: Staff) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Staff::List => {
            let staff = client.list_staff().await?.items;
            remote.list(&staff, ["ID", "EMAIL", "NAME", "ROLE", "STATE", "LAST SEEN"], |s| {
                [
                    s.id.to_string(),
                    s.email.clone(),
                    s.name.clone(),
                    s.role.clone(),
                    state_of(s).into(),
                    moment(s.seen_at.as_deref()),
                ]
            })
        }
        Staff::Show { id } => {
            let found = client.get_staff(id).await?;
            remote.answer(&found, |s| {
                facts(&[
                    ("Id", s.id.to_string()),
                    ("Email", s.email.clone()),
                    ("Name", s.name.clone()),
                    ("Role", s.role.clone()),
                    ("State", state_of(s).into()),
                    ("Last seen", moment(s.seen_at.as_deref())),
                    ("Since", moment(Some(&s.created_at))),
                ]);
            })
        }
        Staff::Create { email, name, role } => {
            let body = NewStaff { email, name, role: role_of(&role) };
            let made = remote.recently(|client| {
                let body = body.clone();
                async move { client.create_staff(&body).await }
            });
            once(remote, &made.await?)
        }
        Staff::Change { id, name, role, active } => {
            let now = client.get_staff(id).await?;
            let body = StaffFacts {
                name: name.unwrap_or(now.name),
                role: role_of(&role.unwrap_or(now.role)),
                active: active.unwrap_or(now.active),
            };
            let changed = remote.recently(|client| {
                let body = body.clone();
                async move { client.change_staff(id, &body).await }
            });
            remote.answer(&changed.await?, |s| say!("{} is {} now ({})", s.email, s.role, state_of(s)))
        }
        Staff::Reset { id } => {
            let made = remote.recently(|client| async move { client.reset_staff(id, &Nothing {}).await });
            once(remote, &made.await?)
        }
        Staff::RemoveFactor { id } => {
            remote.recently(|client| async move { client.remove_staff_factor(id).await }).await?;
            remote.done(&serde_json::json!({ "id": id, "factor": false }), "The second factor is gone")
        }
        Staff::Delete { id } => {
            remote.recently(|client| async move { client.delete_staff(id).await }).await?;
            remote.done(&serde_json::json!({ "id": id, "deleted": true }), "The account is deleted")
        }
    }
}

/// Runs one verb on the caller's credentials.
pub async fn tokens(remote: &Remote, verb: Tokens) -> Result<ExitCode> {
    match verb {
        Tokens::List => {
            let tokens = remote.client.list_tokens().await?.items;
            remote.list(&tokens, ["ID", "KIND", "NAME", "BEGINS", "SCOPES", "EXPIRES", "LAST USED"], |t| {
                [
                    t.id.clone(),
                    t.kind.clone(),
                    t.name.clone(),
                    t.prefix.clone(),
                    t.scopes.clone(),
                    moment(Some(&t.expires_at)),
                    moment(t.last_used_at.as_deref()),
                ]
            })
        }
        Tokens::Create { name, scopes, days, client } => {
            let kind = Some(if client { NewKind::Client } else { NewKind::Token });
            let body = NewCredential { kind, name, scopes, days: Some(days) };
            let made = remote.recently(|client| {
                let body = body.clone();
                async move { client.create_token(&body).await }
            });
            remote.answer(&made.await?, |made| {
                say!("{} (shown once)\n{}", made.id, made.secret);
            })
        }
        Tokens::Revoke { id } => {
            remote.client.revoke_token(&id).await?;
            remote.done(&serde_json::json!({ "id": id, "revoked": true }), "It is refused from now on")
        }
    }
}
