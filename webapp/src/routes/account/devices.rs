//! `/account/devices`: signed-in browsers and the history of sign-ins.

use super::super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::views::When;
use crate::views::account::{DeviceRow, Devices, SignInLine};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::domain::Person;
use hosting::domain::place::browser_words;
use hosting::services::end_sessions::end_sessions;

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let session = ctx.customer()?;
    let mut conn = ctx.state().services.db.read().await?;
    let devices = conn.login_sessions().list_of_customer(session.customer_id).await?;
    let history = conn.sign_ins().list(Person::Customer(session.customer_id), 30).await?;
    drop(conn);
    let now = now_plain();
    let devices: Vec<DeviceRow> = devices
        .into_iter()
        .map(|d| DeviceRow {
            id: d.id,
            browser: browser_words(&d.user_agent),
            address: d.address,
            since: When::relative(d.created_at, now),
            seen: When::relative(d.seen_at, now),
            current: d.id == session.id,
        })
        .collect();
    let history = history
        .into_iter()
        .map(|h| SignInLine {
            at: When::exact(h.at),
            browser: browser_words(&h.user_agent),
            address: h.address,
            done: h.done,
        })
        .collect();
    let others = devices.iter().any(|d| !d.current);
    ctx.ok(&Devices { page: ctx.page("Devices", "account").await, devices, others, history })
}

/// Signs one device out, or all others (`which=others`).
pub async fn end(ctx: Ctx, form: Form) -> Answer {
    let session = ctx.customer()?;
    let which = match form.get("which")? {
        "others" => None,
        id => Some(id.parse::<u64>().map_err(|_| WebError::NotFound)?),
    };
    end_sessions(&ctx.state().services, &ctx.actor(), session.customer_id, session.id, which).await?;
    if which == Some(session.id) {
        ctx.set_cookie("session", "", Some(0));
        ctx.flash("signed_out");
        return Ok(ctx.see_other("/login"));
    }
    ctx.flash("devices_ended");
    Ok(ctx.see_other("/account/devices"))
}
