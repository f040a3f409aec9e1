//! Jobs as services order them and people see them. Workers use `job_claims` and `job_records`.

use super::{DbError, DbResult};
use crate::domain::{JobState, Phase, Priority, Uid};
use sqlx::mysql::MySqlConnection;
use sqlx::types::Json;
use time::PlainDateTime;

/// A job to insert.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Kind from `hosting::jobs`.
    pub kind: &'static str,
    /// Version of `args`.
    pub schema_version: u16,
    /// Ids and choices, never secrets.
    pub args: serde_json::Value,
    /// `None`: any worker.
    pub server_id: Option<u64>,
    /// The store it is about.
    pub store_id: Option<u64>,
    /// Whose it is.
    pub customer_id: Option<u64>,
    /// Stream it is announced on.
    pub priority: Priority,
    /// Automatic attempts before it fails.
    pub max_attempts: u32,
    /// Seconds from now before it is due.
    pub delay_seconds: u32,
    /// Seconds from now after which it is given up.
    pub deadline_seconds: Option<u32>,
    /// Changes the store: at most one such job per store is unfinished.
    pub exclusive: bool,
    /// A second insert with the same key is refused with `Duplicate { key: "jobs_unique_key" }`.
    pub unique_key: Option<String>,
    /// Joins the click to the work.
    pub correlation_id: String,
    /// Who asked, for people ("ana@example.com", "schedule").
    pub requested_by: String,
}

/// What is needed to announce a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobRef {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: Uid,
    /// `None`: any worker.
    pub server_id: Option<u64>,
    /// Stream.
    pub priority: Priority,
}

/// A job as shown to people.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: String,
    /// Kind.
    pub kind: String,
    /// Ids and choices.
    pub args: serde_json::Value,
    /// Server row id and name.
    pub server_id: Option<u64>,
    /// Name of the server, when bound to one.
    pub server_name: Option<String>,
    /// Store row id.
    pub store_id: Option<u64>,
    /// Store's public id.
    pub store_uid: Option<String>,
    /// Store's name.
    pub store_name: Option<String>,
    /// Customer row id.
    pub customer_id: Option<u64>,
    /// Customer's e-mail.
    pub customer_email: Option<String>,
    /// State.
    pub state: JobState,
    /// Doing or taking back.
    pub phase: Phase,
    /// Stream.
    pub priority: Priority,
    /// Current attempt, from 1.
    pub attempt: u32,
    /// Attempts before it fails.
    pub max_attempts: u32,
    /// Worker deaths under it.
    pub crashes: u32,
    /// Due at.
    pub run_at: PlainDateTime,
    /// Worker process that holds or held the lease.
    pub lease_owner: Option<String>,
    /// Lease end by the database's clock.
    pub lease_until: Option<PlainDateTime>,
    /// Seconds since the worker last renewed its lease, while started.
    pub silent_seconds: Option<i64>,
    /// Step in progress or last.
    pub current_step: String,
    /// 0 to 100.
    pub progress: u8,
    /// Highest line number.
    pub last_seq: u32,
    /// Stable error code, '' while fine.
    pub error_code: String,
    /// Words for the owner.
    pub error_reason: String,
    /// Words for staff.
    pub error_detail: Option<String>,
    /// Left-overs wait for a clean-up.
    pub cleanup_pending: bool,
    /// A person asked to stop it.
    pub cancel_requested_at: Option<PlainDateTime>,
    /// Joins the click to the work.
    pub correlation_id: String,
    /// Who asked.
    pub requested_by: String,
    /// Inserted at.
    pub created_at: PlainDateTime,
    /// First claim.
    pub started_at: Option<PlainDateTime>,
    /// Claim of this attempt.
    pub attempt_started_at: Option<PlainDateTime>,
    /// End.
    pub finished_at: Option<PlainDateTime>,
}

/// Attempts an owner may order: the first one failed, one more is theirs.
const OWNER_ATTEMPTS: u32 = 2;

