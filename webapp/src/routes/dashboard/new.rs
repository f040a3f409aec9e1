//! `/dashboard/new`: a store for a customer who has none.

use super::super::sign_up::{show_errors, wish};
use super::super::{Answer, need_key, plans};
use super::own_store;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::urls;
use crate::views::Field;
use crate::views::owner::NewStore;
use crate::views::public::SignUpForm;
use hosting::services::ServiceError;
use hosting::services::create_store::create_store;
use hosting::services::resellers::plans_of;

/// The form.
pub async fn get(ctx: Ctx) -> Answer {
    if own_store(&ctx).await?.is_some() {
        return Ok(ctx.see_other("/dashboard"));
    }
    let view = view(&ctx, SignUpForm { platform: Field::of("woocommerce"), ..SignUpForm::default() }).await?;
    ctx.ok(&view)
}

/// Starts it.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let wish = wish(&form)?;
    let settings = ctx.state().settings().await;
    let customer = ctx.customer()?.customer_id;
    match create_store(&ctx.state().services, &settings, &ctx.actor(), customer, &wish, &key).await {
        Ok(job) => Ok(ctx.see_other(&urls::setup(&job))),
        Err(ServiceError::Invalid(fields)) => {
            let mut shown = SignUpForm {
                store_name: Field::of(&wish.store_name),
                platform: Field::of(&wish.platform),
                plan: Field::of(&wish.plan),
                address: Field::of(&wish.address),
                ..SignUpForm::default()
            };
            show_errors(&mut shown, &fields);
            let mut view = view(&ctx, shown).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn view(ctx: &Ctx, mut form: SignUpForm) -> Result<NewStore, WebError> {
    let settings = ctx.state().settings().await;
    let all = ctx.state().plans().await?;
    let customer = ctx.customer()?.customer_id;
    // Whose provider is a reseller chooses among what that one sells.
    let plans = match plans_of(&mut ctx.state().services.db.read().await?, customer).await? {
        Some(ids) => plans::shown(&all.iter().filter(|p| ids.contains(&p.id)).cloned().collect::<Vec<_>>()),
        None => plans::shown(&all),
    };
    if !plans.iter().any(|p| p.slug == form.plan.value) && form.plan.error.is_empty() {
        form.plan.value = plans.iter().find(|p| p.best).map(|p| p.slug.clone()).unwrap_or_default();
    }
    Ok(NewStore {
        page: ctx.page("Create a store", "dashboard").await,
        form,
        form_key: ctx.new_form_key(),
        plans,
        base_domain: settings.text("base_domain").to_owned(),
        magento_open: settings.text("magento_offered") == "yes",
    })
}
