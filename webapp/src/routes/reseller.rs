//! `/reseller`: a reseller's customers, within the limits an admin set. Every lookup names the reseller: what is another's is
//! not found.

use super::sign_up::{show_errors, wish};
use super::{Answer, need_key, plans, refuse};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::rate_limit::SIGN_UP_ADDRESS;
use crate::urls::query;
use crate::views::public::{Plan as ShownPlan, SignUpForm};
use crate::views::reseller::{BrandForm, CustomerRow, NewCustomer, NewStore, Reseller, ResellerCustomer, StoreRow};
use crate::views::{Badge, Field, FieldError, When};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::resellers::{OwnCustomer, Reseller as Row, Used};
use hosting::services::ServiceError;
use hosting::services::create_store::create_store;
use hosting::services::resellers::{brand, create_customer};

/// Rows of the list.
const PAGE: u32 = 50;

/// The caller's own limits; whoever lost the role meanwhile finds nothing.
async fn own(ctx: &Ctx) -> Result<(Row, Used), WebError> {
    let me = ctx.customer()?.customer_id;
    let mut conn = ctx.state().services.db.read().await?;
    let row = conn.resellers().get(me).await?.ok_or(WebError::NotFound)?;
    let used = conn.resellers().used(me).await?;
    Ok((row, used))
}

async fn find(ctx: &Ctx, id: &str) -> Result<OwnCustomer, WebError> {
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    let me = ctx.customer()?.customer_id;
    ctx.state().services.db.read().await?.resellers().customer(me, id).await?.ok_or(WebError::NotFound)
}

/// The plans they may sell.
async fn sold(ctx: &Ctx) -> Result<Vec<ShownPlan>, WebError> {
    let me = ctx.customer()?.customer_id;
    let ids = ctx.state().services.db.read().await?.resellers().plans(me).await?;
    let all: Vec<_> = ctx.state().plans().await?.iter().filter(|p| ids.contains(&p.id)).cloned().collect();
    Ok(plans::shown(&all))
}

/// The list.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let view = view(&ctx, query.number("before"), None).await?;
    ctx.ok(&view)
}

async fn view(ctx: &Ctx, before: Option<u64>, form: Option<BrandForm>) -> Result<Reseller, WebError> {
    let (row, used) = own(ctx).await?;
    let mut conn = ctx.state().services.db.read().await?;
    let mut found = conn.resellers().customers(row.customer_id, before.unwrap_or(u64::MAX), PAGE + 1).await?;
    drop(conn);
    let more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let older = if more { found.last().map(|c| c.id) } else { None };
    let now = now_plain();
    let rows = found
        .into_iter()
        .map(|c| CustomerRow {
            href: format!("/reseller/customers/{}", c.id),
            email: c.email.clone(),
            account: account_badge(&c),
            store: c.store_name.unwrap_or_default(),
            badge: c.store_state.as_deref().map(Badge::store),
            since: When::relative(c.created_at, now),
        })
        .collect();
    let form = form.unwrap_or_else(|| BrandForm {
        name: Field::of(&row.brand_name),
        email: Field::of(&row.brand_email),
        ..BrandForm::default()
    });
    let mut page = ctx.page("Customers", "reseller").await;
    page.has_errors = !form.errors.is_empty();
    Ok(Reseller {
        page,
        rows,
        older: older.map(|id| format!("/reseller{}", query(&[("before", &id.to_string())]))).unwrap_or_default(),
        customers: format!("{} of {}", used.customers, row.max_customers),
        stores: format!("{} of {}", used.stores, row.max_stores),
        full: used.customers >= i64::from(row.max_customers),
        plans: sold(ctx).await?.into_iter().map(|p| p.name).collect::<Vec<_>>().join(", "),
        form,
    })
}

fn account_badge(c: &OwnCustomer) -> Badge {
    match (c.state.as_str(), c.email_verified_at.is_some()) {
        ("closed", _) => Badge::new("waiting", "Closed"),
        ("suspended", _) => Badge::new("warning", "Paused"),
        (_, true) => Badge::new("good", "Confirmed"),
        (_, false) => Badge::new("waiting", "Invited"),
    }
}