impl JobRow {
    /// Whether its owner may order one more attempt of a set-up. Automatic attempts count as well, so
    /// this is generous: after as many attempts as the job makes by itself and as many more, it is
    /// for us to look.
    #[must_use]
    pub fn owner_may_retry(&self) -> bool {
        self.kind == crate::jobs::PROVISION_STORE && self.attempt <= self.max_attempts.max(1) * OWNER_ATTEMPTS
    }
}

/// One step of one attempt.
#[derive(Debug, Clone)]
pub struct StepRow {
    /// Attempt.
    pub attempt: u32,
    /// Name in code.
    pub name: String,
    /// Order in the job.
    pub position: u16,
    /// Words for people.
    pub title: String,
    /// started, finished, failed, undoing, undone, skipped
    pub state: String,
    /// What it recorded.
    pub output: Option<serde_json::Value>,
    /// Start.
    pub started_at: PlainDateTime,
    /// End.
    pub finished_at: Option<PlainDateTime>,
}

/// An attempt that has ended.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// Number, from 1.
    pub attempt: u32,
    /// Worker process.
    pub worker: String,
    /// How it ended: retrying, finished, failed, cancelled, lost.
    pub state: String,
    /// Stable error code.
    pub error_code: String,
    /// Words.
    pub error_reason: String,
    /// Start.
    pub started_at: PlainDateTime,
    /// End.
    pub finished_at: Option<PlainDateTime>,
}

/// Filter of the jobs list. Keyset: rows with `id < before` (or all).
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only this state.
    pub state: Option<JobState>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this store.
    pub store_id: Option<u64>,
    /// Only this customer.
    pub customer_id: Option<u64>,
    /// Rows older than this id.
    pub before: Option<u64>,
    /// Rows newer than this id (for "Newer"); they come back newest first as well.
    pub after: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

/// Queries on jobs.
#[derive(Debug)]
pub struct Jobs<'c> {
    pub(super) conn: &'c mut MySqlConnection,
}

pub(super) const SELECT: &str = "SELECT j.id, j.uid, j.kind, j.args, j.server_id, s.name AS server_name, j.store_id, \
 st.uid AS store_uid, st.name AS store_name, j.customer_id, c.email AS customer_email, j.state, j.phase, j.priority, \
 j.attempt, j.max_attempts, j.crashes, j.run_at, j.lease_owner, j.lease_until, \
 IF(j.state = 'started', TIMESTAMPDIFF(SECOND, j.lease_until, NOW(6)) + 10, NULL) AS silent_seconds, \
 j.current_step, j.progress, j.last_seq, j.error_code, j.error_reason, j.error_detail, j.cleanup_pending, \
 j.cancel_requested_at, j.correlation_id, j.requested_by, j.created_at, j.started_at, j.attempt_started_at, \
 j.finished_at FROM jobs j LEFT JOIN servers s ON s.id = j.server_id LEFT JOIN stores st ON st.id = j.store_id \
 LEFT JOIN customers c ON c.id = j.customer_id ";

