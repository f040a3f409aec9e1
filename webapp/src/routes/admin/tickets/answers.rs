//! `/admin/tickets/answers`: answers that staff keep for questions that come again.

use super::super::super::{Answer, need_key, refuse};
use super::super::job_action::first_use;
use crate::error::WebError;
use crate::extract::{Ctx, UploadForm};
use crate::views::tickets::{CannedAnswers, CannedRow};
use crate::views::{Field, When};
use actix_web::web;
use hosting::clock::now_plain;
use hosting::db::Queries;
use hosting::db::canned_answers::CannedAnswer;
use hosting::domain::Uid;
use hosting::services::{ServiceError, canned_answers};

const HERE: &str = "/admin/tickets/answers";

/// The list, and the form of a new one.
pub async fn get(ctx: Ctx) -> Answer {
    let view = list_view(&ctx).await?;
    ctx.ok(&view)
}

/// Keeps one.
pub async fn post(ctx: Ctx, form: UploadForm) -> Answer {
    let key = need_key(&form.fields)?;
    if !first_use(&ctx, &key, "canned_answer.create").await? {
        return Ok(ctx.see_other(HERE));
    }
    let (title, body) = (form.fields.get("title")?, form.fields.get("body")?);
    match canned_answers::keep(&ctx.state().services, &ctx.actor(), title, body).await {
        Ok(_) => {
            ctx.flash("canned_saved");
            Ok(ctx.see_other(HERE))
        }
        Err(error) => wrong(&ctx, list_view(&ctx).await?, (title, body), error),
    }
}

/// One of them.
pub async fn one(ctx: Ctx, answer: web::Path<String>) -> Answer {
    let found = find(&ctx, &answer).await?;
    let view = one_view(&ctx, &found).await;
    ctx.ok(&view)
}

/// Changes it.
pub async fn change(ctx: Ctx, answer: web::Path<String>, form: UploadForm) -> Answer {
    let key = need_key(&form.fields)?;
    let found = find(&ctx, &answer).await?;
    if !first_use(&ctx, &key, "canned_answer.change").await? {
        return Ok(ctx.see_other(HERE));
    }
    let (title, body) = (form.fields.get("title")?, form.fields.get("body")?);
    let version = form.fields.get("version")?.parse().unwrap_or(0);
    let uid = Uid::parse(&found.uid).map_err(|_| WebError::NotFound)?;
    match canned_answers::change(&ctx.state().services, &ctx.actor(), &uid, version, title, body).await {
        Ok(()) => {
            ctx.flash("canned_saved");
            Ok(ctx.see_other(HERE))
        }
        Err(error) => wrong(&ctx, one_view(&ctx, &found).await, (title, body), error),
    }
}

/// Deletes it.
pub async fn delete(ctx: Ctx, answer: web::Path<String>, form: crate::extract::Form) -> Answer {
    let key = need_key(&form)?;
    let found = find(&ctx, &answer).await?;
    let uid = Uid::parse(&found.uid).map_err(|_| WebError::NotFound)?;
    if first_use(&ctx, &key, "canned_answer.delete").await? {
        canned_answers::delete(&ctx.state().services, &ctx.actor(), &uid).await?;
        ctx.flash("canned_deleted");
    }
    Ok(ctx.see_other(HERE))
}

async fn find(ctx: &Ctx, answer: &str) -> Result<CannedAnswer, WebError> {
    let uid = Uid::parse(answer).map_err(|_| WebError::NotFound)?;
    ctx.state().services.db.read().await?.canned_answers().find(&uid).await?.ok_or(WebError::NotFound)
}

async fn list_view(ctx: &Ctx) -> Result<CannedAnswers, WebError> {
    let now = now_plain();
    let rows = ctx.state().services.db.read().await?.canned_answers().list().await?;
    Ok(CannedAnswers {
        page: ctx.page("Kept answers", "admin").await,
        rows: rows
            .into_iter()
            .map(|a| CannedRow {
                href: format!("{HERE}/{}", a.uid),
                start: a.body.chars().take(120).collect(),
                at: When::relative(a.updated_at, now),
                by: a.updated_by,
                title: a.title,
            })
            .collect(),
        action: HERE.into(),
        one: String::new(),
        title: Field::default(),
        body: Field::default(),
        version: 0,
        errors: Vec::new(),
        form_key: ctx.new_form_key(),
    })
}

async fn one_view(ctx: &Ctx, answer: &CannedAnswer) -> CannedAnswers {
    let here = format!("{HERE}/{}", answer.uid);
    CannedAnswers {
        page: ctx.page(answer.title.clone(), "admin").await,
        rows: Vec::new(),
        action: here.clone(),
        one: here,
        title: Field::of(answer.title.clone()),
        body: Field::of(answer.body.clone()),
        version: answer.version,
        errors: Vec::new(),
        form_key: ctx.new_form_key(),
    }
}

fn wrong(ctx: &Ctx, mut view: CannedAnswers, typed: (&str, &str), error: ServiceError) -> Answer {
    let ServiceError::Invalid(fields) = error else { return Err(error.into()) };
    view.page.has_errors = true;
    view.title = Field::of(typed.0.chars().take(200).collect::<String>());
    view.body = Field::of(typed.1.chars().take(30_000).collect::<String>());
    for (name, words) in &fields {
        let field = if *name == "title" { &mut view.title } else { &mut view.body };
        refuse(field, &mut view.errors, name, words);
    }
    ctx.unprocessable(&view)
}
