//! `/reseller/customers`: making one, and the page about one.

use super::super::store_change::{self, RESELLERS};
use super::super::{Answer, need_key, refuse, store_log};
use super::{account_badge, events, find, jobs, own, store, tickets, watch};
use crate::error::WebError;
use crate::extract::{Ctx, Form};
use crate::rate_limit::SIGN_UP_ADDRESS;
use crate::views::reseller::{JobRow, NewCustomer, ResellerCustomer, StoreRow};
use crate::views::{Badge, Field, FieldError, Link, When};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::jobs::JobFilter;
use hosting::db::stores::Store;
use hosting::domain::StoreState;
use hosting::services::ServiceError;
use hosting::services::resellers::create_customer;

/// Jobs shown on a customer's page.
const JOBS: u32 = 30;

/// The page about a customer.
#[must_use]
pub fn place(id: u64) -> String {
    format!("/reseller/customers/{id}")
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
    // Each of them is a mail to a stranger, and an answer whether an address is known.
    ctx.state().limits.take(SIGN_UP_ADDRESS, &format!("reseller/{me}")).await.map_err(WebError::TooMany)?;
    let email = form.get("email")?;
    let state = ctx.state();
    match create_customer::create_customer(&state.services, &state.passwords, &ctx.actor(), me, &key, email).await {
        Ok(id) => {
            ctx.flash("customer_created");
            Ok(ctx.see_other(&place(id)))
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
pub async fn show(ctx: Ctx, id: web::Path<String>) -> Answer {
    let found = find(&ctx, &id).await?;
    let mut conn = ctx.state().services.db.read().await?;
    let stores = conn.stores().list_of_customer(found.id).await?;
    let filter = JobFilter { customer_id: Some(found.id), limit: JOBS, ..JobFilter::default() };
    let done = conn.jobs().list(&filter).await?;
    drop(conn);
    let now = now_plain();
    let mut rows = Vec::new();
    for row in &stores {
        rows.push(store_row(&ctx, found.id, row).await?);
    }
    ctx.ok(&ResellerCustomer {
        page: ctx.page(found.email.clone(), "reseller").await,
        account: account_badge(&found),
        since: When::relative(found.created_at, now),
        new_store: if rows.is_empty() && found.state == "active" { store::place(found.id) } else { String::new() },
        stores: rows,
        jobs: done
            .into_iter()
            .filter(|j| jobs::KINDS.contains(&j.kind.as_str()))
            .map(|j| JobRow {
                href: jobs::place(&j.uid),
                title: hosting::jobs::title(&j.kind).into(),
                badge: Badge::job(j.state.as_str()),
                at: When::relative(j.created_at, now),
            })
            .collect(),
        events: events::place(found.id),
        tickets: tickets::of_customer(found.id),
        email: found.email,
    })
}

async fn store_row(ctx: &Ctx, customer_id: u64, row: &Store) -> Result<StoreRow, WebError> {
    let settings = ctx.state().settings().await;
    let plan = ctx.state().services.db.read().await?.plans().get(row.plan_id).await?;
    let host = row.host.clone().unwrap_or_else(|| format!("{}.{}", row.slug, settings.text("base_domain")));
    let live = row.state == StoreState::Active;
    let changes: Vec<Link> = RESELLERS
        .iter()
        .filter(|(_, verb)| store_change::fits(*verb, row))
        .map(|(name, verb)| Link {
            href: store::change_place(customer_id, name),
            label: store_change::link(*verb, row).into(),
            current: false,
        })
        .collect();
    let may_go = matches!(row.state, StoreState::Active | StoreState::Suspended | StoreState::Failed);
    Ok(StoreRow {
        name: row.name.clone(),
        badge: if live && row.maintenance {
            Badge::new("upkeep", "Maintenance")
        } else {
            Badge::store(row.state.as_str())
        },
        url: settings.store_url(&host),
        host,
        plan: plan.map(|p| p.name).unwrap_or_default(),
        reason: if row.state == StoreState::Suspended { row.suspend_reason.clone() } else { String::new() },
        deletion: row.delete_after.map(When::exact),
        looks: if store_log::has_log(row) {
            [(watch::logs_place(customer_id), "Logs"), (watch::usage_place(customer_id), "Usage")]
                .map(|(href, label)| Link { href, label: label.into(), current: false })
                .to_vec()
        } else {
            Vec::new()
        },
        changes,
        delete: if may_go { store::delete_place(customer_id) } else { String::new() },
    })
}
