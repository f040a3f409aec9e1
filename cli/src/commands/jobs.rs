//! `shopfleet jobs list|show|follow|retry|cleanup|release|cancel`

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use hosting::db::Queries;
use hosting::db::jobs::{AttemptRow, JobFilter, JobRow, StepRow};
use hosting::domain::{Actor, JobState, Level, Line, Uid};
use hosting::jobs::title;
use hosting::progress::{Hub, Update};
use hosting::services::Services;
use hosting::services::cancel_job::cancel_job;
use hosting::services::dismiss_failed::dismiss_failed;
use hosting::services::retry_job::{Wish, retry_job};
use tokio_util::sync::CancellationToken;

use super::{maybe, moment, words};
use crate::access::Access;
use crate::args::Jobs;
use crate::output::{self, Format};
use crate::say;

/// How far back a short id (J-…) is looked for.
const SHORT_ID_DEPTH: u32 = 2000;
/// Lines read at once.
const PAGE: u32 = 1000;

/// Runs one verb; the exit code of `follow` tells how the job ended.
pub async fn run(access: &Access, verb: Jobs, format: Format) -> Result<ExitCode> {
    let services = access.services()?;
    let code = match verb {
        Jobs::List { state, kind, limit } => list(&services, state, kind, limit, format).await?,
        Jobs::Show { job } => show(&services, &find(&services, &job).await?, format).await?,
        Jobs::Follow { job, from } => {
            let redis_url = access.bootstrap()?.redis_url;
            follow(&services, Hub::start(redis_url, CancellationToken::new()), &job, from, format).await?
        }
        Jobs::Retry { jobs, start_over } => {
            let wish = if start_over { Wish::StartOver } else { Wish::Retry };
            for job in &jobs {
                order(&services, job, wish, "will be tried again", format).await?;
            }
            ExitCode::SUCCESS
        }
        Jobs::Cleanup { job } => {
            order(&services, &job, Wish::CleanUp, "takes back what it left behind", format).await?
        }
        Jobs::Release { job } => order(&services, &job, Wish::Release, "is free for another worker", format).await?,
        Jobs::Cancel { jobs } => {
            for job in &jobs {
                let uid = uid_of(&find(&services, job).await?)?;
                let over = cancel_job(&services, &Actor::operator(), &uid).await.map_err(words)?;
                done(
                    format,
                    &uid,
                    if over { "is cancelled" } else { "stops at its next step and undoes what it did" },
                )?;
            }
            ExitCode::SUCCESS
        }
        Jobs::Dismiss { newest } => {
            let uid = uid_of(&find(&services, &newest).await?)?;
            let count = dismiss_failed(&services, &Actor::operator(), &uid).await.map_err(words)?;
            match format {
                Format::Json => output::json(&serde_json::json!({ "dismissed": count }))?,
                Format::Table => say!("{count} failed jobs are off the list"),
            }
            ExitCode::SUCCESS
        }
    };
    services.db.close().await;
    Ok(code)
}

async fn order(services: &Services, job: &str, wish: Wish, what: &str, format: Format) -> Result<ExitCode> {
    let uid = uid_of(&find(services, job).await?)?;
    retry_job(services, &Actor::operator(), &uid, wish).await.map_err(words)?;
    done(format, &uid, what)
}

fn done(format: Format, uid: &Uid, what: &str) -> Result<ExitCode> {
    match format {
        Format::Json => output::json(&serde_json::json!({ "job": uid, "result": what }))?,
        Format::Table => say!("J-{} {what}", uid.short()),
    }
    Ok(ExitCode::SUCCESS)
}

fn uid_of(job: &JobRow) -> Result<Uid> {
    Uid::parse(&job.uid).map_err(|refused| anyhow::anyhow!(refused.0))
}

