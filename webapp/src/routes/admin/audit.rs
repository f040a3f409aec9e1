//! `/admin/audit`: who did what. Super admins verify the chain and take it out.

use super::super::{Answer, need_key};
use super::job_action::first_use;
use super::keyset::Keyset;
use crate::error::WebError;
use crate::export::{self, FileFormat};
use crate::extract::{Ctx, Form, Query};
use crate::urls;
use crate::views::admin::audit::{Audit, Event, Filter, Verified};
use crate::views::{Badge, Choice, Link, When};
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::audit::{EventFilter, EventRow};
use hosting::domain::rights::{Capability, Reach, may};
use hosting::services::audit_log::verify_audit;
use time::{Date, Month, PlainDateTime, Time};

const PAGE: u32 = 50;
const HERE: &str = "/admin/audit";

/// The list.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let mut asked = Asked::of(|name| query.get(name))?;
    let keyset = Keyset::of(&query);
    let mut conn = ctx.state().services.db.read().await?;
    let filter = EventFilter { before: keyset.below, after: keyset.above, limit: PAGE + 1, ..asked.filter()? };
    let mut rows = conn.audit().search(&filter).await?;
    let actions = conn.audit().actions().await?;
    let last = EventFilter { action: Some("audit.verify".into()), limit: 1, ..EventFilter::default() };
    let last = conn.audit().search(&last).await?.into_iter().next();
    drop(conn);
    let pager = keyset.pager(&mut rows, PAGE, |r| r.number, HERE, &asked.pairs());
    let chips = asked.chips();
    let mut choices =
        vec![Choice { value: String::new(), label: "Any action".into(), current: asked.action.is_empty() }];
    choices.extend(actions.into_iter().map(|a| Choice { current: a == asked.action, label: a.clone(), value: a }));
    let now = now_plain();
    ctx.ok(&Audit {
        page: ctx.page("Audit", "admin").await,
        rows: rows.into_iter().map(event).collect(),
        pager,
        verified: last.map(|e| verified(&e, now)),
        may_keep: may(ctx.staff()?.role, Capability::ExportAudit, Reach::All),
        form_key: ctx.new_form_key(),
        filter: Filter {
            who: std::mem::take(&mut asked.who),
            action: std::mem::take(&mut asked.action),
            actions: choices,
            object: std::mem::take(&mut asked.object),
            wrong_day: if asked.days().is_err() { WRONG_DAY } else { "" },
            from: std::mem::take(&mut asked.from),
            until: std::mem::take(&mut asked.until),
            chips,
        },
    })
}

/// Walks the chain; the page shows what came of it.
pub async fn verify(ctx: Ctx, form: Form) -> Answer {
    let key = need_key(&form)?;
    if first_use(&ctx, &key, "audit.verify").await? {
        let _ = verify_audit(&ctx.state().services, &ctx.actor()).await?;
    }
    Ok(ctx.see_other(HERE))
}

/// Everything the filter lets through as a file. It takes no one-use key: doing it twice makes two files.
pub async fn export(ctx: Ctx, form: Form) -> Answer {
    let asked = Asked::of(|name| form.get(name))?;
    let format = FileFormat::parse(form.get("format")?);
    let format = format.ok_or_else(|| WebError::Unreadable("Choose CSV or JSONL.".into()))?;
    let filter = asked.days().map_err(|()| WebError::Unreadable(WRONG_DAY.into())).and_then(|_| asked.filter())?;
    export::events(&ctx, filter, format).await
}

const WRONG_DAY: &str = "Enter days like 2026-11-21.";

/// The filter as it stands in the address.
struct Asked {
    who: String,
    action: String,
    object: String,
    from: String,
    until: String,
}

