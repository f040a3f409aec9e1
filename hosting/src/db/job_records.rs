//! What a running job writes: steps, lines, ends. Many jobs' records go in one transaction.
//!
//! Every record carries the epoch of its claim. The batch locks the jobs' rows first and drops the
//! records whose epoch is no longer the row's ("fenced"): their writer has lost the job and stops.

use super::{Db, DbResult, Queries};
use crate::domain::Line;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

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
    super::push_ids(&mut query, &ids);
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
    write_jobs(tx, valid()).await?;
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

async fn insert_lines<'a>(tx: &mut super::Tx, records: impl Iterator<Item = &'a Record>) -> DbResult<()> {
    let lines: Vec<(u64, &Line)> = records
        .filter_map(|r| if let Event::Lines(lines) = &r.event { Some((r.job_id, lines)) } else { None })
        .flat_map(|(job, lines)| lines.iter().map(move |line| (job, line)))
        .collect();
    // About 8 KiB a line at most: 128 stay far below the packet limit.
    for chunk in super::even_chunks(&lines, 128) {
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
    Ok(())
}

/// A step as the batch leaves it. Output is text in text: the table function reads scalars only.
#[derive(Serialize)]
struct StepRow {
    job: u64,
    attempt: u32,
    name: &'static str,
    position: u16,
    title: &'static str,
    state: &'static str,
    output: Option<String>,
    begun: bool,
    ended: bool,
}

/// One statement for all steps of the batch, of one constant text: it is prepared once, whatever the batch's size.
async fn write_steps<'a>(tx: &mut super::Tx, records: impl Iterator<Item = &'a Record>) -> DbResult<()> {
    let mut rows: Vec<StepRow> = Vec::new();
    let mut at: HashMap<(u64, u32, &'static str), usize> = HashMap::new();
    for record in records {
        let Event::Step(step) = &record.event else { continue };
        let index = *at.entry((record.job_id, record.attempt, step.name)).or_insert(rows.len());
        if index == rows.len() {
            rows.push(StepRow {
                job: record.job_id,
                attempt: record.attempt,
                name: step.name,
                position: step.position,
                title: step.title,
                state: step.state,
                output: None,
                begun: false,
                ended: false,
            });
        }
        let row = &mut rows[index];
        row.state = step.state;
        row.begun |= step.state == "started";
        row.ended = step.state != "started" && step.state != "undoing";
        if let Some(output) = &step.output {
            row.output = Some(output.to_string());
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO job_steps (job_id, attempt, name, position, title, state, output, started_at, finished_at) \
         SELECT v.job, v.attempt, v.name, v.position, v.title, v.state, v.output, NOW(6), IF(v.ended, NOW(6), NULL) \
         FROM JSON_TABLE(?, '$[*]' COLUMNS(job BIGINT UNSIGNED PATH '$.job', attempt INT UNSIGNED PATH '$.attempt', \
         name VARCHAR(40) CHARACTER SET ascii PATH '$.name', position SMALLINT UNSIGNED PATH '$.position', \
         title VARCHAR(120) PATH '$.title', state VARCHAR(12) CHARACTER SET ascii PATH '$.state', \
         output LONGTEXT PATH '$.output', begun BOOLEAN PATH '$.begun', ended BOOLEAN PATH '$.ended')) AS v \
         ON DUPLICATE KEY UPDATE started_at = IF(v.begun, VALUES(started_at), job_steps.started_at), \
         state = VALUES(state), output = COALESCE(VALUES(output), job_steps.output), finished_at = VALUES(finished_at)",
        json_rows(&rows)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the batch changes on a job's own row.
#[derive(Serialize, Default)]
struct JobRow {
    id: u64,
    seq: Option<u32>,
    step: Option<&'static str>,
    progress: Option<u8>,
    finished: bool,
}

/// Numbering, place and success of all jobs of the batch in one statement: each row and its indexes are written once.
async fn write_jobs<'a>(tx: &mut super::Tx, records: impl Iterator<Item = &'a Record>) -> DbResult<()> {
    let mut rows: BTreeMap<u64, JobRow> = BTreeMap::new();
    for record in records {
        let row = match &record.event {
            Event::Lines(lines) if !lines.is_empty() => rows.entry(record.job_id).or_default(),
            Event::Step(_) | Event::End(End::Finished) => rows.entry(record.job_id).or_default(),
            _ => continue,
        };
        row.id = record.job_id;
        match &record.event {
            Event::Lines(lines) => row.seq = lines.last().map(|l| l.seq).or(row.seq),
            Event::Step(step) => (row.step, row.progress) = (Some(step.name), Some(step.progress)),
            _ => row.finished = true,
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<JobRow> = rows.into_values().collect();
    sqlx::query!(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS(id BIGINT UNSIGNED PATH '$.id', seq INT UNSIGNED PATH '$.seq', \
         step VARCHAR(40) CHARACTER SET ascii PATH '$.step', progress TINYINT UNSIGNED PATH '$.progress', \
         finished BOOLEAN PATH '$.finished')) AS v STRAIGHT_JOIN jobs ON jobs.id = v.id SET \
         jobs.last_seq = COALESCE(v.seq, jobs.last_seq), \
         jobs.current_step = COALESCE(v.step, jobs.current_step), \
         jobs.progress = IF(v.finished, 100, GREATEST(jobs.progress, COALESCE(v.progress, 0))), \
         jobs.state = IF(v.finished, 'finished', jobs.state), \
         jobs.finished_at = IF(v.finished, NOW(6), jobs.finished_at), \
         jobs.lease_until = IF(v.finished, NULL, jobs.lease_until), \
         jobs.error_code = IF(v.finished, '', jobs.error_code), \
         jobs.error_reason = IF(v.finished, '', jobs.error_reason), \
         jobs.error_detail = IF(v.finished, NULL, jobs.error_detail), \
         jobs.cleanup_pending = IF(v.finished, FALSE, jobs.cleanup_pending)",
        json_rows(&rows)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Rows for the table function. Nothing in them can fail to become JSON.
fn json_rows(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).unwrap_or_default()
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
            // With the rest of its row.
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
    tx.webhook_events().jobs(&finished, "job.finished").await?;
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
