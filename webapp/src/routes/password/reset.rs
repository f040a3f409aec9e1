//! `/password/reset`: the page behind the link of the mail. Looking changes nothing; only the button does.

use super::super::{Answer, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::rate_limit::VERIFY_ADDRESS;
use crate::urls::is_token;
use crate::views::public::{NewPasswordForm, ResetPassword};
use hosting::services::ServiceError;
use hosting::services::reset_password::{look, reset_password};

/// The form, or "no longer works".
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    limited(&ctx).await?;
    let token = query.get("token")?;
    let email = usable(&ctx, token).await?;
    let view = view(&ctx, email, token, NewPasswordForm::default()).await;
    ctx.ok(&view)
}

/// Uses the link up.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    limited(&ctx).await?;
    let (token, new) = (form.get("token")?, form.get("new_password")?);
    let state = ctx.state();
    // Whose name stands on the pages after it; the link is used up then.
    usable(&ctx, token).await?;
    let done = if is_token(token) {
        reset_password(&state.services, &state.passwords, &ctx.actor(), token, new).await
    } else {
        Err(ServiceError::NotFound)
    };
    let mut shown = NewPasswordForm::default();
    let email = match done {
        Ok(()) => {
            // Whoever is signed in here was signed out by it, too.
            ctx.set_cookie("session", "", Some(0));
            ctx.flash("password_reset");
            return Ok(ctx.see_other(&ctx.keeping("/login")));
        }
        Err(ServiceError::NotFound) => None,
        Err(ServiceError::Invalid(fields)) => {
            for (_, words) in &fields {
                refuse(&mut shown.new_password, &mut shown.errors, "new_password", words);
            }
            usable(&ctx, token).await?
        }
        Err(other) => return Err(other.into()),
    };
    let mut view = view(&ctx, email, token, shown).await;
    view.page.has_errors = view.usable;
    ctx.unprocessable(&view)
}

async fn limited(ctx: &Ctx) -> Result<(), WebError> {
    ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)
}

async fn usable(ctx: &Ctx, token: &str) -> Result<Option<String>, WebError> {
    let found = if is_token(token) { look(&ctx.state().services, token).await? } else { None };
    Ok(found.map(|(email, provider)| {
        ctx.comes_by(provider);
        email
    }))
}

async fn view(ctx: &Ctx, email: Option<String>, token: &str, form: NewPasswordForm) -> ResetPassword {
    let title = if email.is_some() { "Choose a new password" } else { "This link no longer works" };
    ResetPassword {
        page: ctx.page(title, "login").await,
        usable: email.is_some(),
        token: if email.is_some() { token.to_owned() } else { String::new() },
        email: email.unwrap_or_default(),
        form,
    }
}