impl Asked {
    fn of<'a>(get: impl Fn(&str) -> Result<&'a str, WebError>) -> Result<Self, WebError> {
        let text = |name: &str| get(name).map(|v| v.trim().chars().take(254).collect::<String>());
        Ok(Self {
            who: text("who")?,
            action: text("action")?,
            object: text("object")?,
            from: text("from")?,
            until: text("until")?,
        })
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        vec![
            ("who", &self.who),
            ("action", &self.action),
            ("object", &self.object),
            ("from", &self.from),
            ("until", &self.until),
        ]
    }

    fn chips(&self) -> Vec<Link> {
        let all = self.pairs();
        all.iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| {
                let rest: Vec<_> = all.iter().filter(|(n, _)| n != name).copied().collect();
                let label = match *name {
                    "who" => format!("Who: {value}"),
                    "object" => format!("Object: {value}"),
                    "from" => format!("From {value}"),
                    "until" => format!("Until {value}"),
                    _ => (*value).to_owned(),
                };
                Link { href: format!("{HERE}{}", urls::query(&rest)), label, current: false }
            })
            .collect()
    }

    /// First moment, and the first one after the last day.
    fn days(&self) -> Result<(Option<PlainDateTime>, Option<PlainDateTime>), ()> {
        let from = if self.from.is_empty() { None } else { Some(day(&self.from).ok_or(())?) };
        let until =
            if self.until.is_empty() { None } else { Some(day(&self.until).and_then(Date::next_day).ok_or(())?) };
        let midnight = |d| PlainDateTime::new(d, Time::MIDNIGHT);
        Ok((from.map(midnight), until.map(midnight)))
    }

    fn filter(&self) -> Result<EventFilter, WebError> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (from, until) = self.days().unwrap_or_default();
        // "store 01J…" or only the id.
        let (kind, id) = match self.object.split_once(' ') {
            Some((kind, id)) => (given(kind), given(id.trim())),
            None => (None, given(&self.object)),
        };
        // What is not ASCII was never recorded as an id or as an action.
        if !self.object.is_ascii() || !self.action.is_ascii() {
            return Ok(EventFilter { action: Some("-".into()), ..EventFilter::default() });
        }
        Ok(EventFilter {
            actor: given(&self.who),
            action: given(&self.action),
            target_kind: kind,
            target_id: id,
            from,
            until,
            ..EventFilter::default()
        })
    }
}

fn day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    if y.len() != 4 {
        return None;
    }
    Date::from_calendar_date(y.parse().ok()?, Month::try_from(m.parse::<u8>().ok()?).ok()?, d.parse().ok()?).ok()
}

fn event(e: EventRow) -> Event {
    let object_href = match e.target_kind.as_str() {
        "customer" => e.target_id.parse().map(urls::admin_customer).unwrap_or_default(),
        "job" => urls::admin_job(&e.target_id),
        "store" => format!("/admin/search{}", urls::query(&[("q", &e.target_id)])),
        _ => String::new(),
    };
    Event {
        number: e.number,
        at: When::exact(e.at),
        role: e.role.replace('_', " "),
        // The end of a public id tells things apart; the whole one is in the export.
        object: match e.target_id.get(20..) {
            Some(end) if e.target_id.len() == 26 => format!("{} …{end}", e.target_kind),
            _ => format!("{} {}", e.target_kind, e.target_id),
        },
        object_href,
        badge: match e.outcome.as_str() {
            "done" => Badge::new("good", "Done"),
            "refused" => Badge::new("warning", "Refused"),
            _ => Badge::new("bad", "Failed"),
        },
        change: change_words(&e.details),
        who: e.actor_name,
        action: e.action,
        address: e.address,
    }
}

/// "before → after", then the other facts.
fn change_words(details: &serde_json::Value) -> String {
    let word = |v: &serde_json::Value| {
        let text = v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        if text.is_empty() { "empty".to_owned() } else { text.chars().take(200).collect() }
    };
    let Some(facts) = details.as_object() else { return String::new() };
    let mut words = Vec::new();
    let change = facts.get("before").zip(facts.get("after"));
    if let Some((before, after)) = change {
        words.push(format!("{} → {}", word(before), word(after)));
    }
    words.extend(
        facts
            .iter()
            .filter(|(k, v)| !v.is_null() && (change.is_none() || !matches!(k.as_str(), "before" | "after" | "value")))
            .map(|(k, v)| format!("{}: {}", k.replace('_', " "), word(v))),
    );
    words.join(" · ")
}

fn verified(e: &EventRow, now: PlainDateTime) -> Verified {
    let events = e.details.get("events").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let whole = e.details.get("whole").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let text = if whole {
        format!("The chain is whole: {events} events, checked by {}.", e.actor_name)
    } else {
        let why = e.details.get("why").and_then(serde_json::Value::as_str).unwrap_or("an event does not hold");
        let at = e.details.get("broken_at").and_then(serde_json::Value::as_u64).unwrap_or(0);
        format!("The chain does not hold at event {at}: {why}. Checked by {}.", e.actor_name)
    };
    Verified { whole, text, at: When::relative(e.at, now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_as_before_and_after() {
        let words = |v| change_words(&v);
        assert_eq!(words(serde_json::json!({ "before": "25", "after": "587", "value": "587" })), "25 → 587");
        assert_eq!(
            words(serde_json::json!({ "before": "", "after": "x", "reason": "why" })),
            "empty → x · reason: why"
        );
        assert_eq!(words(serde_json::json!({ "jobs": 3, "none": null })), "jobs: 3");
        assert_eq!(day("2026-11-21").map(Date::day), Some(21));
        for bad in ["", "2026-11", "26-11-21", "2026-13-01", "2026-02-30", "x-y-z"] {
            assert_eq!(day(bad), None, "{bad}");
        }
    }
}
