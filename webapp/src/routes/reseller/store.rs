//! `/reseller/customers/{id}/store`: ordering a store for a customer, and what a reseller changes about it.

use super::super::admin::job_action::first_use;
use super::super::dashboard::delete::{self, Place};
use super::super::sign_up::{show_errors, wish};
use super::super::store_change::{self, RESELLERS, Verb};
use super::super::{Answer, need_key};
use super::{customers, find, jobs, own, sold};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::views::Field;
use crate::views::change::OwnerChange;
use crate::views::public::SignUpForm;
use crate::views::reseller::NewStore;
use actix_web::web;
use hosting::db::Queries;
use hosting::db::resellers::OwnCustomer;
use hosting::db::stores::Store;
use hosting::services::ServiceError;
use hosting::services::create_store::create_store;

/// The form of a store for a customer.
#[must_use]
pub fn place(customer_id: u64) -> String {
    format!("{}/store", customers::place(customer_id))
}

/// The page before a change.
#[must_use]
pub fn change_place(customer_id: u64, change: &str) -> String {
    format!("{}/{change}", place(customer_id))
}

/// The page before the deletion.
#[must_use]
pub fn delete_place(customer_id: u64) -> String {
    format!("{}/delete", customers::place(customer_id))
}

/// The form of a store for one of their customers.
pub async fn new_page(ctx: Ctx, id: web::Path<String>) -> Answer {
    let found = find(&ctx, &id).await?;
    let form = SignUpForm { platform: Field::of("woocommerce"), ..SignUpForm::default() };
    let view = view(&ctx, &found, form).await?;
    ctx.ok(&view)
}

/// Starts it; the limits are the service's to check.
pub async fn create(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let found = find(&ctx, &id).await?;
    let mut wish = wish(&form)?;
    "woocommerce".clone_into(&mut wish.platform);
    let settings = ctx.state().settings().await;
    match create_store(&ctx.state().services, &settings, &ctx.actor(), found.id, &wish, &key).await {
        Ok(job) => {
            ctx.flash("store_ordered");
            Ok(ctx.see_other(&jobs::place(&job)))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut shown = SignUpForm {
                store_name: Field::of(&wish.store_name),
                platform: Field::of(&wish.platform),
                plan: Field::of(&wish.plan),
                address: Field::of(&wish.address),
                ..SignUpForm::default()
            };
            show_errors(&mut shown, &fields);
            let mut view = view(&ctx, &found, shown).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn view(ctx: &Ctx, found: &OwnCustomer, form: SignUpForm) -> Result<NewStore, WebError> {
    let (limits, used) = own(ctx).await?;
    Ok(NewStore {
        page: ctx.page("New store", "reseller").await,
        email: found.email.clone(),
        back: customers::place(found.id),
        plans: sold(ctx).await?,
        full: used.stores >= i64::from(limits.max_stores),
        base_domain: ctx.state().settings().await.text("base_domain").to_owned(),
        form_key: ctx.new_form_key(),
        form,
    })
}

/// The store of one of their customers.
pub(super) async fn subject(ctx: &Ctx, id: &str) -> Result<(OwnCustomer, Store), WebError> {
    let found = find(ctx, id).await?;
    let stores = ctx.state().services.db.read().await?.stores().list_of_customer(found.id).await?;
    let store = stores.into_iter().next().ok_or(WebError::NotFound)?;
    Ok((found, store))
}

async fn change(ctx: &Ctx, (id, name): &(String, String)) -> Result<(u64, Store, Verb), WebError> {
    let (found, store) = subject(ctx, id).await?;
    let verb = store_change::find(RESELLERS, name, &store)?;
    Ok((found.id, store, verb))
}

fn places(id: u64, name: &str) -> (String, String, &'static str) {
    (change_place(id, name), customers::place(id), "reseller")
}

/// The page before a change.
pub async fn change_page(ctx: Ctx, path: web::Path<(String, String)>) -> Answer {
    let (id, store, verb) = change(&ctx, &path).await?;
    let (page, change) = store_change::draw(&ctx, verb, &store, places(id, &path.1), None, &[]).await?;
    ctx.ok(&OwnerChange { page, change })
}

/// Orders it.
pub async fn change_post(ctx: Ctx, path: web::Path<(String, String)>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (id, store, verb) = change(&ctx, &path).await?;
    if !first_use(&ctx, &key, "change_store").await? {
        return Ok(ctx.see_other(&customers::place(id)));
    }
    match store_change::order(&ctx, verb, &store, &form).await? {
        Ok(job) => Ok(ctx.see_other(&jobs::place(&job.to_string()))),
        Err(wrong) => {
            let (page, change) =
                store_change::draw(&ctx, verb, &store, places(id, &path.1), Some(&form), &wrong).await?;
            ctx.unprocessable(&OwnerChange { page, change })
        }
    }
}

fn deletion(id: u64) -> Place {
    Place {
        here: delete_place(id),
        back: customers::place(id),
        nav: "reseller",
        kept: "The account of your customer, who is told by email",
    }
}

/// The page before the deletion.
pub async fn delete_page(ctx: Ctx, id: web::Path<String>) -> Answer {
    let (found, store) = subject(&ctx, &id).await?;
    delete::show(&ctx, &store, deletion(found.id)).await
}

/// Plans it.
pub async fn delete_post(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let (found, store) = subject(&ctx, &id).await?;
    delete::plan(&ctx, &store, deletion(found.id), &form).await
}

/// Takes it back.
pub async fn delete_cancel(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let (found, store) = subject(&ctx, &id).await?;
    delete::keep(&ctx, &store, &deletion(found.id), &form).await
}