/// Finds a job by its full id or the short form people see (`J-` and the last six characters).
async fn find(services: &Services, text: &str) -> Result<JobRow> {
    let mut conn = services.db.read().await.context("cannot reach the database")?;
    let unknown = || format!("there is no job {text}; `shopfleet jobs list` shows the latest");
    if let Ok(uid) = Uid::parse(text) {
        return conn.jobs().find(&uid).await?.with_context(unknown);
    }
    let wanted = short_id(text).with_context(unknown)?;
    let filter = JobFilter { limit: SHORT_ID_DEPTH, ..JobFilter::default() };
    let mut found: Vec<JobRow> =
        conn.jobs().list(&filter).await?.into_iter().filter(|job| job.uid.ends_with(&wanted)).collect();
    match found.len() {
        0 => bail!(unknown()),
        1 => Ok(found.remove(0)),
        many => bail!(
            "{many} jobs end with {wanted}; use one of the full ids: {}",
            found.iter().map(|job| job.uid.as_str()).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// `J-ab12cd`, `j-AB12CD` or just the six characters.
fn short_id(text: &str) -> Option<String> {
    let upper = text.trim().to_ascii_uppercase();
    let short = upper.strip_prefix("J-").unwrap_or(&upper);
    (short.len() == 6 && short.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| short.to_owned())
}

async fn list(
    services: &Services,
    state: Option<String>,
    kind: Option<String>,
    limit: u32,
    format: Format,
) -> Result<ExitCode> {
    let state = state
        .map(|text| {
            let all: Vec<&str> = JobState::ALL.iter().map(|state| state.as_str()).collect();
            JobState::parse(&text)
                .with_context(|| format!("there is no job state {text}; choose one of {}", all.join(", ")))
        })
        .transpose()?;
    let filter = JobFilter { state, kind, limit: limit.clamp(1, 1000), ..JobFilter::default() };
    let jobs = services.db.read().await.context("cannot reach the database")?.jobs().list(&filter).await?;
    if format == Format::Json {
        output::json(&jobs.iter().map(as_json).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = jobs.iter().map(|job| {
        [
            format!("J-{}", short_of(&job.uid)),
            title(&job.kind).to_owned(),
            job.state.as_str().to_owned(),
            format!("{} %", job.progress),
            job.store_name.clone().unwrap_or_else(|| "–".to_owned()),
            job.server_name.clone().unwrap_or_else(|| "any".to_owned()),
            format!("{}/{}", job.attempt, job.max_attempts),
            moment(job.created_at),
            job.error_reason.clone(),
        ]
    });
    say!(
        "{}",
        output::table(["JOB", "WHAT", "STATE", "DONE", "STORE", "SERVER", "ATTEMPT", "CREATED", "REASON"], rows)
    );
    Ok(ExitCode::SUCCESS)
}

fn short_of(uid: &str) -> &str {
    uid.get(20..).unwrap_or(uid)
}

async fn show(services: &Services, job: &JobRow, format: Format) -> Result<ExitCode> {
    let mut conn = services.db.read().await?;
    let steps = conn.jobs().steps(job.id).await?;
    let attempts = conn.jobs().attempts(job.id).await?;
    if format == Format::Json {
        let mut value = as_json(job);
        value["steps"] = steps.iter().map(step_json).collect();
        value["attempts"] = attempts.iter().map(attempt_json).collect();
        output::json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (label, value) in [
        ("Job", format!("{} (J-{})", job.uid, short_of(&job.uid))),
        ("What", title(&job.kind).to_owned()),
        ("State", format!("{}, {} %", job.state.as_str(), job.progress)),
        ("Attempt", format!("{} of {}", job.attempt, job.max_attempts)),
        ("Store", job.store_name.clone().unwrap_or_else(|| "–".to_owned())),
        ("Server", job.server_name.clone().unwrap_or_else(|| "any".to_owned())),
        ("Asked by", job.requested_by.clone()),
        ("Created", moment(job.created_at)),
        ("Started", maybe(job.started_at)),
        ("Ended", maybe(job.finished_at)),
        ("Reason", job.error_reason.clone()),
        ("Detail", job.error_detail.clone().unwrap_or_default()),
    ] {
        if !value.is_empty() {
            say!("{label:<10} {}", output::clean(&value));
        }
    }
    say!("");
    let rows = steps.iter().map(|step| {
        let took = step.finished_at.map_or_else(
            || "–".to_owned(),
            |end| format!("{:.3} s", (end - step.started_at).as_seconds_f64().max(0.0)),
        );
        [step.attempt.to_string(), step.title.clone(), step.state.clone(), took]
    });
    say!("{}", output::table(["ATTEMPT", "STEP", "STATE", "TOOK"], rows));
    Ok(ExitCode::SUCCESS)
}

/// Prints the log as it grows, until the job is over; the exit code tells how it ended.
async fn follow(services: &Services, hub: Hub, job: &str, from: u64, format: Format) -> Result<ExitCode> {
    let found = find(services, job).await?;
    // Registered before reading, so that no line falls between.
    let mut watcher = hub.watch(found.id);
    let mut last = u32::try_from(from).unwrap_or(u32::MAX);
    loop {
        let now = {
            let mut conn = services.db.read().await.context("cannot reach the database")?;
            // The state first: a job that is over has written all its lines before.
            let now = conn.jobs().get(found.id).await?.context("the job's row is gone")?;
            loop {
                let lines = conn.progress().range(found.id, last.saturating_add(1), u32::MAX, PAGE).await?;
                for line in &lines {
                    print_line(line, format)?;
                    last = line.seq;
                }
                if lines.len() < PAGE as usize {
                    break;
                }
            }
            now
        };
        if now.state.is_over() {
            if format == Format::Table {
                say!("J-{} is {}{}", short_of(&now.uid), now.state.as_str(), reason(&now));
            }
            return Ok(if now.state == JobState::Finished { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        tokio::select! {
            update = watcher.next() => {
                if let Update::Lines(lines) = update {
                    // In order and without a gap they can be shown at once; anything else is read again.
                    for line in lines.iter() {
                        if line.seq == last.saturating_add(1) {
                            print_line(line, format)?;
                            last = line.seq;
                        }
                    }
                }
            }
            () = tokio::time::sleep(std::time::Duration::from_secs(2)) => {}
        }
    }
}

fn reason(job: &JobRow) -> String {
    if job.error_reason.is_empty() { String::new() } else { format!(": {}", output::clean(&job.error_reason)) }
}

fn print_line(line: &Line, format: Format) -> Result<()> {
    if format == Format::Json {
        return output::json(&serde_json::json!({
            "seq": line.seq, "attempt": line.attempt, "step": line.step, "level": line.level,
            "audience": line.audience, "at": line.at.to_string(), "text": line.text,
        }));
    }
    let mark = match line.level {
        Level::Error => "ERROR ",
        Level::Warning => "warning ",
        Level::Info | Level::Debug => "",
    };
    let at = line.at;
    let (hour, minute, second, milli) = (at.hour(), at.minute(), at.second(), at.millisecond());
    // When nobody reads any more, following ends.
    output::try_line(format_args!(
        "{hour:02}:{minute:02}:{second:02}.{milli:03} {:<12} {mark}{}",
        output::clean(&line.step),
        output::clean(&line.text)
    ))
}

fn as_json(job: &JobRow) -> serde_json::Value {
    serde_json::json!({
        "id": job.uid,
        "kind": job.kind,
        "title": title(&job.kind),
        "state": job.state,
        "phase": job.phase,
        "progress": job.progress,
        "current_step": job.current_step,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "store": job.store_uid,
        "store_name": job.store_name,
        "server": job.server_name,
        "customer": job.customer_email,
        "requested_by": job.requested_by,
        "error_code": job.error_code,
        "error_reason": job.error_reason,
        "error_detail": job.error_detail,
        "cleanup_pending": job.cleanup_pending,
        "created_at": moment(job.created_at),
        "started_at": job.started_at.map(moment),
        "finished_at": job.finished_at.map(moment),
    })
}

fn step_json(step: &StepRow) -> serde_json::Value {
    serde_json::json!({
        "attempt": step.attempt, "name": step.name, "title": step.title, "state": step.state,
        "output": step.output, "started_at": step.started_at.to_string(),
        "finished_at": step.finished_at.map(|at| at.to_string()),
    })
}

fn attempt_json(attempt: &AttemptRow) -> serde_json::Value {
    serde_json::json!({
        "attempt": attempt.attempt, "worker": attempt.worker, "state": attempt.state,
        "error_code": attempt.error_code, "error_reason": attempt.error_reason,
        "started_at": moment(attempt.started_at), "finished_at": attempt.finished_at.map(moment),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_id_is_read_as_people_type_it() {
        assert_eq!(short_id("J-ab12cd").as_deref(), Some("AB12CD"));
        assert_eq!(short_id(" j-AB12CD ").as_deref(), Some("AB12CD"));
        assert_eq!(short_id("AB12CD").as_deref(), Some("AB12CD"));
        for bad in ["", "J-", "J-ab12c", "J-ab12c%", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            assert_eq!(short_id(bad), None, "{bad}");
        }
    }
}
