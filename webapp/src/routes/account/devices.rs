//! `/account/devices`, and `/admin/devices` for staff: signed-in browsers and the history of sign-ins.

use super::super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::views::When;
use crate::views::account::{DeviceRow, Devices, SignInLine, StaffDevices, ViewLine};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::sign_ins::SignInRow;
use hosting::domain::place::browser_words;
use hosting::domain::{Person, SignInWay};
use hosting::services::end_sessions::end_sessions;

/// The page of an owner.
pub async fn get(ctx: Ctx) -> Answer {
    let session = ctx.customer()?;
    let (devices, history) = read(&ctx, Person::Customer(session.customer_id), session.id).await?;
    let views = ctx.state().services.db.read().await?.customer_views().history(session.customer_id, 20).await?;
    let views = views
        .into_iter()
        .map(|v| ViewLine {
            to: v.ended_at.map(When::exact),
            who: v.admin_name,
            reason: v.reason,
            from: When::exact(v.started_at.unwrap_or(v.asked_at)),
        })
        .collect();
    let others = devices.iter().any(|d| !d.current);
    ctx.ok(&Devices { page: ctx.page("Devices", "account").await, devices, others, history, views })
}

/// The page of a staff member.
pub async fn staff(ctx: Ctx) -> Answer {
    let session = ctx.staff()?;
    let (devices, history) = read(&ctx, Person::Staff(session.admin_id), session.id).await?;
    let others = devices.iter().any(|d| !d.current);
    let (email, has_factor) = (session.email.clone(), session.has_factor);
    ctx.ok(&StaffDevices { page: ctx.page("Your sign-in", "").await, email, has_factor, devices, others, history })
}

async fn read(ctx: &Ctx, person: Person, own: u64) -> Result<(Vec<DeviceRow>, Vec<SignInLine>), WebError> {
    let mut conn = ctx.state().services.db.read().await?;
    let devices = conn.login_sessions().list(person).await?;
    let history = conn.sign_ins().list(person, 30).await?;
    drop(conn);
    let now = now_plain();
    let devices = devices
        .into_iter()
        .map(|d| DeviceRow {
            id: d.id,
            browser: browser_words(&d.user_agent),
            address: d.address,
            since: When::relative(d.created_at, now),
            seen: When::relative(d.seen_at, now),
            current: d.id == own,
        })
        .collect();
    Ok((devices, sign_in_lines(history)))
}

/// Sign-ins as a page shows them.
pub(in crate::routes) fn sign_in_lines(rows: Vec<SignInRow>) -> Vec<SignInLine> {
    rows.into_iter()
        .map(|r| SignInLine {
            at: When::exact(r.at),
            browser: browser_words(&r.user_agent),
            address: r.address,
            done: r.done,
            way: r.way.as_deref().and_then(SignInWay::parse).map_or("", SignInWay::words),
        })
        .collect()
}

/// Signs one device of an owner out, or all others (`which=others`).
pub async fn end(ctx: Ctx, form: Form) -> Answer {
    let session = ctx.customer()?;
    let place = Place { session: session.id, cookie: "session", login: "/login", back: "/account/devices" };
    end_of(&ctx, &form, Person::Customer(session.customer_id), &place).await
}

/// The same for staff.
pub async fn end_staff(ctx: Ctx, form: Form) -> Answer {
    let session = ctx.staff()?;
    let place = Place { session: session.id, cookie: "staff", login: "/admin/login", back: "/admin/devices" };
    end_of(&ctx, &form, Person::Staff(session.admin_id), &place).await
}

/// Where it happens.
struct Place {
    session: u64,
    cookie: &'static str,
    login: &'static str,
    back: &'static str,
}

async fn end_of(ctx: &Ctx, form: &Form, person: Person, place: &Place) -> Answer {
    let which = match form.get("which")? {
        "others" => None,
        id => Some(id.parse::<u64>().map_err(|_| WebError::NotFound)?),
    };
    end_sessions(&ctx.state().services, &ctx.actor(), person, place.session, which).await?;
    if which == Some(place.session) {
        ctx.set_cookie(place.cookie, "", Some(0));
        ctx.flash("signed_out");
        return Ok(ctx.see_other(place.login));
    }
    ctx.flash("devices_ended");
    Ok(ctx.see_other(place.back))
}
