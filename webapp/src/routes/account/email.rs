//! `/account/email`, and `/email/change` behind the links of its mails.

use super::super::{Answer, need_key, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::rate_limit::{MAIL_ACCOUNT, VERIFY_ADDRESS};
use crate::tries::prove;
use crate::urls::is_token;
use crate::views::Field;
use crate::views::account::{ChangeEmail, ChangeEmailForm, EmailChange};
use hosting::db::Queries;
use hosting::db::email_changes::ChangeLink;
use hosting::services::ServiceError;
use hosting::services::change_email::{Pressed, ask, look, press};

/// The form.
pub async fn get(ctx: Ctx) -> Answer {
    let view = view(&ctx, ChangeEmailForm::default()).await?;
    ctx.ok(&view)
}

/// Writes to both addresses.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let session = ctx.customer()?;
    let state = ctx.state();
    let email = form.get("email")?;
    let account = format!("email_change/{}", session.customer_id);
    state.limits.take(MAIL_ACCOUNT, &account).await.map_err(WebError::TooMany)?;
    let proven = prove(&ctx, form.get("password")?).await?;
    match ask(&state.services, &ctx.actor(), &key, session.customer_id, (email, proven.as_ref())).await {
        Ok(()) => {
            ctx.flash("email_asked");
            Ok(ctx.see_other("/account/email"))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut shown = ChangeEmailForm {
                email: Field::of(email.chars().take(254).collect::<String>()),
                ..ChangeEmailForm::default()
            };
            for (name, words) in &fields {
                if *name == "password" {
                    refuse(&mut shown.password, &mut shown.errors, name, words);
                } else {
                    refuse(&mut shown.email, &mut shown.errors, name, words);
                }
            }
            let mut view = view(&ctx, shown).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn view(ctx: &Ctx, form: ChangeEmailForm) -> Result<ChangeEmail, WebError> {
    let session = ctx.customer()?;
    let open = ctx.state().services.db.read().await?.email_changes().open_of_customer(session.customer_id).await?;
    let (wanted, old_confirmed, new_confirmed) = open.unwrap_or_default();
    Ok(ChangeEmail {
        page: ctx.page("Change your email", "account").await,
        email: session.email.clone(),
        wanted,
        old_confirmed,
        new_confirmed,
        form_key: ctx.new_form_key(),
        form,
    })
}

/// The page behind a link: looking changes nothing.
pub async fn link(ctx: Ctx, query: Query) -> Answer {
    ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let token = query.get("token")?;
    let found = if is_token(token) { look(&ctx.state().services, token).await? } else { None };
    let view = match found {
        None => link_view(&ctx, "over", "", ("", "")).await,
        Some(change) => {
            let mode = if change.link() == ChangeLink::Stop { "stop" } else { "confirm" };
            link_view(&ctx, mode, token, (&change.old_email, &change.new_email)).await
        }
    };
    ctx.ok(&view)
}

/// Does what the link says.
pub async fn press_link(ctx: Ctx, form: Form) -> Answer {
    ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let token = form.get("token")?;
    let done = if is_token(token) {
        press(&ctx.state().services, &ctx.actor(), token).await
    } else {
        Err(ServiceError::NotFound)
    };
    match done {
        Ok(Pressed::Changed) => {
            ctx.set_cookie("session", "", Some(0));
            ctx.flash("email_changed");
            Ok(ctx.see_other("/login"))
        }
        Ok(pressed) => {
            let mode = if pressed == Pressed::Stopped { "stopped" } else { "waiting" };
            let view = link_view(&ctx, mode, "", ("", "")).await;
            ctx.ok(&view)
        }
        Err(ServiceError::NotFound) => {
            let view = link_view(&ctx, "over", "", ("", "")).await;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn link_view(ctx: &Ctx, mode: &'static str, token: &str, (old, new): (&str, &str)) -> EmailChange {
    let title = match mode {
        "confirm" => "Change your email",
        "stop" => "Stop the change",
        "waiting" => "One more to go",
        "stopped" => "The change is stopped",
        _ => "This link no longer works",
    };
    EmailChange {
        page: ctx.page(title, "login").await,
        mode,
        token: token.to_owned(),
        old: old.to_owned(),
        new: new.to_owned(),
    }
}
