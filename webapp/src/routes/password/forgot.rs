//! `/password/forgot`: asks for a link. The answer is the same whether the address has an account or not.

use super::super::{Answer, need_key, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::rate_limit::{MAIL_ACCOUNT, MAIL_ADDRESS};
use crate::views::Field;
use crate::views::public::{EmailForm, ForgotPassword};
use hosting::domain::Email;
use hosting::services::request_password_reset::request_password_reset;

/// The form, or what happens next.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    ctx.with(query.get("with")?).await?;
    let view = view(&ctx, query.get("sent")? == "yes", EmailForm::default()).await;
    ctx.ok(&view)
}

/// Orders the mail.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let form_key = need_key(&form)?;
    if let Err(wait) = ctx.state().limits.take(MAIL_ADDRESS, ctx.address()).await {
        return Err(WebError::TooMany(wait));
    }
    ctx.with(form.get("with")?).await?;
    let typed = form.get("email")?;
    let email = match Email::parse(typed) {
        Ok(email) => email,
        Err(words) => {
            let mut shown = EmailForm { email: Field::of(typed), ..EmailForm::default() };
            refuse(&mut shown.email, &mut shown.errors, "email", &words.0);
            let mut view = view(&ctx, false, shown).await;
            view.page.has_errors = true;
            return ctx.unprocessable(&view);
        }
    };
    // An account that gets too many mails gets no more, silently: the answer must not tell.
    if ctx.state().limits.take(MAIL_ACCOUNT, &email.key()).await.is_ok() {
        request_password_reset(&ctx.state().services, &ctx.actor(), &email, &form_key).await?;
    }
    Ok(ctx.see_other(&ctx.keeping("/password/forgot?sent=yes")))
}

async fn view(ctx: &Ctx, sent: bool, form: EmailForm) -> ForgotPassword {
    let title = if sent { "Check your email" } else { "Forgot your password?" };
    ForgotPassword { page: ctx.page(title, "login").await, sent, form_key: ctx.new_form_key(), form }
}
