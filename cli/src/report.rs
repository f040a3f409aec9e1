//! What a person sees while `up` works: one line per stage with the time since the start, in the same form as
//! scripts/up prints its own stages.

use std::fs::File;
use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Tells the waiting parent of a detached supervisor that everything is ready. No ordinary line begins like this.
pub const READY_MARK: &str = "\u{1}ready";

/// Begins the line in which a detached supervisor tells why it gave up.
pub const FAILED_MARK: &str = "\u{1}failed ";

/// Prints stages. In a detached supervisor lines go to the waiting parent and to the log, later to the log alone.
pub struct Reporter {
    started: Instant,
    before: Duration,
    log: Option<Mutex<File>>,
    stdout: Mutex<bool>,
}

impl Reporter {
    /// `before` is the time scripts/up has already spent.
    pub fn new(before: Duration, log: Option<File>) -> Self {
        Self { started: Instant::now(), before, log: log.map(Mutex::new), stdout: Mutex::new(true) }
    }

    /// Seconds since the person pressed return.
    pub fn elapsed(&self) -> Duration {
        self.before + self.started.elapsed()
    }

    /// Prints one line with the elapsed time.
    pub fn line(&self, text: &str) {
        self.raw(&format!("{} {text}", stamp(self.elapsed())));
    }

    /// Prints text as it is.
    pub fn raw(&self, text: &str) {
        let marked = text.starts_with('\u{1}');
        if let Ok(stdout) = self.stdout.lock()
            && *stdout
            && (!marked || self.has_log())
        {
            // Nobody listening any more is no reason to stop the supervisor.
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{text}");
            let _ = out.flush();
        }
        if let Some(Ok(mut log)) = self.log.as_ref().map(|log| log.lock())
            && !marked
        {
            let _ = writeln!(log, "{text}");
        }
    }

    /// True in a detached supervisor.
    pub fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// From now on only the log is written (the parent has gone).
    pub fn leave_stdout(&self) {
        if let Ok(mut stdout) = self.stdout.lock() {
            *stdout = false;
        }
    }
}

/// `[ 12.4s]`
pub fn stamp(elapsed: Duration) -> String {
    format!("[{:>6.1}s]", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_line_up() {
        assert_eq!(stamp(Duration::from_millis(12_440)), "[  12.4s]");
        assert_eq!(stamp(Duration::from_secs(1234)), "[1234.0s]");
    }
}
