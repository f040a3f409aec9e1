//! What a running job writes: steps, lines, ends. Many jobs' records go in one transaction.
//!
//! Every record carries the epoch of its claim. The batch locks the jobs' rows first and drops the
//! records whose epoch is no longer the row's ("fenced"): their writer has lost the job and stops.

use super::{Db, DbResult, Queries};
use crate::domain::Line;
use std::collections::{HashMap, HashSet};

/// One thing to write down.
#[derive(Debug, Clone)]
pub struct Record {
    /// Job.
    pub job_id: u64,
    /// Epoch of the writer's claim.
    pub epoch: u64,
    /// Attempt.
    pub attempt: u32,
    /// What happened.
    pub event: Event,
}

/// What happened to a job.
#[derive(Debug, Clone)]
pub enum Event {
    /// New lines, in order, continuing the job's numbering.
    Lines(Vec<Line>),
    /// A step's state changed.
    Step(StepEvent),
    /// The job starts taking back what it did; the reason stays for people.
    Undoing(Failure),
    /// The attempt is over, or pauses.
    End(End),
}

/// A step's new state.
#[derive(Debug, Clone)]
pub struct StepEvent {
    /// Name in code.
    pub name: &'static str,
    /// Order in the job.
    pub position: u16,
    /// Words for people.
    pub title: &'static str,
    /// started, finished, failed, undoing, undone
    pub state: &'static str,
    /// What it recorded (finished only).
    pub output: Option<serde_json::Value>,
    /// Job progress after this event, 0 to 100.
    pub progress: u8,
}

/// Why a job failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// Words for the owner.
    pub reason: String,
    /// Words for staff.
    pub detail: String,
}

/// How an attempt ends.
#[derive(Debug, Clone)]
pub enum End {
    /// Done.
    Finished,
    /// Given up after undoing; `left_over` when the undo could not remove everything.
    Failed { failure: Failure, left_over: bool },
    /// Stopped by a person, undone.
    Cancelled,
    /// A new automatic attempt after a pause.
    Retry { failure: Failure, delay_ms: u64, counts: bool },
    /// Back to the queue as it is: drain, or the server is unfit. Does not count as an attempt.
    HandBack { delay_ms: u64 },
}

/// What came of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Written; a person has asked to cancel the job (`cancel_requested`).
    Written { cancel_requested: bool },
    /// Somebody else holds the job, or it has ended: stop at once.
    Fenced,
}

/// Writes a batch in one transaction; answers one outcome per record, in order.
///
/// # Errors
/// Database trouble; then nothing of the batch is written (or, on a lost connection at commit, the
/// outcome is unknown: writing the same batch again is harmless).
pub async fn write(db: &Db, records: &[Record]) -> DbResult<Vec<Outcome>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    transact!(db, tx => write_in(&mut tx, records))
}

async fn write_in(tx: &mut super::Tx, records: &[Record]) -> DbResult<Vec<Outcome>> {
    let mut ids: Vec<u64> = records.iter().map(|r| r.job_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut query = sqlx::QueryBuilder::new(
        "SELECT id, epoch, (cancel_requested_at IS NOT NULL) FROM jobs WHERE state = 'started' AND id IN (",
    );
    push_ids(&mut query, ids.iter().copied());
    query.push(" ORDER BY id FOR UPDATE");
    let rows: Vec<(u64, u64, bool)> = query.build_query_as().fetch_all(tx.conn()).await?;
    let held: HashMap<u64, (u64, bool)> = rows.into_iter().map(|(id, epoch, cancel)| (id, (epoch, cancel))).collect();
    let outcomes: Vec<Outcome> = records
        .iter()
        .map(|r| match held.get(&r.job_id) {
            Some((epoch, cancel)) if *epoch == r.epoch => Outcome::Written { cancel_requested: *cancel },
            _ => Outcome::Fenced,
        })
        .collect();
    let valid = || records.iter().zip(&outcomes).filter(|(_, o)| **o != Outcome::Fenced).map(|(r, _)| r);
    insert_lines(tx, valid()).await?;
    write_steps(tx, valid()).await?;
    for record in valid() {
        if let Event::Undoing(failure) = &record.event {
            sqlx::query!(
                "UPDATE jobs SET phase = 'undo', error_code = ?, error_reason = ?, error_detail = ? WHERE id = ?",
                failure.code,
                failure.reason,
                failure.detail,
                record.job_id
            )
            .execute(tx.conn())
            .await?;
        }
    }
    write_ends(tx, valid()).await?;
    Ok(outcomes)
}

fn push_ids(query: &mut sqlx::QueryBuilder<sqlx::MySql>, ids: impl Iterator<Item = u64>) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    query.push(")");
}

