//! `/api/v1/stores/{id}/log`: the last lines that a store wrote while it ran, and what came since.

use super::list::ok;
use super::stores::looked_after;
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::routes::{Answer, store_log};
use crate::store_log_stream::Last;
use crate::views::iso_nanoseconds;
use actix_web::web;
use hosting::domain::{LogFilter, LogSource, StoreLogLine as Row};
use serde::Serialize;
use utoipa::ToSchema;

/// Lines when nothing is said, and the most of one answer.
const USUAL: u32 = 200;
const MOST: u32 = hosting::store_logs::MOST_LINES;
const LONGEST_FIND: usize = 100;

/// A line that a program of the store wrote.
#[derive(Serialize, ToSchema)]
pub struct StoreLogLine {
    at: String,
    /// web, php, database
    source: &'static str,
    /// debug, info, warning, error
    level: &'static str,
    /// Without control characters; secrets are left out.
    text: String,
}

/// Lines of a store's log, oldest first.
#[derive(Serialize, ToSchema)]
pub struct StoreLog {
    lines: Vec<StoreLogLine>,
    /// Give it as `after` to read what came since.
    after: String,
    /// Why there are none, or why some may be missing; absent when all is well.
    #[serde(skip_serializing_if = "String::is_empty")]
    problem: String,
}

/// Read the log of a store
///
/// What its web server, PHP and its database wrote, as far as the server keeps it (10 MB each). Ask again with `after` to follow
/// it; every two seconds is often enough.
#[utoipa::path(get, path = "/api/v1/stores/{id}/log", tag = "stores", operation_id = "get_store_log",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"),
        ("source" = Option<String>, Query, description = "Only lines of web, php or database"),
        ("level" = Option<String>, Query, description = "Only lines of this level and worse: warning or error"),
        ("find" = Option<String>, Query, description = "Only lines with this in them, whatever the case", max_length = 100),
        ("after" = Option<String>, Query, description = "`after` of the answer before"),
        ("limit" = Option<u32>, Query, description = "The newest so many", minimum = 1, maximum = 1000)),
    responses((status = 200, body = StoreLog)))]
pub async fn get(ctx: Ctx, id: web::Path<String>, query: Query) -> Answer {
    let filter = filter(&query)?;
    let limit = match query.get("limit")? {
        "" => USUAL,
        text => text
            .parse()
            .ok()
            .filter(|n| (1..=MOST).contains(n))
            .ok_or_else(|| WebError::field("limit", format!("Give a whole number from 1 to {MOST}")))?,
    };
    let since = match query.get("after")? {
        "" => Last::default(),
        text => {
            Last::parse(text).ok_or_else(|| WebError::field("after", "Give `after` of the answer before, as it is"))?
        }
    };
    let store = looked_after(&ctx, &id).await?;
    if !store_log::has_log(&store) {
        return Err(WebError::Conflict("A store has a log from its first start until it is deleted.".into()));
    }
    let found = store_log::read(&ctx, &store, &filter, limit, since.oldest()).await?;
    let lines: Vec<Row> = found.lines.into_iter().filter(|l| since.is_before(l)).collect();
    let mut last = since;
    for line in &lines {
        last.note(line);
    }
    Ok(ok(&StoreLog { lines: lines.into_iter().map(show).collect(), after: last.text(), problem: found.problem }))
}

fn show(line: Row) -> StoreLogLine {
    StoreLogLine {
        at: iso_nanoseconds(line.at),
        source: line.source.as_str(),
        level: line.level.as_str(),
        text: line.text,
    }
}

fn filter(query: &Query) -> Result<LogFilter, WebError> {
    let source = match query.get("source")? {
        "" => None,
        text => Some(LogSource::parse(text).ok_or_else(|| WebError::field("source", "Give web, php or database"))?),
    };
    let level = match query.get("level")? {
        "" => 0,
        "warning" => 2,
        "error" => 3,
        _ => return Err(WebError::field("level", "Give warning or error")),
    };
    let find = query.get("find")?.trim();
    if find.chars().count() > LONGEST_FIND || find.chars().any(char::is_control) {
        return Err(WebError::field("find", format!("Give at most {LONGEST_FIND} characters, in one line")));
    }
    Ok(LogFilter { source, level, find: find.to_owned() })
}
