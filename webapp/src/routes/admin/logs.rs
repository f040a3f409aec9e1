//! `/admin/logs`: what web and worker processes log, by filters, with a live end. Newest last, older pages by number.

use super::super::Answer;
use super::keyset::Keyset;
use crate::error::WebError;
use crate::extract::{Ctx, Query, Who};
use crate::state::AppState;
use crate::urls;
use crate::views::admin::logs::ServiceLogs;
use crate::views::{Choice, Link, line_html};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use hosting::db::Queries;
use hosting::db::login_sessions::{SessionOwner, Visit};
use hosting::db::service_lines::{ServiceLine, ServiceLineFilter};
use hosting::domain::rights::{Capability, Reach, may};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use time::PlainDateTime;
use tokio::sync::mpsc;
use tokio::time::Instant;

const HERE: &str = "/admin/logs";
const PAGE: u32 = 200;
const LONGEST_FIND: usize = 100;
/// Lines in one event of the stream; what is more comes with the next look.
const BATCH: u32 = 200;
/// Two processes' lines may be committed a little out of the order of their numbers: so many are looked at again.
const LOOK_BACK: u32 = 300;
const LOOK: Duration = Duration::from_secs(1);
const PING: Duration = Duration::from_secs(15);
const RIGHTS: Duration = Duration::from_secs(10);
const BUFFER: usize = 32;

/// What the address asks for, as typed.
struct Wish {
    service: String,
    level: &'static str,
    find: String,
    correlation: String,
    from: String,
    to: String,
    filter: ServiceLineFilter,
    wrong_time: bool,
}

impl Wish {
    fn of(query: &Query) -> Result<Self, WebError> {
        let words = |name: &str, most: usize| -> Result<String, WebError> {
            Ok(query.get(name)?.trim().chars().filter(|c| !c.is_control()).take(most).collect())
        };
        let service = match query.get("service")? {
            known @ ("web" | "worker") => known.to_owned(),
            _ => String::new(),
        };
        let (level, least) = match query.get("level")? {
            "warn" => ("warn", 2),
            "error" => ("error", 3),
            _ => ("", 0),
        };
        let correlation: String =
            words("correlation", 64)?.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let (from, to, find) = (words("from", 16)?, words("to", 16)?, words("find", LONGEST_FIND)?);
        let (first, last) = (moment(&from), moment(&to));
        let wrong_time = first.is_none() && !from.is_empty() || last.is_none() && !to.is_empty();
        let filter = ServiceLineFilter {
            service: service.clone(),
            level: least,
            correlation: correlation.clone(),
            find: find.clone(),
            from: first,
            to: last,
            before: None,
            after: None,
        };
        Ok(Self { service, level, find, correlation, from, to, filter, wrong_time })
    }

    fn pairs(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("service", self.service.as_str()),
            ("level", self.level),
            ("find", &self.find),
            ("correlation", &self.correlation),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }
}

/// `2026-11-21` or `2026-11-21 09:00`, UTC.
#[must_use]
pub fn moment(text: &str) -> Option<PlainDateTime> {
    let full = if text.len() == 10 { format!("{text} 00:00") } else { text.replace('T', " ") };
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
    PlainDateTime::parse(&full, format).ok()
}

/// The page.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let wish = Wish::of(&query)?;
    let keyset = Keyset::of(&query);
    let mut filter = ServiceLineFilter { before: keyset.below, after: keyset.above, ..wish.filter.clone() };
    if wish.wrong_time {
        // Nothing rather than something else than was asked for.
        filter.after = Some(u64::MAX >> 1);
    }
    let mut rows = ctx.state().services.db.read().await?.service_lines().list(&filter, PAGE + 1).await?;
    if filter.after.is_some() {
        rows.reverse();
    }
    let pairs = wish.pairs();
    let pager = keyset.pager(&mut rows, PAGE, |r: &ServiceLine| r.id, HERE, &pairs);
    let newest = keyset.below.is_none() && keyset.above.is_none();
    let after = rows.first().map_or(0, |r| r.id);
    // Drawn as a log: the newest at the end.
    rows.reverse();
    let chips = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let rest: Vec<_> = pairs.iter().filter(|(n, _)| n != name).copied().collect();
            Link { href: format!("{HERE}{}", urls::query(&rest)), label: format!("{name}: {value}"), current: false }
        })
        .collect();
    let choices = |listed: &[(&str, &str)], current: &str| -> Vec<Choice> {
        listed
            .iter()
            .map(|(value, label)| Choice { value: (*value).into(), label: (*label).into(), current: *value == current })
            .collect()
    };
    let live = newest && !wish.wrong_time && wish.to.is_empty();
    ctx.ok(&ServiceLogs {
        page: ctx.page("Service logs", "admin").await,
        stream: if live { format!("{HERE}/stream{}", urls::query(&pairs)) } else { String::new() },
        after: after.to_string(),
        services: choices(&[("", "Web and workers"), ("web", "Web"), ("worker", "Workers")], &wish.service),
        levels: choices(&[("", "All levels"), ("warn", "Warnings and errors"), ("error", "Errors")], wish.level),
        chips,
        shown: match rows.len() {
            0 if !wish.find.is_empty() => {
                "Nothing like this in the newest 200,000 lines. Narrow the times to look further back.".into()
            }
            0 => "No line fits.".into(),
            n => format!("{n} lines, times in UTC"),
        },
        blocks_html: rows.chunks(line_html::BLOCK).map(line_html::service_lines).collect(),
        wrong_time: if wish.wrong_time {
            "Enter times like 2026-11-21 or 2026-11-21 09:00".into()
        } else {
            String::new()
        },
        find: wish.find.clone(),
        correlation: wish.correlation.clone(),
        from: wish.from.clone(),
        to: wish.to.clone(),
        pager,
    })
}

