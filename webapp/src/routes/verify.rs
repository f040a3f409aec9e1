//! `/verify`: waiting for the link, the page behind the link, and the button on it. Looking changes
//! nothing; only the button does.

use super::{Answer, need_key, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, cookie_name};
use crate::rate_limit::{MAIL_ACCOUNT, MAIL_ADDRESS, VERIFY_ADDRESS};
use crate::urls::{self, is_token};
use crate::views::Field;
use crate::views::public::{EmailForm, Verify};
use actix_web::HttpRequest;
use hosting::domain::Email;
use hosting::services::resend_verification::resend_verification;
use hosting::services::verify_email;

/// With a token the button, without one "check your email".
pub async fn get(ctx: Ctx, query: Query, request: HttpRequest) -> Answer {
    let token = query.get("token")?;
    if token.is_empty() {
        let view = waiting(&ctx, pending(&ctx, &request)).await;
        return ctx.ok(&view);
    }
    if let Err(wait) = ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    let found = if is_token(token) { verify_email::look(&ctx.state().services, token).await? } else { None };
    let mut view = blank(&ctx, "Confirm your email").await;
    match found {
        Some(found) => {
            view.mode = "confirm";
            view.email = found.email;
            view.starts_store = found.starts_store;
            view.token = token.to_owned();
        }
        None => {
            view.page.title = "This link no longer works".into();
            view.mode = "expired";
            view.form.email.value = pending(&ctx, &request);
        }
    }
    ctx.ok(&view)
}

/// Uses the link up. The browser that signed up is signed in; others sign in with the password, so
/// that whoever wrote the address into the form cannot ride on its owner's click.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    if let Err(wait) = ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    let token = form.get("token")?;
    let done = if is_token(token) {
        verify_email::verify_email(&ctx.state().services, &ctx.actor(), token, &ctx.visitor_hash(), ctx.user_agent())
            .await
    } else {
        Err(hosting::services::ServiceError::NotFound)
    };
    match done {
        Ok(done) => {
            ctx.set_cookie("pending", "", Some(0));
            let to = done.job.as_deref().map_or_else(|| "/dashboard".to_owned(), urls::setup);
            if let Some(session) = done.session {
                super::account::start_session(&ctx, &session, &done.customer_id.to_string()).await;
                return Ok(ctx.see_other(&to));
            }
            ctx.flash("email_confirmed");
            Ok(ctx.see_other(&format!("/login{}", urls::query(&[("next", &to)]))))
        }
        Err(hosting::services::ServiceError::NotFound) => {
            let mut view = blank(&ctx, "This link no longer works").await;
            view.mode = "expired";
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// A new link; the same answer whether the address is known or not.
pub async fn resend(ctx: Ctx, form: Form) -> Answer {
    let form_key = need_key(&form)?;
    if let Err(wait) = ctx.state().limits.take(MAIL_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    let typed = form.get("email")?;
    let email = match Email::parse(typed) {
        Ok(email) => email,
        Err(words) => {
            let mut view = waiting(&ctx, String::new()).await;
            view.form.email = Field::of(typed);
            refuse(&mut view.form.email, &mut view.form.errors, "email", &words.0);
            view.page.has_errors = true;
            return ctx.unprocessable(&view);
        }
    };
    if ctx.state().limits.take(MAIL_ACCOUNT, &email.key()).await.is_ok() {
        resend_verification(
            &ctx.state().services,
            &ctx.actor(),
            &email,
            &ctx.visitor_hash(),
            ctx.user_agent(),
            &form_key,
        )
        .await?;
    }
    ctx.set_cookie("pending", &hex::encode(email.as_str()), Some(86_400));
    ctx.flash("mail_sent");
    Ok(ctx.see_other("/verify"))
}

/// The address this browser typed, checked again: a cookie is outside text.
fn pending(ctx: &Ctx, request: &HttpRequest) -> String {
    request
        .cookie(&cookie_name(ctx.state().config.base_url.is_https(), "pending"))
        .and_then(|c| hex::decode(c.value()).ok())
        .and_then(|b| String::from_utf8(b).ok())
        .and_then(|t| Email::parse(&t).ok())
        .map(|e| e.as_str().to_owned())
        .unwrap_or_default()
}

async fn waiting(ctx: &Ctx, email: String) -> Verify {
    let mut view = blank(ctx, "Check your email").await;
    view.email = email;
    view
}

async fn blank(ctx: &Ctx, title: &str) -> Verify {
    Verify {
        page: ctx.page(title, "signup").await,
        mode: "sent",
        email: String::new(),
        token: String::new(),
        starts_store: false,
        wait: 60,
        form_key: ctx.new_form_key(),
        form: EmailForm::default(),
    }
}
