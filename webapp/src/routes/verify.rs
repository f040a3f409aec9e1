//! `/verify`: waiting for the link, the page behind the link, and the button on it. Looking changes
//! nothing; only the button does.

use super::{Answer, need_key, refuse};
use crate::error::{WebError, wait_words};
use crate::extract::{Ctx, Form, Query, cookie_name};
use crate::rate_limit::{MAIL_ACCOUNT, MAIL_ADDRESS, VERIFY_ADDRESS};
use crate::tries::{Area, Tries};
use crate::urls::{self, is_token};
use crate::views::public::{EmailForm, Verify};
use crate::views::{Field, FieldError};
use actix_web::{HttpRequest, HttpResponse};
use hosting::crypto::Secret;
use hosting::domain::Email;
use hosting::services::ServiceError;
use hosting::services::resend_verification::resend_verification;
use hosting::services::verify_email::{self, Pending, Verified};

/// With a token the button, without one "check your email".
pub async fn get(ctx: Ctx, query: Query, request: HttpRequest) -> Answer {
    let token = query.get("token")?;
    ctx.with(query.get("with")?).await?;
    if token.is_empty() {
        let view = waiting(&ctx, pending(&ctx, &request)).await;
        return ctx.ok(&view);
    }
    if let Err(wait) = ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    let found = if is_token(token) { look(&ctx, token).await? } else { None };
    let Some(found) = found else {
        let mut view = expired(&ctx).await;
        view.form.email.value = pending(&ctx, &request);
        return ctx.ok(&view);
    };
    ctx.ok(&confirm(&ctx, token, found).await)
}

/// Uses the link up and signs in. The browser that signed up needs one press; any other one the
/// password of the sign-up, so that whoever wrote the address into the form cannot ride on its
/// owner's click.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    if let Err(wait) = ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    let token = form.get("token")?;
    let found = if is_token(token) { look(&ctx, token).await? } else { None };
    let Some(found) = found else { return ctx.unprocessable(&expired(&ctx).await) };
    let password = form.get("password")?;
    let tries = Tries::of(&ctx, Area::Owner, &found.email_key);
    if found.ask_password {
        if password.is_empty() || password.len() > 1024 {
            let words = if password.is_empty() { "Enter the password you chose when you signed up" } else { WRONG };
            return refused(&ctx, token, found, words).await;
        }
        if let Err(wait) = tries.begin(&ctx, false).await {
            return too_often(&ctx, token, found, wait).await;
        }
    }
    let state = ctx.state();
    let done = verify_email::verify_email(
        &state.services,
        &state.passwords,
        &ctx.actor(),
        token,
        &ctx.visitor_hash(),
        ctx.user_agent(),
        &Secret::new(password),
    )
    .await;
    match done {
        Ok(Verified::Done(done)) => {
            if found.ask_password {
                tries.right(&ctx).await;
            }
            ctx.set_cookie("pending", "", Some(0));
            super::account::start_session(&ctx, &done.session, &done.customer_id.to_string()).await?;
            Ok(ctx.see_other(&done.job.as_deref().map_or_else(|| "/dashboard".to_owned(), urls::setup)))
        }
        Ok(Verified::WrongPassword) => {
            tries.wrong(&ctx).await;
            refused(&ctx, token, found, WRONG).await
        }
        Err(ServiceError::NotFound) => ctx.unprocessable(&expired(&ctx).await),
        Err(other) => Err(other.into()),
    }
}

/// Words for a password that is not the sign-up's.
const WRONG: &str = "This is not the password of this sign-up";

async fn look(ctx: &Ctx, token: &str) -> Result<Option<Pending>, WebError> {
    let found = verify_email::look(&ctx.state().services, token, &ctx.visitor_hash()).await?;
    if let Some(found) = &found {
        ctx.comes_by(found.provider.clone());
    }
    Ok(found)
}

async fn confirm(ctx: &Ctx, token: &str, found: Pending) -> Verify {
    let mut view = blank(ctx, "Confirm your email").await;
    view.mode = if found.ask_password { "password" } else { "confirm" };
    view.email = found.email;
    view.starts_store = found.starts_store;
    token.clone_into(&mut view.token);
    view
}

async fn expired(ctx: &Ctx) -> Verify {
    let mut view = blank(ctx, "This link no longer works").await;
    view.mode = "expired";
    view
}

async fn refused(ctx: &Ctx, token: &str, found: Pending, words: &str) -> Answer {
    let mut view = confirm(ctx, token, found).await;
    view.mode = "password";
    refuse(&mut view.password, &mut view.form.errors, "password", words);
    view.page.has_errors = true;
    ctx.unprocessable(&view)
}

async fn too_often(ctx: &Ctx, token: &str, found: Pending, wait: u64) -> Answer {
    let mut view = confirm(ctx, token, found).await;
    let text = format!("Too many tries. You can try again in {}.", wait_words(wait));
    view.form.errors.push(FieldError { field: "", text });
    view.page.has_errors = true;
    Ok(HttpResponse::TooManyRequests()
        .insert_header(("retry-after", wait.to_string()))
        .insert_header(("content-type", "text/html; charset=utf-8"))
        .body(crate::views::View::render(&view)?))
}

/// A new link; the same answer whether the address is known or not.
pub async fn resend(ctx: Ctx, form: Form) -> Answer {
    let form_key = need_key(&form)?;
    if let Err(wait) = ctx.state().limits.take(MAIL_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    ctx.with(form.get("with")?).await?;
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
        resend_verification(&ctx.state().services, &ctx.actor(), &email, &ctx.visitor_hash(), &form_key).await?;
    }
    ctx.set_cookie("pending", &hex::encode(email.as_str()), Some(86_400));
    ctx.flash("mail_sent");
    Ok(ctx.see_other(&ctx.keeping("/verify")))
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
        password: Field::default(),
    }
}
