//! `/api/v1/system/attention`: what needs a person, as the overview of the panel shows it.

use super::list::{Listing, ok};
use crate::extract::Ctx;
use crate::routes::Answer;
use crate::routes::admin::overview;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that needs a person.
#[derive(Serialize, ToSchema)]
pub struct Attention {
    /// server_silent, server_unfit, server_full, pool_nearly_full, mail_not_sent, job_silent, job_failed, job_waiting,
    /// ticket_unanswered
    kind: &'static str,
    /// bad, warning, waiting
    severity: &'static str,
    /// What.
    title: String,
    /// Why.
    detail: String,
    /// Where in the panel to act.
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

/// List what needs a person
///
/// The worst first; at most ten failed and ten waiting jobs.
#[utoipa::path(get, path = "/api/v1/system/attention", tag = "system", operation_id = "list_attention",
    responses((status = 200, body = Listing<Attention>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let facts = ctx.state().overview().await?;
    let servers = ctx.state().servers().await?;
    let items = overview::attention(&facts, &servers)
        .into_iter()
        .map(|a| Attention {
            kind: a.kind,
            severity: match a.badge.tone {
                "bad" => "bad",
                "warning" => "warning",
                _ => "waiting",
            },
            title: a.title,
            detail: a.detail,
            path: a.href,
            since: a.since.map(|when| when.iso),
        })
        .collect();
    Ok(ok(&Listing { items, next: None }))
}
