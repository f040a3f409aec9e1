//! `/api/v1/account`: who the credential belongs to.

use super::list::ok;
use crate::extract::{Ctx, Who};
use crate::routes::Answer;
use hosting::db::api_credentials::Kind;
use serde::Serialize;
use utoipa::ToSchema;

/// Who is calling, and with what.
#[derive(Serialize, ToSchema)]
pub struct Account {
    email: String,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// customer, reseller, support, admin, super_admin
    role: &'static str,
    /// Public id of the credential.
    credential: String,
    /// session, token, client
    credential_kind: &'static str,
    /// Space-separated scopes; `*` for a log-in: whatever the role may do.
    scopes: String,
}

/// See who the credential belongs to
#[utoipa::path(get, path = "/api/v1/account", tag = "account", operation_id = "get_account",
    responses((status = 200, body = Account)))]
pub async fn get(ctx: Ctx) -> Answer {
    let caller = ctx.caller()?;
    let (email, name) = match ctx.who() {
        Who::Customer(c) => (c.email.clone(), None),
        Who::Staff(s) => (s.email.clone(), Some(s.name.clone())),
        Who::Visitor => (String::new(), None),
    };
    Ok(ok(&Account {
        email,
        name,
        role: ctx.actor().role.as_str(),
        credential: caller.uid.to_string(),
        credential_kind: match caller.kind {
            Kind::Session => "session",
            Kind::Token => "token",
            Kind::Client => "client",
        },
        scopes: caller.scopes.text(),
    }))
}
