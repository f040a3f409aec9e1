//! `/keep-factor`: the owner stops the reset of a second factor that support planned.

use super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::rate_limit::VERIFY_ADDRESS;
use crate::urls::is_token;
use crate::views::When;
use crate::views::factor::KeepFactor;
use hosting::services::ServiceError;
use hosting::services::second_factor::way_back;

async fn view(ctx: &Ctx, mode: &'static str, token: &str, due: Option<When>) -> KeepFactor {
    let title = match mode {
        "ask" => "Keep your second factor?",
        "kept" => "Your second factor stays",
        _ => "This link no longer works",
    };
    KeepFactor { page: ctx.page(title, "").await, mode, token: token.to_owned(), due }
}

/// The page behind the link. Looking changes nothing.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let token = query.get("token")?;
    ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let found = if is_token(token) { way_back::behind_link(&ctx.state().services, token).await? } else { None };
    let view = match found {
        Some(reset) => view(&ctx, "ask", token, Some(When::exact(reset.due_at))).await,
        None => view(&ctx, "over", "", None).await,
    };
    ctx.ok(&view)
}

/// Stops it.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let token = form.get("token")?;
    ctx.state().limits.take(VERIFY_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    let done = if is_token(token) {
        way_back::stop_by_link(&ctx.state().services, &ctx.actor(), token).await
    } else {
        Err(ServiceError::NotFound)
    };
    match done {
        Ok(()) => {
            let view = view(&ctx, "kept", "", None).await;
            ctx.ok(&view)
        }
        Err(ServiceError::NotFound) => {
            let view = view(&ctx, "over", "", None).await;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}
