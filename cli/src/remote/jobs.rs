//! `shopfleet jobs …`

use std::process::ExitCode;

use anyhow::{Result, bail};
use shopfleet_client::types::{Bulk, BulkAction, BulkDone, Dismissal, Job, ListJobsQuery, Nothing, Retrial};

use super::{Remote, facts, first, moment, page};
use crate::args::Jobs;
use crate::output::{self, Format};
use crate::say;

/// How far back a short id (J-…) is looked for.
const SHORT_ID_DEPTH: u32 = 2000;

/// Runs one verb; the exit code of `follow` tells how the job ended.
pub async fn run(remote: &Remote, verb: Jobs) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Jobs::List { state, kind, limit } => {
            let query = ListJobsQuery { state, kind, limit: page(limit), ..ListJobsQuery::default() };
            let jobs = first(limit, client.list_jobs_all(query)).await?;
            remote.list(&jobs, ["JOB", "WHAT", "STATE", "DONE", "SERVER", "ATTEMPT", "CREATED", "REASON"], |job| {
                [
                    format!("J-{}", short(&job.id)),
                    job.title.clone(),
                    job.state.clone(),
                    format!("{} %", job.progress),
                    job.server.clone().unwrap_or_else(|| "–".into()),
                    format!("{}/{}", job.attempt, job.max_attempts),
                    moment(Some(&job.created_at)),
                    job.error.as_ref().map(|e| e.reason.clone()).unwrap_or_default(),
                ]
            })
        }
        Jobs::Show { job } => {
            let found = client.get_job(find(remote, &job).await?).await?;
            remote.answer(&found, |found| {
                let job = &found.base;
                facts(&[
                    ("Job", format!("{} (J-{})", job.id, short(&job.id))),
                    ("What", job.title.clone()),
                    ("State", format!("{}, {} %", job.state, job.progress)),
                    ("Attempt", format!("{} of {}", job.attempt, job.max_attempts)),
                    ("Store", job.store.clone().unwrap_or_default()),
                    ("Server", job.server.clone().unwrap_or_default()),
                    ("Worker", job.worker.clone().unwrap_or_default()),
                    ("Asked by", job.requested_by.clone()),
                    ("Created", moment(Some(&job.created_at))),
                    ("Started", moment(job.started_at.as_deref())),
                    ("Ended", moment(job.finished_at.as_deref())),
                    ("Reason", job.error.as_ref().map(|e| e.reason.clone()).unwrap_or_default()),
                    ("Detail", job.error.as_ref().and_then(|e| e.detail.clone()).unwrap_or_default()),
                ]);
                let rows = found.steps.iter().map(|step| {
                    let took =
                        step.took_ms.map_or_else(|| "–".into(), |ms| format!("{}.{:03} s", ms / 1000, ms % 1000));
                    [step.position.to_string(), step.title.clone(), step.state.clone(), took]
                });
                say!("\n{}", output::table(["", "STEP", "STATE", "TOOK"], rows));
            })
        }
        Jobs::Follow { job, from } => {
            let id = find(remote, &job).await?;
            super::follow::follow(remote, &id, u32::try_from(from).unwrap_or(u32::MAX)).await
        }
        Jobs::Retry { jobs, start_over: true } => {
            let [job] = jobs.as_slice() else { bail!("start one job over at a time") };
            let body = Retrial { start_over: Some(true) };
            let job = client.retry_job(find(remote, job).await?, &body).await?;
            said(remote, &job, "starts over")
        }
        Jobs::Retry { jobs, .. } => bulk(remote, BulkAction::Retry, &jobs, "will be tried again").await,
        Jobs::Cancel { jobs } => bulk(remote, BulkAction::Cancel, &jobs, "stops").await,
        Jobs::Cleanup { job } => {
            let job = client.clean_up_job(find(remote, &job).await?, &Nothing {}).await?;
            said(remote, &job, "takes back what it left behind")
        }
        Jobs::Release { job } => {
            let job = client.release_job(find(remote, &job).await?, &Nothing {}).await?;
            said(remote, &job, "is free for another worker")
        }
        Jobs::Dismiss { newest } => {
            let newest = find(remote, &newest).await?;
            let done = client.dismiss_failed_jobs(&Dismissal { newest }).await?;
            remote.answer(&done, |done| say!("{} failed jobs are off the list", done.dismissed))
        }
    }
}

async fn bulk(remote: &Remote, action: BulkAction, jobs: &[String], words: &str) -> Result<ExitCode> {
    let mut ids = Vec::new();
    for job in jobs {
        ids.push(find(remote, job).await?);
    }
    // One job: the operation of its own, which owners may use too.
    let done = match (ids.as_slice(), action) {
        ([one], BulkAction::Retry) => only(remote.client.retry_job(one, &Retrial::default()).await?),
        ([one], BulkAction::Cancel) => only(remote.client.cancel_job(one, &Nothing {}).await?),
        _ => remote.client.bulk_jobs(&Bulk { action, jobs: ids }).await?,
    };
    match remote.format {
        Format::Json => output::json(&done)?,
        Format::Table => {
            for id in &done.done {
                say!("J-{} {words}", short(id));
            }
            for left in &done.left {
                say!("J-{} stays as it is: {}", short(&left.job), output::clean(&left.reason));
            }
        }
    }
    Ok(if done.left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn only(job: Job) -> BulkDone {
    BulkDone { done: vec![job.id], left: Vec::new() }
}

fn said(remote: &Remote, job: &Job, words: &str) -> Result<ExitCode> {
    remote.answer(job, |job| say!("J-{} {words}", short(&job.id)))
}

/// The last six characters, as people see it.
pub fn short(id: &str) -> &str {
    id.get(20..).unwrap_or(id)
}

/// A full id, or the newest job whose short id this is.
pub async fn find(remote: &Remote, text: &str) -> Result<String> {
    let upper = text.trim().to_ascii_uppercase();
    if upper.len() == 26 {
        return Ok(upper);
    }
    let wanted = upper.strip_prefix("J-").unwrap_or(&upper);
    if wanted.len() != 6 {
        bail!("{text} is no job; `shopfleet jobs list` shows the latest");
    }
    let query = ListJobsQuery { limit: page(200), ..ListJobsQuery::default() };
    let all = first(SHORT_ID_DEPTH, remote.client.list_jobs_all(query)).await?;
    let mut found = all.into_iter().map(|job| job.id).filter(|id| id.ends_with(wanted));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => bail!("there is no job {text} among the latest {SHORT_ID_DEPTH}; give the full id"),
        (Some(_), Some(_)) => bail!("several jobs end with {wanted}; give the full id"),
    }
}
