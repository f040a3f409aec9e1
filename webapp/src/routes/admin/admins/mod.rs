//! `/admin/admins`: staff, for super admins. Whoever changes something proved their password within ten minutes.

pub mod action;
pub mod edit;
pub mod new;

use super::super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, role_words};
use crate::views::staff::{AdminRow, Admins, TemporaryPassword};
use crate::views::{Badge, Choice, View, When};
use actix_web::HttpResponse;
use hosting::clock::now_plain;
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::db::admins::Admin;
use hosting::db::login_sessions::FRESH_SECONDS;
use hosting::domain::Role;
use hosting::domain::rights::may_grant;

pub(super) const HERE: &str = "/admin/admins";

/// The list.
pub async fn get(ctx: Ctx) -> Answer {
    let rows = ctx.state().services.db.read().await?.admins().list().await?;
    let now = now_plain();
    let rows = rows
        .into_iter()
        .map(|r| AdminRow {
            href: format!("{HERE}/{}", r.id),
            badge: badge(r.active, r.must_change_password, r.temporary_until.is_some_and(|t| t < now)),
            role: Role::parse(&r.role).map_or("", role_words),
            seen: r.seen_at.map(|at| When::relative(at, now)),
            created: When::relative(r.created_at, now),
            name: r.name,
            email: r.email,
        })
        .collect();
    ctx.ok(&Admins { page: ctx.page("Staff", "admin").await, rows })
}

fn badge(active: bool, must_change: bool, over: bool) -> Badge {
    match (active, must_change, over) {
        (false, _, _) => Badge::new("waiting", "Not active"),
        (true, true, true) => Badge::new("warning", "Password over"),
        (true, true, false) => Badge::new("waiting", "Temporary password"),
        (true, false, _) => Badge::new("good", "Active"),
    }
}

/// Sends people whose last proof is old to prove their password again.
///
/// # Errors
/// The way there.
pub(crate) fn need_fresh(ctx: &Ctx, back: &str) -> Result<(), WebError> {
    if ctx.staff()?.authenticated_seconds > FRESH_SECONDS {
        return Err(WebError::SignIn(format!("/admin/reauthenticate{}", crate::urls::query(&[("next", back)]))));
    }
    Ok(())
}

/// Roles the reader may give.
fn roles(ctx: &Ctx, chosen: &str) -> Result<Vec<Choice>, WebError> {
    let by = ctx.staff()?.role;
    Ok([Role::Support, Role::Admin, Role::SuperAdmin]
        .into_iter()
        .filter(|role| may_grant(by, *role))
        .map(|role| Choice {
            value: role.as_str().into(),
            label: role_words(role).into(),
            current: role.as_str() == chosen,
        })
        .collect())
}

async fn find(ctx: &Ctx, id: &str) -> Result<Admin, WebError> {
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    ctx.state().services.db.read().await?.admins().get(id).await?.ok_or(WebError::NotFound)
}

/// Shows a temporary password: this answer is the only one that has it.
async fn show(ctx: &Ctx, id: u64, email: &str, password: &Secret) -> Answer {
    let view = TemporaryPassword {
        page: ctx.page("Temporary password", "admin").await,
        href: format!("{HERE}/{id}"),
        email: email.to_owned(),
        password: password.expose().to_owned(),
    };
    Ok(HttpResponse::Ok().insert_header(("content-type", "text/html; charset=utf-8")).body(view.render()?))
}