/// New lines as server-sent events.
pub async fn stream(ctx: Ctx, query: Query, request: HttpRequest) -> Answer {
    let wish = Wish::of(&query)?;
    let resumed = request.headers().get("last-event-id").and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let after = match resumed.or_else(|| query.number("after")) {
        Some(after) if after > 0 => after,
        _ => ctx.state().services.db.read().await?.service_lines().newest().await?,
    };
    let Who::Staff(staff) = ctx.who() else { return Err(WebError::SignedOut) };
    let seat = ctx.state().streams.sit(format!("s{}", staff.admin_id)).ok_or(WebError::TooMany(15))?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, actix_web::Error>>(BUFFER);
    let (state, session) = (ctx.state().clone(), ctx.session_hash());
    actix_web::rt::spawn(async move {
        let _seat = seat;
        // The reader left, or may not read any more.
        let _ = follow(&state, session, wish.filter, after, &sender).await;
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(tokio_stream::wrappers::ReceiverStream::new(receiver)))
}

type Sender = mpsc::Sender<Result<Bytes, actix_web::Error>>;

async fn follow(
    state: &AppState,
    session: Option<[u8; 32]>,
    filter: ServiceLineFilter,
    mut after: u64,
    sender: &Sender,
) -> Option<()> {
    let say = |text: String| sender.try_send(Ok(Bytes::from(text))).ok();
    say("retry: 2000\n\n".into())?;
    say(format!("event: state\ndata: {}\n\n", json!({ "word": "Live" })))?;
    let (first, mut sent) = (after, BTreeSet::new());
    let back = |newest: u64| newest.saturating_sub(u64::from(LOOK_BACK)).max(first);
    let mut look = tokio::time::interval(LOOK);
    let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
    let mut rights = tokio::time::interval_at(Instant::now() + RIGHTS, RIGHTS);
    loop {
        tokio::select! {
            () = state.stop.cancelled() => return None,
            () = sender.closed() => return None,
            _ = ping.tick() => say("event: ping\ndata: {}\n\n".into())?,
            _ = rights.tick() => if !may_still(state, session).await { return None },
            _ = look.tick() => {
                let wish = ServiceLineFilter { after: Some(back(after)), ..filter.clone() };
                // The database may be away for a moment: nothing is new then.
                let Ok(mut conn) = state.services.db.read().await else { continue };
                let Ok(mut lines) = conn.service_lines().list(&wish, BATCH + LOOK_BACK).await else { continue };
                drop(conn);
                lines.retain(|line| sent.insert(line.id));
                if let Some(last) = lines.last() {
                    after = after.max(last.id);
                    sent = sent.split_off(&back(after));
                    let body = json!({ "html": line_html::service_lines(&lines), "count": lines.len() });
                    say(format!("id: {after}\nevent: lines\ndata: {body}\n\n"))?;
                }
            }
        }
    }
}

async fn may_still(state: &AppState, session: Option<[u8; 32]>) -> bool {
    let Some(hash) = session else { return false };
    let Ok(mut conn) = state.services.db.read().await else { return false };
    matches!(
        conn.login_sessions().find(&hash, Visit::Background).await,
        Ok(Some(SessionOwner::Staff(s))) if may(s.role, Capability::ReadLogs, Reach::All) && !s.must_change_password
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_strictly() {
        assert_eq!(moment("2026-11-21").unwrap().to_string(), "2026-11-21 0:00:00.0");
        assert!(moment("2026-11-21 09:30").is_some() && moment("2026-11-21T09:30").is_some());
        for bad in ["", "today", "2026-13-01", "2026-11-21 25:00", "2026-11-21 09:30:10'"] {
            assert!(moment(bad).is_none(), "{bad}");
        }
    }
}
