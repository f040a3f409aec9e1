//! `/session/…` and `/admin/session/…`: how long a sign-in still lasts, and "Stay signed in" of the warning before its end.

use super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Who};
use actix_web::HttpResponse;
use hosting::db::Queries;
use hosting::db::login_sessions::{Ends, SessionOwner, Visit};
use hosting::services::stay_signed_in::stay_signed_in;
use hosting::services::view_customer::look::look;

/// For scripts: asked by the page itself, so it keeps nobody signed in.
pub async fn state(ctx: Ctx) -> Answer {
    let ends = ctx.ends().ok_or(WebError::SignedOut)?;
    Ok(facts(&ctx, ends))
}

fn facts(ctx: &Ctx, ends: Ends) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({
        "idle": ends.idle,
        "life": ends.life,
        "who": ctx.who_mark(),
        // A page that is open since before a new sign-in sends its forms with the new token.
        "csrf": ctx.form_token(),
    }))
}

/// The person says that they are there.
pub async fn stay(ctx: Ctx, form: Form) -> Answer {
    let id = match ctx.who() {
        Who::Customer(c) => c.viewer.as_ref().map_or(c.id, |v| v.session_id),
        Who::Staff(s) => s.id,
        Who::Visitor => return Err(WebError::SignedOut),
    };
    stay_signed_in(&ctx.state().services, id).await?;
    if !ctx.wants_json() {
        let home = if ctx.here().starts_with("/admin") { "/admin" } else { "/dashboard" };
        return Ok(ctx.see_other(crate::urls::safe_next(form.get("back")?).unwrap_or(home)));
    }
    let mut conn = ctx.state().services.db.read().await?;
    let ends = match (ctx.who(), ctx.session_hash(), ctx.view_hash()) {
        (Who::Customer(c), _, Some(view)) if c.viewer.is_some() => {
            look(&mut conn, &view, Visit::Background).await?.map(|c| c.ends)
        }
        (_, Some(session), _) => match conn.login_sessions().find(&session, Visit::Background).await? {
            Some(SessionOwner::Customer(c)) => Some(c.ends),
            Some(SessionOwner::Staff(s)) => Some(s.ends),
            None => None,
        },
        _ => None,
    };
    Ok(facts(&ctx, ends.ok_or(WebError::SignedOut)?))
}

/// Where a sign-in in a second tab ends up: the first one goes on by itself.
pub async fn again(ctx: Ctx) -> Answer {
    ctx.flash("signed_in_again");
    Ok(ctx.see_other(if ctx.here().starts_with("/admin") { "/admin" } else { "/dashboard" }))
}
