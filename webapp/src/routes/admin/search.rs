//! `/admin/search?q=`: everything staff have a name or a number of. An exact id goes straight to its page.

use super::super::Answer;
use super::super::ticket_parts::staff_badge;
use super::job_badge;
use crate::extract::{Ctx, Query};
use crate::urls;
use crate::views::Badge;
use crate::views::admin::search::{Hit, Hits, Search};
use hosting::db::find::Found;
use hosting::db::mail_messages::MailFilter;
use hosting::db::{DbResult, Queries};
use hosting::domain::{PortPool, Uid};
use hosting::services::Services;

/// Rows of each kind.
const ROWS: u32 = 10;

/// The page.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let q: String = query.get("q")?.trim().chars().take(100).collect();
    let services = &ctx.state().services;
    let mut groups = Vec::new();
    if !q.is_empty() {
        if let Some(to) = exact(services, &q).await? {
            return Ok(ctx.see_other(&to));
        }
        groups = look(services, &q).await?;
    }
    ctx.ok(&Search {
        page: ctx.page(if q.is_empty() { "Search".into() } else { format!("{q} – Search") }, "admin").await,
        q,
        groups,
    })
}

/// The page of what has exactly this id.
async fn exact(services: &Services, q: &str) -> DbResult<Option<String>> {
    let mut conn = services.db.read().await?;
    if let Ok(uid) = Uid::parse(q) {
        if conn.jobs().find(&uid).await?.is_some() {
            return Ok(Some(urls::admin_job(&uid.to_string())));
        }
        if conn.tickets().find(&uid).await?.is_some() {
            return Ok(Some(urls::admin_ticket(&uid.to_string())));
        }
        return Ok(conn.find().customer_of_store(&uid.to_string()).await?.map(urls::admin_customer));
    }
    let short = q.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("j-"));
    if short && let [job] = conn.jobs().search(q, 2).await?.as_slice() {
        return Ok(Some(urls::admin_job(&job.uid)));
    }
    let ticket = q.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("t-"));
    if ticket && let [found] = conn.tickets().search(q, 2).await?.as_slice() {
        return Ok(Some(urls::admin_ticket(&found.uid.to_string())));
    }
    Ok(None)
}

async fn look(services: &Services, q: &str) -> DbResult<Vec<Hits>> {
    let mut conn = services.db.read().await?;
    let all = format!("/admin/customers{}", urls::query(&[("q", q)]));
    let mut groups = Vec::new();
    let mut add = |key, title, rows: Vec<Hit>, more: &str| {
        if !rows.is_empty() {
            let more_href = if rows.len() == ROWS as usize { more.to_owned() } else { String::new() };
            groups.push(Hits { key, title, rows, more_href });
        }
    };
    let mut customers: Vec<Hit> = Vec::new();
    if let Ok(id) = q.parse::<u64>()
        && let Some(c) = conn.customers().get(id).await?
    {
        customers.push(Hit {
            href: urls::admin_customer(id),
            title: c.email,
            detail: format!("Customer {id}"),
            badge: None,
        });
    }
    customers.extend(conn.find().customers(q, ROWS).await?.into_iter().map(|f| Hit {
        href: urls::admin_customer(f.customer_id),
        detail: format!("Customer {}", f.customer_id),
        title: f.email,
        badge: None,
    }));
    add("customers", "Customers", customers, &all);
    add("stores", "Stores", conn.find().stores(q, ROWS).await?.into_iter().map(store).collect(), &all);
    add("addresses", "Web addresses", conn.find().addresses(q, ROWS).await?.into_iter().map(address).collect(), &all);
    let jobs = conn.jobs().search(q, ROWS).await?;
    let jobs = jobs
        .into_iter()
        .map(|j| Hit {
            href: urls::admin_job(&j.uid),
            title: format!("{} · {}", urls::short_job(&j.uid), hosting::jobs::title(&j.kind)),
            detail: j.store_name.clone().or_else(|| j.customer_email.clone()).unwrap_or_default(),
            badge: Some(job_badge(&j)),
        })
        .collect();
    add("jobs", "Jobs", jobs, &format!("/admin/jobs{}", urls::query(&[("q", q)])));
    let tickets = conn.tickets().search(q, ROWS).await?;
    let tickets = tickets
        .into_iter()
        .map(|t| Hit {
            href: urls::admin_ticket(&t.uid.to_string()),
            title: format!("{} · {}", t.short(), t.subject),
            detail: t.customer_email.clone(),
            badge: Some(staff_badge(t.state)),
        })
        .collect();
    add("tickets", "Tickets", tickets, "/admin/tickets?state=all");
    if let Ok(port) = q.parse::<u16>() {
        let ports = conn.ports().find_number(port).await?;
        let ports = ports
            .into_iter()
            .map(|(server, pool, store, customer)| Hit {
                href: customer.map_or_else(
                    || format!("/admin/ports{}", urls::query(&[("server", &server)])),
                    urls::admin_customer,
                ),
                title: format!("Port {port} on {server}"),
                detail: format!(
                    "{}, {}",
                    PortPool::ALL.into_iter().find(|p| p.as_str() == pool).map_or("", PortPool::title),
                    store.map_or_else(|| "free".into(), |s| format!("used by {s}"))
                ),
                badge: None,
            })
            .collect();
        add("ports", "Ports", ports, "/admin/ports");
    }
    if q.contains('@') {
        let filter = MailFilter { recipient: Some(q.to_owned()), limit: ROWS, ..MailFilter::default() };
        let here = format!("/admin/mail{}", urls::query(&[("to", q)]));
        let mails = conn.mail_messages().list(&filter).await?;
        let mails = mails
            .into_iter()
            .map(|m| Hit {
                href: here.clone(),
                title: m.subject,
                detail: format!("to {}", m.recipient),
                badge: Some(match m.state.as_str() {
                    "sent" => Badge::new("good", "Sent"),
                    "failed" => Badge::new("bad", "Not sent"),
                    _ => Badge::new("busy", "Being sent"),
                }),
            })
            .collect();
        add("mails", "Mails", mails, &here);
    }
    Ok(groups)
}

fn store(f: Found) -> Hit {
    Hit {
        href: urls::admin_customer(f.customer_id),
        title: f.store_name.unwrap_or_default(),
        detail: format!("{} · {}", f.email, f.host.unwrap_or_default()),
        badge: f.store_state.as_deref().map(Badge::store),
    }
}

fn address(f: Found) -> Hit {
    Hit {
        href: urls::admin_customer(f.customer_id),
        title: f.host.unwrap_or_default(),
        detail: format!("{} · {}", f.store_name.unwrap_or_default(), f.email),
        badge: f.store_state.as_deref().map(Badge::store),
    }
}