async fn insert_lines<'a>(tx: &mut super::Tx, records: impl Iterator<Item = &'a Record>) -> DbResult<()> {
    let mut last: HashMap<u64, u32> = HashMap::new();
    let mut lines: Vec<(u64, &Line)> = Vec::new();
    for record in records {
        if let Event::Lines(new) = &record.event {
            for line in new {
                lines.push((record.job_id, line));
                last.insert(record.job_id, line.seq);
            }
        }
    }
    // About 8 KiB a line at most: 200 stay far below the packet limit.
    for chunk in lines.chunks(200) {
        let mut query = sqlx::QueryBuilder::new(
            "INSERT IGNORE INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) ",
        );
        query.push_values(chunk, |mut row, (job, line)| {
            row.push_bind(*job)
                .push_bind(line.seq)
                .push_bind(line.attempt)
                .push_bind(line.step.as_str())
                .push_bind(line.level.as_u8())
                .push_bind(line.audience as u8)
                .push_bind(line.at)
                .push_bind(line.text.as_str());
        });
        query.build().execute(tx.conn()).await?;
    }
    set_by_case(tx, "last_seq", &last.into_iter().collect::<Vec<_>>()).await
}

async fn write_steps<'a>(tx: &mut super::Tx, records: impl Iterator<Item = &'a Record>) -> DbResult<()> {
    // Within a batch the newest event of a step wins; its start time is kept by the upsert.
    let mut newest: Vec<(&Record, &StepEvent)> = Vec::new();
    for record in records {
        if let Event::Step(step) = &record.event {
            newest.push((record, step));
        }
    }
    if newest.is_empty() {
        return Ok(());
    }
    for chunk in newest.chunks(500) {
        let mut query = sqlx::QueryBuilder::new(
            "INSERT INTO job_steps (job_id, attempt, name, position, title, state, output, started_at, finished_at) ",
        );
        query.push_values(chunk, |mut row, (record, step)| {
            row.push_bind(record.job_id)
                .push_bind(record.attempt)
                .push_bind(step.name)
                .push_bind(step.position)
                .push_bind(step.title)
                .push_bind(step.state)
                .push_bind(step.output.as_ref().map(sqlx::types::Json));
            row.push("NOW(6)");
            row.push(if step.state == "started" || step.state == "undoing" { "NULL" } else { "NOW(6)" });
        });
        query.push(
            " ON DUPLICATE KEY UPDATE started_at = IF(VALUES(state) = 'started', VALUES(started_at), started_at), \
             state = VALUES(state), output = COALESCE(VALUES(output), output), finished_at = VALUES(finished_at)",
        );
        query.build().execute(tx.conn()).await?;
    }
    // The row of the job shows where it is: the last event of each job in this batch.
    let mut at: HashMap<u64, (&'static str, u8)> = HashMap::new();
    for (record, step) in &newest {
        at.insert(record.job_id, (step.name, step.progress));
    }
    let mut query = sqlx::QueryBuilder::new("UPDATE jobs SET progress = GREATEST(progress, CASE id");
    for (id, (_, progress)) in &at {
        query.push(" WHEN ").push_bind(*id).push(" THEN ").push_bind(*progress);
    }
    query.push(" ELSE progress END), current_step = CASE id");
    for (id, (name, _)) in &at {
        query.push(" WHEN ").push_bind(*id).push(" THEN ").push_bind(*name);
    }
    query.push(" ELSE current_step END WHERE id IN (");
    push_ids(&mut query, at.keys().copied());
    query.build().execute(tx.conn()).await?;
    Ok(())
}

async fn set_by_case(tx: &mut super::Tx, column: &'static str, values: &[(u64, u32)]) -> DbResult<()> {
    if values.is_empty() {
        return Ok(());
    }
    let mut query = sqlx::QueryBuilder::new("UPDATE jobs SET ");
    query.push(column).push(" = CASE id");
    for (id, value) in values {
        query.push(" WHEN ").push_bind(*id).push(" THEN ").push_bind(*value);
    }
    query.push(" ELSE ").push(column).push(" END WHERE id IN (");
    push_ids(&mut query, values.iter().map(|(id, _)| *id));
    query.build().execute(tx.conn()).await?;
    Ok(())
}

async fn write_ends<'a>(tx: &mut super::Tx, records: impl Iterator<Item = &'a Record>) -> DbResult<()> {
    let mut finished: Vec<u64> = Vec::new();
    let mut failed: Vec<u64> = Vec::new();
    let mut seen = HashSet::new();
    for record in records {
        let Event::End(end) = &record.event else { continue };
        if !seen.insert(record.job_id) {
            continue;
        }
        insert_attempt(tx, record, end).await?;
        match end {
            End::Finished => finished.push(record.job_id),
            End::Failed { failure, left_over } => {
                sqlx::query!(
                    "UPDATE jobs SET state = 'failed', finished_at = NOW(6), lease_until = NULL, error_code = ?, \
                     error_reason = ?, error_detail = ?, cleanup_pending = ? WHERE id = ?",
                    failure.code,
                    failure.reason,
                    failure.detail,
                    left_over,
                    record.job_id
                )
                .execute(tx.conn())
                .await?;
                failed.push(record.job_id);
            }
            End::Cancelled => {
                sqlx::query!(
                    "UPDATE jobs SET state = 'cancelled', finished_at = NOW(6), lease_until = NULL WHERE id = ?",
                    record.job_id
                )
                .execute(tx.conn())
                .await?;
            }
            End::Retry { failure, delay_ms, counts } => {
                sqlx::query!(
                    "UPDATE jobs SET state = 'retrying', attempt = attempt + ?, lease_owner = NULL, lease_until = NULL, \
                     run_at = NOW(6) + INTERVAL ? MICROSECOND, error_code = ?, error_reason = ?, error_detail = ? WHERE id = ?",
                    u32::from(*counts), delay_ms * 1000, failure.code, failure.reason, failure.detail, record.job_id
                )
                .execute(tx.conn())
                .await?;
            }
            End::HandBack { delay_ms } => {
                sqlx::query!(
                    "UPDATE jobs SET state = 'queued', lease_owner = NULL, lease_until = NULL, \
                     run_at = NOW(6) + INTERVAL ? MICROSECOND WHERE id = ?",
                    delay_ms * 1000,
                    record.job_id
                )
                .execute(tx.conn())
                .await?;
            }
        }
    }
    tx.webhook_events().jobs(&failed, "job.failed").await?;
    if !finished.is_empty() {
        let mut query = sqlx::QueryBuilder::new(
            "UPDATE jobs SET state = 'finished', progress = 100, finished_at = NOW(6), lease_until = NULL, \
             error_code = '', error_reason = '', error_detail = NULL, cleanup_pending = FALSE WHERE id IN (",
        );
        push_ids(&mut query, finished.iter().copied());
        query.build().execute(tx.conn()).await?;
        tx.webhook_events().jobs(&finished, "job.finished").await?;
    }
    Ok(())
}

