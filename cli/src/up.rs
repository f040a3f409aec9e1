//! The verb `up`: looks whether the instance already runs, then supervises in the foreground or detached.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::process::Record;
use crate::report::{FAILED_MARK, Reporter};
use crate::say;
use crate::supervisor::{self, UpJson, detach};

/// Options of `up`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Up {
    /// Return when everything is ready and leave it running
    #[arg(long)]
    pub detach: bool,
    /// The detached half of `--detach`
    #[arg(long, hide = true)]
    daemon: bool,
    /// Milliseconds that scripts/up has already spent
    #[arg(long, hide = true, default_value_t = 0)]
    elapsed_ms: u64,
}

/// Runs `up`. Returns when the instance has been stopped, with `--detach` when it is ready.
pub fn run(layout: &Layout, options: Up) -> Result<()> {
    let before = Duration::from_millis(options.elapsed_ms);
    if options.daemon {
        detach::become_daemon()?;
        let log = OpenOptions::new().create(true).append(true).mode(0o640).open(layout.log("supervisor"))?;
        let reporter = Reporter::new(before, Some(log));
        return supervise(layout, &reporter).inspect_err(|error| {
            // In one line for the waiting parent; the log gets it as everybody else's errors do.
            reporter.raw(&format!("{FAILED_MARK}{}", format!("{error:#}").replace('\n', "\u{1}")));
        });
    }
    if supervisor::is_running(layout)? {
        if supervisor::runs_current_build(layout) || UpJson::read(layout).is_none() {
            let up = wait_for_other(layout)?;
            say!("Shopfleet is already running.");
            say!("{}", supervisor::summary(&up, None).trim_end());
            return Ok(());
        }
        say!("The programs have been built anew; restarting");
        let record = Record::read(&layout.record("supervisor")).context("the running supervisor left no record")?;
        record.end(Duration::from_secs(180))?;
    }
    if options.detach { detach::start(layout, before) } else { supervise(layout, &Reporter::new(before, None)) }
}

fn supervise(layout: &Layout, reporter: &Reporter) -> Result<()> {
    hosting::telemetry::init();
    // One thread: the kernel ties a child's life to the thread that started it, and this one lives to the end.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, supervisor::run(layout, reporter))
}

/// Another `up` may be half-way; its readiness is ours.
fn wait_for_other(layout: &Layout) -> Result<UpJson> {
    for _ in 0..1200 {
        if let Some(up) = UpJson::read(layout) {
            return Ok(up);
        }
        if !supervisor::is_running(layout)? {
            anyhow::bail!(
                "another `up` was starting and gave up; see {} and try again",
                layout.log("supervisor").display()
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    anyhow::bail!("another `up` has been starting for two minutes; see {}", layout.log("supervisor").display())
}
