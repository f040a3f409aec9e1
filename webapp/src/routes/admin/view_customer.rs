//! `/admin/customers/{id}/view`: before staff look at a customer's panel.

use super::super::{Answer, need_key};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::urls;
use crate::views::admin::Hidden;
use crate::views::admin::confirm::Confirm;
use actix_web::web;
use hosting::db::Queries;
use hosting::db::customer_views::{VIEW_MINUTES, ViewRow};
use hosting::db::customers::Customer;
use hosting::services::ServiceError;
use hosting::services::view_customer::end::end;
use hosting::services::view_customer::start::{Started, start};

/// The page: what happens, and the reason.
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let (customer, open) = find(&ctx, &id).await?;
    let view = view(&ctx, &customer, open.as_ref()).await;
    ctx.ok(&view)
}

/// Begins, asks, or takes a question back.
pub async fn post(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (customer, open) = find(&ctx, &id).await?;
    let here = urls::admin_customer(customer.id);
    let services = &ctx.state().services;
    if form.get("withdraw")? == "yes" {
        if let Some(open) = open.filter(|v| v.state == "asked") {
            end(services, &ctx.actor(), customer.id, open.id).await?;
            ctx.flash("view_withdrawn");
        }
        return Ok(ctx.see_other(&here));
    }
    let staff = ctx.staff()?;
    let reason = form.get("reason")?;
    match start(services, &ctx.actor(), &staff, customer.id, &key, reason).await {
        Ok(Started::Running(token)) => {
            ctx.set_cookie("view", token.expose(), Some(i64::from(VIEW_MINUTES) * 60));
            Ok(ctx.see_other("/dashboard"))
        }
        Ok(Started::Asked) => {
            ctx.flash("view_asked");
            Ok(ctx.see_other(&here))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut view = view(&ctx, &customer, open.as_ref()).await;
            view.reason = reason.chars().take(200).collect();
            let view = fields.into_iter().fold(view, |view, (field, text)| view.wrong(field, text));
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// The customer, and this staff member's own question, permission or view.
async fn find(ctx: &Ctx, id: &str) -> Result<(Customer, Option<ViewRow>), WebError> {
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    let mut conn = ctx.state().services.db.read().await?;
    let customer = conn.customers().get(id).await?.ok_or(WebError::NotFound)?;
    let me = ctx.staff()?.admin_id;
    let open = conn.customer_views().open_of_customer(id).await?.into_iter().find(|v| v.admin_id == Some(me));
    Ok((customer, open))
}

async fn view(ctx: &Ctx, customer: &Customer, open: Option<&ViewRow>) -> Confirm {
    let here = urls::admin_customer(customer.id);
    let state = open.map_or("", |v| v.state.as_str());
    let mut words = vec![format!(
        "You see the pages of {} as they do, for {VIEW_MINUTES} minutes. You can look and change nothing; credentials, \
         database, files and exports stay closed. The audit log and the customer's own history keep that you looked.",
        customer.email
    )];
    let (button, busy) = match state {
        "asked" => {
            words.push("The customer was asked and has not answered yet.".into());
            ("Take the question back", "Taking it back…")
        }
        "allowed" => {
            words.push(format!("The customer allowed it. Your reason: {}", open.map_or("", |v| v.reason.as_str())));
            ("Start viewing", "Opening…")
        }
        _ if customer.ask_before_view => {
            words.push("This customer wants to be asked: they get a mail and a question on their dashboard.".into());
            ("Ask the customer", "Asking…")
        }
        _ => ("Start viewing", "Opening…"),
    };
    Confirm {
        page: ctx.page("View as customer", "admin").await,
        parent: here.clone(),
        parent_label: customer.email.clone(),
        heading: format!("View as {}?", customer.email),
        words,
        action: format!("{here}/view"),
        back: here,
        hidden: if state == "asked" { vec![Hidden { name: "withdraw", value: "yes".into() }] } else { Vec::new() },
        ask_reason: !matches!(state, "asked" | "allowed"),
        ask_name: String::new(),
        ask_password: false,
        reason: String::new(),
        name: String::new(),
        reason_error: String::new(),
        name_error: String::new(),
        password_error: String::new(),
        errors: Vec::new(),
        button: button.into(),
        busy,
        class: "main",
        form_key: ctx.new_form_key(),
    }
}
