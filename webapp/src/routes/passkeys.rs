//! Passkeys: `/account/security` and `/admin/security` to add and remove them, and the two sign-in pages' way in with one.
//!
//! A script asks for a challenge and the browser's answer comes back as an ordinary form. Without scripts the pages say
//! that passkeys need them, and the forms for name and password stay as they are.

use super::reader::Reader;
use super::{Answer, refuse, staff_session};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::rate_limit::PASSKEY_ADDRESS;
use crate::tries::{Tries, prove};
use crate::urls::{is_token, query, safe_next};
use crate::views::passkeys::{OwnerPasskeys, PasskeyForm, PasskeyLine, Passkeys, StaffPasskeys};
use crate::views::{Field, FieldError, When};
use actix_web::{HttpResponse, web};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::domain::Person;
use hosting::services::ServiceError;
use hosting::services::passkeys::add::Begun;
use hosting::services::passkeys::sign_in::{Entered, Side};
use hosting::services::passkeys::{add, available, remove, sign_in};

/// Adding one; the sign-in and proving oneself again have theirs.
const ADD: &str = "add";
const SIGN_IN: &str = "sign_in";

fn reader(ctx: &Ctx) -> Result<Reader, WebError> {
    Reader::of(ctx, "/account/security", "/admin/security")
}

/// The list.
pub async fn get(ctx: Ctx) -> Answer {
    let reader = reader(&ctx)?;
    draw(&ctx, &reader, PasskeyForm::default()).await
}

async fn draw(ctx: &Ctx, reader: &Reader, form: PasskeyForm) -> Answer {
    let rows = ctx.state().services.db.read().await?.passkeys().list(reader.person).await?;
    let now = now_plain();
    let rows = rows
        .into_iter()
        .map(|r| PasskeyLine {
            id: r.id,
            name: r.name,
            added: When::relative(r.created_at, now),
            used: r.last_used_at.map(|at| When::relative(at, now)),
            blocked: r.blocked_at.is_some(),
        })
        .collect();
    let errors = !form.errors.is_empty();
    let mut page = ctx.page("Passkeys", "account").await;
    page.has_errors = errors;
    let passkeys = Passkeys {
        base: reader.base,
        csrf: page.csrf.clone(),
        available: available(&ctx.state().config.base_url),
        fresh: reader.fresh,
        prove: reader.prove_at(),
        rows,
        form,
    };
    match (reader.person, errors) {
        (Person::Customer(_), false) => ctx.ok(&OwnerPasskeys { page, passkeys }),
        (Person::Customer(_), true) => ctx.unprocessable(&OwnerPasskeys { page, passkeys }),
        (Person::Staff(_), false) => ctx.ok(&StaffPasskeys { page, passkeys }),
        (Person::Staff(_), true) => ctx.unprocessable(&StaffPasskeys { page, passkeys }),
    }
}

