//! `/admin/customers/{id}` and its tabs.

use super::super::account::devices::sign_in_lines;
use super::super::store_change::{self, STAFFS};
use super::super::ticket_parts;
use super::super::{Answer, store_log, store_usage};
use super::failure;
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::job_view::{self, LogWish, Picture};
use crate::urls;
use crate::views::admin::{AuditRow, Customer, CustomerFacts, StoreFacts};
use crate::views::{Badge, Labelled, Link, When};
use actix_web::{HttpRequest, web};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::stores::Store;
use hosting::domain::rights::{Capability, Reach, may};
use hosting::domain::{Level, Person, PortPool, Role, StoreState};
use hosting::jobs::PROVISION_STORE;

/// Overview tab.
pub async fn overview(ctx: Ctx, id: web::Path<String>) -> Answer {
    let mut view = base(&ctx, &id, "overview").await?.0;
    let rows = ctx.state().services.db.read().await?.sign_ins().list(Person::Customer(view.customer.id), 10).await?;
    view.sign_ins = sign_in_lines(rows);
    ctx.ok(&view)
}

/// Live log of the newest set-up, all attempts.
pub async fn provisioning(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let (mut view, store_id) = base(&ctx, &id, "provisioning").await?;
    let db = &ctx.state().services.db;
    let job = match store_id {
        Some(id) => db.read().await?.jobs().newest_of_store(id, PROVISION_STORE).await?,
        None => None,
    };
    if let Some(job) = job {
        let base = urls::admin_job(&job.uid);
        let picture = Picture::load(db, job).await?;
        let wish = super::job::wish(&query)?;
        let here = format!("{}/provisioning", urls::admin_customer(view.customer.id));
        let log = job_view::log_part(db, &picture, &LogWish { ..wish }, &here, &base).await?;
        let mut conn = db.read().await?;
        let tail = conn.progress().tail(picture.job.id, 5).await?;
        let first_error =
            conn.progress().first_at_level(picture.job.id, picture.job.attempt, Level::Error).await?.map(|l| l.seq);
        drop(conn);
        let may_act = ctx.staff()?.role.may_operate();
        view.failure = failure(&picture, &tail, first_error, &base, may_act);
        view.attempts = picture.attempt_links(if log.attempt == 0 { picture.job.attempt } else { log.attempt });
        view.job_short = urls::short_job(&picture.job.uid);
        view.job_href = base;
        view.log = Some(log);
    }
    ctx.ok(&view)
}

/// Tickets tab.
pub async fn tickets(ctx: Ctx, id: web::Path<String>) -> Answer {
    let (mut view, _) = base(&ctx, &id, "tickets").await?;
    let found = ctx.state().services.db.read().await?.tickets().list_of_customer(view.customer.id, None, 50).await?;
    let now = now_plain();
    view.tickets = found
        .iter()
        .map(|t| ticket_parts::row(t, urls::admin_ticket(&t.uid.to_string()), ticket_parts::staff_badge(t.state), now))
        .collect();
    ctx.ok(&view)
}

/// Run-time log tab.
pub async fn logs(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let (mut view, store_id) = base(&ctx, &id, "logs").await?;
    if let Some(store) = store_of(&ctx, store_id).await?.filter(store_log::has_log) {
        let here = format!("{}/logs", urls::admin_customer(view.customer.id));
        view.store_log = Some(store_log::part(&ctx, &store, &here, "/admin/login", &query).await?);
    }
    ctx.ok(&view)
}

/// Use tab.
pub async fn usage(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let (mut view, store_id) = base(&ctx, &id, "usage").await?;
    if let Some(store) = store_of(&ctx, store_id).await?.filter(store_log::has_log) {
        let here = format!("{}/usage", urls::admin_customer(view.customer.id));
        view.usage = Some(store_usage::part(&ctx, &store, &here, &query).await?);
    }
    ctx.ok(&view)
}

/// New lines of the run-time log.
pub async fn logs_stream(ctx: Ctx, id: web::Path<String>, query: Query, request: HttpRequest) -> Answer {
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    let store = ctx.state().services.db.read().await?.stores().newest_of_customer(id).await?;
    store_log::stream(&ctx, &store.ok_or(WebError::NotFound)?, &query, &request)
}

async fn store_of(ctx: &Ctx, store_id: Option<u64>) -> Result<Option<Store>, WebError> {
    Ok(match store_id {
        Some(id) => ctx.state().services.db.read().await?.stores().get(id).await?,
        None => None,
    })
}

/// Audit tab.
pub async fn audit(ctx: Ctx, id: web::Path<String>) -> Answer {
    let (mut view, store_id) = base(&ctx, &id, "audit").await?;
    let mut conn = ctx.state().services.db.read().await?;
    let mut events = conn.audit().list(Some(("customer", &view.customer.id.to_string())), None, 50).await?;
    if let Some(store) = store_id
        && let Some(store) = conn.stores().get(store).await?
    {
        events.extend(conn.audit().list(Some(("store", &store.uid.to_string())), None, 50).await?);
    }
    drop(conn);
    events.sort_by_key(|e| std::cmp::Reverse(e.number));
    view.audit = events
        .into_iter()
        .map(|e| AuditRow {
            at: When::exact(e.at),
            actor: if e.role.is_empty() { e.actor_name } else { format!("{} ({})", e.actor_name, e.role) },
            action: e.action,
            target: format!("{} {}", e.target_kind, e.target_id),
            address: e.address,
            outcome: e.outcome,
        })
        .collect();
    ctx.ok(&view)
}

