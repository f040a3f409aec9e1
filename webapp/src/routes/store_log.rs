//! A store's run-time log as owners and staff share it: the filter in the address, the last lines, the stream. The
//! caller has looked the store up within the caller's scope.

use super::Answer;
use crate::error::WebError;
use crate::extract::{Ctx, Query, Who};
use crate::rate_limit::STORE_LOG;
use crate::store_log_stream::{self, Place};
use crate::urls;
use crate::views::store_log::StoreLog;
use crate::views::{Choice, line_html};
use actix_web::{HttpRequest, HttpResponse};
use hosting::db::stores::Store;
use hosting::domain::{LogFilter, LogSource, StoreLogLine, StoreState};
use hosting::store_logs::{self, Answer as Lines, NoAnswer};

/// What may be asked for at once.
const COUNTS: [u32; 4] = [100, 200, 500, 1000];
const COUNT: u32 = 200;
const LONGEST_FIND: usize = 100;

/// What the address asks for.
pub struct Wish {
    filter: LogFilter,
    lines: u32,
}

/// Reads the filter. Words that are not on the lists ask for everything.
///
/// # Errors
/// A parameter named twice.
pub fn wish(query: &Query) -> Result<Wish, WebError> {
    let find: String = query.get("find")?.trim().chars().filter(|c| !c.is_control()).take(LONGEST_FIND).collect();
    let level = match query.get("level")? {
        "warn" => 2,
        "error" => 3,
        _ => 0,
    };
    let lines = query.number::<u32>("lines").filter(|n| COUNTS.contains(n)).unwrap_or(COUNT);
    Ok(Wish { filter: LogFilter { source: LogSource::parse(query.get("source")?), level, find }, lines })
}

/// Whether a store has a log: its containers are there.
#[must_use]
pub fn has_log(store: &Store) -> bool {
    store.server_id.is_some() && matches!(store.state, StoreState::Active | StoreState::Suspended)
}

/// Lines, and why there are none or some may be missing.
pub struct Found {
    /// In order of time.
    pub lines: Vec<StoreLogLine>,
    /// Words for people; empty when all is well.
    pub problem: String,
}

/// Asks a store's server for the newest lines that came after a moment (Unix nanoseconds, 0: any).
///
/// # Errors
/// 429 when somebody asks without end.
pub async fn read(ctx: &Ctx, store: &Store, filter: &LogFilter, lines: u32, after: i64) -> Result<Found, WebError> {
    if let Err(wait) = ctx.state().limits.take(STORE_LOG, &person(ctx)).await {
        return Err(WebError::TooMany(wait));
    }
    let server = store.server_id.ok_or(WebError::NotFound)?;
    let (answer, away) =
        match store_logs::read(&ctx.state().services.queue, server, store.id, filter, lines, after).await {
            Ok(answer) => (answer, String::new()),
            Err(error) => (Lines::default(), no_answer(&error)),
        };
    let partial = "Looking through the whole log took too long: these are the lines found so far. Search for something rarer, or without a filter.";
    let problem = match (away.is_empty(), answer.problem.is_empty(), answer.partial) {
        (false, ..) => away,
        (_, false, _) => answer.problem,
        (.., true) => partial.into(),
        _ => String::new(),
    };
    Ok(Found { lines: answer.lines.into_iter().map(StoreLogLine::from).collect(), problem })
}

/// The log of a store that has one.
///
/// # Errors
/// 429 when somebody reloads without end.
pub async fn part(ctx: &Ctx, store: &Store, here: &str, login: &str, query: &Query) -> Result<StoreLog, WebError> {
    let wish = wish(query)?;
    let Found { lines, problem } = read(ctx, store, &wish.filter, wish.lines, 0).await?;
    let filtered = !wish.filter.takes_all();
    let shown = match (lines.len(), filtered) {
        (0, true) => "No line of the kept log fits.".to_owned(),
        (0, false) if problem.is_empty() => "Nothing was written yet.".to_owned(),
        (0, false) => String::new(),
        (1, _) => "1 line".to_owned(),
        (n, _) => format!("The last {n} lines"),
    };
    let again = format!("{here}{}", filter_query(&wish));
    let live = store.state == StoreState::Active;
    Ok(StoreLog {
        here: here.to_owned(),
        stream: if live { format!("{here}/stream{}", filter_query(&wish)) } else { String::new() },
        again,
        after: store_log_stream::newest(&lines),
        login: login.to_owned(),
        sources: choices(
            LogSource::ALL.into_iter().map(|s| (s.as_str(), s.title())),
            "Everything",
            wish.filter.source.map_or("", LogSource::as_str),
        ),
        levels: choices(
            [("warn", "Warnings and errors"), ("error", "Errors")].into_iter(),
            "All levels",
            level_word(wish.filter.level),
        ),
        counts: COUNTS
            .into_iter()
            .map(|n| Choice { value: n.to_string(), label: format!("{n} lines"), current: n == wish.lines })
            .collect(),
        find: wish.filter.find.clone(),
        filtered,
        blocks_html: lines.chunks(line_html::BLOCK).map(line_html::store_lines).collect(),
        shown,
        problem,
        refresh: live,
    })
}

/// New lines as server-sent events.
///
/// # Errors
/// 429 with too many open.
pub fn stream(ctx: &Ctx, store: &Store, query: &Query, request: &HttpRequest) -> Answer {
    let wish = wish(query)?;
    let Some(server) = store.server_id.filter(|_| store.state == StoreState::Active) else {
        // It does not run: there is nothing to follow, and no reason to ask again.
        return Ok(HttpResponse::NoContent().finish());
    };
    let resumed = request.headers().get("last-event-id").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let after = if resumed.is_empty() { query.get("after")? } else { resumed };
    store_log_stream::open(ctx, Place { server, store: store.id }, wish.filter, after)
}

fn person(ctx: &Ctx) -> String {
    match ctx.who() {
        Who::Customer(c) => format!("c{}", c.customer_id),
        Who::Staff(s) => format!("s{}", s.admin_id),
        Who::Visitor => "visitor".into(),
    }
}

fn no_answer(error: &NoAnswer) -> String {
    match error {
        NoAnswer::Nobody => "The server of this store does not answer right now, so its log cannot be shown. The shop itself may well be running. Reload in a minute.",
        NoAnswer::Late => "The server of this store is busy and did not send its log in time. Reload in a moment.",
        NoAnswer::Queue(_) => "The log cannot be fetched right now. Nothing is lost: it is kept on the server. Reload in a minute.",
    }
    .into()
}

fn level_word(level: u8) -> &'static str {
    match level {
        0 | 1 => "",
        2 => "warn",
        _ => "error",
    }
}

fn filter_query(wish: &Wish) -> String {
    let lines = if wish.lines == COUNT { String::new() } else { wish.lines.to_string() };
    urls::query(&[
        ("source", wish.filter.source.map_or("", LogSource::as_str)),
        ("level", level_word(wish.filter.level)),
        ("find", &wish.filter.find),
        ("lines", &lines),
    ])
}

fn choices<'a>(listed: impl Iterator<Item = (&'a str, &'a str)>, all: &'a str, current: &str) -> Vec<Choice> {
    std::iter::once(("", all))
        .chain(listed)
        .map(|(value, label)| Choice { value: value.into(), label: label.into(), current: value == current })
        .collect()
}
