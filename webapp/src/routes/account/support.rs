//! `/account/support`: whether support asks before it looks at the panel, and the owner's answers.

use super::super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::views::When;
use crate::views::account::SupportAsk;
use actix_web::web;
use hosting::db::Queries;
use hosting::services::view_customer::answer;

/// Saves the wish to be asked.
pub async fn want(ctx: Ctx, form: Form) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let ask = form.get("ask")? == "yes";
    answer::want_asking(&ctx.state().services, &ctx.actor(), customer, ask).await?;
    ctx.flash("account_saved");
    Ok(ctx.see_other("/account"))
}

/// Allows, refuses, or ends a look at the panel.
pub async fn answer(ctx: Ctx, view: web::Path<String>, form: Form) -> Answer {
    let view: u64 = view.parse().map_err(|_| WebError::NotFound)?;
    let allow = match form.get("answer")? {
        "allow" => true,
        "refuse" => false,
        _ => return Err(WebError::Unreadable("Press Allow or Refuse.".into())),
    };
    let customer = ctx.customer()?.customer_id;
    answer::answer(&ctx.state().services, &ctx.actor(), customer, view, allow).await?;
    ctx.flash(if allow { "view_allowed" } else { "view_refused" });
    Ok(ctx.see_other("/dashboard"))
}

/// What is asked, allowed or running, for the dashboard.
///
/// # Errors
/// Database trouble.
pub async fn open(ctx: &Ctx) -> Result<Vec<SupportAsk>, WebError> {
    let customer = ctx.customer()?.customer_id;
    let found = ctx.state().services.db.read().await?.customer_views().open_of_customer(customer).await?;
    Ok(found
        .into_iter()
        .map(|v| SupportAsk {
            id: v.id,
            who: v.admin_name,
            reason: v.reason,
            state: v.state,
            until: When::exact(v.expires_at),
        })
        .collect())
}