/// A challenge for a new one.
pub async fn begin(ctx: Ctx, _form: Form) -> Answer {
    let reader = reader(&ctx)?;
    reader.need_fresh()?;
    ctx.state().limits.take(PASSKEY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let bound_to = ctx.bound_to(ADD);
    let begun = add::begin(&ctx.state().services, &ctx.state().config.base_url, reader.person, &bound_to).await?;
    Ok(challenge(&begun))
}

/// The challenge, and what the form sends along so that its answer is held against it and no other.
pub(super) fn challenge(begun: &Begun) -> HttpResponse {
    let mut body = begun.options.clone();
    body["ceremony"] = begun.token.expose().into();
    HttpResponse::Ok().json(&body)
}

/// Which challenge a form answers; none for what we did not make.
pub(super) fn ceremony(form: &Form) -> Result<&str, WebError> {
    Ok(Some(form.get("ceremony")?).filter(|t| is_token(t)).unwrap_or_default())
}

/// Keeps the one the browser made.
pub async fn finish(ctx: Ctx, form: Form) -> Answer {
    let reader = reader(&ctx)?;
    reader.need_fresh()?;
    let (name, answer) = (form.get("name")?, form.get("answer")?);
    let asked = (ceremony(&form)?, &ctx.bound_to(ADD));
    let (services, base) = (&ctx.state().services, &ctx.state().config.base_url);
    let whose = (reader.person, reader.session);
    match add::finish(services, base, &ctx.actor(), whose, asked, (name, answer)).await {
        Ok(()) => {
            ctx.flash("passkey_added");
            Ok(ctx.see_other(reader.base))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut shown =
                PasskeyForm { name: Field::of(name.chars().take(254).collect::<String>()), ..PasskeyForm::default() };
            for (field, words) in &fields {
                match *field {
                    "name" => refuse(&mut shown.name, &mut shown.errors, "name", words),
                    _ => shown.errors.push(FieldError { field: "", text: words.clone() }),
                }
            }
            draw(&ctx, &reader, shown).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Removes one.
pub async fn take_away(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    let reader = reader(&ctx)?;
    let proven = prove(&ctx, form.get("password")?).await?;
    let whose = (reader.person, reader.session);
    match remove::remove(&ctx.state().services, &ctx.actor(), whose, id, proven.as_ref()).await {
        Ok(()) => {
            ctx.flash("passkey_removed");
            Ok(ctx.see_other(reader.base))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut shown = PasskeyForm { removing: id, ..PasskeyForm::default() };
            for (_, words) in &fields {
                refuse(&mut shown.password, &mut shown.errors, "password", words);
            }
            draw(&ctx, &reader, shown).await
        }
        Err(other) => Err(other.into()),
    }
}

/// A challenge for a sign-in, of owners and of staff.
pub async fn ask(ctx: Ctx, _form: Form) -> Answer {
    ctx.state().limits.take(PASSKEY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let bound_to = ctx.bound_to(SIGN_IN);
    let begun = sign_in::begin(&ctx.state().services, &ctx.state().config.base_url, &bound_to).await?;
    Ok(challenge(&begun))
}

/// An owner signs in with one.
pub async fn owner(ctx: Ctx, form: Form) -> Answer {
    enter(&ctx, &form, Side::Owner).await
}

/// A staff member signs in with one.
pub async fn staff(ctx: Ctx, form: Form) -> Answer {
    enter(&ctx, &form, Side::Staff).await
}

async fn enter(ctx: &Ctx, form: &Form, side: Side) -> Answer {
    let tries = Tries::of_passkeys(ctx);
    tries.begin(ctx, true).await.map_err(WebError::TooMany)?;
    let next = match side {
        Side::Owner => safe_next(form.get("next")?).unwrap_or_default(),
        Side::Staff => staff_session::next_of(form.get("next")?),
    };
    let (login, home) = if side == Side::Staff { ("/admin/login", "/admin") } else { ("/login", "/dashboard") };
    let (services, base) = (&ctx.state().services, &ctx.state().config.base_url);
    let answer = sign_in::Answer {
        token: ceremony(form)?,
        bound_to: &ctx.bound_to(SIGN_IN),
        text: form.get("answer")?,
        user_agent: ctx.user_agent(),
    };
    let refused = match sign_in::finish(services, base, &ctx.actor(), side, answer).await? {
        Entered::Done { token, person, email, temporary } => {
            tries.right(ctx).await;
            match person {
                Person::Customer(id) => super::account::start_session(ctx, &token, &id.to_string()).await?,
                Person::Staff(_) => staff_session::start(ctx, &token, &email.to_lowercase()).await?,
            }
            let to = if next.is_empty() { home } else { next };
            return Ok(ctx.see_other(if temporary { "/admin/password" } else { to }));
        }
        Entered::Over => "passkey_over",
        Entered::Refused => {
            tries.wrong(ctx).await;
            "passkey_refused"
        }
    };
    ctx.flash(refused);
    let back = if next.is_empty() { String::new() } else { query(&[("next", next)]) };
    Ok(ctx.see_other(&format!("{login}{back}")))
}
