//! `/api/v1/audit`: the tamper-evident record, for staff; super admins verify it.

use super::body::Body;
use super::jobs::Nothing;
use super::list::{Cursor, Listing, ok};
use super::{at, idempotency};
use crate::error::WebError;
use crate::export::{self, FileFormat};
use crate::extract::{Ctx, Query};
use crate::routes::Answer;
use actix_web::HttpRequest;
use hosting::db::Queries;
use hosting::db::audit::EventFilter;
use hosting::services::audit_log::verify_audit;
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PlainDateTime, UtcOffset};
use utoipa::ToSchema;

/// One event.
#[derive(Serialize, ToSchema)]
pub struct Event {
    /// 1, 2, 3 … without gaps.
    number: u64,
    at: String,
    actor: String,
    role: String,
    address: String,
    /// noun.verb
    action: String,
    target_kind: String,
    target_id: String,
    /// done, refused, failed
    outcome: String,
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

/// What came of checking the chain.
#[derive(Serialize, ToSchema)]
pub struct Verification {
    /// Every event stands where and as it was written.
    whole: bool,
    /// How many events were checked, up to the first that does not hold.
    events: u64,
    /// Number and reason of the first that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<String>,
}

/// Which events, and how they are written. All filters together; names and ids exactly.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditExport {
    format: FileFormat,
    /// Only by this person.
    #[serde(default)]
    #[schema(max_length = 254)]
    actor: String,
    /// Only this action, noun.verb
    #[serde(default)]
    #[schema(max_length = 254)]
    action: String,
    /// Only about this kind of thing; needs `target_id`.
    #[serde(default)]
    #[schema(max_length = 254)]
    target_kind: String,
    /// Only about the thing with this id.
    #[serde(default)]
    #[schema(max_length = 254)]
    target_id: String,
    /// Not before this moment or day (RFC 3339).
    #[serde(default)]
    from: String,
    /// Before this moment or day (RFC 3339).
    #[serde(default)]
    until: String,
}

/// A moment like 2026-11-21T16:20:00Z, or the beginning of a day like 2026-11-21.
fn moment(name: &'static str, text: &str) -> Result<Option<PlainDateTime>, WebError> {
    if text.is_empty() {
        return Ok(None);
    }
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let read = OffsetDateTime::parse(&whole, &Rfc3339).ok().filter(|at| (1970..=2999).contains(&at.year()));
    let at = read.ok_or_else(|| WebError::field(name, "Give a moment like 2026-11-21T16:20:00Z or a day"))?;
    let at = at.to_offset(UtcOffset::UTC);
    Ok(Some(PlainDateTime::new(at.date(), at.time())))
}

fn text(name: &'static str, text: &str) -> Result<Option<String>, WebError> {
    let text = text.trim();
    if text.chars().count() > 254 {
        return Err(WebError::field(name, "Give at most 254 characters"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Reads a filter of texts by name; `None` lets nothing through.
fn filter<'a>(get: impl Fn(&str) -> Result<&'a str, WebError>) -> Result<Option<EventFilter>, WebError> {
    let text = |name| text(name, get(name)?);
    let moment = |name| moment(name, get(name)?);
    let filter = EventFilter {
        actor: text("actor")?,
        action: text("action")?,
        target_kind: text("target_kind")?,
        target_id: text("target_id")?,
        from: moment("from")?,
        until: moment("until")?,
        ..EventFilter::default()
    };
    if filter.target_kind.is_some() && filter.target_id.is_none() {
        return Err(WebError::field("target_id", "Give the id along with the kind"));
    }
    // What is not ASCII was never recorded as an id, a kind or an action.
    let odd = [&filter.action, &filter.target_kind, &filter.target_id].into_iter().flatten().any(|t| !t.is_ascii());
    Ok((!odd).then_some(filter))
}

/// List audit events
///
/// Newest first. All filters together; names and ids exactly.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "list_audit_events",
    params(("actor" = Option<String>, Query, description = "Only by this person", max_length = 254),
        ("action" = Option<String>, Query, description = "Only this action, noun.verb", max_length = 254),
        ("target_kind" = Option<String>, Query, description = "Only about this kind of thing; needs target_id", max_length = 254),
        ("target_id" = Option<String>, Query, description = "Only about the thing with this id", max_length = 254),
        ("from" = Option<String>, Query, description = "Not before this moment or day (RFC 3339)"),
        ("until" = Option<String>, Query, description = "Before this moment or day (RFC 3339)"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Rows of a page", minimum = 1, maximum = 200)),
    responses((status = 200, body = Listing<Event>)))]
pub async fn list(ctx: Ctx, query: Query) -> Answer {
    let cursor = Cursor::of(&query)?;
    let rows = match filter(|name| query.get(name))? {
        Some(filter) => {
            let filter = EventFilter { before: cursor.before, limit: cursor.fetch(), ..filter };
            ctx.state().services.db.read().await?.audit().search(&filter).await?
        }
        None => Vec::new(),
    };
    Ok(ok(&cursor.page(
        rows,
        |r| r.number,
        |r| Event {
            number: r.number,
            at: at(r.at),
            actor: r.actor_name.clone(),
            role: r.role.clone(),
            address: r.address.clone(),
            action: r.action.clone(),
            target_kind: r.target_kind.clone(),
            target_id: r.target_id.clone(),
            outcome: r.outcome.clone(),
            details: r.details.clone(),
        },
    )))
}

/// Verify the audit chain
///
/// Walks the whole chain; what came of it is an event itself.
#[utoipa::path(post, path = "/api/v1/audit/verification", tag = "audit", operation_id = "verify_audit",
    request_body = Nothing, responses((status = 200, body = Verification)))]
pub async fn verify(ctx: Ctx, request: HttpRequest, body: Body<Nothing>) -> Answer {
    idempotency::once(&ctx, &request, &body.hash, || async {
        let verification = match verify_audit(&ctx.state().services, &ctx.actor()).await? {
            Ok(events) => Verification { whole: true, events, broken: None },
            Err(b) => Verification {
                whole: false,
                events: b.number.saturating_sub(1),
                broken: Some(format!("event {}: {}", b.number, b.why)),
            },
        };
        Ok((200, verification))
    })
    .await
}

/// Take audit events out
///
/// As a file, newest first; that it was taken is an event itself. Sent while it is read: an answer that breaks off is not
/// the whole file.
#[utoipa::path(post, path = "/api/v1/audit/export", tag = "audit", operation_id = "export_audit",
    request_body = AuditExport,
    responses((status = 200, description = "The file", content((String = "text/csv"), (String = "application/x-ndjson")))))]
pub async fn export(ctx: Ctx, body: Body<AuditExport>) -> Answer {
    let asked = body.value;
    let filter = filter(|name| {
        Ok(match name {
            "actor" => asked.actor.as_str(),
            "action" => &asked.action,
            "target_kind" => &asked.target_kind,
            "target_id" => &asked.target_id,
            "from" => &asked.from,
            _ => &asked.until,
        })
    })?;
    // A name that nothing has.
    let filter = filter.unwrap_or_else(|| EventFilter { action: Some("-".into()), ..EventFilter::default() });
    export::events(&ctx, filter, asked.format).await
}
