//! Signing in and out, and proving the password again.

pub mod reauthenticate;
pub mod sign_in;
pub mod tries;

use super::Answer;
use crate::extract::{Ctx, Form};
use hosting::crypto::Secret;
use hosting::db::login_sessions::CUSTOMER_LIFE_SECONDS;

/// The session cookie of a customer; the pre-sign-in cookie ends with it.
pub async fn start_session(ctx: &Ctx, token: &Secret, account: &str) {
    ctx.set_cookie("session", token.expose(), Some(i64::from(CUSTOMER_LIFE_SECONDS)));
    ctx.set_cookie("visitor", "", Some(0));
    ctx.remember_device(&format!("customer/{account}"));
}

/// `POST /logout`
pub async fn sign_out(ctx: Ctx, _form: Form) -> Answer {
    let session = ctx.customer()?;
    hosting::services::sign_out::sign_out(&ctx.state().services, &ctx.actor(), session.id).await?;
    ctx.set_cookie("session", "", Some(0));
    ctx.flash("signed_out");
    Ok(ctx.see_other("/login"))
}
