//! How a worker takes jobs: compare-and-set on the row, by the database's clock.
//!
//! A claim raises the job's epoch (and the store's); everything written later carries that epoch,
//! and a write under an old epoch changes nothing. Claims are made in batches in one transaction.

use super::{Db, DbError, DbResult, Queries};
use crate::domain::{Phase, Priority};
use sqlx::types::Json;
use std::collections::HashMap;

/// How long a claim holds without renewal, seconds. Renewal runs every 2 s, so five beats may be
/// lost before anybody else acts, and a dead worker's job moves on within about 11 s.
pub const LEASE_SECONDS: u32 = 10;

/// Worker deaths under one job before it is not run again.
pub const MAX_CRASHES: u32 = 3;

/// A job this worker now holds.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Row id.
    pub id: u64,
    /// Public id.
    pub uid: String,
    /// Kind.
    pub kind: String,
    /// Version of `args`.
    pub schema_version: u16,
    /// Ids and choices.
    pub args: serde_json::Value,
    /// Server it is bound to.
    pub server_id: Option<u64>,
    /// Store.
    pub store_id: Option<u64>,
    /// Customer.
    pub customer_id: Option<u64>,
    /// Doing or taking back.
    pub phase: Phase,
    /// Stream.
    pub priority: Priority,
    /// Attempt number, from 1.
    pub attempt: u32,
    /// Attempts before it fails.
    pub max_attempts: u32,
    /// Worker deaths so far.
    pub crashes: u32,
    /// Fencing number of this claim.
    pub epoch: u64,
    /// Highest line number so far.
    pub last_seq: u32,
    /// Why it is being undone, when it is.
    pub error_code: String,
    /// The same in words.
    pub error_reason: String,
    /// For staff.
    pub error_detail: Option<String>,
    /// The deadline of the whole job has passed.
    pub overdue: bool,
    /// A person asked to stop it.
    pub cancel_requested: bool,
    /// Joins the click to the work.
    pub correlation_id: String,
    /// Microseconds since the row was inserted (or became due), for the queue-wait metric.
    pub waited_us: i64,
    /// Recorded steps, oldest attempt first: name → (state, output) of the newest record.
    pub steps: HashMap<String, (String, Option<serde_json::Value>)>,
}

#[derive(sqlx::FromRow)]
struct RawClaim {
    id: u64,
    uid: String,
    kind: String,
    schema_version: u16,
    args: Json<serde_json::Value>,
    server_id: Option<u64>,
    store_id: Option<u64>,
    customer_id: Option<u64>,
    phase: String,
    priority: u8,
    attempt: u32,
    max_attempts: u32,
    crashes: u32,
    epoch: u64,
    last_seq: u32,
    error_code: String,
    error_reason: String,
    error_detail: Option<String>,
    overdue: bool,
    cancel_requested: bool,
    correlation_id: String,
    waited_us: i64,
    lost: bool,
    started_before: bool,
}

const SELECT: &str = "SELECT id, uid, kind, schema_version, args, server_id, store_id, customer_id, phase, priority, \
 attempt, max_attempts, crashes, epoch, last_seq, error_code, error_reason, error_detail, \
 COALESCE(deadline_at < NOW(6), FALSE) AS overdue, (cancel_requested_at IS NOT NULL) AS cancel_requested, \
 correlation_id, TIMESTAMPDIFF(MICROSECOND, run_at, NOW(6)) AS waited_us, (state = 'started') AS lost, \
 (started_at IS NOT NULL) AS started_before FROM jobs ";

/// Kinds with the newest schema version a worker understands.
pub type KnownKinds<'a> = &'a [(&'static str, u16)];

/// How many jobs of each weight may be claimed now; the rest stays for others or for later.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Kinds that count as heavy.
    pub heavy_kinds: Vec<&'static str>,
    /// Free heavy slots.
    pub heavy: usize,
    /// Free light slots.
    pub light: usize,
}

/// Claims what it can of `ids` (from the stream), for this `owner` on this server.
///
/// # Errors
/// Database trouble; then nothing is claimed.
pub async fn claim(
    db: &Db,
    ids: &[u64],
    server_id: u64,
    owner: &str,
    known: KnownKinds<'_>,
    limits: &Limits,
) -> DbResult<Vec<Claim>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    transact!(db, tx => claim_in(&mut tx, Pick::Ids(ids), server_id, owner, known, limits))
}

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Due {
    /// Claimed for this owner.
    pub claims: Vec<Claim>,
    /// A whole page was due: there may be more.
    pub more: bool,
}

