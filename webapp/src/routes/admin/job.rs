//! `/admin/jobs/{job}`: one job with the live log in full.

use super::super::{Answer, log_routes};
use super::{failure, job_badge, times};
use crate::error::WebError;
use crate::extract::{Ctx, Query};
use crate::job_view::{self, LogWish, Picture, plain_line};
use crate::stream::Reader;
use crate::urls;
use crate::views::admin::{Action, Job, JobFacts, Moment};
use crate::views::{Labelled, When};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use hosting::db::Queries;
use hosting::db::jobs::JobRow;
use hosting::domain::{JobState, Level, Line, Uid};

/// A job by its public id.
///
/// # Errors
/// 404.
pub async fn find_job(ctx: &Ctx, job: &str) -> Result<(JobRow, Uid), WebError> {
    let uid = Uid::parse(job).map_err(|_| WebError::NotFound)?;
    let found = ctx.state().services.db.read().await?.jobs().find(&uid).await?;
    found.map(|j| (j, uid)).ok_or(WebError::NotFound)
}

/// What the address asks of the log.
///
/// # Errors
/// A parameter given twice.
pub fn wish(query: &Query) -> Result<LogWish, WebError> {
    let line = query.get("line")?.split('-').next().and_then(|n| n.parse().ok());
    let level = match query.get("level")? {
        "warn" => "warn",
        "error" => "error",
        _ => "",
    };
    Ok(LogWish {
        attempt: query.number("attempt").unwrap_or(0),
        line,
        upto: query.number("upto"),
        find: query.get("find")?.trim().chars().take(200).collect(),
        level: level.into(),
        still: query.get("live")? == "0",
    })
}

/// The page.
pub async fn get(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let (job, _) = find_job(&ctx, &path).await?;
    let db = &ctx.state().services.db;
    let picture = Picture::load(db, job).await?;
    let job = &picture.job;
    let base = urls::admin_job(&job.uid);
    let log = job_view::log_part(db, &picture, &wish(&query)?, &base, &base).await?;
    let mut conn = db.read().await?;
    let tail = conn.progress().tail(job.id, 5).await?;
    let first_error = conn.progress().first_at_level(job.id, job.attempt, Level::Error).await?.map(|l| l.seq);
    drop(conn);
    let may_act = ctx.staff()?.role.may_operate();
    let (waited, ran) = times(job);
    let badge = job_badge(job);
    let mut actions = Vec::new();
    let page_of = |verb: &str, label: &str, class| Action {
        href: format!("{base}/{verb}"),
        label: label.into(),
        busy: String::new(),
        class,
        value: String::new(),
    };
    if may_act {
        match job.state {
            JobState::Queued | JobState::Retrying => {
                actions.push(page_of("retry", "Start now", ""));
                actions.push(page_of("cancel", "Cancel job", "danger"));
            }
            JobState::Started => actions.push(page_of("cancel", "Cancel job", "danger")),
            JobState::Cancelled => actions.push(page_of("retry", "Retry job", "main")),
            JobState::Failed | JobState::Finished => {}
        }
    }
    let moment = |label, at: Option<time::PlainDateTime>, note: String| Moment { label, at: at.map(When::exact), note };
    let mut timeline = vec![
        moment("Queued", Some(job.created_at), String::new()),
        moment("Started", job.started_at, format!("waited {waited}")),
    ];
    if job.attempt > 1 {
        timeline.push(moment("This attempt", job.attempt_started_at, String::new()));
    }
    if let Some(at) = job.cancel_requested_at {
        timeline.push(moment("Stop asked for", Some(at), String::new()));
    }
    timeline.push(moment(
        "Ended",
        job.finished_at,
        if job.finished_at.is_some() { format!("ran {ran}") } else { String::new() },
    ));
    let inputs = job
        .args
        .as_object()
        .map(|o| {
            o.iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| {
                    Labelled::new(k.replace('_', " "), v.as_str().map_or_else(|| v.to_string(), str::to_owned))
                })
                .collect()
        })
        .unwrap_or_default();
    ctx.ok(&Job {
        page: ctx.page(format!("{} – {} – Jobs", badge.word, urls::short_job(&job.uid)), "admin").await,
        job: JobFacts {
            id: job.uid.clone(),
            href: base.clone(),
            short: urls::short_job(&job.uid),
            kind: hosting::jobs::title(&job.kind).into(),
            badge,
            quiet: picture.quiet_words(),
            waiting: picture.waiting_words(),
            actions,
            customer: job.customer_email.clone().unwrap_or_default(),
            customer_href: job.customer_id.map(urls::admin_customer).unwrap_or_default(),
            store: job.store_name.clone().unwrap_or_else(|| "–".into()),
            server: job.server_name.clone().unwrap_or_else(|| "any".into()),
            worker: job.lease_owner.clone().unwrap_or_else(|| "–".into()),
            attempt: format!("{} of {}", job.attempt, job.max_attempts.max(job.attempt)),
            requested_by: job.requested_by.clone(),
            correlation: job.correlation_id.clone(),
        },
        may_act,
        form_key: ctx.new_form_key(),
        failure: failure(&picture, &tail, first_error, &base, may_act),
        attempts: picture.attempt_links(if log.attempt == 0 { job.attempt } else { log.attempt }),
        log,
        timeline,
        inputs,
    })
}

