//! `/account/data`: everything about oneself as a file. `/account/close`: leaving.

use super::super::{Answer, need_key, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::tries::prove;
use crate::views::account::{CloseAccount, CloseForm, Data, ExportRow};
use crate::views::{Field, When};
use actix_web::{HttpResponse, web};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::login_sessions::FRESH_SECONDS;
use hosting::domain::{StoreState, Uid};
use hosting::services::ServiceError;
use hosting::services::{close_account, export_data};

/// The list of exports.
pub async fn get(ctx: Ctx) -> Answer {
    let customer = ctx.customer()?.customer_id;
    let exports = ctx.state().services.db.read().await?.data_exports().list(customer).await?;
    let now = now_plain();
    let waiting = exports.iter().any(|e| e.ready_at.is_none());
    let exports = exports
        .into_iter()
        .map(|e| ExportRow {
            href: e.ready_at.map(|_| format!("/account/data/{}", e.uid)).unwrap_or_default(),
            asked: When::relative(e.created_at, now),
            until: When::exact(e.expires_at),
            size: format!("{} KB", e.size.div_ceil(1024)),
        })
        .collect();
    ctx.ok(&Data { page: ctx.page("Your data", "account").await, exports, waiting, form_key: ctx.new_form_key() })
}

/// Orders one.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let customer = ctx.customer()?.customer_id;
    ctx.state()
        .limits
        .take(crate::rate_limit::EXPORT_ACCOUNT, &customer.to_string())
        .await
        .map_err(WebError::TooMany)?;
    export_data::ask(&ctx.state().services, &ctx.actor(), customer, &key).await?;
    ctx.flash("export_asked");
    Ok(ctx.see_other("/account/data"))
}

/// The file; asks for the password when the last proof is old.
pub async fn download(ctx: Ctx, export: web::Path<String>) -> Answer {
    let session = ctx.customer()?;
    let uid = Uid::parse(&export).map_err(|_| WebError::NotFound)?.to_string();
    if session.authenticated_seconds > FRESH_SECONDS {
        return Err(WebError::SignIn("/reauthenticate?next=%2Faccount%2Fdata".into()));
    }
    let document = export_data::download(&ctx.state().services, &ctx.actor(), session.customer_id, &uid).await?;
    let name = format!("attachment; filename=\"account-{}.json\"", session.customer_id);
    Ok(HttpResponse::Ok()
        .insert_header(("content-type", "application/json"))
        .insert_header(("content-disposition", name))
        .body(document.expose().to_owned()))
}

/// What closing means, or how to take it back.
pub async fn close_page(ctx: Ctx) -> Answer {
    let view = close_view(&ctx, CloseForm::default()).await?;
    ctx.ok(&view)
}

/// Plans the closing.
pub async fn close(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let session = ctx.customer()?;
    let state = ctx.state();
    let confirm = form.get("confirm")?;
    let proven = prove(&ctx, form.get("password")?).await?;
    let given = (confirm, proven.as_ref());
    match close_account::plan(&state.services, &ctx.actor(), session.customer_id, &key, given).await {
        Ok(()) => {
            ctx.flash("closing_planned");
            Ok(ctx.see_other("/account/close"))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut shown =
                CloseForm { confirm: Field::of(confirm.chars().take(254).collect::<String>()), ..CloseForm::default() };
            for (name, words) in &fields {
                if *name == "password" {
                    refuse(&mut shown.password, &mut shown.errors, name, words);
                } else {
                    refuse(&mut shown.confirm, &mut shown.errors, name, words);
                }
            }
            let mut view = close_view(&ctx, shown).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// Takes it back.
pub async fn close_cancel(ctx: Ctx, _form: Form) -> Answer {
    let customer = ctx.customer()?.customer_id;
    close_account::cancel(&ctx.state().services, &ctx.actor(), customer).await?;
    ctx.flash("closing_cancelled");
    Ok(ctx.see_other("/account"))
}

async fn close_view(ctx: &Ctx, form: CloseForm) -> Result<CloseAccount, WebError> {
    let id = ctx.customer()?.customer_id;
    let mut conn = ctx.state().services.db.read().await?;
    let customer = conn.customers().get(id).await?.ok_or(WebError::NotFound)?;
    let stores = conn.stores().list_of_customer(id).await?;
    drop(conn);
    Ok(CloseAccount {
        page: ctx.page("Close your account", "account").await,
        email: customer.email,
        planned: customer.close_after.map(When::exact),
        when: When::exact(now_plain() + time::Duration::days(i64::from(close_account::WAIT_DAYS))),
        stores: stores.into_iter().filter(|s| s.state != StoreState::Deleted).map(|s| s.name).collect(),
        form_key: ctx.new_form_key(),
        form,
    })
}
