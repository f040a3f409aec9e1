//! `/dashboard/store/{change}`: what an owner changes about the store, each with a page that says
//! what happens.

use super::super::admin::job_action::first_use;
use super::super::store_change::{self, OWNERS, Verb};
use super::super::{Answer, need_key};
use super::own_store;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::urls;
use crate::views::change::OwnerChange;
use actix_web::{HttpResponse, web};
use hosting::db::stores::Store;

async fn subject(ctx: &Ctx, name: &str) -> Result<(Store, Verb), WebError> {
    let store = own_store(ctx).await?.ok_or(WebError::NotFound)?;
    let verb = store_change::find(OWNERS, name, &store)?;
    Ok((store, verb))
}

/// A new password is behind a recent proof of the old one of the panel.
fn stale(ctx: &Ctx, verb: Verb, here: &str) -> Result<Option<HttpResponse>, WebError> {
    if verb == Verb::Password { super::stale(ctx, here) } else { Ok(None) }
}

fn places(name: &str) -> (String, String, &'static str) {
    (urls::owner_change(name), "/dashboard".into(), "dashboard")
}

/// The page.
pub async fn get(ctx: Ctx, name: web::Path<String>) -> Answer {
    let (store, verb) = subject(&ctx, &name).await?;
    if let Some(away) = stale(&ctx, verb, &urls::owner_change(&name))? {
        return Ok(away);
    }
    let (page, change) = store_change::draw(&ctx, verb, &store, places(&name), None, &[]).await?;
    ctx.ok(&OwnerChange { page, change })
}

/// Orders it.
pub async fn post(ctx: Ctx, name: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (store, verb) = subject(&ctx, &name).await?;
    if let Some(away) = stale(&ctx, verb, &urls::owner_change(&name))? {
        return Ok(away);
    }
    if !first_use(&ctx, &key, "change_store").await? {
        return Ok(ctx.see_other("/dashboard"));
    }
    match store_change::order(&ctx, verb, &store, &form).await? {
        Ok(job) => Ok(ctx.see_other(&urls::owner_job(&job.to_string()))),
        Err(wrong) => {
            let (page, change) = store_change::draw(&ctx, verb, &store, places(&name), Some(&form), &wrong).await?;
            ctx.unprocessable(&OwnerChange { page, change })
        }
    }
}
