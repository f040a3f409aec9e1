//! Lists as files, the same for pages and for programs: recorded first, then sent in parts as they are read.

use crate::extract::Ctx;
use crate::routes::Answer;
use crate::views::iso_time;
use crate::{csv, urls};
use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use hosting::db::audit::{EventFilter, EventRow};
use hosting::db::customers::{CustomerFilter, CustomerListRow};
use hosting::services::{audit_log, export_customers};
use serde::Deserialize;
use utoipa::ToSchema;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// RFC 4180, with a first line of names.
    Csv,
    /// A JSON document a line.
    Jsonl,
}

impl FileFormat {
    /// As stored, and as the end of a file's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    /// What a form sends; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Csv, Self::Jsonl].into_iter().find(|f| f.as_str() == text)
    }
}

const CUSTOMERS: [&str; 9] =
    ["number", "email", "signed_up", "store", "state", "platform", "server", "plan", "last_job"];
const EVENTS: [&str; 10] = ["number", "time", "who", "role", "action", "kind", "id", "address", "result", "details"];

/// The customers that a filter lets through.
///
/// # Errors
/// Database trouble; without the event in the audit log there is no file.
pub async fn customers(ctx: &Ctx, filter: CustomerFilter, format: FileFormat) -> Answer {
    let services = ctx.state().services.clone();
    export_customers::begin_export(&services, &ctx.actor(), &filter, format.as_str()).await?;
    let rows = stream::unfold(Some(None), move |below| {
        let (services, filter) = (services.clone(), filter.clone());
        async move {
            match export_customers::export_part(&services, &filter, below?).await {
                Ok(rows) if rows.is_empty() => None,
                Ok(rows) => {
                    let next = rows.last().map(|r| Some(r.id));
                    let text: String = rows.iter().map(|r| customer(r, format)).collect();
                    Some((Ok(Bytes::from(text)), next))
                }
                // A cut answer shows as a failed download, never as a whole list.
                Err(error) => Some((Err(std::io::Error::other(error.to_string())), None)),
            }
        }
    });
    Ok(file("customers", format, &CUSTOMERS, rows))
}

/// The events that a filter lets through, up to the one that records this export.
///
/// # Errors
/// As [`customers`].
pub async fn events(ctx: &Ctx, filter: EventFilter, format: FileFormat) -> Answer {
    let services = ctx.state().services.clone();
    let begin = audit_log::begin_export(&services, &ctx.actor(), &filter, format.as_str()).await?;
    let rows = stream::unfold(Some(begin), move |below| {
        let (services, filter) = (services.clone(), filter.clone());
        async move {
            match audit_log::export_part(&services, &filter, below?).await {
                Ok(rows) if rows.is_empty() => None,
                Ok(rows) => {
                    let next = rows.last().map(|r| r.number);
                    let text: String = rows.iter().map(|r| event(r, format)).collect();
                    Some((Ok(Bytes::from(text)), next))
                }
                Err(error) => Some((Err(std::io::Error::other(error.to_string())), None)),
            }
        }
    });
    Ok(file("audit", format, &EVENTS, rows))
}

fn file(
    name: &str,
    format: FileFormat,
    head: &[&str],
    rows: impl Stream<Item = Result<Bytes, std::io::Error>> + 'static,
) -> HttpResponse {
    let (mime, head) = match format {
        FileFormat::Csv => ("text/csv; charset=utf-8", Some(Ok(Bytes::from(csv::line(head.iter().copied()))))),
        FileFormat::Jsonl => ("application/x-ndjson", None),
    };
    let name = format!("attachment; filename=\"{name}.{}\"", format.as_str());
    HttpResponse::Ok()
        .insert_header(("content-type", mime))
        .insert_header(("content-disposition", name))
        .streaming(stream::iter(head).chain(rows))
}

fn customer(c: &CustomerListRow, format: FileFormat) -> String {
    let job = c.job_uid.as_deref().map(urls::short_job);
    if format == FileFormat::Jsonl {
        let value = serde_json::json!({
            "number": c.id, "email": c.email, "signed_up": iso_time(c.created_at), "store": c.store_name,
            "state": c.store_state, "platform": c.platform, "server": c.server_name, "plan": c.plan_name, "last_job": job,
        });
        return format!("{value}\n");
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    csv::line([
        c.id.to_string().as_str(),
        &c.email,
        &iso_time(c.created_at),
        &text(&c.store_name),
        &text(&c.store_state),
        &text(&c.platform),
        &text(&c.server_name),
        &text(&c.plan_name),
        &job.unwrap_or_default(),
    ])
}

fn event(e: &EventRow, format: FileFormat) -> String {
    if format == FileFormat::Jsonl {
        let value = serde_json::json!({
            "number": e.number, "time": iso_time(e.at), "who": e.actor_name, "role": e.role, "action": e.action,
            "kind": e.target_kind, "id": e.target_id, "address": e.address, "result": e.outcome, "details": e.details,
        });
        return format!("{value}\n");
    }
    csv::line([
        e.number.to_string().as_str(),
        &iso_time(e.at),
        &e.actor_name,
        &e.role,
        &e.action,
        &e.target_kind,
        &e.target_id,
        &e.address,
        &e.outcome,
        &e.details.to_string(),
    ])
}
