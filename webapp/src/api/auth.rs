//! `/api/v1/auth`: log in with name and password, renew, log out.

use super::body::Body;
use super::jwt::{self, Access, LIFE_SECONDS};
use super::list::ok;
use crate::error::WebError;
use crate::extract::Ctx;
use crate::rate_limit::{FACTOR_ACCOUNT, SIGN_IN_ADDRESS};
use crate::routes::Answer;
use crate::tries::{Area, Tries, email_key};
use actix_web::HttpResponse;
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::db::api_credentials::Kind;
use hosting::services::api_log_in::{self, Account, LogIn, Outcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInRequest {
    /// E-mail of the account.
    #[schema(max_length = 254)]
    email: String,
    /// Its password.
    #[schema(max_length = 256)]
    password: String,
    /// A code of the second factor, or a recovery code, where the account has one.
    #[serde(default)]
    #[schema(max_length = 64)]
    code: String,
    /// Shop owners and staff are separate accounts.
    #[serde(default)]
    account: AccountKind,
}

/// Which kind of account.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A shop owner.
    #[default]
    Customer,
    /// Support, admin, super admin.
    Staff,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The newest refresh token of the log-in. It works once.
    #[schema(max_length = 200)]
    refresh_token: String,
}

/// A log-in: send `Authorization: Bearer ACCESS_TOKEN`, renew with the refresh token.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    access_token: String,
    /// Works once; a second use ends the log-in.
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds the access token lives.
    expires_in: i64,
}

fn tokens(ctx: &Ctx, log_in: &LogIn) -> Result<Tokens, WebError> {
    let access = Access { credential: log_in.credential, scope: None };
    Ok(Tokens {
        access_token: jwt::make(&ctx.state().api_key, &access)?,
        refresh_token: log_in.refresh.expose().to_owned(),
        token_type: "Bearer",
        expires_in: LIFE_SECONDS,
    })
}

/// Log in
///
/// One answer for a wrong name, password or code; after five wrong ones the wait grows. Where the account
/// has a second factor, a log-in without `code` is answered 401 `second_factor_required`.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", operation_id = "log_in", security(()),
    request_body = LogInRequest, responses((status = 200, body = Tokens)))]
pub async fn log_in(ctx: Ctx, body: Body<LogInRequest>) -> Answer {
    let asked = body.value;
    if asked.password.len() > 1024 || asked.code.len() > 64 || asked.email.len() > 1024 {
        return Err(WebError::WrongLogIn);
    }
    let (account, area) = match asked.account {
        AccountKind::Customer => (Account::Customer, Area::Owner),
        AccountKind::Staff => (Account::Staff, Area::Staff),
    };
    let key = email_key(&asked.email);
    let tries = Tries::of(&ctx, area, &key);
    tries.begin(&ctx, false).await.map_err(WebError::TooMany)?;
    let state = ctx.state();
    let (actor, password) = (ctx.actor(), Secret::new(asked.password));
    let found =
        api_log_in::prove(&state.services, &state.passwords, &actor, account, &key, &password, ctx.user_agent())
            .await?;
    let Some(found) = found else {
        tries.wrong(&ctx).await;
        return Err(WebError::WrongLogIn);
    };
    // Only somebody who knows the password uses tries of the code up; they are those of the sign-in pages.
    if found.asks_code() && !asked.code.is_empty() {
        let subject = format!("{}/{}", found.owner().kind(), found.owner().id());
        state.limits.take(FACTOR_ACCOUNT, &subject).await.map_err(WebError::TooMany)?;
    }
    match api_log_in::open(&state.services, &actor, &found, &asked.code, ctx.user_agent()).await? {
        Outcome::Done(log_in) => {
            tries.right(&ctx).await;
            Ok(ok(&tokens(&ctx, &log_in)?))
        }
        Outcome::CodeNeeded => Err(WebError::CodeNeeded),
        Outcome::Wrong => {
            tries.wrong(&ctx).await;
            Err(WebError::WrongLogIn)
        }
    }
}

/// Renew a log-in
///
/// The refresh token is used up. One that was used before ends the whole log-in, because two hold it.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", operation_id = "refresh", security(()),
    request_body = RefreshRequest, responses((status = 200, body = Tokens)))]
pub async fn refresh(ctx: Ctx, body: Body<RefreshRequest>) -> Answer {
    if let Err(wait) = ctx.state().limits.take(SIGN_IN_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    let token = Secret::new(body.value.refresh_token);
    match api_log_in::refresh(&ctx.state().services, &ctx.actor(), &token).await? {
        Some(log_in) => Ok(ok(&tokens(&ctx, &log_in)?)),
        None => Err(WebError::SignedOut),
    }
}

/// Log out
///
/// Ends the log-in behind the access token, its refresh tokens included.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "log_out",
    responses((status = 204, description = "Logged out")))]
pub async fn log_out(ctx: Ctx) -> Answer {
    let caller = ctx.caller()?;
    if caller.kind != Kind::Session {
        return Err(WebError::Conflict("Only a log-in is logged out. Revoke tokens and clients instead.".into()));
    }
    ctx.state().services.db.read().await?.api_credentials().end(caller.id, "logged out").await?;
    Ok(HttpResponse::NoContent().finish())
}
