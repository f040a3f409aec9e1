//! `/reseller/events`: what was done to and by a reseller's customers. Staff have no names here, and what staff write
//! down for themselves is not shown.

use super::super::Answer;
use super::super::admin::keyset::Keyset;
use super::{customers, find, own};
use crate::extract::{Ctx, Query};
use crate::urls;
use crate::views::reseller::{EventRow, Events};
use crate::views::{Badge, When};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::reseller_events::{OwnEvent, OwnEventFilter};
use hosting::domain::Role;
use time::PlainDateTime;

const HERE: &str = "/reseller/events";
const PAGE: u32 = 50;

/// The page about one customer.
#[must_use]
pub fn place(customer_id: u64) -> String {
    format!("{HERE}{}", urls::query(&[("customer", &customer_id.to_string())]))
}

/// Who did something, as a reseller may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The reseller.
    You,
    /// The customer it is about.
    Customer,
    /// Another owner of stores.
    AnotherCustomer,
    /// Nobody who was signed in.
    Somebody,
    /// The product itself.
    System,
    /// Staff.
    Support,
}

/// Who did it; `me` is the reseller who reads.
#[must_use]
pub fn by(event: &OwnEvent, me: u64) -> By {
    match Role::parse(&event.role) {
        Some(Role::Customer | Role::Reseller) if event.actor_id == Some(me) => By::You,
        Some(Role::Customer | Role::Reseller) if event.actor_id == Some(event.customer_id) => By::Customer,
        Some(Role::Customer | Role::Reseller) => By::AnotherCustomer,
        Some(Role::Visitor) => By::Somebody,
        Some(Role::System) => By::System,
        _ => By::Support,
    }
}

/// From where, when it was the reseller or the customer; else empty.
#[must_use]
pub fn from(event: &OwnEvent, by: By) -> &str {
    if matches!(by, By::You | By::Customer | By::Somebody) { &event.address } else { "" }
}

/// The list.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let (me, _) = own(&ctx).await?;
    let only = match query.get("customer")? {
        "" => None,
        id => Some(find(&ctx, id).await?),
    };
    let keyset = Keyset::of(&query);
    let filter = OwnEventFilter {
        customer_id: only.as_ref().map(|c| c.id),
        before: keyset.below,
        after: keyset.above,
        limit: PAGE + 1,
    };
    let mut rows = ctx.state().services.db.read().await?.resellers().events(me.customer_id, &filter).await?;
    let customer = only.as_ref().map(|c| c.id.to_string()).unwrap_or_default();
    let pager = keyset.pager(&mut rows, PAGE, |e| e.number, HERE, &[("customer", &customer)]);
    let now = now_plain();
    ctx.ok(&Events {
        page: ctx.page("What happened", "reseller").await,
        rows: rows.iter().map(|e| row(e, me.customer_id, now)).collect(),
        pager,
        chip: only.map(|c| c.email).unwrap_or_default(),
    })
}

fn row(event: &OwnEvent, me: u64, now: PlainDateTime) -> EventRow {
    let by = by(event, me);
    EventRow {
        at: When::relative(event.at, now),
        who: match by {
            By::You => "You".into(),
            By::Customer => event.customer_email.clone(),
            By::AnotherCustomer => "Another customer".into(),
            By::Somebody => "Somebody".into(),
            By::System => "The system".into(),
            By::Support => "Support".into(),
        },
        what: words(&event.action),
        customer: event.customer_email.clone(),
        customer_href: customers::place(event.customer_id),
        address: from(event, by).to_owned(),
        badge: match event.outcome.as_str() {
            "done" => Badge::new("good", "Done"),
            "refused" => Badge::new("warning", "Refused"),
            _ => Badge::new("bad", "Failed"),
        },
    }
}

/// `store.change_plan` as "Store: change plan".
fn words(action: &str) -> String {
    let (noun, verb) = action.split_once('.').unwrap_or(("", action));
    let noun = noun.replace('_', " ");
    let mut letters = noun.chars();
    let noun: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    format!("{noun}: {}", verb.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(role: &str, actor_id: Option<u64>) -> OwnEvent {
        OwnEvent {
            number: 1,
            at: now_plain(),
            role: role.into(),
            actor_id,
            address: "192.0.2.7".into(),
            action: "store.change_plan".into(),
            target_kind: "store".into(),
            target_id: "S".into(),
            outcome: "done".into(),
            customer_id: 3,
            customer_email: "eva@example.com".into(),
        }
    }

    #[test]
    fn staff_and_strangers_have_no_names_and_no_addresses() {
        for (role, id, who, address) in [
            ("reseller", Some(1), "You", "192.0.2.7"),
            ("customer", Some(3), "eva@example.com", "192.0.2.7"),
            ("customer", Some(4), "Another customer", ""),
            // The number of a staff member may be the same as a customer's.
            ("support", Some(1), "Support", ""),
            ("admin", Some(3), "Support", ""),
            ("super_admin", Some(3), "Support", ""),
            ("operator", None, "Support", ""),
            ("system", None, "The system", ""),
            ("visitor", None, "Somebody", "192.0.2.7"),
            ("unheard of", Some(1), "Support", ""),
        ] {
            let row = row(&event(role, id), 1, now_plain());
            assert_eq!((row.who.as_str(), row.address.as_str()), (who, address), "{role} {id:?}");
        }
        assert_eq!(words("store.change_plan"), "Store: change plan");
        assert_eq!(words("odd"), ": odd");
    }
}
