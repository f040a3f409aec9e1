//! `/api/v1/staff`, for super admins. Whoever changes something logged in with the password within ten minutes.

use super::body::Body;
use super::jobs::Nothing;
use super::list::{Listing, ok};
use super::{at, idempotency, need_recent_log_in, number, one_use};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::admins::AdminListRow;
use hosting::services::change_admin::{AdminFacts, change_admin};
use hosting::services::create_admin::invite_admin;
use hosting::services::delete_admin::delete_admin;
use hosting::services::reset_admin::reset_admin;
use hosting::services::second_factor::disable::remove_of_admin;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A staff member.
#[derive(Serialize, ToSchema)]
pub struct StaffMember {
    id: u64,
    email: String,
    name: String,
    /// support, admin, super_admin
    role: String,
    /// May sign in.
    active: bool,
    /// Has to choose an own password first.
    temporary_password: bool,
    /// Until when the temporary password works.
    #[serde(skip_serializing_if = "Option::is_none")]
    temporary_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_at: Option<String>,
    created_at: String,
}

/// A staff member to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStaff {
    /// Used to sign in.
    #[schema(max_length = 254)]
    email: String,
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    role: StaffRole,
}

/// What a staff member is from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffFacts {
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    role: StaffRole,
    /// May sign in.
    active: bool,
}

/// What staff may be.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Sees everything with secrets masked.
    Support,
    /// Runs the product.
    Admin,
    /// Also manages staff and settings.
    SuperAdmin,
}

impl StaffRole {
    fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Admin => "admin",
            Self::SuperAdmin => "super_admin",
        }
    }
}

/// A password that works for 24 hours and has to be replaced before anything else. It is mailed too, and shown here
/// and never again.
#[derive(Serialize, ToSchema)]
pub struct TemporaryPassword {
    id: u64,
    temporary_password: String,
}

fn show(row: AdminListRow) -> StaffMember {
    StaffMember {
        id: row.id,
        email: row.email,
        name: row.name,
        role: row.role,
        active: row.active,
        temporary_password: row.must_change_password,
        temporary_until: row.temporary_until.filter(|_| row.must_change_password).map(at),
        seen_at: row.seen_at.map(at),
        created_at: at(row.created_at),
    }
}

async fn find(ctx: &Ctx, id: &str) -> Result<StaffMember, WebError> {
    let id = number(id)?;
    let rows = ctx.state().services.db.read().await?.admins().list().await?;
    rows.into_iter().find(|a| a.id == id).map(show).ok_or(WebError::NotFound)
}

/// List staff
#[utoipa::path(get, path = "/api/v1/staff", tag = "staff", operation_id = "list_staff",
    responses((status = 200, body = Listing<StaffMember>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let rows = ctx.state().services.db.read().await?.admins().list().await?;
    Ok(ok(&Listing { items: rows.into_iter().map(show).collect(), next: None }))
}

/// Read a staff member
#[utoipa::path(get, path = "/api/v1/staff/{id}", tag = "staff", operation_id = "get_staff",
    params(("id" = u64, Path, description = "Number")), responses((status = 200, body = StaffMember)))]
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    Ok(ok(&find(&ctx, &id).await?))
}

/// Make a staff account
///
/// With a temporary password, which is mailed. Needs a log-in of the last ten minutes.
#[utoipa::path(post, path = "/api/v1/staff", tag = "staff", operation_id = "create_staff",
    request_body = NewStaff, responses((status = 201, body = TemporaryPassword)))]
pub async fn create(ctx: Ctx, request: HttpRequest, body: Body<NewStaff>) -> Answer {
    need_recent_log_in(&ctx)?;
    let asked = body.value;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let state = ctx.state();
        let wish = (asked.email.as_str(), asked.name.as_str(), asked.role.as_str());
        let (id, password) =
            invite_admin(&state.services, &state.passwords, &ctx.actor(), &one_use(&ctx), wish).await?;
        Ok((201, TemporaryPassword { id, temporary_password: password.expose().to_owned() }))
    })
    .await
}

/// Change a staff member
///
/// Name, role, and whether they may sign in. Needs a log-in of the last ten minutes; the last super admin stays one.
#[utoipa::path(put, path = "/api/v1/staff/{id}", tag = "staff", operation_id = "change_staff",
    params(("id" = u64, Path, description = "Number")),
    request_body = StaffFacts, responses((status = 200, body = StaffMember)))]
pub async fn change(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<StaffFacts>) -> Answer {
    need_recent_log_in(&ctx)?;
    let number = find(&ctx, &id).await?.id;
    let asked = body.value;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let facts = AdminFacts { name: &asked.name, role: asked.role.as_str(), active: asked.active };
        change_admin(&ctx.state().services, &ctx.actor(), &one_use(&ctx), number, facts).await?;
        Ok((200, find(&ctx, &id).await?))
    })
    .await
}

/// Give a staff member a temporary password
///
/// Every session and credential of theirs ends; a second factor stays. Needs a log-in of the last ten minutes.
#[utoipa::path(post, path = "/api/v1/staff/{id}/reset", tag = "staff", operation_id = "reset_staff",
    params(("id" = u64, Path, description = "Number")),
    request_body = Nothing, responses((status = 200, body = TemporaryPassword)))]
pub async fn reset(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<Nothing>) -> Answer {
    need_recent_log_in(&ctx)?;
    let id = find(&ctx, &id).await?.id;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let state = ctx.state();
        let password = reset_admin(&state.services, &state.passwords, &ctx.actor(), &one_use(&ctx), id).await?;
        Ok((200, TemporaryPassword { id, temporary_password: password.expose().to_owned() }))
    })
    .await
}

/// Take a staff member's second factor away
///
/// For a lost phone. Needs a log-in of the last ten minutes.
#[utoipa::path(delete, path = "/api/v1/staff/{id}/factor", tag = "staff", operation_id = "remove_staff_factor",
    params(("id" = u64, Path, description = "Number")), responses((status = 204, description = "It is gone")))]
pub async fn remove_factor(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    need_recent_log_in(&ctx)?;
    let id = find(&ctx, &id).await?.id;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(remove_of_admin(&ctx.state().services, &ctx.actor(), &one_use(&ctx), id).await?)
    })
    .await
}

/// Delete a staff member
///
/// What they did stays in the audit log. Needs a log-in of the last ten minutes; the last super admin stays.
#[utoipa::path(delete, path = "/api/v1/staff/{id}", tag = "staff", operation_id = "delete_staff",
    params(("id" = u64, Path, description = "Number")), responses((status = 204, description = "Deleted")))]
pub async fn delete(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    need_recent_log_in(&ctx)?;
    let id = number(&id)?;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(delete_admin(&ctx.state().services, &ctx.actor(), &one_use(&ctx), id).await?)
    })
    .await
}
