//! `/account/password`

use super::super::{Answer, refuse};
use super::start_session;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::tries::Tries;
use crate::views::account::{ChangePassword, ChangePasswordForm};
use hosting::crypto::Secret;
use hosting::services::ServiceError;
use hosting::services::change_password::change_password;

/// The form.
pub async fn get(ctx: Ctx) -> Answer {
    let view = view(&ctx, ChangePasswordForm::default()).await?;
    ctx.ok(&view)
}

/// Changes it; other devices are signed out.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let session = ctx.customer()?;
    let state = ctx.state();
    let tries = Tries::of_caller(&ctx)?;
    tries.begin(&ctx, true).await.map_err(WebError::TooMany)?;
    let current = Secret::new(form.get("current_password")?.chars().take(1024).collect::<String>());
    let new = form.get("new_password")?;
    let (services, passwords, actor) = (&state.services, &state.passwords, ctx.actor());
    let id = session.customer_id;
    match change_password(services, passwords, &actor, session.id, id, &current, new).await {
        Ok(token) => {
            start_session(&ctx, &token, &id.to_string()).await?;
            ctx.flash("password_changed");
            Ok(ctx.see_other("/account"))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut shown = ChangePasswordForm::default();
            for (name, words) in &fields {
                if *name == "current_password" {
                    tries.wrong(&ctx).await;
                    refuse(&mut shown.current_password, &mut shown.errors, name, words);
                } else {
                    refuse(&mut shown.new_password, &mut shown.errors, name, words);
                }
            }
            let mut view = view(&ctx, shown).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn view(ctx: &Ctx, form: ChangePasswordForm) -> Result<ChangePassword, WebError> {
    let email = ctx.customer()?.email.clone();
    Ok(ChangePassword { page: ctx.page("Change your password", "account").await, email, form })
}
