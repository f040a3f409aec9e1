//! Deliveries: tests, sending again, and what becomes of a try.

use super::{host, locked};
use crate::db::jobs::{JobRef, NewJob};
use crate::db::webhook_deliveries::{Due, Tried};
use crate::db::webhooks::Side;
use crate::db::{Queries, Tx};
use crate::domain::{Actor, Uid};
use crate::jobs::MailArgs;
use crate::services::settings::Values;
use crate::services::{ServiceError, Services, audited};
use crate::transact;

/// Seconds between tries; after the last the delivery is given up. Two and a half days in all.
const PAUSES: &[u32] = &[10, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 86_400];
/// Failures in a row from which on a receiver is asked less often.
const SLOW_FROM: u32 = 3;
/// Longest pause between two requests to a receiver that fails.
const HOLD_MOST: u32 = 300;
/// A receiver is paused only after so many failures in a row, however long it has been away.
const PAUSE_FROM: u32 = 10;
/// Deliveries that were given up are sent again for so long.
pub const REPLAY_DAYS: u32 = 30;

/// Sends a test event. Returns its id.
///
/// # Errors
/// `NotFound`; `Conflict` while it is paused.
pub async fn send_test(services: &Services, actor: &Actor, side: Side, uid: &Uid) -> Result<String, ServiceError> {
    transact!(services.db, tx => async {
        let hook = locked(&mut tx, side, uid).await?;
        if hook.paused {
            return Err(ServiceError::Conflict("It is paused. Resume it first".into()));
        }
        let event = tx.webhook_events().test(hook.id).await?;
        let details = serde_json::json!({ "event": event, "customer": side.customer() });
        audited(&mut tx, services, actor, "webhook.test", ("webhook", &uid.to_string()), "done", details).await?;
        Ok(event)
    })
}

/// Sends one event again.
///
/// # Errors
/// `NotFound`; `Conflict` while it waits or is being sent.
pub async fn replay(
    services: &Services,
    actor: &Actor,
    side: Side,
    uid: &Uid,
    event: &str,
) -> Result<(), ServiceError> {
    transact!(services.db, tx => async {
        let hook = locked(&mut tx, side, uid).await?;
        let found = tx.webhooks().delivery(hook.id, event).await?.ok_or(ServiceError::NotFound)?;
        if !tx.webhooks().replay(found.id).await? {
            return Err(ServiceError::Conflict("It waits to be sent already".into()));
        }
        let details = serde_json::json!({ "event": event, "customer": side.customer() });
        audited(&mut tx, services, actor, "webhook.replay", ("webhook", &uid.to_string()), "done", details).await
    })
}

/// Sends all again that were given up within 30 days. Returns how many.
///
/// # Errors
/// `NotFound`.
pub async fn replay_failed(services: &Services, actor: &Actor, side: Side, uid: &Uid) -> Result<u64, ServiceError> {
    transact!(services.db, tx => async {
        let hook = locked(&mut tx, side, uid).await?;
        let count = tx.webhooks().replay_failed(hook.id, REPLAY_DAYS).await?;
        if count > 0 {
            let details = serde_json::json!({ "events": count, "customer": side.customer() });
            audited(&mut tx, services, actor, "webhook.replay", ("webhook", &uid.to_string()), "done", details).await?;
        }
        Ok::<u64, ServiceError>(count)
    })
}

/// Seconds until the next try after `attempt` ones, spread by up to a fifth; `None`: it is given up.
#[must_use]
pub fn next_pause(attempt: u32, spread: f64) -> Option<u32> {
    let pause = *PAUSES.get(usize::try_from(attempt).ok()?.checked_sub(1)?)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of seconds")]
    Some((f64::from(pause) * (1.0 + spread.clamp(0.0, 1.0) / 5.0)) as u32)
}

fn hold(failures_before: u32) -> u32 {
    let doubled = failures_before.saturating_sub(SLOW_FROM).min(10);
    if failures_before + 1 < SLOW_FROM { 0 } else { (5u32 << doubled).min(HOLD_MOST) }
}

/// Records a try of a receiver with `failures` failures in a row before. A receiver that failed for days is paused, and
/// its owner is told; one that says that it is gone (410) at once.
///
/// # Errors
/// Database trouble: the try is made again when its lease is over.
pub async fn record(
    services: &Services,
    webhook_id: u64,
    failures: u32,
    due: &Due,
    tried: &Tried,
    spread: f64,
) -> Result<(), ServiceError> {
    let days = Values::load(&services.db).await?.number("webhook_pause_days").max(1);
    let jobs =
        transact!(services.db, tx => record_in(&mut tx, services, webhook_id, failures, due, tried, spread, days))?;
    services.queue.announce(&jobs).await;
    Ok(())
}

#[allow(clippy::too_many_arguments, reason = "one transaction's facts")]
async fn record_in(
    tx: &mut Tx,
    services: &Services,
    webhook_id: u64,
    failures: u32,
    due: &Due,
    tried: &Tried,
    spread: f64,
    days: u32,
) -> Result<Vec<JobRef>, ServiceError> {
    // The receiver's row first: pausing, deleting and recording wait for each other here.
    if !tx.webhooks().lock(webhook_id).await? {
        return Ok(Vec::new());
    }
    let next = if tried.error.is_some() { next_pause(due.attempt, spread) } else { None };
    tx.webhooks().record(due, tried, next).await?;
    let (now, seconds) = tx.webhooks().did(webhook_id, tried.error.is_none(), hold(failures)).await?;
    let gone = tried.status == Some(410);
    let dead = now >= PAUSE_FROM && seconds >= i64::from(days) * 86_400;
    if !gone && !dead {
        return Ok(Vec::new());
    }
    let hook = tx.webhooks().get(webhook_id).await?.filter(|h| !h.paused);
    let Some(hook) = hook else { return Ok(Vec::new()) };
    let reason = if gone {
        "It answered that it is gone (410)".to_owned()
    } else {
        format!("Nothing could be delivered for {} days", seconds / 86_400)
    };
    tx.webhooks().pause(hook.id, &reason).await?;
    let actor = Actor::system("webhooks");
    let args = MailArgs {
        template: "webhook_paused".into(),
        customer_id: hook.customer_id,
        about: Some(hook.id),
        ..MailArgs::default()
    };
    let job = tx.jobs().insert(&NewJob::mail(&args, None, &actor)).await?;
    let details = serde_json::json!({ "host": host(&hook.url), "reason": reason, "customer": hook.customer_id });
    audited(tx, services, &actor, "webhook.pause", ("webhook", &hook.uid.to_string()), "done", details).await?;
    Ok(vec![job])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_get_rarer_and_end() {
        let all: Vec<_> = (1..=10).map(|n| next_pause(n, 0.0)).collect();
        assert_eq!(all[..3], [Some(10), Some(60), Some(300)]);
        assert_eq!(all[9], None);
        assert_eq!(next_pause(1, 1.0), Some(12));
        assert_eq!(next_pause(0, 0.0), None);
        let holds: Vec<_> = (0..12).map(hold).collect();
        assert_eq!(holds, [0, 0, 5, 5, 10, 20, 40, 80, 160, 300, 300, 300]);
    }
}
