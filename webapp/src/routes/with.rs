//! `/with/{code}`: a reseller's own link. It leads to the sign-up under their name; the code goes along in links and forms, and
//! nothing is kept in the browser, so the name ends with the visit.

use super::Answer;
use crate::error::WebError;
use crate::extract::Ctx;
use crate::rate_limit::LINK_ADDRESS;
use actix_web::web;

/// Where the link of a code leads from.
#[must_use]
pub fn place(code: &str) -> String {
    format!("/with/{code}")
}

/// Leads on.
pub async fn get(ctx: Ctx, code: web::Path<String>) -> Answer {
    ctx.state().limits.take(LINK_ADDRESS, ctx.address()).await.map_err(WebError::TooMany)?;
    ctx.with(&code).await?;
    ctx.provider().ok_or(WebError::NotFound)?;
    Ok(ctx.see_other(&ctx.keeping("/signup")))
}