/// Claims up to `limit` due jobs that no stream entry brought: the sweep that makes Redis optional.
/// Only kinds in `known` are looked for, so that a queue full of what cannot run now hides nothing.
///
/// # Errors
/// Database trouble; then nothing is claimed.
pub async fn claim_due(
    db: &Db,
    limit: u32,
    server_id: u64,
    owner: &str,
    known: KnownKinds<'_>,
    limits: &Limits,
) -> DbResult<Due> {
    if known.is_empty() {
        return Ok(Due::default());
    }
    // Found without locks and locked by their ids: ordering a long queue locks every row it sorts, and
    // whoever claims one of them by its id meanwhile would be told that it is taken.
    let mut query = sqlx::QueryBuilder::new(
        "SELECT id FROM jobs WHERE state IN ('queued', 'retrying') AND (server_id IS NULL OR server_id = ",
    );
    query.push_bind(server_id).push(") AND run_at <= NOW(6) AND kind IN (");
    let mut kinds = query.separated(", ");
    for (kind, _) in known {
        kinds.push_bind(*kind);
    }
    query.push(") ORDER BY priority, run_at LIMIT ").push_bind(limit);
    let ids: Vec<u64> = query.build_query_scalar().fetch_all(db.read().await?.conn()).await?;
    let more = u32::try_from(ids.len()).is_ok_and(|found| found == limit);
    Ok(Due { claims: claim(db, &ids, server_id, owner, known, limits).await?, more })
}

/// Takes over up to `limit` jobs of this server whose worker stopped renewing, or whose worker is
/// one of `dead` (processes known to be gone, for example earlier ones on this machine).
///
/// # Errors
/// Database trouble; then nothing is taken.
pub async fn claim_lost(
    db: &Db,
    limit: u32,
    server_id: u64,
    owner: &str,
    dead: &[String],
    known: KnownKinds<'_>,
    limits: &Limits,
) -> DbResult<Vec<Claim>> {
    transact!(db, tx => claim_in(&mut tx, Pick::Lost(limit, dead), server_id, owner, known, limits))
}

