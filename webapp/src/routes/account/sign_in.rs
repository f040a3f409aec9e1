//! `/login`

use super::super::second_factor::sign_in::ask_owner;
use super::super::{Answer, refuse};
use super::start_session;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, Who, notice_named};
use crate::tries::{Area, Tries, email_key, too_many_words};
use crate::urls::safe_next;
use crate::views::public::{Login, SignInForm};
use crate::views::{Field, FieldError};
use actix_web::HttpResponse;
use hosting::crypto::Secret;
use hosting::services::passkeys::available;
use hosting::services::sign_in::{SignIn, sign_in};

const WRONG: &str = "The email or the password is not right";

/// The form.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let next = safe_next(query.get("next")?).unwrap_or_default().to_owned();
    // Who is about to be signed out may sign in again before, in a tab beside.
    if matches!(ctx.who(), Who::Customer(_)) && next != "/session/again" {
        return Ok(ctx.see_other(if next.is_empty() { "/dashboard" } else { &next }));
    }
    ctx.with(query.get("with")?).await?;
    let mut view = page(&ctx, SignInForm::default(), next).await;
    if query.get("unsent")? == "1" {
        view.page.notice = notice_named("not_sent");
    }
    ctx.ok(&view)
}

/// Signs in. One answer for a wrong name and a wrong password; after five wrong ones for an account
/// from one address the wait grows.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let next = safe_next(form.get("next")?).unwrap_or_default().to_owned();
    ctx.with(form.get("with")?).await?;
    let (email, password) = (form.get("email")?.trim(), form.get("password")?);
    let key = email_key(email);
    let mut shown = SignInForm { email: Field::of(email), ..SignInForm::default() };
    if email.is_empty() {
        refuse(&mut shown.email, &mut shown.errors, "email", "Enter your email");
    }
    if password.is_empty() {
        refuse(&mut shown.password, &mut shown.errors, "password", "Enter your password");
    }
    if !shown.errors.is_empty() || password.len() > 1024 {
        if shown.errors.is_empty() {
            refuse(&mut shown.password, &mut shown.errors, "password", WRONG);
        }
        return again(&ctx, shown, next).await;
    }
    let services = &ctx.state().services;
    let tries = Tries::of(&ctx, Area::Owner, &key);
    if let Err(wait) = tries.begin(&ctx, known_device(&ctx, &key).await?).await {
        return too_often(&ctx, shown, next, wait).await;
    }
    match sign_in(services, &ctx.state().passwords, &ctx.actor(), &key, &Secret::new(password), ctx.user_agent())
        .await?
    {
        SignIn::Done(token) => {
            tries.right(&ctx).await;
            let account = customer_id(&ctx, &key).await?;
            start_session(&ctx, &token, &account).await?;
            Ok(ctx.see_other(if next.is_empty() { "/dashboard" } else { &next }))
        }
        SignIn::Second(token) => {
            tries.right(&ctx).await;
            Ok(ask_owner(&ctx, &token, &next))
        }
        SignIn::Unconfirmed(email) => {
            ctx.set_cookie("pending", &hex::encode(email), Some(86_400));
            Ok(ctx.see_other(&ctx.keeping("/verify")))
        }
        SignIn::Wrong => {
            tries.wrong(&ctx).await;
            refuse(&mut shown.email, &mut shown.errors, "email", WRONG);
            again(&ctx, shown, next).await
        }
    }
}

async fn customer_id(ctx: &Ctx, key: &str) -> Result<String, WebError> {
    use hosting::db::Queries;
    let found = ctx.state().services.db.read().await?.customers().find_by_email(key).await?;
    Ok(found.map_or_else(String::new, |c| c.id.to_string()))
}

async fn known_device(ctx: &Ctx, key: &str) -> Result<bool, WebError> {
    let id = customer_id(ctx, key).await?;
    Ok(!id.is_empty() && ctx.knows_device(&format!("customer/{id}")))
}

async fn page(ctx: &Ctx, form: SignInForm, next: String) -> Login {
    let mut page = ctx.page("Sign in", "login").await;
    page.has_errors = !form.errors.is_empty();
    Login { page, form, next, passkeys: available(&ctx.state().config.base_url) }
}

async fn again(ctx: &Ctx, form: SignInForm, next: String) -> Answer {
    let view = page(ctx, form, next).await;
    ctx.unprocessable(&view)
}

async fn too_often(ctx: &Ctx, mut form: SignInForm, next: String, wait: u64) -> Answer {
    form.errors.push(FieldError { field: "", text: too_many_words(wait) });
    let body = crate::views::View::render(&page(ctx, form, next).await)?;
    Ok(HttpResponse::TooManyRequests()
        .insert_header(("retry-after", wait.to_string()))
        .insert_header(("content-type", "text/html; charset=utf-8"))
        .body(body))
}
