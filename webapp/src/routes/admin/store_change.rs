//! `/admin/customers/{id}/store/{change}`: what staff change about a customer's store.

use super::super::store_change::{self, STAFFS, Verb};
use super::super::{Answer, need_key};
use super::job_action::first_use;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::urls;
use crate::views::change::StaffChange;
use actix_web::web;
use hosting::db::Queries;
use hosting::db::stores::Store;

async fn subject(ctx: &Ctx, (id, name): &(String, String)) -> Result<(u64, Store, Verb), WebError> {
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    let store = ctx.state().services.db.read().await?.stores().newest_of_customer(id).await?;
    let store = store.ok_or(WebError::NotFound)?;
    let verb = store_change::find(STAFFS, name, &store)?;
    Ok((id, store, verb))
}

fn places(id: u64, name: &str) -> (String, String, &'static str) {
    (urls::staff_change(id, name), urls::admin_customer(id), "admin")
}

/// The page.
pub async fn get(ctx: Ctx, path: web::Path<(String, String)>) -> Answer {
    let (id, store, verb) = subject(&ctx, &path).await?;
    let (page, change) = store_change::draw(&ctx, verb, &store, places(id, &path.1), None, &[]).await?;
    ctx.ok(&StaffChange { page, change })
}

/// Orders it.
pub async fn post(ctx: Ctx, path: web::Path<(String, String)>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (id, store, verb) = subject(&ctx, &path).await?;
    if !first_use(&ctx, &key, "change_store").await? {
        return Ok(ctx.see_other(&urls::admin_customer(id)));
    }
    match store_change::order(&ctx, verb, &store, &form).await? {
        Ok(job) => Ok(ctx.see_other(&urls::admin_job(&job.to_string()))),
        Err(wrong) => {
            let (page, change) =
                store_change::draw(&ctx, verb, &store, places(id, &path.1), Some(&form), &wrong).await?;
            ctx.unprocessable(&StaffChange { page, change })
        }
    }
}
