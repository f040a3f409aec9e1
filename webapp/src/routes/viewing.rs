//! `/view/consent` behind the link of a mail, and `/stop-viewing` behind the banner of staff who look at a panel.

use super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query, Who};
use crate::rate_limit::VERIFY_ADDRESS;
use crate::urls::{self, is_token};
use crate::views::account::ViewConsent;
use hosting::db::customer_views::ViewRow;
use hosting::services::ServiceError;
use hosting::services::view_customer::{answer, end};

async fn view(ctx: &Ctx, mode: &'static str, token: &str, asked: Option<ViewRow>) -> ViewConsent {
    let title = match mode {
        "ask" => "May support look at your panel?",
        "allowed" => "Support may look",
        "refused" => "Support does not look",
        _ => "This question is over",
    };
    let (who, reason) = asked.map(|v| (v.admin_name, v.reason)).unwrap_or_default();
    ViewConsent { page: ctx.page(title, "").await, mode, token: token.to_owned(), who, reason }
}

/// The question. Looking changes nothing.
pub async fn consent_page(ctx: Ctx, query: Query) -> Answer {
    let token = query.get("token")?;
    ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let asked = if is_token(token) { answer::behind_link(&ctx.state().services, token).await? } else { None };
    let view = match asked {
        Some(asked) => view(&ctx, "ask", token, Some(asked)).await,
        None => view(&ctx, "over", "", None).await,
    };
    ctx.ok(&view)
}

/// The answer.
pub async fn consent(ctx: Ctx, form: Form) -> Answer {
    let token = form.get("token")?;
    ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let allow = match form.get("answer")? {
        "allow" => true,
        "refuse" => false,
        _ => return Err(WebError::Unreadable("Press Allow or Refuse.".into())),
    };
    let done = if is_token(token) {
        answer::answer_by_link(&ctx.state().services, &ctx.actor(), token, allow).await
    } else {
        Err(ServiceError::NotFound)
    };
    match done {
        Ok(()) => {
            let view = view(&ctx, if allow { "allowed" } else { "refused" }, "", None).await;
            ctx.ok(&view)
        }
        Err(ServiceError::NotFound) => {
            let view = view(&ctx, "over", "", None).await;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// A view that ended by itself: only its cookie goes away.
pub async fn over(ctx: Ctx) -> Answer {
    if let Who::Customer(c) = ctx.who()
        && c.viewer.is_some()
    {
        return Ok(ctx.see_other("/dashboard"));
    }
    ctx.set_cookie("view", "", Some(0));
    ctx.flash("view_over");
    Ok(ctx.see_other("/admin/customers"))
}

/// Ends the view.
pub async fn stop(ctx: Ctx, _form: Form) -> Answer {
    let mut to = "/admin/customers".to_owned();
    if let Who::Customer(c) = ctx.who()
        && let Some(viewer) = &c.viewer
    {
        end::end(&ctx.state().services, &ctx.actor(), c.customer_id, viewer.view_id).await?;
        to = urls::admin_customer(c.customer_id);
        ctx.flash("view_stopped");
    }
    ctx.set_cookie("view", "", Some(0));
    Ok(ctx.see_other(&to))
}
