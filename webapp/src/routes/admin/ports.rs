//! `/admin/ports`: pools of a server, every number with its owner, orphans, widening.

use super::super::{Answer, need_key};
use super::job_action::first_use;
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::urls;
use crate::views::admin::confirm::Confirm;
use crate::views::admin::ports::{Orphan, Pool, Port, Ports};
use crate::views::{Choice, FieldError, Meter};
use actix_web::web;
use hosting::db::Queries;
use hosting::db::ports::PortRow;
use hosting::domain::PortPool;
use hosting::services::ServiceError;
use hosting::services::change_ports::{free_port, widen_pool};

const HERE: &str = "/admin/ports";
/// Above this share of used ports a pool is nearly full.
pub(super) const NEARLY_FULL_PERCENT: u64 = 90;

/// The page.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let view = view(&ctx, query.get("server")?).await?;
    ctx.ok(&view)
}

/// The page before a port is freed.
pub async fn free_page(ctx: Ctx, path: web::Path<(u64, u16)>) -> Answer {
    let (server, port) = path.into_inner();
    let row = find(&ctx, server, port).await?;
    if !row.orphan {
        return Err(WebError::Conflict(format!("Port {port} is not left over. Nothing was changed.")));
    }
    ctx.ok(&Confirm {
        page: ctx.page(format!("Free port {port}"), "admin").await,
        parent: HERE.into(),
        parent_label: "Ports".into(),
        heading: format!("Free port {port}?"),
        words: vec![
            format!("It was held for {}. Nothing of that store answers there any more.", owner(&row)),
            "The port rests for a minute, then new stores may take it.".into(),
        ],
        action: format!("{HERE}/{server}/{port}/free"),
        back: HERE.into(),
        hidden: Vec::new(),
        ask_reason: false,
        ask_name: String::new(),
        ask_password: false,
        reason: String::new(),
        name: String::new(),
        reason_error: String::new(),
        name_error: String::new(),
        password_error: String::new(),
        errors: Vec::new(),
        button: "Free port".into(),
        busy: "Freeing…",
        class: "main",
        form_key: ctx.new_form_key(),
    })
}

/// Frees it.
pub async fn free(ctx: Ctx, path: web::Path<(u64, u16)>, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (server, port) = path.into_inner();
    if first_use(&ctx, &key, "port.free").await? {
        free_port(&ctx.state().services, &ctx.actor(), server, port).await?;
        ctx.flash("port_freed");
    }
    Ok(ctx.see_other(HERE))
}

/// Adds ports to a pool.
pub async fn widen(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    let (server, pool) = (form.get("server")?, form.get("pool")?);
    let found = PortPool::ALL.into_iter().find(|p| p.as_str() == pool);
    let found = found.ok_or_else(|| WebError::Unreadable("Choose a pool.".into()))?;
    let (first, last) = (form.get("first")?, form.get("last")?);
    let here = format!("{HERE}{}", urls::query(&[("server", server)]));
    if !first_use(&ctx, &key, "port.widen").await? {
        return Ok(ctx.see_other(&here));
    }
    match widen_pool(&ctx.state().services, &ctx.actor(), server, found, first, last).await {
        Ok(()) => {
            ctx.flash("pool_widened");
            Ok(ctx.see_other(&here))
        }
        Err(ServiceError::Invalid(fields)) => {
            let mut view = view(&ctx, server).await?;
            view.page.has_errors = true;
            view.errors = fields.into_iter().map(|(field, text)| FieldError { field, text }).collect();
            (view.pool, view.first, view.last) = (pool.to_owned(), first.to_owned(), last.to_owned());
            ctx.unprocessable(&view)
        }
        Err(other) => Err(other.into()),
    }
}

async fn find(ctx: &Ctx, server: u64, port: u16) -> Result<PortRow, WebError> {
    let rows = ctx.state().services.db.read().await?.ports().of_server(server).await?;
    rows.into_iter().find(|p| p.port == port).ok_or(WebError::NotFound)
}

fn owner(row: &PortRow) -> String {
    row.store_name.clone().unwrap_or_else(|| "nobody".into())
}

async fn view(ctx: &Ctx, asked: &str) -> Result<Ports, WebError> {
    let servers = ctx.state().servers().await?;
    let chosen = if asked.is_empty() { servers.first() } else { servers.iter().find(|s| s.name == asked) };
    if chosen.is_none() && !asked.is_empty() {
        return Err(WebError::NotFound);
    }
    let rows = match chosen {
        Some(s) => ctx.state().services.db.read().await?.ports().of_server(s.id).await?,
        None => Vec::new(),
    };
    let server_id = chosen.map_or(0, |s| s.id);
    let href = |row: &PortRow| row.customer_id.map(urls::admin_customer).unwrap_or_default();
    let orphans = rows
        .iter()
        .filter(|r| r.orphan)
        .map(|r| Orphan {
            number: r.port,
            words: owner(r),
            href: href(r),
            free_href: format!("{HERE}/{server_id}/{}/free", r.port),
        })
        .collect();
    let pools = PortPool::ALL
        .into_iter()
        .map(|pool| {
            let mine: Vec<&PortRow> = rows.iter().filter(|r| r.pool == pool.as_str()).collect();
            let total = mine.len() as u64;
            let used = mine.iter().filter(|r| r.store_id.is_some()).count() as u64;
            let resting = mine.iter().filter(|r| r.cooling).count() as u64;
            Pool {
                name: pool.as_str(),
                title: pool.title(),
                meter: Meter::of(
                    format!("meter-{}", pool.as_str()),
                    used + resting,
                    total,
                    format!("{used} of {total}"),
                ),
                text: format!("{used} used, {resting} resting, {} free", total - used - resting),
                nearly_full: nearly_full(used + resting, total),
                ports: mine
                    .into_iter()
                    .map(|r| {
                        let (state, words) = match (r.store_id, r.orphan, r.cooling) {
                            (Some(_), true, _) => ("orphan", format!("left over from {}", owner(r))),
                            (Some(_), false, _) => ("used", format!("used by {}", owner(r))),
                            (None, _, true) => ("rest", "resting".into()),
                            (None, _, false) => ("free", "free".into()),
                        };
                        Port { number: r.port, state, words, href: href(r) }
                    })
                    .collect(),
            }
        })
        .collect();
    Ok(Ports {
        page: ctx.page("Ports", "admin").await,
        servers: servers
            .iter()
            .map(|s| Choice { value: s.name.clone(), label: s.name.clone(), current: s.id == server_id })
            .collect(),
        server: chosen.map(|s| s.name.clone()).unwrap_or_default(),
        pools,
        orphans,
        may_act: ctx.staff()?.role.may_operate(),
        pool: String::new(),
        first: String::new(),
        last: String::new(),
        errors: Vec::new(),
        form_key: ctx.new_form_key(),
    })
}

/// Whether so many of all ports are taken that new stores will soon be refused.
pub(super) fn nearly_full(taken: u64, total: u64) -> bool {
    total > 0 && taken * 100 >= total * NEARLY_FULL_PERCENT
}
