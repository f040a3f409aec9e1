//! The second factor of owners (`/account/2fa`) and staff (`/admin/2fa`), and the page that asks for it at the sign-in.

pub mod owner;
pub mod sign_in;
pub mod staff;

use super::reader::Reader;
use super::{Answer, need_key, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::tries::prove;
use crate::views::factor::{Factor, FactorForm, OwnerFactor, Qr, StaffFactor};
use crate::views::{View, When};
use actix_web::HttpResponse;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::domain::Person;
use hosting::services::ServiceError;
use hosting::services::second_factor::{disable, renew_codes, set_up};

fn reader(ctx: &Ctx) -> Result<Reader, WebError> {
    Reader::of(ctx, "/account/2fa", "/admin/2fa")
}

async fn page(ctx: &Ctx) -> Answer {
    let reader = reader(ctx)?;
    let factor = picture(ctx, &reader, FactorForm::default()).await?;
    draw(ctx, factor, false).await
}

async fn picture(ctx: &Ctx, reader: &Reader, form: FactorForm) -> Result<Factor, WebError> {
    let services = &ctx.state().services;
    let found = services.db.read().await?.second_factors().find(reader.person).await?;
    let mut factor = Factor {
        base: reader.base,
        form_key: ctx.new_form_key(),
        state: "off",
        due: crate::pipeline::factor_due(ctx.state(), ctx.who()).await,
        form,
        ..Factor::default()
    };
    match found {
        Some(f) if f.confirmed_at.is_some() => {
            factor.state = "on";
            factor.since = f.confirmed_at.map(|at| When::relative(at, now_plain()));
            factor.left = f.codes_left;
        }
        // The secret is shown to somebody who proved the password just now.
        Some(f) if f.pending && reader.fresh => {
            if let Some(pending) = set_up::pending(services, reader.person).await? {
                factor.state = "pending";
                factor.qr = Qr::of(pending.address.expose());
                factor.key = pending.key.expose().to_owned();
            }
        }
        _ => {}
    }
    Ok(factor)
}

async fn draw(ctx: &Ctx, mut factor: Factor, errors: bool) -> Answer {
    let title = match factor.state {
        "codes" => "Recovery codes",
        "pending" => "Set up a second factor",
        _ => "Second factor",
    };
    let mut page = ctx.page(title, "account").await;
    page.has_errors = errors;
    factor.csrf.clone_from(&page.csrf);
    let body = if factor.base.starts_with("/admin") {
        StaffFactor { page, factor }.render()?
    } else {
        OwnerFactor { page, factor }.render()?
    };
    let mut answer = if errors { HttpResponse::UnprocessableEntity() } else { HttpResponse::Ok() };
    Ok(answer.insert_header(("content-type", "text/html; charset=utf-8")).body(body))
}

async fn begin(ctx: &Ctx) -> Answer {
    let reader = reader(ctx)?;
    reader.need_fresh()?;
    set_up::begin(&ctx.state().services, &ctx.actor(), reader.person).await?;
    Ok(ctx.see_other(reader.base))
}

async fn confirm(ctx: &Ctx, form: &Form) -> Answer {
    let reader = reader(ctx)?;
    reader.need_fresh()?;
    limited(ctx, reader.person).await?;
    let code = form.get("code")?;
    let done = set_up::confirm(&ctx.state().services, &ctx.actor(), reader.person, reader.session, code).await;
    answer(ctx, &reader, done).await
}

async fn codes(ctx: &Ctx, form: &Form) -> Answer {
    let reader = reader(ctx)?;
    reader.need_fresh()?;
    let key = need_key(form)?;
    let done = renew_codes::renew_codes(&ctx.state().services, &ctx.actor(), reader.person, &key).await;
    answer(ctx, &reader, done).await
}

async fn answer(ctx: &Ctx, reader: &Reader, done: Result<Vec<String>, ServiceError>) -> Answer {
    match done {
        Ok(codes) => draw(ctx, Factor { base: reader.base, state: "codes", codes, ..Factor::default() }, false).await,
        Err(ServiceError::Invalid(fields)) => refused(ctx, reader, &fields).await,
        Err(other) => Err(other.into()),
    }
}

async fn off(ctx: &Ctx, form: &Form) -> Answer {
    let reader = reader(ctx)?;
    limited(ctx, reader.person).await?;
    let state = ctx.state();
    let proven = prove(ctx, form.get("password")?).await?;
    let (actor, code) = (ctx.actor(), form.get("code")?);
    match disable::disable(&state.services, &actor, reader.person, reader.session, proven.as_ref(), code).await {
        Ok(()) => {
            ctx.flash("factor_off");
            Ok(ctx.see_other(reader.base))
        }
        Err(ServiceError::Invalid(fields)) => {
            if proven.is_some() {
                let subject = format!("{}/{}", reader.person.kind(), reader.person.id());
                state.limits.fail("factor.delay", &subject).await;
            }
            refused(ctx, &reader, &fields).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn refused(ctx: &Ctx, reader: &Reader, fields: &[(&'static str, String)]) -> Answer {
    let mut form = FactorForm::default();
    for (name, words) in fields {
        let field = if *name == "password" { &mut form.password } else { &mut form.code };
        refuse(field, &mut form.errors, name, words);
    }
    let factor = picture(ctx, reader, form).await?;
    draw(ctx, factor, true).await
}

/// Tries of somebody who is signed in: their own, nobody else's.
async fn limited(ctx: &Ctx, person: Person) -> Result<(), WebError> {
    let subject = format!("{}/{}", person.kind(), person.id());
    ctx.state().limits.look("factor.delay", &subject).await.map_err(WebError::TooMany)?;
    ctx.state().limits.take(crate::rate_limit::FACTOR_ACCOUNT, &subject).await.map_err(WebError::TooMany)
}
