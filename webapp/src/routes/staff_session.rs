//! `/admin/login`, `/admin/logout`, `/admin/password`

use super::account::take_cookie;
use super::second_factor::sign_in::ask_staff;
use super::{Answer, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, Who, notice_named};
use crate::tries::{Area, Tries, email_key, too_many_words};
use crate::urls::safe_next;
use crate::views::admin::Login;
use crate::views::public::SignInForm;
use crate::views::{Field, FieldError, View};
use actix_web::HttpResponse;
use hosting::crypto::Secret;
use hosting::services::admin_sign_in::{StaffSignIn, admin_sign_in};
use hosting::services::passkeys::available;

const WRONG: &str = "The email or the password is not right";

/// A path in the staff area.
pub(super) fn next_of(text: &str) -> &str {
    safe_next(text).filter(|n| n.starts_with("/admin")).unwrap_or_default()
}

/// The form.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let next = next_of(query.get("next")?).to_owned();
    // Who is about to be signed out may sign in again before, in a tab beside.
    if matches!(ctx.who(), Who::Staff(_)) && next != "/admin/session/again" {
        return Ok(ctx.see_other(if next.is_empty() { "/admin" } else { &next }));
    }
    let mut view = page(&ctx, SignInForm::default(), next).await;
    if query.get("unsent")? == "1" {
        view.page.notice = notice_named("not_sent");
    }
    ctx.ok(&view)
}

/// Signs in; same words for every reason.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let next = next_of(form.get("next")?).to_owned();
    let (email, password) = (form.get("email")?.trim(), form.get("password")?);
    let key = email_key(email);
    let mut shown = SignInForm { email: Field::of(email), ..SignInForm::default() };
    if email.is_empty() {
        refuse(&mut shown.email, &mut shown.errors, "email", "Enter your email");
    }
    if password.is_empty() {
        refuse(&mut shown.password, &mut shown.errors, "password", "Enter your password");
    }
    let tries = Tries::of(&ctx, Area::Staff, &key);
    if shown.errors.is_empty() {
        let known = ctx.knows_device(&format!("staff/{key}"));
        if let Err(wait) = tries.begin(&ctx, known).await {
            shown.errors.push(FieldError { field: "", text: too_many_words(wait) });
            let body = page(&ctx, shown, next).await.render()?;
            return Ok(HttpResponse::TooManyRequests()
                .insert_header(("retry-after", wait.to_string()))
                .insert_header(("content-type", "text/html; charset=utf-8"))
                .body(body));
        }
        let state = ctx.state();
        let secret = Secret::new(password);
        let (services, passwords) = (&state.services, &state.passwords);
        let done = if password.len() <= 1024 {
            admin_sign_in(services, passwords, &ctx.actor(), &key, &secret, ctx.user_agent()).await?
        } else {
            StaffSignIn::Wrong
        };
        match done {
            StaffSignIn::Done(token, temporary) => {
                tries.right(&ctx).await;
                start(&ctx, &token, &key).await?;
                let to = if temporary {
                    "/admin/password"
                } else if next.is_empty() {
                    "/admin"
                } else {
                    &next
                };
                return Ok(ctx.see_other(to));
            }
            StaffSignIn::Second(token) => {
                tries.right(&ctx).await;
                return Ok(ask_staff(&ctx, &token, &next));
            }
            StaffSignIn::Wrong => {}
        }
        tries.wrong(&ctx).await;
        refuse(&mut shown.email, &mut shown.errors, "email", WRONG);
    }
    let view = page(&ctx, shown, next).await;
    ctx.unprocessable(&view)
}

/// The session cookie of staff; a session that stood before ends.
pub(super) async fn start(ctx: &Ctx, token: &Secret, key: &str) -> Result<(), WebError> {
    take_cookie(ctx, ("staff", "staff_life_hours"), token, &format!("staff/{key}")).await
}

async fn page(ctx: &Ctx, form: SignInForm, next: String) -> Login {
    let mut page = ctx.page("Staff sign-in", "").await;
    page.has_errors = !form.errors.is_empty();
    Login { page, form, next, passkeys: available(&ctx.state().config.base_url) }
}

/// `POST /admin/logout`
pub async fn sign_out(ctx: Ctx, _form: Form) -> Answer {
    let session = ctx.staff()?;
    hosting::services::sign_out::sign_out(&ctx.state().services, &ctx.actor(), session.id).await?;
    ctx.set_cookie("staff", "", Some(0));
    ctx.flash("signed_out");
    Ok(ctx.see_other("/admin/login"))
}

/// `/admin/password`
pub mod password {
    use super::{Answer, Ctx, Form, Secret, Tries, WebError, refuse, start};
    use crate::views::admin::{Password, PasswordForm};
    use hosting::services::ServiceError;
    use hosting::services::change_admin_password::change_admin_password;

    /// The form.
    pub async fn get(ctx: Ctx) -> Answer {
        let view = view(&ctx, PasswordForm::default()).await?;
        ctx.ok(&view)
    }

    /// Changes it; other devices are signed out.
    pub async fn post(ctx: Ctx, form: Form) -> Answer {
        let session = ctx.staff()?;
        let tries = Tries::of_caller(&ctx)?;
        tries.begin(&ctx, true).await.map_err(WebError::TooMany)?;
        let state = ctx.state();
        let current = Secret::new(form.get("current_password")?.chars().take(1024).collect::<String>());
        let new = form.get("new_password")?;
        let changed = change_admin_password(
            &state.services,
            &state.passwords,
            &ctx.actor(),
            session.id,
            session.admin_id,
            &current,
            new,
        )
        .await;
        match changed {
            Ok(token) => {
                start(&ctx, &token, &session.email.to_lowercase()).await?;
                ctx.flash("password_changed");
                Ok(ctx.see_other("/admin"))
            }
            Err(ServiceError::Invalid(fields)) => {
                let mut shown = PasswordForm::default();
                for (field, words) in &fields {
                    if *field == "current_password" {
                        tries.wrong(&ctx).await;
                        refuse(&mut shown.current_password, &mut shown.errors, "current_password", words);
                    } else {
                        refuse(&mut shown.new_password, &mut shown.errors, "new_password", words);
                    }
                }
                let mut view = view(&ctx, shown).await?;
                view.page.has_errors = true;
                ctx.unprocessable(&view)
            }
            Err(other) => Err(other.into()),
        }
    }

    async fn view(ctx: &Ctx, form: PasswordForm) -> Result<Password, WebError> {
        let session = ctx.staff()?;
        let title = if session.must_change_password { "Choose your own password" } else { "Change your password" };
        Ok(Password {
            page: ctx.page(title, "").await,
            forced: session.must_change_password,
            email: session.email.clone(),
            form_key: ctx.new_form_key(),
            form,
        })
    }
}