/// `…/state`
pub async fn state(ctx: Ctx, path: web::Path<String>) -> Answer {
    let (job, _) = find_job(&ctx, &path).await?;
    log_routes::state(&ctx, Reader::Staff, job).await
}

/// `…/log`
pub async fn lines(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let (job, _) = find_job(&ctx, &path).await?;
    log_routes::lines(&ctx, Reader::Staff, job, &query).await
}

/// `…/log/stream`
pub async fn stream(ctx: Ctx, path: web::Path<String>, query: Query, request: HttpRequest) -> Answer {
    let (job, _) = find_job(&ctx, &path).await?;
    log_routes::stream(&ctx, Reader::Staff, job, &query, &request).await
}

/// `…/log/find?q=&before=`: matches in lines the page has not loaded.
pub async fn find(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let (job, _) = find_job(&ctx, &path).await?;
    let q: String = query.get("q")?.chars().take(200).collect();
    let before = query.number::<u32>("before").unwrap_or(u32::MAX);
    let attempt = query.number::<u32>("attempt").unwrap_or(job.attempt);
    let found = if q.is_empty() {
        Vec::new()
    } else {
        ctx.state().services.db.read().await?.progress().search(job.id, &q, 2000).await?
    };
    let found: Vec<u32> = found.into_iter().filter(|l| l.seq < before && l.attempt == attempt).map(|l| l.seq).collect();
    Ok(HttpResponse::Ok()
        .json(serde_json::json!({ "count": found.len(), "last": found.last(), "first": found.first() })))
}

/// `…/log.txt[?raw=1][&attempt=N]`: the whole log as text, also while running.
pub async fn text(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    let raw = query.get("raw")? == "1";
    download(&ctx, &path, &query, "txt", "text/plain; charset=utf-8", move |l| plain_line(l, raw)).await
}

/// `…/log.jsonl`
pub async fn jsonl(ctx: Ctx, path: web::Path<String>, query: Query) -> Answer {
    download(&ctx, &path, &query, "jsonl", "application/x-ndjson", |l| {
        format!(
            "{}\n",
            serde_json::json!({ "seq": l.seq, "attempt": l.attempt, "step": l.step, "level": l.level, "time": crate::views::iso_time(l.at), "text": l.text })
        )
    })
    .await
}

/// Reads a thousand rows at a time, so that a long log takes no memory.
async fn download(
    ctx: &Ctx,
    path: &str,
    query: &Query,
    ext: &str,
    mime: &'static str,
    draw: impl Fn(&Line) -> String + 'static,
) -> Answer {
    let (job, _) = find_job(ctx, path).await?;
    let only = query.number::<u32>("attempt");
    let db = ctx.state().services.db.clone();
    let name = format!("{}.{ext}", urls::short_job(&job.uid));
    let draw = std::rc::Rc::new(draw);
    let parts = stream::unfold(Some(1u32), move |from| {
        let (db, draw) = (db.clone(), draw.clone());
        async move {
            let from = from?;
            let read = async { db.read().await?.progress().range(job.id, from, u32::MAX, 1000).await };
            let lines = match read.await {
                Ok(lines) if lines.is_empty() => return None,
                Ok(lines) => lines,
                // A cut answer shows as a failed download, never as a whole log.
                Err(error) => return Some((Err(std::io::Error::other(error.to_string())), None)),
            };
            let next = lines.last().map(|l| l.seq + 1);
            let text: String = lines.iter().filter(|l| only.is_none_or(|a| l.attempt == a)).map(|l| draw(l)).collect();
            Some((Ok(Bytes::from(text)), next))
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header(("content-type", mime))
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .streaming(parts))
}
