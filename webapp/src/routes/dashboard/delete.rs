//! `/dashboard/delete`: level 3 of the actions that can hurt. Asks for the name and the password,
//! waits seven days, can be cancelled.

use super::super::admin::job_action::first_use;
use super::super::{Answer, need_key, refuse};
use super::own_store;
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::tries::prove;
use crate::views::owner::{DeleteForm, DeleteStore};
use crate::views::{Field, When};
use hosting::clock::now_plain;
use hosting::db::stores::Store;
use hosting::services::delete_store::{self, WAIT_DAYS};
use hosting::services::prove_password::WRONG;

/// Where the page is, who sees it and what stays.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its address.
    pub here: String,
    /// Where "Not now" leads.
    pub back: String,
    /// Entry of the menu.
    pub nav: &'static str,
    /// What stays.
    pub kept: &'static str,
}

fn own_place() -> Place {
    Place {
        here: "/dashboard/delete".into(),
        back: "/dashboard".into(),
        nav: "dashboard",
        kept: "Your account and your sign-in",
    }
}

/// The facts a page showed: a changed name, state or plan of deletion makes it another page.
fn version(store: &Store) -> String {
    let facts = format!("{}/{}/{}/{:?}", store.uid, store.name, store.state.as_str(), store.delete_after);
    hex::encode(&hosting::crypto::sha256(facts.as_bytes())[..8])
}

/// The page.
pub async fn get(ctx: Ctx) -> Answer {
    let Some(store) = own_store(&ctx).await? else { return Ok(ctx.see_other("/dashboard")) };
    show(&ctx, &store, own_place()).await
}

/// The page about a store.
///
/// # Errors
/// The template fails.
pub async fn show(ctx: &Ctx, store: &Store, place: Place) -> Answer {
    let view = view(ctx, store, place, DeleteForm::default()).await;
    ctx.ok(&view)
}

/// Plans the deletion.
pub async fn post(ctx: Ctx, form: Form) -> Answer {
    let store = own_store(&ctx).await?.ok_or(WebError::NotFound)?;
    plan(&ctx, &store, own_place(), &form).await
}

/// The same for any store that the caller has looked up within their scope.
///
/// # Errors
/// 409 when the facts have changed since the page, or it is planned already.
pub async fn plan(ctx: &Ctx, store: &Store, place: Place, form: &Form) -> Answer {
    let key = need_key(form)?;
    let (confirm, password) = (form.get("confirm")?, form.get("password")?);
    if form.get("version")? != version(store) {
        return Err(WebError::Conflict(
            "The store is not as this page showed it. Look at it again before you delete it. Nothing was changed."
                .into(),
        ));
    }
    let mut shown =
        DeleteForm { confirm: Field::of(confirm.chars().take(200).collect::<String>()), ..DeleteForm::default() };
    if confirm.trim() != store.name {
        refuse(&mut shown.confirm, &mut shown.errors, "confirm", &format!("Type the store's name, {}", store.name));
    }
    let mut proven = None;
    if password.is_empty() {
        refuse(&mut shown.password, &mut shown.errors, "password", "Enter your password");
    } else {
        proven = prove(ctx, password).await?;
        if proven.is_none() {
            refuse(&mut shown.password, &mut shown.errors, "password", WRONG);
        }
    }
    if !shown.errors.is_empty() {
        let mut view = view(ctx, store, place, shown).await;
        view.page.has_errors = true;
        return ctx.unprocessable(&view);
    }
    if first_use(ctx, &key, "schedule_deletion").await? {
        delete_store::schedule(&ctx.state().services, &ctx.actor(), store, proven.as_ref()).await?;
        ctx.flash("deletion_planned");
    }
    Ok(ctx.see_other(&place.back))
}

/// Takes it back.
pub async fn cancel(ctx: Ctx, form: Form) -> Answer {
    let store = own_store(&ctx).await?.ok_or(WebError::NotFound)?;
    keep(&ctx, &store, &own_place(), &form).await
}

/// The same for any store that the caller has looked up within their scope.
///
/// # Errors
/// 409 when no deletion is planned, or it has begun.
pub async fn keep(ctx: &Ctx, store: &Store, place: &Place, form: &Form) -> Answer {
    let key = need_key(form)?;
    if first_use(ctx, &key, "cancel_deletion").await? {
        delete_store::cancel(&ctx.state().services, &ctx.actor(), store).await?;
        ctx.flash("deletion_cancelled");
    }
    Ok(ctx.see_other(&place.back))
}

async fn view(ctx: &Ctx, store: &Store, place: Place, form: DeleteForm) -> DeleteStore {
    let settings = ctx.state().settings().await;
    DeleteStore {
        page: ctx.page(format!("Delete {}", store.name), place.nav).await,
        here: place.here,
        back: place.back,
        kept: place.kept,
        store_name: store.name.clone(),
        store_host: store.host.clone().unwrap_or_else(|| format!("{}.{}", store.slug, settings.text("base_domain"))),
        planned: store.delete_after.map(When::exact),
        when: When::exact(now_plain() + time::Duration::days(i64::from(WAIT_DAYS))),
        confirm_label: format!("Type {} to confirm", store.name),
        version: version(store),
        form_key: ctx.new_form_key(),
        form,
    }
}
