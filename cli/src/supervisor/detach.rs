//! `up --detach`: the supervisor as a process of its own session, and the parent that shows its stages until it
//! is ready.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::files;
use crate::layout::Layout;
use crate::process;
use crate::report::{FAILED_MARK, READY_MARK};
use crate::say;

/// What of our environment the detached supervisor keeps.
const KEPT: &[&str] = &[
    "SHOPFLEET_VAR",
    "SHOPFLEET_ROOT",
    "DOCKER_HOST",
    "SHOPFLEET_LOG",
    "SHOPFLEET_LOG_FORMAT",
    "SHOPFLEET_FAIL_POINT_FILE",
    "SHOPFLEET_FAIL_POINT_FILE",
    "HOME",
    "USER",
    "SUDO_UID",
    "SUDO_GID",
    "SUDO_USER",
];

/// Starts the supervisor detached and waits until it is ready; prints its lines meanwhile.
pub fn start(layout: &Layout, before: Duration) -> Result<()> {
    files::ensure_dir(&layout.var, 0o711, None)?;
    files::ensure_dir(&layout.logs(), 0o711, None)?;
    let log_path = layout.log("supervisor");
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o640)
        .open(&log_path)
        .with_context(|| format!("cannot open {}", log_path.display()))?;
    let own = std::env::current_exe().context("cannot find my own program file")?;
    let mut command = process::command(&own).into_std();
    command
        .args(["up", "--daemon", "--elapsed-ms"])
        .arg(before.as_millis().to_string())
        .current_dir(&layout.var)
        .stdout(Stdio::piped())
        .stderr(Stdio::from(log));
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // Resolved here, against this working directory.
    command.env("SHOPFLEET_VAR", &layout.var).env("SHOPFLEET_ROOT", &layout.root);
    let mut child = command.spawn().context("cannot start the detached supervisor")?;
    let output = child.stdout.take().context("the supervisor has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line.context("cannot read what the supervisor says")?;
        if line == READY_MARK {
            return Ok(());
        }
        if let Some(reason) = line.strip_prefix(FAILED_MARK) {
            bail!("{}\n(the supervisor's log: {})", reason.replace('\u{1}', "\n"), log_path.display());
        }
        say!("{line}");
    }
    let status = child.wait().context("cannot wait for the supervisor")?;
    let last = files::tail(&log_path, 12);
    bail!("the supervisor ended before it was ready ({status}):\n{last}\n(whole log: {})", log_path.display())
}

/// Leaves the caller's session, so that closing its terminal means nothing to us.
pub fn become_daemon() -> Result<()> {
    nix::unistd::setsid().context("cannot start a session of my own")?;
    Ok(())
}
