//! `/admin/tickets`: the queue, by how long people wait.

pub mod answers;
pub mod show;

use super::super::Answer;
use super::super::ticket_parts::{staff_badge, urgency_badge};
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::urls;
use crate::views::tickets::{Queue, QueueRow};
use crate::views::{Choice, Link, Pager, When};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::ticket_lists::{Assigned, Place, QueueFilter, Which};
use hosting::db::tickets::Ticket;
use hosting::domain::{Category, TicketState};
use time::{OffsetDateTime, PlainDateTime};

const HERE: &str = "/admin/tickets";
const PAGE: u32 = 50;
const WHICH: [(&str, &str); 7] = [
    ("", "Waiting for us"),
    ("open", "New"),
    ("waiting_for_us", "Answer due"),
    ("waiting_for_customer", "Waiting for customer"),
    ("solved", "Solved"),
    ("closed", "Closed"),
    ("all", "All"),
];
const WHOSE: [(&str, &str); 3] = [("", "Anybody's"), ("mine", "Mine"), ("nobody", "Nobody's")];

pub(in crate::routes) fn known<'a>(list: &[(&'a str, &'a str)], value: &str) -> &'a str {
    list.iter().find(|(v, _)| *v == value).map_or("", |(v, _)| *v)
}

pub(in crate::routes) fn choices(list: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    list.iter().map(|(v, l)| Choice { value: (*v).into(), label: (*l).into(), current: *v == chosen }).collect()
}

/// A word of [`WHICH`] as the states it means.
pub(in crate::routes) fn states(which: &str) -> Which {
    match which {
        "" => Which::Waiting,
        "all" => Which::All,
        state => TicketState::parse(state).map_or(Which::Waiting, Which::In),
    }
}

/// The queue.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let which = known(&WHICH, query.get("state")?);
    let whose = known(&WHOSE, query.get("whose")?);
    let category = Category::parse(query.get("category")?);
    let about = category.map_or("", Category::as_str);
    let (beyond, before) = (place(query.get("after")?), place(query.get("before")?));
    let filter = QueueFilter {
        which: states(which),
        assigned: match whose {
            "mine" => Assigned::To(ctx.staff()?.admin_id),
            "nobody" => Assigned::Nobody,
            _ => Assigned::Any,
        },
        category,
        reseller_id: None,
        customer_id: None,
        beyond,
        before: if beyond.is_some() { None } else { before },
        limit: PAGE + 1,
    };
    let mut rows = ctx.state().services.db.read().await?.tickets().queue(&filter).await?;
    let kept = [("state", which), ("whose", whose), ("category", about)];
    let pager = pager(&mut rows, &filter, HERE, PAGE, &kept);
    let chip = |without: &str, label: String| {
        let rest: Vec<_> = kept.into_iter().filter(|(name, _)| *name != without).collect();
        Link { href: format!("{HERE}{}", urls::query(&rest)), label, current: false }
    };
    let mut chips = Vec::new();
    for (name, list, value) in [("state", &WHICH[..], which), ("whose", &WHOSE[..], whose)] {
        if let Some((_, label)) = list.iter().find(|(v, _)| *v == value && !v.is_empty()) {
            chips.push(chip(name, (*label).to_owned()));
        }
    }
    if let Some(category) = category {
        chips.push(chip("category", category.title().to_owned()));
    }
    let now = now_plain();
    let mut about_choices: Vec<(&str, &str)> = vec![("", "Anything")];
    about_choices.extend(Category::ALL.iter().map(|c| (c.as_str(), c.title())));
    ctx.ok(&Queue {
        page: ctx.page("Tickets", "admin").await,
        which: choices(&WHICH, which),
        whose: choices(&WHOSE, whose),
        categories: choices(&about_choices, about),
        chips,
        rows: rows.iter().map(|t| queue_row(t, now)).collect(),
        pager,
    })
}

fn queue_row(t: &Ticket, now: PlainDateTime) -> QueueRow {
    QueueRow {
        href: urls::admin_ticket(&t.uid.to_string()),
        subject: t.subject.clone(),
        short: t.short(),
        customer: t.customer_email.clone(),
        customer_href: urls::admin_customer(t.customer_id),
        badge: staff_badge(t.state),
        priority: urgency_badge(t.priority),
        category: t.category.title(),
        assigned: t.assigned_name.clone().unwrap_or_default(),
        moved: When::relative(t.moved_at, now),
    }
}

/// Takes the one row too many off, and makes the links along the list's order.
pub(in crate::routes) fn pager(
    rows: &mut Vec<Ticket>,
    filter: &QueueFilter,
    here: &str,
    page: u32,
    kept: &[(&str, &str)],
) -> Pager {
    let back = filter.before.is_some();
    let more = rows.len() > page as usize;
    if more && back {
        rows.remove(0);
    } else if more {
        rows.pop();
    }
    let link = |name: &str, row: Option<&Ticket>| {
        let place = row.map(|t| text(t.moved_at, t.id)).unwrap_or_default();
        let mut pairs = kept.to_vec();
        pairs.push((name, &place));
        format!("{here}{}", urls::query(&pairs))
    };
    let older = back || more;
    let newer = if back { more } else { filter.beyond.is_some() };
    Pager {
        text: format!("{} shown{}", rows.len(), if older { ", there are more" } else { "" }),
        newer: if newer { link("before", rows.first()) } else { String::new() },
        older: if older { link("after", rows.last()) } else { String::new() },
    }
}

/// A place in the address: microseconds since 1970 and the row.
fn text(at: PlainDateTime, id: u64) -> String {
    format!("{}-{id}", at.as_utc().unix_timestamp_nanos() / 1000)
}

pub(in crate::routes) fn place(text: &str) -> Option<Place> {
    let (at, id) = text.split_once('-')?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(at.parse::<i64>().ok()?.checked_mul(1000)?.into()).ok()?;
    // Years that the database can store.
    let plain = PlainDateTime::new(at.date(), at.time());
    (1970..=9999).contains(&plain.year()).then_some(Place { at: plain, id: id.parse().ok()? })
}

/// Any ticket, for staff.
///
/// # Errors
/// Not there.
async fn find(ctx: &Ctx, ticket: &str) -> Result<Ticket, WebError> {
    let uid = hosting::domain::Uid::parse(ticket).map_err(|_| WebError::NotFound)?;
    ctx.state().services.db.read().await?.tickets().find(&uid).await?.ok_or(WebError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_queue_comes_back_from_its_address() {
        let at = time::macros::datetime!(2026-11-21 10:00:00.123456);
        assert_eq!(place(&text(at, 77)), Some(Place { at, id: 77 }));
        for bad in ["", "7", "x-1", "1-x", "9223372036854775807-1", "-9-1"] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
