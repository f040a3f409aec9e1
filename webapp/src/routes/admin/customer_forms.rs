//! `/admin/customers/new`, `/{id}/edit`, `/{id}/close`, `/{id}/reopen`: accounts in the hands of staff.

use super::super::{Answer, need_key, refuse};
use super::customer_of;
use super::job_action::first_use;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::tries::prove;
use crate::urls;
use crate::views::admin::confirm::Confirm;
use crate::views::admin::customer_forms::CustomerForm;
use crate::views::{Field, FieldError, When};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::customers::Customer;
use hosting::services::ServiceError;
use hosting::services::change_customer_email::change_customer_email;
use hosting::services::close_customer::{Closing, close_customer, reopen_customer};
use hosting::services::create_customer::create_customer;
use hosting::services::delete_store::WAIT_DAYS;

const LIST: &str = "/admin/customers";

/// The form of a new account.
pub async fn new_page(ctx: Ctx) -> Answer {
    let view = form_view(&ctx, None, Field::default()).await;
    ctx.ok(&view)
}

/// Makes it.
pub async fn create(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let email = form.get("email")?;
    if !first_use(&ctx, &key, "customer.create").await? {
        return Ok(ctx.see_other(LIST));
    }
    let state = ctx.state();
    match create_customer(&state.services, &state.passwords, &ctx.actor(), email).await {
        Ok(id) => {
            ctx.flash("customer_created");
            Ok(ctx.see_other(&urls::admin_customer(id)))
        }
        Err(error) => wrong(&ctx, None, &form, error).await,
    }
}

/// The form of another address.
pub async fn edit_page(ctx: Ctx, id: web::Path<String>) -> Answer {
    let customer = customer_of(&ctx, &id).await?;
    let email = Field::of(customer.email.clone());
    let view = form_view(&ctx, Some(&customer), email).await;
    ctx.ok(&view)
}

/// Changes it.
pub async fn edit(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let customer = customer_of(&ctx, &id).await?;
    let here = urls::admin_customer(customer.id);
    if !first_use(&ctx, &key, "customer.change_email").await? {
        return Ok(ctx.see_other(&here));
    }
    let (before, email, reason) = (form.get("before")?, form.get("email")?, form.get("reason")?);
    match change_customer_email(&ctx.state().services, &ctx.actor(), customer.id, before, email, reason).await {
        Ok(()) => {
            ctx.flash("staff_changed_email");
            Ok(ctx.see_other(&here))
        }
        Err(error) => wrong(&ctx, Some(&customer), &form, error).await,
    }
}

/// The page before an account is closed: what is lost and when.
pub async fn close_page(ctx: Ctx, id: web::Path<String>) -> Answer {
    let customer = customer_of(&ctx, &id).await?;
    let view = close_view(&ctx, &customer).await?;
    ctx.ok(&view)
}

/// Closes it.
pub async fn close(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let customer = customer_of(&ctx, &id).await?;
    let here = urls::admin_customer(customer.id);
    let state = ctx.state();
    if !first_use(&ctx, &key, "customer.close").await? {
        return Ok(ctx.see_other(&here));
    }
    let proven = prove(&ctx, form.get("password")?).await?;
    let closing = Closing { name: form.get("name")?, reason: form.get("reason")?, proven: proven.as_ref() };
    match close_customer(&state.services, &ctx.actor(), customer.id, &closing).await {
        Ok(()) => {
            ctx.flash("customer_closed");
            Ok(ctx.see_other(&here))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut view = close_view(&ctx, &customer).await?;
            form.get("reason")?.clone_into(&mut view.reason);
            form.get("name")?.clone_into(&mut view.name);
            let view = fields.into_iter().fold(view, |view, (field, text)| view.wrong(field, text));
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Opens it again.
pub async fn reopen(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let customer = customer_of(&ctx, &id).await?;
    if first_use(&ctx, &key, "customer.reopen").await? {
        reopen_customer(&ctx.state().services, &ctx.actor(), customer.id).await?;
        ctx.flash("customer_reopened");
    }
    Ok(ctx.see_other(&urls::admin_customer(customer.id)))
}

async fn form_view(ctx: &Ctx, customer: Option<&Customer>, email: Field) -> CustomerForm {
    let back = customer.map_or_else(|| LIST.to_owned(), |c| urls::admin_customer(c.id));
    CustomerForm {
        page: ctx.page(if customer.is_some() { "Change email" } else { "New customer" }, "admin").await,
        id: customer.map_or(0, |c| c.id),
        action: if customer.is_some() { format!("{back}/edit") } else { format!("{LIST}/new") },
        back,
        before: customer.map(|c| c.email.clone()).unwrap_or_default(),
        email,
        reason: Field::default(),
        errors: Vec::new(),
        form_key: ctx.new_form_key(),
    }
}

async fn wrong(ctx: &Ctx, customer: Option<&Customer>, form: &Form, error: ServiceError) -> Answer {
    let ServiceError::Invalid(fields) = error else { return Err(error.into()) };
    let mut view = form_view(ctx, customer, Field::of(form.get("email")?)).await;
    view.page.has_errors = true;
    view.reason = Field::of(form.get("reason")?);
    for (name, words) in fields {
        let field = if name == "reason" { &mut view.reason } else { &mut view.email };
        refuse(field, &mut view.errors, name, &words);
    }
    ctx.unprocessable(&view)
}

async fn close_view(ctx: &Ctx, customer: &Customer) -> Result<Confirm, WebError> {
    if customer.state == "closed" {
        return Err(WebError::Conflict("This account is closed already. Nothing was changed.".into()));
    }
    let stores = ctx.state().services.db.read().await?.stores().list_of_customer(customer.id).await?;
    let here = urls::admin_customer(customer.id);
    let now = now_plain();
    let mut words =
        vec!["Nobody can sign in to this account any more, on any device. Its owner is told by mail.".into()];
    if stores.is_empty() {
        words.push("It has no store.".into());
    }
    words.extend(stores.iter().map(|s| {
        let host = s.host.clone().unwrap_or_else(|| s.slug.clone());
        let since = When::relative(s.created_at, now).text;
        format!(
            "{} ({host}, {}, created {since}) keeps running for {WAIT_DAYS} days. Then its files, database and web address are removed for good.",
            s.name,
            s.state.as_str()
        )
    }));
    words.push(format!("Until then the account can be opened again, and every store stays. After {WAIT_DAYS} days stores cannot be brought back, and the person is forgotten: what stays are numbers, jobs and the audit log."));
    Ok(Confirm {
        page: ctx.page(format!("Close {}", customer.email), "admin").await,
        parent: here.clone(),
        parent_label: customer.email.clone(),
        heading: format!("Close the account of {}?", customer.email),
        words,
        action: format!("{here}/close"),
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
        errors: Vec::<FieldError>::new(),
        button: "Close account".into(),
        busy: "Closing…",
        class: "danger",
        form_key: ctx.new_form_key(),
    })
}
