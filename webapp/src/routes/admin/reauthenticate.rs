//! `/admin/reauthenticate`: the password again before something sensitive.

use super::super::passkey_proof::offered;
use super::super::{Answer, refuse, staff_session};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::tries::prove;
use crate::views::staff::{PasswordOnlyForm, StaffReauthenticate};
use hosting::services::prove_password::WRONG;
use hosting::services::re_authenticate::re_authenticate;

/// The form.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let view = view(&ctx, query.get("next")?, PasswordOnlyForm::default()).await?;
    ctx.ok(&view)
}

/// Proves it and goes on.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let session = ctx.staff()?;
    let (next, password) = (form.get("next")?, form.get("password")?);
    let mut shown = PasswordOnlyForm::default();
    if password.is_empty() {
        refuse(&mut shown.password, &mut shown.errors, "password", "Enter your password");
    } else {
        if let Some(proven) = prove(&ctx, password).await? {
            let token = re_authenticate(&ctx.state().services, &ctx.actor(), session.id, &proven).await?;
            staff_session::start(&ctx, &token, &session.email.to_lowercase()).await?;
            return Ok(ctx.see_other(target(next)));
        }
        refuse(&mut shown.password, &mut shown.errors, "password", WRONG);
    }
    let mut view = view(&ctx, next, shown).await?;
    view.page.has_errors = true;
    ctx.unprocessable(&view)
}

fn target(next: &str) -> &str {
    let next = staff_session::next_of(next);
    if next.is_empty() { "/admin" } else { next }
}

async fn view(ctx: &Ctx, next: &str, form: PasswordOnlyForm) -> Result<StaffReauthenticate, WebError> {
    Ok(StaffReauthenticate {
        page: ctx.page("Enter your password again", "").await,
        email: ctx.staff()?.email.clone(),
        next: target(next).to_owned(),
        passkeys: offered(ctx).await?,
        form,
    })
}
