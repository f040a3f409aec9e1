//! `/admin/customers/{id}/reseller`: making a customer a reseller, and what they may sell.

use super::super::{Answer, need_key, refuse};
use super::customer_of;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::urls;
use crate::views::reseller::{Limits as View, LimitsForm};
use crate::views::{Choice, Field};
use actix_web::web;
use hosting::db::Queries;
use hosting::db::customers::Customer;
use hosting::domain::Role;
use hosting::services::ServiceError;
use hosting::services::resellers::limits::{self, Limits};

/// The page.
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let customer = customer_of(&ctx, &id).await?;
    let view = view(&ctx, &customer, None).await?;
    ctx.ok(&view)
}

/// Sets the limits.
pub async fn post(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let customer = customer_of(&ctx, &id).await?;
    let plans = form.all("plans");
    let wish = Limits { customers: form.get("customers")?, stores: form.get("stores")?, plans: &plans };
    match limits::set(&ctx.state().services, &ctx.actor(), customer.id, &key, &wish).await {
        Ok(()) => {
            ctx.flash("reseller_saved");
            Ok(ctx.see_other(&urls::admin_customer(customer.id)))
        }
        Err(ServiceError::Invalid(fields)) => {
            let cut = |text: &str| Field::of(text.chars().take(20).collect::<String>());
            let mut shown =
                LimitsForm { customers: cut(wish.customers), stores: cut(wish.stores), ..LimitsForm::default() };
            let mut plan_field = Field::default();
            for (field, words) in &fields {
                let at = match *field {
                    "customers" => &mut shown.customers,
                    "stores" => &mut shown.stores,
                    _ => &mut plan_field,
                };
                refuse(at, &mut shown.errors, field, words);
            }
            shown.plans_error = plan_field.error;
            let plans: Vec<String> = plans.iter().map(|p| (*p).to_owned()).collect();
            let view = view(&ctx, &customer, Some((shown, plans))).await?;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Takes the role back.
pub async fn end(ctx: Ctx, id: web::Path<String>, _form: Form) -> Answer {
    let customer = customer_of(&ctx, &id).await?;
    limits::end(&ctx.state().services, &ctx.actor(), customer.id).await?;
    ctx.flash("reseller_ended");
    Ok(ctx.see_other(&urls::admin_customer(customer.id)))
}

async fn view(ctx: &Ctx, customer: &Customer, again: Option<(LimitsForm, Vec<String>)>) -> Result<View, WebError> {
    let mut conn = ctx.state().services.db.read().await?;
    let row = conn.resellers().get(customer.id).await?;
    let used = conn.resellers().used(customer.id).await?;
    let ids = conn.resellers().plans(customer.id).await?;
    drop(conn);
    let all = ctx.state().plans().await?;
    let (form, ticked) = again.unwrap_or_else(|| {
        let number = |n: Option<u32>| Field::of(n.unwrap_or(10).to_string());
        let form = LimitsForm {
            customers: number(row.as_ref().map(|r| r.max_customers)),
            stores: number(row.as_ref().map(|r| r.max_stores)),
            ..LimitsForm::default()
        };
        (form, all.iter().filter(|p| ids.contains(&p.id)).map(|p| p.slug.clone()).collect())
    });
    let mut page = ctx.page("Reseller", "admin").await;
    page.has_errors = !form.errors.is_empty();
    Ok(View {
        page,
        back: urls::admin_customer(customer.id),
        email: customer.email.clone(),
        is_reseller: customer.role == Role::Reseller,
        used: format!("{} customers, {} stores", used.customers, used.stores),
        plans: all
            .iter()
            .map(|p| Choice { value: p.slug.clone(), label: p.name.clone(), current: ticked.contains(&p.slug) })
            .collect(),
        form_key: ctx.new_form_key(),
        form,
    })
}
