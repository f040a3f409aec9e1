//! `/reseller`: a reseller's customers, within the limits an admin set. Every lookup names the reseller: what is another's is
//! not found.

pub mod customers;
pub mod events;
pub mod jobs;
pub mod store;
pub mod tickets;
pub mod watch;

use super::{Answer, plans, refuse, with};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::urls::query;
use crate::views::public::Plan as ShownPlan;
use crate::views::reseller::{BrandForm, CustomerRow, Reseller};
use crate::views::{Badge, Field, When};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::resellers::{OwnCustomer, OwnFilter, Reseller as Row, Used};
use hosting::services::ServiceError;
use hosting::services::resellers::brand;

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

/// One of the caller's customers; everybody else's do not exist.
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
    let view = view(&ctx, Some(&query), None).await?;
    ctx.ok(&view)
}

async fn view(ctx: &Ctx, asked: Option<&Query>, form: Option<BrandForm>) -> Result<Reseller, WebError> {
    let (row, used) = own(ctx).await?;
    let before = asked.and_then(|q| q.number::<u64>("before"));
    let q = asked.and_then(|q| q.get("q").ok()).unwrap_or_default().trim();
    let q: String = q.chars().take(254).collect();
    let filter = OwnFilter { q: (!q.is_empty()).then(|| q.clone()), before, limit: PAGE + 1 };
    let mut conn = ctx.state().services.db.read().await?;
    let mut found = conn.resellers().customers(row.customer_id, &filter).await?;
    drop(conn);
    let more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let older = if more { found.last().map(|c| c.id) } else { None };
    let now = now_plain();
    let rows = found
        .into_iter()
        .map(|c| CustomerRow {
            href: customers::place(c.id),
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
    let code = ctx.state().services.db.read().await?.resellers().provider(row.customer_id).await?.map(|p| p.code);
    let mut page = ctx.page("Customers", "reseller").await;
    page.has_errors = !form.errors.is_empty();
    Ok(Reseller {
        page,
        rows,
        older: older
            .map(|id| format!("/reseller{}", query(&[("q", &q), ("before", &id.to_string())])))
            .unwrap_or_default(),
        newest: before.map(|_| format!("/reseller{}", query(&[("q", &q)]))).unwrap_or_default(),
        q,
        customers: format!("{} of {}", used.customers, row.max_customers),
        stores: format!("{} of {}", used.stores, row.max_stores),
        full: used.customers >= i64::from(row.max_customers),
        link: code
            .filter(|code| !code.is_empty())
            .map(|code| ctx.state().config.base_url.join(&with::place(&code)))
            .unwrap_or_default(),
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
