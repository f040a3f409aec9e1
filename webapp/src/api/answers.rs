//! `/api/v1/answers`: answers that staff keep for questions that come again.

use super::body::Body;
use super::list::{Listing, ok};
use super::{at, idempotency, renamed, uid};
use crate::error::WebError;
use crate::extract::Ctx;
use crate::routes::Answer;
use actix_web::{HttpRequest, web};
use hosting::db::Queries;
use hosting::db::canned_answers::CannedAnswer;
use hosting::services::canned_answers;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An answer that is kept.
#[derive(Serialize, ToSchema)]
pub struct KeptAnswer {
    id: String,
    /// What it is for.
    title: String,
    text: String,
    /// Grows with each change; send it along with the next one.
    version: u32,
    /// Who changed it last.
    changed_by: String,
    changed_at: String,
}

/// An answer to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// What it is for; no two have the same.
    #[schema(min_length = 1, max_length = 80)]
    title: String,
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
}

/// A change of one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerChange {
    /// The version that was read; when somebody changed it since, it is refused with 409.
    version: u32,
    #[schema(min_length = 1, max_length = 80)]
    title: String,
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
}

fn show(row: CannedAnswer) -> KeptAnswer {
    KeptAnswer {
        id: row.uid,
        title: row.title,
        text: row.body,
        version: row.version,
        changed_by: row.updated_by,
        changed_at: at(row.updated_at),
    }
}

/// List the answers that are kept
#[utoipa::path(get, path = "/api/v1/answers", tag = "answers", operation_id = "list_answers",
    responses((status = 200, body = Listing<KeptAnswer>)))]
pub async fn list(ctx: Ctx) -> Answer {
    let rows = ctx.state().services.db.read().await?.canned_answers().list().await?;
    Ok(ok(&Listing { items: rows.into_iter().map(show).collect(), next: None }))
}

async fn one(ctx: &Ctx, id: &hosting::domain::Uid) -> Result<KeptAnswer, WebError> {
    let row = ctx.state().services.db.read().await?.canned_answers().find(id).await?;
    row.map(show).ok_or(WebError::NotFound)
}

/// Keep an answer
#[utoipa::path(post, path = "/api/v1/answers", tag = "answers", operation_id = "keep_answer",
    request_body = NewAnswer, responses((status = 201, body = KeptAnswer)))]
pub async fn keep(ctx: Ctx, request: HttpRequest, body: Body<NewAnswer>) -> Answer {
    let asked = body.value;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let kept = canned_answers::keep(&ctx.state().services, &ctx.actor(), &asked.title, &asked.text).await;
        let id = kept.map_err(|e| renamed(e, "body", "text"))?;
        Ok((201, one(&ctx, &id).await?))
    })
    .await
}

/// Change an answer
#[utoipa::path(put, path = "/api/v1/answers/{id}", tag = "answers", operation_id = "change_answer",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    request_body = AnswerChange, responses((status = 200, body = KeptAnswer)))]
pub async fn change(ctx: Ctx, id: web::Path<String>, request: HttpRequest, body: Body<AnswerChange>) -> Answer {
    let id = uid(&id)?;
    one(&ctx, &id).await?;
    let asked = body.value;
    idempotency::once(&ctx, &request, &body.hash, || async {
        let services = &ctx.state().services;
        let changed =
            canned_answers::change(services, &ctx.actor(), &id, asked.version, &asked.title, &asked.text).await;
        changed.map_err(|e| renamed(e, "body", "text"))?;
        Ok((200, one(&ctx, &id).await?))
    })
    .await
}

/// Delete an answer
#[utoipa::path(delete, path = "/api/v1/answers/{id}", tag = "answers", operation_id = "delete_answer",
    params(("id" = String, Path, description = "Public id", pattern = "^[0-9A-HJKMNP-TV-Z]{26}$")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete(ctx: Ctx, id: web::Path<String>, request: HttpRequest) -> Answer {
    let id = uid(&id)?;
    idempotency::once_silent(&ctx, &request, || async {
        Ok(canned_answers::delete(&ctx.state().services, &ctx.actor(), &id).await?)
    })
    .await
}
