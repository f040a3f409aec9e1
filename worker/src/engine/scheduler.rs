//! Turns due schedules into ordinary jobs. Whichever process holds the lease does it.

use hosting::Db;
use hosting::db::jobs::NewJob;
use hosting::db::{DbResult, Queries};
use hosting::queue::Queue;

/// Seconds a leader may be silent before another process takes over.
const LEASE_SECONDS: u32 = 10;

/// Makes the jobs of all due schedules, if this process leads. Returns how many.
///
/// # Errors
/// Database trouble; due schedules stay due.
pub async fn tick(db: &Db, queue: &Queue, owner: &str, known: &[&'static str]) -> DbResult<usize> {
    let leads = db.read().await?.leases().hold("scheduler", owner, LEASE_SECONDS).await?;
    if !leads {
        return Ok(0);
    }
    let mut made = 0;
    loop {
        let mut tx = db.begin().await?;
        let Some(schedule) = tx.schedules().take_due().await? else { break };
        let Some(kind) = known.iter().find(|k| **k == schedule.kind) else {
            tracing::warn!(schedule = %schedule.name, kind = %schedule.kind, "schedule of an unknown kind");
            tx.commit().await?;
            continue;
        };
        let servers: Vec<Option<u64>> = if schedule.per_server {
            tx.servers().list().await?.into_iter().filter(|s| s.state != "joining").map(|s| Some(s.id)).collect()
        } else {
            vec![None]
        };
        let mut jobs = Vec::new();
        for server in servers {
            let at = schedule.next_run_at.as_utc().unix_timestamp();
            let key = format!("schedule:{}:{}:{at}", schedule.name, server.unwrap_or(0));
            let job = NewJob::scheduled(kind, schedule.args.clone(), server, key);
            match tx.jobs().insert(&job).await {
                Ok(job) => jobs.push(job),
                Err(e) if e.is_duplicate("jobs_unique_key") => {}
                Err(e) => return Err(e),
            }
        }
        tx.commit().await?;
        made += jobs.len();
        queue.announce(&jobs).await;
    }
    Ok(made)
}