/// Only attempts that did not simply succeed the first time leave a row of their own: the job's own
/// row says everything about a first, finished attempt, and most jobs have just that one.
async fn insert_attempt(tx: &mut super::Tx, record: &Record, end: &End) -> DbResult<()> {
    let (state, failure) = match end {
        End::Finished if record.attempt == 1 => return Ok(()),
        End::Finished => ("finished", Failure::default()),
        End::Failed { failure, .. } => ("failed", failure.clone()),
        End::Cancelled => ("cancelled", Failure::default()),
        End::Retry { failure, counts: true, .. } => ("retrying", failure.clone()),
        End::Retry { .. } | End::HandBack { .. } => return Ok(()),
    };
    sqlx::query!(
        "INSERT INTO job_attempts (job_id, attempt, worker, state, error_code, error_reason, started_at, finished_at) \
         SELECT id, ?, COALESCE(lease_owner, ''), ?, ?, ?, COALESCE(attempt_started_at, NOW(6)), NOW(6) FROM jobs WHERE id = ? \
         ON DUPLICATE KEY UPDATE state = VALUES(state), error_code = VALUES(error_code), \
         error_reason = VALUES(error_reason), finished_at = VALUES(finished_at)",
        record.attempt, state, failure.code, failure.reason, record.job_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
