//! New lines of a log, for as long as somebody watches.
//!
//! A store that floods its log costs a bounded amount: lines beyond the cap of a second are counted and left out; a
//! store that writes more than can be counted is not read for the rest of that second, and the panel says "more than".

use super::{Desk, Subject, parse};
use crate::docker::DockerResult;
use crate::docker::logs::{Part, RawLine};
use futures_util::{Stream, StreamExt};
use hosting::domain::StoreLogLine;
use hosting::store_logs::{self, Batch, LINES_PER_SECOND, WireLine};
use parse::Service;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// New lines are sent this often.
const SEND_EVERY: Duration = Duration::from_millis(250);
/// The lease is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Bytes read in a second before the rest of it is skipped unread.
const BYTES_PER_SECOND: usize = 2 << 20;
/// Bytes sent in a second.
const SENT_PER_SECOND: usize = 128 << 10;
/// How far back a log is followed from its beginning.
const OVERLAP_NS: i64 = 5_000_000_000;
/// A container that was stopped is asked again after so long.
const AGAIN: Duration = Duration::from_secs(1);

type Entries = Pin<Box<dyn Stream<Item = DockerResult<RawLine>> + Send>>;

/// One container's log as it grows.
struct Source {
    service: Service,
    name: String,
    entries: Option<Entries>,
    /// Only what is newer counts: the Engine's `since` knows whole seconds. Fixed while the log is open, because lines of
    /// two streams of one container may come a little out of their order.
    from: i64,
    /// The newest line seen, to go on from.
    newest: i64,
    again: Instant,
}

/// What was taken in the running second.
struct Second {
    until: Instant,
    lines: u32,
    sent: usize,
    read: usize,
    left_out: u64,
    or_more: bool,
}

impl Second {
    fn new() -> Self {
        Self { until: Instant::now() + Duration::from_secs(1), lines: 0, sent: 0, read: 0, left_out: 0, or_more: false }
    }
}

impl Desk {
    /// Follows until nobody watches, the store is not ours any more, or the worker stops.
    pub(super) async fn follow(&self, store: u64) -> Result<(), String> {
        let subject = self.subject(store).await?;
        // From a little before: somebody who opened the page meanwhile misses nothing, and knows what they have.
        let now = unix_nanoseconds() - OVERLAP_NS;
        let mut sources: Vec<Source> = subject
            .containers
            .iter()
            .map(|(service, name)| Source {
                service: *service,
                name: name.clone(),
                entries: None,
                from: now,
                newest: now,
                again: Instant::now(),
            })
            .collect();
        self.publish(&Batch { begun: true, ..Batch::of(store) }).await;
        let (mut ready, mut second) = (Vec::new(), Second::new());
        let mut send = tokio::time::interval(SEND_EVERY);
        let mut look = tokio::time::interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        send.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let full = second.read > BYTES_PER_SECOND;
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                _ = look.tick() => {
                    // Also ends when the store was suspended, deleted or given to another server.
                    if !store_logs::is_watched(&self.machine.services.queue, store).await.unwrap_or(false) {
                        return Ok(());
                    }
                }
                _ = send.tick() => {
                    self.send(&subject, &mut ready, &mut second).await;
                    if Instant::now() > second.until {
                        if second.read > BYTES_PER_SECOND {
                            skip_to_now(&mut sources);
                        }
                        second = Second::new();
                    }
                }
                (at, entry) = next(&self.machine.docker, &mut sources), if !full => {
                    match entry {
                        Some(Ok(raw)) => take(&mut sources[at], &raw, &subject, &mut ready, &mut second),
                        // The container ended, or the Engine is away: the lease decides how long we try.
                        Some(Err(_)) | None => {
                            sources[at].entries = None;
                            sources[at].again = Instant::now() + AGAIN;
                        }
                    }
                    if second.read > BYTES_PER_SECOND {
                        second.or_more = true;
                    }
                }
            }
        }
    }

    async fn send(&self, subject: &Subject, ready: &mut Vec<StoreLogLine>, second: &mut Second) {
        if ready.is_empty() && second.left_out == 0 && !second.or_more {
            return;
        }
        let batch = Batch {
            lines: ready.drain(..).map(|l| WireLine::from(&l)).collect(),
            left_out: std::mem::take(&mut second.left_out),
            or_more: std::mem::take(&mut second.or_more),
            ..Batch::of(subject.id)
        };
        self.publish(&batch).await;
    }

    async fn publish(&self, batch: &Batch) {
        if let Err(error) = store_logs::send(&self.machine.services.queue, batch).await {
            tracing::debug!(error = %error, "new lines of a store's log were not seen live");
        }
    }
}

fn take(source: &mut Source, raw: &RawLine, subject: &Subject, ready: &mut Vec<StoreLogLine>, second: &mut Second) {
    second.read += raw.text.len() + 1;
    if raw.at <= source.from {
        return;
    }
    source.newest = source.newest.max(raw.at);
    if second.lines >= LINES_PER_SECOND || second.sent >= SENT_PER_SECOND {
        second.left_out += 1;
        return;
    }
    if let Some(line) = parse::line(source.service, raw, &subject.mask) {
        second.lines += 1;
        second.sent += line.text.len();
        ready.push(line);
    }
}

/// Reads on from now: what was written meanwhile is not looked at.
fn skip_to_now(sources: &mut [Source]) {
    let now = unix_nanoseconds();
    for source in sources {
        source.entries = None;
        source.newest = now;
        source.again = Instant::now();
    }
}

/// The next entry of any container. Cancel-safe: an entry is taken or still there.
async fn next(docker: &crate::docker::Docker, sources: &mut [Source]) -> (usize, Option<DockerResult<RawLine>>) {
    let waiting = sources.iter_mut().enumerate().map(|(at, source)| {
        Box::pin(async move {
            if source.entries.is_none() {
                tokio::time::sleep_until(source.again).await;
                source.from = source.newest;
                source.entries = Some(Box::pin(docker.log(&source.name, Part::Follow(source.from / 1_000_000_000))));
            }
            match source.entries.as_mut() {
                Some(entries) => (at, entries.next().await),
                None => (at, None),
            }
        })
    });
    let waiting: Vec<_> = waiting.collect();
    if waiting.is_empty() {
        return std::future::pending().await;
    }
    futures_util::future::select_all(waiting).await.0
}

fn unix_nanoseconds() -> i64 {
    i64::try_from(hosting::clock::now().unix_timestamp_nanos()).unwrap_or(i64::MAX)
}
