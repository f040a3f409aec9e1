//! `/reauthenticate`: the password again before something sensitive.

use super::super::passkey_proof::offered;
use super::super::{Answer, refuse};
use super::start_session;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::tries::prove;
use crate::urls::safe_next;
use crate::views::owner::{PasswordForm, Reauthenticate};
use hosting::services::prove_password::WRONG;
use hosting::services::re_authenticate::re_authenticate;

/// The form.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let next = safe_next(query.get("next")?).unwrap_or("/dashboard").to_owned();
    let view = view(&ctx, next, PasswordForm::default()).await?;
    ctx.ok(&view)
}

/// Proves it and goes on.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let next = safe_next(form.get("next")?).unwrap_or("/dashboard").to_owned();
    let session = ctx.customer()?;
    let password = form.get("password")?;
    let mut shown = PasswordForm::default();
    if password.is_empty() {
        refuse(&mut shown.password, &mut shown.errors, "password", "Enter your password");
    } else {
        if let Some(proven) = prove(&ctx, password).await? {
            let token = re_authenticate(&ctx.state().services, &ctx.actor(), session.id, &proven).await?;
            start_session(&ctx, &token, &session.customer_id.to_string()).await?;
            return Ok(ctx.see_other(&next));
        }
        refuse(&mut shown.password, &mut shown.errors, "password", WRONG);
    }
    let mut view = view(&ctx, next, shown).await?;
    view.page.has_errors = true;
    ctx.unprocessable(&view)
}

async fn view(ctx: &Ctx, next: String, form: PasswordForm) -> Result<Reauthenticate, WebError> {
    let reason = if next.starts_with("/dashboard/access") {
        "The sign-in details of your store are behind it."
    } else if next.starts_with("/dashboard/database") {
        "The tables of your store are behind it."
    } else if next.starts_with("/dashboard/files") {
        "The files of your store are behind it."
    } else {
        "What comes next needs it."
    };
    Ok(Reauthenticate {
        page: ctx.page("Enter your password again", "").await,
        reason: reason.into(),
        email: ctx.customer()?.email.clone(),
        next,
        back: "/dashboard".into(),
        passkeys: offered(ctx).await?,
        form,
    })
}
