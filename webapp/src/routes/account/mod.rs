//! Signing in and out, and proving the password again.

pub mod data;
pub mod devices;
pub mod email;
pub mod password;
pub mod profile;
pub mod reauthenticate;
pub mod sign_in;
pub mod support;

use super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::services::replace_session::replace_session;

/// The session cookie of a customer; the pre-sign-in cookie ends with it, and so does a session that stood before.
pub async fn start_session(ctx: &Ctx, token: &Secret, account: &str) -> Result<(), WebError> {
    take_cookie(ctx, ("session", "customer_life_hours"), token, &format!("customer/{account}")).await?;
    // The account's theme comes along to a new browser; without it the page is only less pretty.
    if let (Ok(id), Ok(mut conn)) = (account.parse(), ctx.state().services.db.read().await)
        && let Ok(Some(customer)) = conn.customers().get(id).await
        && !customer.theme.is_empty()
    {
        ctx.set_cookie("theme", &customer.theme, Some(86_400 * 365));
    }
    Ok(())
}

/// Gives the browser the cookie of its new session, in place of what it had before, and remembers it for the account.
pub(super) async fn take_cookie(
    ctx: &Ctx,
    (cookie, life): (&str, &str),
    token: &Secret,
    device: &str,
) -> Result<(), WebError> {
    if let Some(former) = ctx.session_hash() {
        replace_session(&ctx.state().services, &former).await?;
    }
    let hours = ctx.state().settings().await.number(life);
    ctx.set_cookie(cookie, token.expose(), Some(i64::from(hours) * 3600));
    ctx.set_cookie("visitor", "", Some(0));
    ctx.remember_device(device);
    Ok(())
}

/// `POST /logout`
pub async fn sign_out(ctx: Ctx, _form: Form) -> Answer {
    let session = ctx.customer()?;
    hosting::services::sign_out::sign_out(&ctx.state().services, &ctx.actor(), session.id).await?;
    ctx.set_cookie("session", "", Some(0));
    ctx.flash("signed_out");
    Ok(ctx.see_other("/login"))
}
