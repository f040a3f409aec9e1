//! `/login/2fa` and `/admin/login/2fa`: the code after the password.
//!
//! A sign-in ends with its fifth wrong code and has to begin again with the password, so only somebody who knows it can
//! use up tries; the account's bucket is wide enough that its owner, from a browser that signed in before, has their own.

use super::super::{Answer, refuse, staff_session};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, cookie_name};
use crate::rate_limit::FACTOR_ACCOUNT;
use crate::urls::{is_token, safe_next};
use crate::views::factor::{CodeForm, OwnerCode, StaffCode};
use actix_web::HttpRequest;
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::domain::Person;
use hosting::services::second_factor::sign_in::{Second, sign_in_with_code, waiting};

/// Which sign-in it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Owner,
    Staff,
}

impl Side {
    fn cookie(self) -> &'static str {
        if self == Self::Staff { "staff_second" } else { "second" }
    }
    fn login(self) -> &'static str {
        if self == Self::Staff { "/admin/login" } else { "/login" }
    }
    fn next(self, text: &str) -> &str {
        if self == Self::Staff { staff_session::next_of(text) } else { safe_next(text).unwrap_or_default() }
    }
    fn fits(self, person: Person) -> bool {
        matches!((self, person), (Self::Owner, Person::Customer(_)) | (Self::Staff, Person::Staff(_)))
    }
}

/// After the right password of an owner: on to the code.
pub fn ask_owner(ctx: &Ctx, token: &Secret, next: &str) -> actix_web::HttpResponse {
    ask(ctx, Side::Owner, token, next)
}

/// After the right password of a staff member: on to the code.
pub fn ask_staff(ctx: &Ctx, token: &Secret, next: &str) -> actix_web::HttpResponse {
    ask(ctx, Side::Staff, token, next)
}

fn ask(ctx: &Ctx, side: Side, token: &Secret, next: &str) -> actix_web::HttpResponse {
    ctx.set_cookie(side.cookie(), token.expose(), Some(600));
    ctx.see_other(&format!("{}/2fa{}", side.login(), crate::urls::query(&[("next", next)])))
}

/// The form for owners.
pub async fn owner(ctx: Ctx, query: Query, request: HttpRequest) -> Answer {
    get(&ctx, &query, &request, Side::Owner).await
}

/// The form for staff.
pub async fn staff(ctx: Ctx, query: Query, request: HttpRequest) -> Answer {
    get(&ctx, &query, &request, Side::Staff).await
}

/// The code of an owner.
pub async fn owner_post(ctx: Ctx, form: Form, request: HttpRequest) -> Answer {
    post(&ctx, &form, &request, Side::Owner).await
}

/// The code of a staff member.
pub async fn staff_post(ctx: Ctx, form: Form, request: HttpRequest) -> Answer {
    post(&ctx, &form, &request, Side::Staff).await
}

async fn get(ctx: &Ctx, query: &Query, request: &HttpRequest, side: Side) -> Answer {
    let next = side.next(query.get("next")?);
    match find(ctx, request, side).await? {
        None => Ok(ctx.see_other(side.login())),
        Some(_) => draw(ctx, side, next, CodeForm::default()).await,
    }
}

async fn post(ctx: &Ctx, form: &Form, request: &HttpRequest, side: Side) -> Answer {
    let next = side.next(form.get("next")?);
    let Some((token, person)) = find(ctx, request, side).await? else { return again(ctx, side) };
    let subject = format!("{}/{}", person.kind(), person.id());
    // A browser that signed in before does not share the bucket with whoever stole the password.
    let known = match person {
        Person::Customer(id) => ctx.knows_device(&format!("customer/{id}")),
        Person::Staff(_) => false,
    };
    let bucket = if known { format!("{subject}/known") } else { subject };
    ctx.state().limits.take(FACTOR_ACCOUNT, &bucket).await.map_err(WebError::TooMany)?;
    let code: String = form.get("code")?.chars().take(64).collect();
    let services = &ctx.state().services;
    match sign_in_with_code(services, &ctx.actor(), &token, &code, ctx.user_agent()).await? {
        Second::Done { token, person, email, temporary, codes_left } => {
            ctx.set_cookie(side.cookie(), "", Some(0));
            match person {
                Person::Customer(id) => {
                    super::super::account::start_session(ctx, &token, &id.to_string()).await?;
                }
                Person::Staff(_) => staff_session::start(ctx, &token, &email.to_lowercase()).await?,
            }
            if codes_left.is_some() {
                ctx.flash("recovery_code_used");
            }
            let home = if side == Side::Staff { "/admin" } else { "/dashboard" };
            let to = if temporary { "/admin/password" } else { home };
            Ok(ctx.see_other(if next.is_empty() || temporary { to } else { next }))
        }
        Second::Over => again(ctx, side),
        Second::Wrong => {
            if find(ctx, request, side).await?.is_none() {
                return again(ctx, side);
            }
            let mut shown = CodeForm::default();
            refuse(&mut shown.code, &mut shown.errors, "code", "This code is not right, or was used before");
            draw(ctx, side, next, shown).await
        }
    }
}

fn again(ctx: &Ctx, side: Side) -> Answer {
    ctx.set_cookie(side.cookie(), "", Some(0));
    ctx.flash("second_over");
    Ok(ctx.see_other(side.login()))
}

/// The sign-in of this browser that waits.
async fn find(ctx: &Ctx, request: &HttpRequest, side: Side) -> Result<Option<(String, Person)>, WebError> {
    let name = cookie_name(ctx.state().config.base_url.is_https(), side.cookie());
    let Some(token) = request.cookie(&name).map(|c| c.value().to_owned()).filter(|t| is_token(t)) else {
        return Ok(None);
    };
    let Some(person) = waiting(&ctx.state().services, &token).await?.filter(|p| side.fits(*p)) else {
        return Ok(None);
    };
    // They see the name they know, as on every other page.
    if let Person::Customer(id) = person {
        ctx.comes_by(ctx.state().services.db.read().await?.resellers().provider_of(id).await?);
    }
    Ok(Some((token, person)))
}

async fn draw(ctx: &Ctx, side: Side, next: &str, form: CodeForm) -> Answer {
    let errors = !form.errors.is_empty();
    let mut page = ctx.page("Enter your code", "login").await;
    page.has_errors = errors;
    let next = next.to_owned();
    match (side, errors) {
        (Side::Owner, false) => ctx.ok(&OwnerCode { page, next, form }),
        (Side::Owner, true) => ctx.unprocessable(&OwnerCode { page, next, form }),
        (Side::Staff, false) => ctx.ok(&StaffCode { page, next, form }),
        (Side::Staff, true) => ctx.unprocessable(&StaffCode { page, next, form }),
    }
}
