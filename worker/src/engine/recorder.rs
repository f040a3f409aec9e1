//! One writer per process.
//!
//! Records of all running jobs queue here; whatever has gathered while the last transaction was
//! being committed goes into the next one. An idle engine writes at once, a busy one pays for one
//! commit per few hundred records. After the commit the lines are published. While the database is
//! away the batch waits and is tried again; a job whose lease runs out meanwhile is stopped by the
//! supervisor, and its records are refused by their epoch if somebody else has it by then.

use hosting::db::Db;
use hosting::db::job_records::{self, Event, Outcome, Record};
use hosting::progress::{Message, WireLine};
use hosting::queue::Queue;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Most messages in one transaction.
const BATCH: usize = 512;

struct Entry {
    records: Vec<Record>,
    ack: Option<oneshot::Sender<Outcome>>,
}

/// Handle to the writer; cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    sender: mpsc::UnboundedSender<Entry>,
}

impl Recorder {
    /// Starts the writer. It ends when the last handle is gone.
    #[must_use]
    pub fn start(db: Db, queue: Queue) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        // Publishing may lag behind without holding up commits; it drops what it cannot keep up with.
        let (publish, published) = mpsc::channel::<Vec<String>>(64);
        tokio::spawn(publish_all(queue, published));
        tokio::spawn(write_all(db, receiver, publish));
        Self { sender }
    }

    /// Queues a record nobody waits for (lines).
    pub fn note(&self, record: Record) {
        let _ = self.sender.send(Entry { records: vec![record], ack: None });
    }

    /// Queues records and waits until they are committed. `Fenced` when any of them was refused, or
    /// the writer is gone.
    pub async fn write(&self, records: Vec<Record>) -> Outcome {
        let (ack, committed) = oneshot::channel();
        if self.sender.send(Entry { records, ack: Some(ack) }).is_err() {
            return Outcome::Fenced;
        }
        committed.await.unwrap_or(Outcome::Fenced)
    }
}

async fn write_all(db: Db, mut receiver: mpsc::UnboundedReceiver<Entry>, publish: mpsc::Sender<Vec<String>>) {
    let mut entries = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut entries, BATCH).await > 0 {
        let records: Vec<Record> = entries.iter().flat_map(|e| e.records.iter().cloned()).collect();
        let outcomes = write_until_committed(&db, &records).await;
        let mut at = 0;
        for entry in entries.drain(..) {
            let own = &outcomes[at..at + entry.records.len()];
            at += entry.records.len();
            let outcome = if own.contains(&Outcome::Fenced) {
                Outcome::Fenced
            } else {
                own.last().copied().unwrap_or(Outcome::Fenced)
            };
            if let Some(ack) = entry.ack {
                let _ = ack.send(outcome);
            }
        }
        let messages = messages(&records, &outcomes);
        if !messages.is_empty() && publish.try_send(messages).is_err() {
            metrics::counter!("shopfleet_progress_dropped_total").increment(1);
        }
    }
}

async fn write_until_committed(db: &Db, records: &[Record]) -> Vec<Outcome> {
    let mut pause = Duration::from_millis(50);
    loop {
        match job_records::write(db, records).await {
            Ok(outcomes) => return outcomes,
            Err(error) if error.is_passing() => {
                tracing::warn!(error = %error, records = records.len(), "records wait for the database");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
            Err(error) => {
                // One record the database refuses must not take its neighbours along.
                tracing::error!(error = %super::step::chain(&error), records = records.len(), "records refused; writing them one by one");
                return one_by_one(db, records).await;
            }
        }
    }
}

async fn one_by_one(db: &Db, records: &[Record]) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(records.len());
    for record in records {
        let outcome = loop {
            match job_records::write(db, std::slice::from_ref(record)).await {
                Ok(outcome) => break outcome.first().copied().unwrap_or(Outcome::Fenced),
                Err(error) if error.is_passing() => tokio::time::sleep(Duration::from_millis(200)).await,
                Err(error) => {
                    tracing::error!(job.id = record.job_id, error = %super::step::chain(&error), "record refused");
                    break Outcome::Fenced;
                }
            }
        };
        outcomes.push(outcome);
    }
    outcomes
}

/// One message per job: its new lines, and whether anything else changed.
fn messages(records: &[Record], outcomes: &[Outcome]) -> Vec<String> {
    let mut by_job: BTreeMap<u64, Message> = BTreeMap::new();
    for (record, outcome) in records.iter().zip(outcomes) {
        if *outcome == Outcome::Fenced {
            continue;
        }
        let message = by_job.entry(record.job_id).or_insert_with(|| Message {
            job: record.job_id,
            lines: Vec::new(),
            changed: false,
        });
        match &record.event {
            Event::Lines(lines) => message.lines.extend(lines.iter().map(WireLine::from)),
            Event::Step(_) | Event::Undoing(_) | Event::End(_) => message.changed = true,
        }
    }
    by_job.values().filter_map(|m| serde_json::to_string(m).ok()).collect()
}

async fn publish_all(queue: Queue, mut published: mpsc::Receiver<Vec<String>>) {
    while let Some(mut messages) = published.recv().await {
        while let Ok(more) = published.try_recv() {
            messages.extend(more);
        }
        if let Err(error) = queue.publish(&messages).await {
            tracing::debug!(error = %error, "progress not published; watchers read the rows");
        }
    }
}