/// Saves the name their customers see.
pub async fn brand_post(ctx: Ctx, form: Form) -> Answer {
    let me = ctx.customer()?.customer_id;
    let (name, email) = (form.get("brand_name")?, form.get("brand_email")?);
    match brand::set(&ctx.state().services, &ctx.actor(), me, (name, email)).await {
        Ok(()) => {
            ctx.flash("brand_saved");
            Ok(ctx.see_other("/reseller"))
        }
        Err(ServiceError::Invalid(fields)) => {
            let cut = |text: &str| Field::of(text.chars().take(254).collect::<String>());
            let mut shown = BrandForm { name: cut(name), email: cut(email), ..BrandForm::default() };
            for (field, words) in &fields {
                let at = if *field == "brand_name" { &mut shown.name } else { &mut shown.email };
                refuse(at, &mut shown.errors, field, words);
            }
            let view = view(&ctx, None, Some(shown)).await?;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

/// The form of a new customer.
pub async fn new_page(ctx: Ctx) -> Answer {
    own(&ctx).await?;
    let view = new_view(&ctx, Field::default(), Vec::new()).await;
    ctx.ok(&view)
}

/// Makes one.
pub async fn create(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let me = ctx.customer()?.customer_id;
    ctx.state().limits.take(SIGN_UP_ADDRESS, &format!("reseller/{me}")).await.map_err(WebError::TooMany)?;
    let email = form.get("email")?;
    let state = ctx.state();
    match create_customer::create_customer(&state.services, &state.passwords, &ctx.actor(), me, &key, email).await {
        Ok(id) => {
            ctx.flash("customer_created");
            Ok(ctx.see_other(&format!("/reseller/customers/{id}")))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut field = Field::of(email.chars().take(254).collect::<String>());
            let mut errors = Vec::new();
            for (name, words) in &fields {
                refuse(&mut field, &mut errors, name, words);
            }
            let view = new_view(&ctx, field, errors).await;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn new_view(ctx: &Ctx, email: Field, errors: Vec<FieldError>) -> NewCustomer {
    let mut page = ctx.page("New customer", "reseller").await;
    page.has_errors = !errors.is_empty();
    NewCustomer { page, email, errors, form_key: ctx.new_form_key() }
}

/// One of their customers.
pub async fn customer(ctx: Ctx, id: web::Path<String>) -> Answer {
    let found = find(&ctx, &id).await?;
    let settings = ctx.state().settings().await;
    let mut conn = ctx.state().services.db.read().await?;
    let stores = conn.stores().list_of_customer(found.id).await?;
    let mut rows = Vec::new();
    for store in stores {
        let plan = conn.plans().get(store.plan_id).await?.map(|p| p.name).unwrap_or_default();
        let host = store.host.clone().unwrap_or_else(|| format!("{}.{}", store.slug, settings.text("base_domain")));
        rows.push(StoreRow {
            name: store.name.clone(),
            badge: Badge::store(store.state.as_str()),
            url: settings.store_url(&host),
            host,
            plan,
        });
    }
    drop(conn);
    let (now, here) = (now_plain(), format!("/reseller/customers/{}", found.id));
    ctx.ok(&ResellerCustomer {
        page: ctx.page(found.email.clone(), "reseller").await,
        account: account_badge(&found),
        since: When::relative(found.created_at, now),
        new_store: if rows.is_empty() && found.state == "active" { format!("{here}/store") } else { String::new() },
        stores: rows,
        email: found.email,
    })
}

/// The form of a store for one of their customers.
pub async fn store_page(ctx: Ctx, id: web::Path<String>) -> Answer {
    let found = find(&ctx, &id).await?;
    let form = SignUpForm { platform: Field::of("woocommerce"), ..SignUpForm::default() };
    let view = store_view(&ctx, &found, form).await?;
    ctx.ok(&view)
}

/// Starts it; the limits are the service's to check.
pub async fn store(ctx: Ctx, id: web::Path<String>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let found = find(&ctx, &id).await?;
    let mut wish = wish(&form)?;
    "woocommerce".clone_into(&mut wish.platform);
    let settings = ctx.state().settings().await;
    match create_store(&ctx.state().services, &settings, &ctx.actor(), found.id, &wish, &key).await {
        Ok(_) => {
            ctx.flash("store_ordered");
            Ok(ctx.see_other(&format!("/reseller/customers/{}", found.id)))
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
            let mut view = store_view(&ctx, &found, shown).await?;
            view.page.has_errors = true;
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn store_view(ctx: &Ctx, found: &OwnCustomer, form: SignUpForm) -> Result<NewStore, WebError> {
    Ok(NewStore {
        page: ctx.page("New store", "reseller").await,
        email: found.email.clone(),
        back: format!("/reseller/customers/{}", found.id),
        plans: sold(ctx).await?,
        base_domain: ctx.state().settings().await.text("base_domain").to_owned(),
        form_key: ctx.new_form_key(),
        form,
    })
}