enum Pick<'a> {
    Ids(&'a [u64]),
    Lost(u32, &'a [String]),
}

async fn claim_in(
    tx: &mut super::Tx,
    pick: Pick<'_>,
    server_id: u64,
    owner: &str,
    known: KnownKinds<'_>,
    limits: &Limits,
) -> DbResult<Vec<Claim>> {
    let mut query = sqlx::QueryBuilder::new(SELECT);
    match pick {
        Pick::Ids(ids) => {
            query.push("WHERE state IN ('queued', 'retrying') AND run_at <= NOW(6) AND id IN (");
            super::push_ids(&mut query, ids);
            query.push(" AND (server_id IS NULL OR server_id = ").push_bind(server_id).push(") FOR UPDATE SKIP LOCKED");
        }
        Pick::Lost(limit, dead) => {
            query.push("WHERE state = 'started' AND (lease_until < NOW(6)");
            if !dead.is_empty() {
                query.push(" OR lease_owner IN (");
                let mut list = query.separated(", ");
                for one in dead {
                    list.push_bind(one.clone());
                }
                query.push(")");
            }
            query
                .push(") AND (server_id IS NULL OR server_id = ")
                .push_bind(server_id)
                .push(") ORDER BY priority, run_at LIMIT ")
                .push_bind(limit)
                .push(" FOR UPDATE SKIP LOCKED");
        }
    }
    let rows: Vec<RawClaim> = query.build_query_as().fetch_all(tx.conn()).await?;
    // Unknown kinds and newer schemas are left for a newer worker.
    let (mut heavy, mut light) = (limits.heavy, limits.light);
    let rows: Vec<RawClaim> = rows
        .into_iter()
        .filter(|r| known.iter().any(|(kind, newest)| *kind == r.kind && r.schema_version <= *newest))
        .filter(|r| {
            let left = if limits.heavy_kinds.contains(&r.kind.as_str()) { &mut heavy } else { &mut light };
            let fits = *left > 0;
            *left = left.saturating_sub(1);
            fits
        })
        .collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<u64> = rows.iter().map(|r| r.id).collect();
    let mut update = sqlx::QueryBuilder::new(
        "UPDATE jobs SET crashes = crashes + (state = 'started'), state = 'started', epoch = epoch + 1, lease_owner = ",
    );
    update
        .push_bind(owner.to_owned())
        .push(", lease_until = NOW(6) + INTERVAL ")
        .push_bind(LEASE_SECONDS)
        .push(" SECOND, started_at = COALESCE(started_at, NOW(6)), attempt_started_at = NOW(6) WHERE id IN (");
    super::push_ids(&mut update, &ids);
    update.build().execute(tx.conn()).await?;

    let stores: Vec<u64> = rows.iter().filter_map(|r| r.store_id).collect();
    if !stores.is_empty() {
        let mut raise = sqlx::QueryBuilder::new("UPDATE stores SET epoch = epoch + 1 WHERE id IN (");
        super::push_ids(&mut raise, &stores);
        raise.build().execute(tx.conn()).await?;
    }
    let mut steps = steps_of(tx, rows.iter().filter(|r| r.started_before).map(|r| r.id).collect()).await?;
    Ok(rows
        .into_iter()
        .map(|r| Claim {
            steps: steps.remove(&r.id).unwrap_or_default(),
            id: r.id,
            uid: r.uid,
            kind: r.kind,
            schema_version: r.schema_version,
            args: r.args.0,
            server_id: r.server_id,
            store_id: r.store_id,
            customer_id: r.customer_id,
            phase: Phase::parse(&r.phase),
            priority: Priority::from_u8(r.priority),
            attempt: r.attempt,
            max_attempts: r.max_attempts,
            crashes: r.crashes + u32::from(r.lost),
            epoch: r.epoch + 1,
            last_seq: r.last_seq,
            error_code: r.error_code,
            error_reason: r.error_reason,
            error_detail: r.error_detail,
            overdue: r.overdue,
            cancel_requested: r.cancel_requested,
            correlation_id: r.correlation_id,
            waited_us: r.waited_us,
        })
        .collect())
}

type Steps = HashMap<u64, HashMap<String, (String, Option<serde_json::Value>)>>;

async fn steps_of(tx: &mut super::Tx, ids: Vec<u64>) -> DbResult<Steps> {
    let mut steps: Steps = HashMap::new();
    if ids.is_empty() {
        return Ok(steps);
    }
    let mut query = sqlx::QueryBuilder::new("SELECT job_id, name, state, output FROM job_steps WHERE job_id IN (");
    super::push_ids(&mut query, &ids);
    // Newest attempt last, so that it wins.
    query.push(" ORDER BY job_id, attempt");
    let rows: Vec<(u64, String, String, Option<Json<serde_json::Value>>)> =
        query.build_query_as().fetch_all(tx.conn()).await?;
    for (job, name, state, output) in rows {
        steps.entry(job).or_default().insert(name, (state, output.map(|j| j.0)));
    }
    Ok(steps)
}

/// Renews every lease of `owner` and returns the ids it still holds; a job that is missing from the
/// answer has been taken by somebody else and must stop.
///
/// # Errors
/// Database trouble; a worker that cannot renew stops its jobs before the lease ends.
pub async fn renew(db: &Db, owner: &str) -> DbResult<Vec<u64>> {
    let mut conn = db.read().await?;
    sqlx::query!(
        "UPDATE jobs SET lease_until = NOW(6) + INTERVAL ? SECOND WHERE lease_owner = ? AND state = 'started'",
        LEASE_SECONDS,
        owner
    )
    .execute(conn.conn())
    .await?;
    Ok(sqlx::query_scalar!("SELECT id FROM jobs WHERE lease_owner = ? AND state = 'started'", owner)
        .fetch_all(conn.conn())
        .await?)
}

/// Due jobs that no worker of their server could take, for the health page: `(waiting, oldest seconds)`.
///
/// # Errors
/// Database trouble.
pub async fn waiting(db: &Db) -> DbResult<(u64, u64)> {
    let mut conn = db.read().await?;
    let row = sqlx::query!(
        r#"SELECT COUNT(*) AS n, CAST(COALESCE(MAX(TIMESTAMPDIFF(SECOND, run_at, NOW(6))), 0) AS SIGNED) AS "oldest!: i64"
           FROM jobs WHERE state IN ('queued', 'retrying') AND run_at <= NOW(6)"#
    )
    .fetch_one(conn.conn())
    .await
    .map_err(DbError::from)?;
    Ok((u64::try_from(row.n).unwrap_or(0), u64::try_from(row.oldest).unwrap_or(0)))
}