impl Jobs<'_> {
    /// Locks the job's row for the rest of the transaction and checks that `epoch` is still the
    /// claim in force: a write under an old claim must not happen (I-05).
    ///
    /// # Errors
    /// `Stale` when another worker has claimed it since.
    pub async fn hold(&mut self, id: u64, epoch: u64) -> DbResult<()> {
        let mut query = sqlx::QueryBuilder::new("SELECT epoch FROM jobs WHERE id = ");
        query.push_bind(id).push(" AND state = 'started' FOR UPDATE");
        let now: Option<u64> = query.build_query_scalar().fetch_optional(&mut *self.conn).await?;
        if now == Some(epoch) { Ok(()) } else { Err(DbError::Stale("another worker has this job now")) }
    }

    /// Inserts a job; announce it after the commit.
    ///
    /// # Errors
    /// `Duplicate { key: "jobs_one_change_per_store" }` when another job is changing the store,
    /// `jobs_unique_key` when the key was used before.
    pub async fn insert(&mut self, job: &NewJob) -> DbResult<JobRef> {
        let uid = Uid::new();
        let id = sqlx::query!(
            "INSERT INTO jobs (uid, kind, schema_version, args, server_id, store_id, customer_id, priority, attempt, \
             max_attempts, run_at, deadline_at, exclusive, unique_key, correlation_id, requested_by) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, NOW(6) + INTERVAL ? SECOND, NOW(6) + INTERVAL ? SECOND, ?, ?, ?, ?)",
            uid.to_string(),
            job.kind,
            job.schema_version,
            Json(&job.args) as _,
            job.server_id,
            job.store_id,
            job.customer_id,
            job.priority.as_u8(),
            job.max_attempts,
            job.delay_seconds,
            job.deadline_seconds,
            job.exclusive,
            job.unique_key,
            job.correlation_id,
            job.requested_by
        )
        .execute(&mut *self.conn)
        .await?
        .last_insert_id();
        Ok(JobRef { id, uid, server_id: job.server_id, priority: job.priority })
    }

    /// Inserts many jobs in one statement (schedules, benches); their ids are consecutive.
    ///
    /// # Errors
    /// As [`Self::insert`]; none or all are inserted.
    pub async fn insert_many(&mut self, jobs: &[NewJob]) -> DbResult<Vec<JobRef>> {
        let mut refs = Vec::with_capacity(jobs.len());
        for chunk in jobs.chunks(500) {
            let uids: Vec<Uid> = chunk.iter().map(|_| Uid::new()).collect();
            let mut query = sqlx::QueryBuilder::new(
                "INSERT INTO jobs (uid, kind, schema_version, args, server_id, store_id, customer_id, priority, attempt, \
                 max_attempts, run_at, exclusive, unique_key, correlation_id, requested_by) ",
            );
            query.push_values(chunk.iter().zip(&uids), |mut row, (job, uid)| {
                row.push_bind(uid.to_string())
                    .push_bind(job.kind)
                    .push_bind(job.schema_version)
                    .push_bind(Json(&job.args))
                    .push_bind(job.server_id)
                    .push_bind(job.store_id)
                    .push_bind(job.customer_id)
                    .push_bind(job.priority.as_u8())
                    .push_bind(1u32)
                    .push_bind(job.max_attempts)
                    .push("NOW(6) + INTERVAL ")
                    .push_bind_unseparated(job.delay_seconds)
                    .push_unseparated(" SECOND")
                    .push_bind(job.exclusive)
                    .push_bind(job.unique_key.as_deref())
                    .push_bind(job.correlation_id.as_str())
                    .push_bind(job.requested_by.as_str());
            });
            query.build().execute(&mut *self.conn).await?;
            // Ids of a multi-row insert need not be consecutive under every lock mode: read them.
            let mut find = sqlx::QueryBuilder::new("SELECT id, uid FROM jobs WHERE uid IN (");
            let mut list = find.separated(", ");
            for uid in &uids {
                list.push_bind(uid.to_string());
            }
            find.push(")");
            let rows: Vec<(u64, String)> = find.build_query_as().fetch_all(&mut *self.conn).await?;
            let ids: std::collections::HashMap<String, u64> = rows.into_iter().map(|(id, uid)| (uid, id)).collect();
            for (job, uid) in chunk.iter().zip(uids) {
                let id = *ids.get(&uid.to_string()).ok_or_else(|| DbError::Row("inserted job not found".into()))?;
                refs.push(JobRef { id, uid, server_id: job.server_id, priority: job.priority });
            }
        }
        Ok(refs)
    }

    /// A job by public id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find(&mut self, uid: &Uid) -> DbResult<Option<JobRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE j.uid = ").push_bind(uid.to_string());
        let row: Option<RawJob> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(JobRow::try_from).transpose()
    }

    /// A job by row id.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn get(&mut self, id: u64) -> DbResult<Option<JobRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE j.id = ").push_bind(id);
        let row: Option<RawJob> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(JobRow::try_from).transpose()
    }

    /// Jobs newest first, one keyset page.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn list(&mut self, filter: &JobFilter) -> DbResult<Vec<JobRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE 1 = 1");
        if let Some(state) = filter.state {
            query.push(" AND j.state = ").push_bind(state.as_str());
        }
        if let Some(kind) = &filter.kind {
            query.push(" AND j.kind = ").push_bind(kind.clone());
        }
        if let Some(id) = filter.store_id {
            query.push(" AND j.store_id = ").push_bind(id);
        }
        if let Some(id) = filter.customer_id {
            query.push(" AND j.customer_id = ").push_bind(id);
        }
        if let Some(id) = filter.before {
            query.push(" AND j.id < ").push_bind(id);
        }
        if let Some(id) = filter.after {
            query.push(" AND j.id > ").push_bind(id);
            query.push(" ORDER BY j.id ASC LIMIT ").push_bind(filter.limit);
        } else {
            query.push(" ORDER BY j.id DESC LIMIT ").push_bind(filter.limit);
        }
        let rows: Vec<RawJob> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        let mut jobs = rows.into_iter().map(JobRow::try_from).collect::<DbResult<Vec<_>>>()?;
        if filter.after.is_some() {
            jobs.reverse();
        }
        Ok(jobs)
    }

    /// How many jobs are in each unfinished state, and how many failed ones there are, counted up
    /// to `cap` each ("1,000+"): full counts grow with the table.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn count_by_state(&mut self, cap: u32) -> DbResult<Vec<(JobState, u64)>> {
        let mut counts = Vec::new();
        for state in JobState::ALL {
            let n = sqlx::query_scalar!(
                "SELECT COUNT(*) FROM (SELECT id FROM jobs WHERE state = ? LIMIT ?) t",
                state.as_str(),
                cap
            )
            .fetch_one(&mut *self.conn)
            .await?;
            counts.push((state, u64::try_from(n).unwrap_or(0)));
        }
        Ok(counts)
    }

    /// How many jobs wait before this one for the same server, counted up to 100.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn waiting_before(&mut self, id: u64, server_id: Option<u64>) -> DbResult<i64> {
        Ok(sqlx::query_scalar!(
            "SELECT COUNT(*) FROM (SELECT id FROM jobs WHERE state = 'queued' AND run_at <= NOW(6) AND id < ? \
             AND (server_id <=> ?) AND priority <= 1 LIMIT 100) t",
            id,
            server_id
        )
        .fetch_one(&mut *self.conn)
        .await?)
    }

    /// Names and titles of the steps of a kind of job, in order, as its last good run recorded them;
    /// empty before the first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn known_steps(&mut self, kind: &str) -> DbResult<Vec<(u16, String, String)>> {
        let rows = sqlx::query!(
            "SELECT s.position, s.name, s.title FROM job_steps s \
             JOIN (SELECT id, attempt FROM jobs WHERE kind = ? AND state = 'finished' AND attempt = 1 ORDER BY id DESC LIMIT 1) j \
             ON j.id = s.job_id AND j.attempt = s.attempt ORDER BY s.position",
            kind
        )
        .fetch_all(&mut *self.conn)
        .await?;
        Ok(rows.into_iter().map(|r| (r.position, r.name, r.title)).collect())
    }

    /// Jobs that have waited longer than `seconds` although they are due, oldest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn waiting_longer_than(&mut self, seconds: u32, limit: u32) -> DbResult<Vec<JobRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE j.state = 'queued' AND j.run_at < NOW(6) - INTERVAL ").push_bind(seconds);
        query.push(" SECOND ORDER BY j.id LIMIT ").push_bind(limit);
        let rows: Vec<RawJob> = query.build_query_as().fetch_all(&mut *self.conn).await?;
        rows.into_iter().map(JobRow::try_from).collect()
    }

    /// The newest job of a kind about a store.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn newest_of_store(&mut self, store_id: u64, kind: &str) -> DbResult<Option<JobRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE j.store_id = ").push_bind(store_id).push(" AND j.kind = ").push_bind(kind);
        query.push(" ORDER BY j.id DESC LIMIT 1");
        let row: Option<RawJob> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(JobRow::try_from).transpose()
    }

    /// A job of a customer by public id: looked up together with its owner.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_of_customer(&mut self, uid: &Uid, customer_id: u64) -> DbResult<Option<JobRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE j.uid = ").push_bind(uid.to_string()).push(" AND j.customer_id = ").push_bind(customer_id);
        let row: Option<RawJob> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(JobRow::try_from).transpose()
    }

    /// A job of a customer of theirs by public id: looked up together with its provider.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn find_of_reseller(&mut self, uid: &Uid, reseller_id: u64) -> DbResult<Option<JobRow>> {
        let mut query = sqlx::QueryBuilder::new(SELECT);
        query.push("WHERE j.uid = ").push_bind(uid.to_string()).push(" AND c.reseller_id = ").push_bind(reseller_id);
        let row: Option<RawJob> = query.build_query_as().fetch_optional(&mut *self.conn).await?;
        row.map(JobRow::try_from).transpose()
    }

    /// Steps of all attempts, oldest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn steps(&mut self, job_id: u64) -> DbResult<Vec<StepRow>> {
        let rows = sqlx::query!(
            r#"SELECT attempt, name, position, title, state, output AS "output: Json<serde_json::Value>", started_at, finished_at
               FROM job_steps WHERE job_id = ? ORDER BY attempt, position"#,
            job_id
        )
        .fetch_all(&mut *self.conn)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| StepRow {
                attempt: r.attempt,
                name: r.name,
                position: r.position,
                title: r.title,
                state: r.state,
                output: r.output.map(|j| j.0),
                started_at: r.started_at,
                finished_at: r.finished_at,
            })
            .collect())
    }

    /// Ended attempts, oldest first.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn attempts(&mut self, job_id: u64) -> DbResult<Vec<AttemptRow>> {
        Ok(sqlx::query_as!(
            AttemptRow,
            "SELECT attempt, worker, state, error_code, error_reason, started_at, finished_at FROM job_attempts \
             WHERE job_id = ? ORDER BY attempt",
            job_id
        )
        .fetch_all(&mut *self.conn)
        .await?)
    }

    /// Durations in milliseconds of the last 50 good runs of each step of a kind of job:
    /// `(step, median, p90, runs)`.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn usual_durations(&mut self, kind: &str) -> DbResult<Vec<(String, u32, u32, u32)>> {
        let rows = sqlx::query!(
            r#"SELECT s.name, CAST(TIMESTAMPDIFF(MICROSECOND, s.started_at, s.finished_at) DIV 1000 AS SIGNED) AS "ms: i64"
               FROM (SELECT id FROM jobs WHERE kind = ? AND state = 'finished' ORDER BY id DESC LIMIT 50) j
               JOIN job_steps s ON s.job_id = j.id WHERE s.state = 'finished' AND s.finished_at IS NOT NULL"#,
            kind
        )
        .fetch_all(&mut *self.conn)
        .await?;
        let mut by_step: std::collections::BTreeMap<String, Vec<u32>> = std::collections::BTreeMap::new();
        for row in rows {
            let ms = row.ms.and_then(|ms| u32::try_from(ms).ok()).unwrap_or(0);
            by_step.entry(row.name).or_default().push(ms);
        }
        Ok(by_step
            .into_iter()
            .map(|(name, mut ms)| {
                ms.sort_unstable();
                let runs = u32::try_from(ms.len()).unwrap_or(u32::MAX);
                (name, ms[ms.len() / 2], ms[ms.len() * 9 / 10], runs)
            })
            .collect())
    }

    /// How many jobs of the same queue are due before this one.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn queued_before(&mut self, job: &JobRow) -> DbResult<u64> {
        let n = sqlx::query_scalar!(
            "SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND (server_id <=> ?) AND run_at <= NOW(6) \
             AND (priority < ? OR (priority = ? AND id < ?))",
            job.server_id,
            job.priority.as_u8(),
            job.priority.as_u8(),
            job.id
        )
        .fetch_one(&mut *self.conn)
        .await?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    /// The unfinished job that is changing a store, if any.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn changing(&mut self, store_id: u64) -> DbResult<Option<Uid>> {
        let uid = sqlx::query_scalar!("SELECT uid FROM jobs WHERE changing_store_id = ?", store_id)
            .fetch_optional(&mut *self.conn)
            .await?;
        uid.map(|u| Uid::parse(&u).map_err(|e| DbError::Row(e.0))).transpose()
    }

    /// Has the attempt that was just ordered do every step again. The steps count as begun, not as undone: should this
    /// attempt fail early, what the one before made is still taken back.
    ///
    /// # Errors
    /// Database trouble.
    pub async fn forget_done(&mut self, id: u64) -> DbResult<()> {
        sqlx::query!(
            "INSERT INTO job_steps (job_id, attempt, name, position, title, state, output, started_at) \
             SELECT s.job_id, j.attempt, s.name, s.position, s.title, 'failed', s.output, NOW(6) FROM job_steps s \
             JOIN jobs j ON j.id = s.job_id \
             WHERE s.job_id = ? AND s.state IN ('finished', 'skipped') AND s.attempt = \
             (SELECT MAX(n.attempt) FROM job_steps n WHERE n.job_id = s.job_id AND n.name = s.name)",
            id
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Orders a new attempt of a failed or cancelled job, `from_undo` = clean up only.
    ///
    /// # Errors
    /// `Stale` when the job is in another state now; `Duplicate` when another job changes the store.
    pub async fn requeue(&mut self, id: u64, from_undo: bool, requested_by: &str) -> DbResult<()> {
        let phase = if from_undo { "undo" } else { "apply" };
        let done = sqlx::query!(
            "UPDATE jobs SET state = 'queued', phase = ?, attempt = attempt + 1, max_attempts = attempt + 4, crashes = 0, \
             run_at = NOW(6), deadline_at = NULL, cancel_requested_at = NULL, finished_at = NULL, lease_owner = NULL, \
             lease_until = NULL, dismissed_at = NULL, requested_by = ?, progress = 0, \
             error_code = IF(? = 'undo', error_code, ''), error_reason = IF(? = 'undo', error_reason, ''), \
             error_detail = IF(? = 'undo', error_detail, NULL) \
             WHERE id = ? AND state IN ('failed', 'cancelled')",
            phase, requested_by, phase, phase, phase, id
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if done == 1 { Ok(()) } else { Err(DbError::Stale("the job is not failed or cancelled any more")) }
    }

    /// Makes a waiting retry due now.
    ///
    /// # Errors
    /// `Stale` when the job isn't waiting.
    pub async fn hurry(&mut self, id: u64) -> DbResult<()> {
        let done = sqlx::query!("UPDATE jobs SET run_at = NOW(6) WHERE id = ? AND state IN ('queued', 'retrying')", id)
            .execute(&mut *self.conn)
            .await?
            .rows_affected();
        if done == 1 { Ok(()) } else { Err(DbError::Stale("the job is not waiting any more")) }
    }

    /// Cancels: at once while nothing has been done yet, else a running or waiting job is told to
    /// stop at its next step boundary and take back what it did. Returns whether it is over already.
    ///
    /// # Errors
    /// `Stale` when the job has ended.
    pub async fn cancel(&mut self, id: u64) -> DbResult<bool> {
        let at_once = sqlx::query!(
            "UPDATE jobs SET state = 'cancelled', cancel_requested_at = NOW(6), finished_at = NOW(6) \
             WHERE id = ? AND state = 'queued' AND started_at IS NULL",
            id
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if at_once == 1 {
            return Ok(true);
        }
        let asked = sqlx::query!(
            "UPDATE jobs SET cancel_requested_at = COALESCE(cancel_requested_at, NOW(6)), \
             run_at = IF(state = 'started', run_at, NOW(6)) \
             WHERE id = ? AND state IN ('queued', 'started', 'retrying')",
            id
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if asked == 1 { Ok(false) } else { Err(DbError::Stale("the job has ended")) }
    }

    /// Ends a worker's claim so that another worker takes the job ("Release and retry").
    ///
    /// # Errors
    /// `Stale` when the job isn't started.
    pub async fn release(&mut self, id: u64) -> DbResult<()> {
        let done = sqlx::query!(
            "UPDATE jobs SET state = 'queued', epoch = epoch + 1, lease_owner = NULL, lease_until = NULL, run_at = NOW(6) \
             WHERE id = ? AND state = 'started'",
            id
        )
        .execute(&mut *self.conn)
        .await?
        .rows_affected();
        if done == 1 { Ok(()) } else { Err(DbError::Stale("the job is not running any more")) }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct RawJob {
    id: u64,
    uid: String,
    kind: String,
    args: Json<serde_json::Value>,
    server_id: Option<u64>,
    server_name: Option<String>,
    store_id: Option<u64>,
    store_uid: Option<String>,
    store_name: Option<String>,
    customer_id: Option<u64>,
    customer_email: Option<String>,
    state: String,
    phase: String,
    priority: u8,
    attempt: u32,
    max_attempts: u32,
    crashes: u32,
    run_at: PlainDateTime,
    lease_owner: Option<String>,
    lease_until: Option<PlainDateTime>,
    silent_seconds: Option<i64>,
    current_step: String,
    progress: u8,
    last_seq: u32,
    error_code: String,
    error_reason: String,
    error_detail: Option<String>,
    cleanup_pending: bool,
    cancel_requested_at: Option<PlainDateTime>,
    correlation_id: String,
    requested_by: String,
    created_at: PlainDateTime,
    started_at: Option<PlainDateTime>,
    attempt_started_at: Option<PlainDateTime>,
    finished_at: Option<PlainDateTime>,
}

impl TryFrom<RawJob> for JobRow {
    type Error = DbError;
    fn try_from(r: RawJob) -> DbResult<Self> {
        Ok(Self {
            id: r.id,
            uid: r.uid,
            kind: r.kind,
            args: r.args.0,
            server_id: r.server_id,
            server_name: r.server_name,
            store_id: r.store_id,
            store_uid: r.store_uid,
            store_name: r.store_name,
            customer_id: r.customer_id,
            customer_email: r.customer_email,
            state: JobState::parse(&r.state).ok_or_else(|| DbError::Row(format!("job state {}", r.state)))?,
            phase: Phase::parse(&r.phase),
            priority: Priority::from_u8(r.priority),
            attempt: r.attempt,
            max_attempts: r.max_attempts,
            crashes: r.crashes,
            run_at: r.run_at,
            lease_owner: r.lease_owner,
            lease_until: r.lease_until,
            silent_seconds: r.silent_seconds,
            current_step: r.current_step,
            progress: r.progress,
            last_seq: r.last_seq,
            error_code: r.error_code,
            error_reason: r.error_reason,
            error_detail: r.error_detail,
            cleanup_pending: r.cleanup_pending,
            cancel_requested_at: r.cancel_requested_at,
            correlation_id: r.correlation_id,
            requested_by: r.requested_by,
            created_at: r.created_at,
            started_at: r.started_at,
            attempt_started_at: r.attempt_started_at,
            finished_at: r.finished_at,
        })
    }
}