async fn base(ctx: &Ctx, id: &str, tab: &'static str) -> Result<(Customer, Option<u64>), WebError> {
    let id: u64 = id.parse().map_err(|_| WebError::NotFound)?;
    let now = now_plain();
    let settings = ctx.state().settings().await;
    let mut conn = ctx.state().services.db.read().await?;
    let customer = conn.customers().get(id).await?.ok_or(WebError::NotFound)?;
    let store = conn.stores().newest_of_customer(id).await?;
    let factor = conn.second_factors().find(Person::Customer(id)).await?;
    let provider = conn.resellers().of_customer(id).await?;
    let reset = conn.factor_resets().open(id).await?;
    let last_sign_in = conn.login_sessions().last_of_customer(id).await?;
    let mut plan = String::new();
    let mut port = String::new();
    let mut credentials = Vec::new();
    if let Some(store) = &store {
        plan = conn.plans().get(store.plan_id).await?.map(|p| p.name).unwrap_or_default();
        port = conn.ports().find(store.id, PortPool::StoreWeb).await?.map(|p| p.to_string()).unwrap_or_default();
        credentials = conn
            .secrets()
            .list(store.id)
            .await?
            .into_iter()
            // What only machines use is nobody's to see.
            .filter(|(name, _)| matches!(name.as_str(), "admin_login" | "admin_password" | "db_password"))
            .map(|(name, at)| {
                Labelled::new(
                    name.replace('_', " "),
                    format!(
                        "••••••••{}",
                        at.map_or(String::new(), |at| format!("  shown to the owner {}", crate::views::date_text(at)))
                    ),
                )
            })
            .collect();
    }
    drop(conn);
    let title = store.as_ref().map_or_else(|| customer.email.clone(), |s| s.name.clone());
    let here = urls::admin_customer(id);
    let tabs = [
        ("overview", "Overview", String::new()),
        ("provisioning", "Provisioning", "/provisioning".into()),
        ("tickets", "Tickets", "/tickets".into()),
        ("usage", "Usage", "/usage".into()),
        ("logs", "Logs", "/logs".into()),
        ("audit", "Audit", "/audit".into()),
    ]
    .into_iter()
    .map(|(key, label, path)| Link { href: format!("{here}{path}"), label: label.into(), current: key == tab })
    .collect();
    let store_id = store.as_ref().map(|s| s.id);
    let may_act = ctx.staff()?.role.may_operate();
    let facts = store.map(|s| {
        let host = s.host.clone().unwrap_or_else(|| format!("{}.{}", s.slug, settings.text("base_domain")));
        StoreFacts {
            uid: s.uid.to_string(),
            badge: Badge::store(s.state.as_str()),
            url: settings.store_url(&host),
            host,
            platform: s.platform.title().into(),
            plan: plan.clone(),
            server: s.server_name.clone().unwrap_or_default(),
            port: port.clone(),
            created: When::relative(s.created_at, now),
            live_since: s.active_at.map(|at| When::relative(at, now)),
            deletion: s.delete_after.map(When::exact),
            remark: match s.state {
                StoreState::Suspended => format!("Suspended ({}): {}", s.suspend_cause.as_str(), s.suspend_reason),
                StoreState::Active if s.maintenance => "Maintenance is on".into(),
                _ => String::new(),
            },
            changes: STAFFS
                .iter()
                .filter(|(_, verb)| may_act && store_change::fits(*verb, &s))
                .map(|(name, verb)| Link {
                    href: urls::staff_change(id, name),
                    label: store_change::link(*verb, &s).into(),
                    current: false,
                })
                .collect(),
            name: s.name,
        }
    });
    let may_view = matches!(customer.state.as_str(), "active" | "suspended")
        && may(ctx.staff()?.role, Capability::ViewAsCustomer, Reach::All);
    let view = Customer {
        page: ctx.page(title.clone(), "admin").await,
        customer: CustomerFacts {
            id,
            title,
            closed: customer.state == "closed",
            verified: if customer.state == "closed" {
                Badge::new("waiting", "Closed")
            } else if customer.email_verified_at.is_some() {
                Badge::new("good", "Confirmed")
            } else {
                Badge::new("waiting", "Not confirmed")
            },
            email: customer.email,
            created: When::relative(customer.created_at, now),
            last_sign_in: last_sign_in.map(|at| When::relative(at, now)),
        },
        store: facts,
        tabs,
        tab,
        may_act: may(ctx.staff()?.role, Capability::ManageCustomers, Reach::All),
        may_view,
        is_reseller: customer.role == Role::Reseller,
        provider: provider.unwrap_or_default(),
        has_factor: factor.is_some_and(|f| f.confirmed_at.is_some()),
        factor_due: reset.map(|r| When::exact(r.due_at)),
        credentials,
        sign_ins: Vec::new(),
        log: None,
        store_log: None,
        usage: None,
        attempts: Vec::new(),
        failure: None,
        job_href: String::new(),
        job_short: String::new(),
        form_key: ctx.new_form_key(),
        audit: Vec::new(),
        tickets: Vec::new(),
    };
    Ok((view, store_id))
}
