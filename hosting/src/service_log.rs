//! The product's own log in the panel: what a process logs is also kept in MariaDB for a while, masked, so that staff read
//! it without reaching a machine. The machine's own log (standard error) stays the whole one.
//!
//! A process that logs faster than [`LINES_PER_SECOND`] leaves lines out here and says how many. While the database is
//! away lines are left out as well: nobody waits for this log.

use crate::Db;
use crate::db::service_lines::{BATCH, NewServiceLine};
use crate::db::{DbResult, Queries};
use crate::progress::mask_by_name;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use time::PlainDateTime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Lines of one process that are kept in a second.
pub const LINES_PER_SECOND: u64 = 200;
/// Lines that wait to be written.
const WAITING: usize = 4096;
/// Longest text, characters.
const LONGEST: usize = 3900;
const WRITE_EVERY: Duration = Duration::from_millis(500);

struct Sink {
    sender: mpsc::Sender<NewServiceLine>,
    receiver: Mutex<Option<mpsc::Receiver<NewServiceLine>>>,
    left_out: AtomicU64,
}

static SINK: OnceLock<Sink> = OnceLock::new();

fn sink() -> &'static Sink {
    SINK.get_or_init(|| {
        let (sender, receiver) = mpsc::channel(WAITING);
        Sink { sender, receiver: Mutex::new(Some(receiver)), left_out: AtomicU64::new(0) }
    })
}

/// Hears every event that passes the process' filter.
#[derive(Debug, Default)]
pub struct PanelLayer;

/// What joins the lines of a request or a job; kept with its span.
struct Correlation(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for PanelLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut words = Words::default();
        attributes.record(&mut words);
        if let (false, Some(span)) = (words.correlation.is_empty(), context.span(id)) {
            span.extensions_mut().insert(Correlation(words.correlation));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // What goes wrong with this log is not logged in it.
        if event.metadata().target().starts_with("hosting::service_log") {
            return;
        }
        let mut words = Words::default();
        event.record(&mut words);
        if words.correlation.is_empty()
            && let Some(scope) = context.event_scope(event)
        {
            words.correlation = scope
                .filter_map(|span| span.extensions().get::<Correlation>().map(|c| c.0.clone()))
                .next()
                .unwrap_or_default();
        }
        let level = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 2,
            Level::INFO => 1,
            _ => 0,
        };
        let sink = sink();
        if sink.sender.try_send(words.line(level)).is_err() {
            sink.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Message, fields and correlation of an event.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
    correlation: String,
}

impl Words {
    fn note(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            "request_id" | "correlation_id" => value.clone_into(&mut self.correlation),
            name => {
                // Writing to a String cannot fail.
                let _ = write!(self.fields, " {name}={value}");
            }
        }
    }

    fn line(self, level: u8) -> NewServiceLine {
        let text = format!("{}{}", self.message, self.fields);
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let correlation: String =
            self.correlation.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
        let now = crate::clock::now();
        NewServiceLine {
            at: PlainDateTime::new(now.date(), now.time()),
            level,
            correlation,
            text: mask_by_name(&clean).trim().chars().take(LONGEST).collect(),
        }
    }
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, value);
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.note(field, &format!("{value:?}"));
    }
}

/// Writes what this process logs until `stop` is cancelled, and the rest after it. Once per process.
pub fn keep(
    db: Db,
    service: &'static str,
    place: String,
    stop: CancellationToken,
) -> Option<tokio::task::JoinHandle<()>> {
    let receiver = sink().receiver.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    Some(tokio::spawn(async move {
        let mut writer = Writer { db, service, place, receiver, second: Instant::now(), taken: 0 };
        let mut tick = tokio::time::interval(WRITE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => writer.write().await,
            }
        }
        // The last words come while a process ends.
        tokio::time::sleep(WRITE_EVERY).await;
        writer.write().await;
    }))
}

struct Writer {
    db: Db,
    service: &'static str,
    place: String,
    receiver: mpsc::Receiver<NewServiceLine>,
    second: Instant,
    taken: u64,
}

impl Writer {
    async fn write(&mut self) {
        let mut lines = Vec::new();
        if self.second.elapsed() >= Duration::from_secs(1) {
            (self.second, self.taken) = (Instant::now(), 0);
        }
        let mut left_out = sink().left_out.swap(0, Ordering::Relaxed);
        while let Ok(line) = self.receiver.try_recv() {
            if self.taken >= LINES_PER_SECOND || lines.len() >= BATCH {
                left_out += 1;
                continue;
            }
            self.taken += 1;
            lines.push(line);
        }
        if left_out > 0 {
            let words = Words {
                message: format!(
                    "{left_out} lines are left out here: this process logs faster than the panel keeps. The machine's own log has them"
                ),
                ..Words::default()
            };
            lines.push(words.line(2));
        }
        if lines.is_empty() {
            return;
        }
        if let Err(error) = self.store(&lines).await {
            sink().left_out.fetch_add(lines.len() as u64, Ordering::Relaxed);
            tracing::debug!(error = %error, "log lines were not kept for the panel");
        }
    }

    async fn store(&self, lines: &[NewServiceLine]) -> DbResult<()> {
        self.db.read().await?.service_lines().add(self.service, &self.place, lines).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_masked_plain_and_short() {
        let words = Words {
            message: "tried\nat=/x?token=abc&page=2".into(),
            fields: format!(" error={}", "ä".repeat(5000)),
            correlation: "01J-x'; DROP".into(),
        };
        let line = words.line(3);
        assert!(line.text.starts_with("tried at=/x?token=••••••&page=2 error=ä"), "{:.80}", line.text);
        assert_eq!((line.text.chars().count(), line.level), (LONGEST, 3));
        assert_eq!(line.correlation, "01J-xDROP");
    }
}
