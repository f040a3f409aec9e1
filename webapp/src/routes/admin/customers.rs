//! `/admin/customers`

use super::super::Answer;
use crate::extract::{Ctx, Query};
use crate::urls;
use crate::views::admin::{CustomerRow, Customers, CustomersFilter};
use crate::views::{Badge, Choice, Head, Link, Pager, When};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::customers::CustomerFilter;
use hosting::domain::Platform;
use hosting::domain::rights::{Capability, Reach, may};

const PAGE: u32 = 50;
const HERE: &str = "/admin/customers";

pub(crate) const STATES: [(&str, &str); 7] = [
    ("", "Any state"),
    ("active", "Live"),
    ("provisioning", "Setting up"),
    ("requested", "Waiting for email"),
    ("suspended", "Suspended"),
    ("failed", "Failed"),
    ("deleting", "Being deleted"),
];

/// The list.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let q: String = query.get("q")?.trim().chars().take(100).collect();
    let state = query.get("state")?;
    let state = STATES.iter().find(|(v, _)| *v == state && !v.is_empty()).map_or("", |(v, _)| *v);
    let ascending = query.get("sort")? == "created";
    let (after, before) = (query.number::<u64>("after"), query.number::<u64>("before"));
    let filter = CustomerFilter {
        q: (!q.is_empty()).then(|| q.clone()),
        store_state: (!state.is_empty()).then(|| state.to_owned()),
        ascending,
        beyond: after,
        before: if after.is_some() { None } else { before },
        limit: PAGE + 1,
    };
    let mut rows = ctx.state().services.db.read().await?.customers().list(&filter).await?;
    let more = rows.len() > PAGE as usize;
    let backwards = filter.before.is_some();
    if more {
        // One row more was asked for to know whether there is another page.
        if backwards {
            rows.remove(0);
        } else {
            rows.pop();
        }
    }
    let sort = if ascending { "created" } else { "" };
    let link = |extra: (&str, String)| urls::query(&[("q", &q), ("state", state), ("sort", sort), (extra.0, &extra.1)]);
    let first = rows.first().map(|r| r.id.to_string()).unwrap_or_default();
    let last = rows.last().map(|r| r.id.to_string()).unwrap_or_default();
    let has_newer = if backwards { more } else { after.is_some() };
    let has_older = if backwards { true } else { more };
    let now = now_plain();
    let mut chips = Vec::new();
    if !q.is_empty() {
        chips.push(Link {
            href: format!("{HERE}{}", urls::query(&[("state", state), ("sort", sort)])),
            label: format!("Search: {q}"),
            current: false,
        });
    }
    if let Some((_, label)) = STATES.iter().find(|(v, _)| *v == state && !v.is_empty()) {
        chips.push(Link {
            href: format!("{HERE}{}", urls::query(&[("q", &q), ("sort", sort)])),
            label: (*label).into(),
            current: false,
        });
    }
    let mut heads: Vec<Head> =
        ["Store", "Email", "Store state", "Platform", "Server", "Plan"].into_iter().map(Head::text).collect();
    let other = if ascending { "" } else { "created" };
    heads.push(Head {
        label: "Signed up",
        num: false,
        href: format!("{HERE}{}", urls::query(&[("q", &q), ("state", state), ("sort", other)])),
        dir: if ascending { "ascending" } else { "descending" },
    });
    heads.push(Head::text("Last job"));
    let count = rows.len();
    let rows = rows
        .into_iter()
        .map(|r| CustomerRow {
            id: r.id,
            href: urls::admin_customer(r.id),
            name: r.store_name.unwrap_or_else(|| r.email.split('@').next().unwrap_or_default().to_owned()),
            badge: r.store_state.as_deref().map_or(Badge::new("unknown", "No store"), Badge::store),
            platform: r.platform.as_deref().and_then(Platform::parse).map(|p| p.title().to_owned()).unwrap_or_default(),
            server: r.server_name.unwrap_or_default(),
            plan: r.plan_name.unwrap_or_default(),
            created: When::relative(r.created_at, now),
            job: r.job_uid.as_deref().map(urls::short_job).unwrap_or_default(),
            job_href: r.job_uid.as_deref().map(urls::admin_job).unwrap_or_default(),
            email: r.email,
        })
        .collect();
    ctx.ok(&Customers {
        page: ctx.page("Customers", "admin").await,
        filter: CustomersFilter {
            states: STATES
                .iter()
                .map(|(v, l)| Choice { value: (*v).into(), label: (*l).into(), current: *v == state })
                .collect(),
            sort: sort.into(),
            chips,
            q: q.clone(),
        },
        heads,
        may_act: may(ctx.staff()?.role, Capability::ManageCustomers, Reach::All),
        state: state.to_owned(),
        rows,
        pager: Pager {
            text: format!("{count} shown{}", if has_older { ", there are more" } else { "" }),
            newer: if has_newer { format!("{HERE}{}", link(("before", first))) } else { String::new() },
            older: if has_older { format!("{HERE}{}", link(("after", last))) } else { String::new() },
        },
    })
}
