//! `/admin/customers/{id}/provider`: whose customer somebody is.

use super::super::{Answer, need_key, refuse};
use super::customer_of;
use super::job_action::first_use;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::tries::prove;
use crate::urls;
use crate::views::Field;
use crate::views::reseller::{Provider as View, ProviderForm};
use actix_web::web;
use hosting::db::Queries;
use hosting::db::customers::Customer;
use hosting::domain::Role;
use hosting::services::ServiceError;
use hosting::services::resellers::move_customer::{Move, move_customer};

/// The page.
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let customer = customer_of(&ctx, &id).await?;
    let view = view(&ctx, &customer, None).await?;
    ctx.ok(&view)
}

/// Moves them.
pub async fn post(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let customer = customer_of(&ctx, &id).await?;
    let here = urls::admin_customer(customer.id);
    if !first_use(&ctx, &key, "customer.change_reseller").await? {
        return Ok(ctx.see_other(&here));
    }
    // A form that does not say where to leads back to us only when that was pressed.
    let ours = form.get("to")? == "ours";
    let typed = form.get("reseller")?;
    let reason = form.get("reason")?;
    let proven = prove(&ctx, form.get("password")?).await?;
    let before = form.get("before")?.parse::<u64>().ok();
    let wish = Move { before, reseller: if ours { "" } else { typed }, reason, proven: proven.as_ref() };
    let moved = if !ours && typed.trim().is_empty() {
        Err(ServiceError::field("reseller", "Enter the address or the number of a reseller"))
    } else {
        move_customer(&ctx.state().services, &ctx.actor(), customer.id, &wish).await
    };
    match moved {
        Ok(()) => {
            ctx.flash("customer_moved");
            Ok(ctx.see_other(&here))
        }
        Err(ServiceError::Invalid(fields)) => {
            let cut = |text: &str| Field::of(text.chars().take(254).collect::<String>());
            let mut shown = ProviderForm { reseller: cut(typed), reason: cut(reason), ours, ..ProviderForm::default() };
            for (field, words) in &fields {
                let at = match *field {
                    "reseller" => &mut shown.reseller,
                    "reason" => &mut shown.reason,
                    _ => &mut shown.password,
                };
                refuse(at, &mut shown.errors, field, words);
            }
            let view = view(&ctx, &customer, Some(shown)).await?;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn view(ctx: &Ctx, customer: &Customer, form: Option<ProviderForm>) -> Result<View, WebError> {
    if customer.role != Role::Customer {
        return Err(WebError::Conflict("A reseller cannot be a customer of another one. Nothing was changed.".into()));
    }
    let mut conn = ctx.state().services.db.read().await?;
    let provider = conn.resellers().of_customer(customer.id).await?;
    let name = match provider {
        Some(id) => conn.customers().get(id).await?.map(|c| c.email).unwrap_or_default(),
        None => String::new(),
    };
    drop(conn);
    let form = form.unwrap_or_default();
    let mut page = ctx.page("Provider", "admin").await;
    page.has_errors = !form.errors.is_empty();
    Ok(View {
        page,
        back: urls::admin_customer(customer.id),
        email: customer.email.clone(),
        provider: name,
        before: provider.map(|id| id.to_string()).unwrap_or_default(),
        form_key: ctx.new_form_key(),
        form,
    })
}
