//! `/admin/customers/{id}/factor`: an owner lost phone and recovery codes.

use super::super::{Answer, need_key};
use super::customer_of;
use crate::extract::{Ctx, Form};
use crate::tries::prove;
use crate::urls;
use crate::views::admin::confirm::Confirm;
use actix_web::web;
use hosting::db::customers::Customer;
use hosting::db::factor_resets::WAIT_HOURS;
use hosting::services::ServiceError;
use hosting::services::second_factor::way_back::{Wish, plan, stop};

/// What happens.
pub async fn get(ctx: Ctx, id: web::Path<String>) -> Answer {
    let customer = customer_of(&ctx, &id).await?;
    let view = view(&ctx, &customer).await;
    ctx.ok(&view)
}

/// Plans it.
pub async fn post(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let customer = customer_of(&ctx, &id).await?;
    let proven = prove(&ctx, form.get("password")?).await?;
    let wish = Wish { name: form.get("name")?, reason: form.get("reason")?, proven: proven.as_ref() };
    match plan(&ctx.state().services, &ctx.actor(), customer.id, &key, &wish).await {
        Ok(()) => {
            ctx.flash("factor_reset_planned");
            Ok(ctx.see_other(&urls::admin_customer(customer.id)))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut view = view(&ctx, &customer).await;
            view.reason = wish.reason.chars().take(200).collect();
            view.name = wish.name.chars().take(254).collect();
            let view = fields.into_iter().fold(view, |view, (field, text)| view.wrong(field, text));
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Takes it back.
pub async fn cancel(ctx: Ctx, id: web::Path<String>, _form: Form) -> Answer {
    let customer = customer_of(&ctx, &id).await?;
    stop(&ctx.state().services, &ctx.actor(), customer.id).await?;
    ctx.flash("factor_reset_stopped");
    Ok(ctx.see_other(&urls::admin_customer(customer.id)))
}

async fn view(ctx: &Ctx, customer: &Customer) -> Confirm {
    let here = urls::admin_customer(customer.id);
    Confirm {
        page: ctx.page("Reset second factor", "admin").await,
        parent: here.clone(),
        parent_label: customer.email.clone(),
        heading: format!("Reset the second factor of {}?", customer.email),
        words: vec![
            "For owners who lost phone and recovery codes. Make sure first, by another way than this mailbox, that it is \
             them who ask."
                .into(),
            format!(
                "They get a mail at once and can stop it for {WAIT_HOURS} hours. Then the factor and all passkeys are \
                 removed and every device is signed out. The password stays as it is. A sign-in with a code or a passkey \
                 stops it."
            ),
        ],
        action: format!("{here}/factor"),
        back: here,
        hidden: Vec::new(),
        ask_reason: true,
        ask_name: customer.email.clone(),
        ask_password: true,
        reason: String::new(),
        name: String::new(),
        reason_error: String::new(),
        name_error: String::new(),
        password_error: String::new(),
        errors: Vec::new(),
        button: format!("Reset in {WAIT_HOURS} hours"),
        busy: "Planning…",
        class: "danger",
        form_key: ctx.new_form_key(),
    }
}
