//! One supervised process: what to start, how to know it is ready, how it is restarted and stopped.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use tokio::sync::watch;
use tokio::time::Instant;

use super::probe::Probe;
use crate::child::ExecChild;
use crate::files;
use crate::layout::Layout;
use crate::process;

/// First wait before a restart; doubles up to `LONGEST_BACKOFF`, so a process that cannot live costs nothing.
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// A process that lived this long has recovered: the next restart is quick again.
const STABLE_AFTER: Duration = Duration::from_secs(30);
/// A log larger than this is cut when looked at; one older part is kept.
const LOG_CAP: u64 = 16 * 1024 * 1024;

/// What to run.
#[derive(Debug, Clone)]
pub struct Spec {
    pub name: &'static str,
    pub program: PathBuf,
    pub args: Vec<OsString>,
    pub env: Vec<(String, OsString)>,
    /// The user to become (only when the supervisor is root).
    pub user: Option<String>,
    pub stop_signal: Signal,
    /// How long it may take to stop before it is killed.
    pub stop_within: Duration,
    /// How long the first start may take.
    pub ready_within: Duration,
    pub probe: Probe,
}

/// What became of a process so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    pub starts: u32,
    pub last_exit: Option<String>,
}

/// A running (or just being restarted) process.
#[derive(Debug)]
pub struct Service {
    pub spec: Arc<Spec>,
    stop: watch::Sender<Stop>,
    status: watch::Receiver<Status>,
    task: tokio::task::JoinHandle<()>,
    log: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    No,
    Gently,
    Now,
}

impl Service {
    /// Starts the process and keeps it running until `stop`. Must be called on the thread that lives as long as
    /// the supervisor: the kernel ties the child's life to the *thread* that started it.
    pub fn start(layout: &Layout, spec: Spec) -> Result<Self> {
        let spec = Arc::new(spec);
        let log = layout.log(spec.name);
        let (stop, stop_receiver) = watch::channel(Stop::No);
        let (status_sender, status) = watch::channel(Status::default());
        let task = tokio::task::spawn_local(keep_running(
            spec.clone(),
            log.clone(),
            layout.record(spec.name),
            layout.var.clone(),
            stop_receiver,
            status_sender,
        ));
        Ok(Self { spec, stop, status, task, log })
    }

    /// Waits until the probe answers. Fails, with the end of the log, when the process ends three times first or
    /// the time is up.
    pub async fn wait_ready(&self) -> Result<()> {
        let deadline = Instant::now() + self.spec.ready_within;
        loop {
            let Err(reason) = self.spec.probe.check().await else {
                return Ok(());
            };
            let status = self.status.borrow().clone();
            let hopeless = status.starts >= 3 && status.last_exit.is_some();
            if hopeless || Instant::now() >= deadline {
                let what = match status.last_exit {
                    Some(exit) => format!("it ended ({exit}), {} starts", status.starts),
                    None => format!("not ready after {} s: {reason:#}", self.spec.ready_within.as_secs()),
                };
                bail!(
                    "{} does not run: {what}\n{}\n(whole log: {})",
                    self.spec.name,
                    indent(&files::tail(&self.log, 12)),
                    self.log.display()
                );
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Asks the process to end; `stopped` waits for it.
    pub fn begin_stop(&self) {
        let _ = self.stop.send(Stop::Gently);
    }

    /// Ends it at once.
    pub fn kill(&self) {
        let _ = self.stop.send(Stop::Now);
    }

    /// Waits until the process is gone. Safe to call again (and to drop half-way).
    pub async fn stopped(&mut self) {
        if !self.task.is_finished() {
            let _ = (&mut self.task).await;
        }
    }

    /// Cuts the log when it has grown too large. The process writes in append mode, so it just goes on.
    pub fn trim_log(&self) {
        trim_log(&self.log);
    }
}

async fn keep_running(
    spec: Arc<Spec>,
    log: PathBuf,
    record: PathBuf,
    folder: PathBuf,
    mut stop: watch::Receiver<Stop>,
    status: watch::Sender<Status>,
) {
    let mut backoff = FIRST_BACKOFF;
    while *stop.borrow() == Stop::No {
        trim_log(&log);
        let started = Instant::now();
        let exit = match spawn(&spec, &log, &record, &folder) {
            Ok(mut child) => {
                status.send_modify(|status| status.starts += 1);
                let group = child.id().map(|id| Pid::from_raw(id as i32));
                tokio::select! {
                    exit = child.wait() => {
                        // A killed parent may leave children that hold its port (nginx does).
                        if let Some(group) = group {
                            let _ = signal::killpg(group, Signal::SIGKILL);
                        }
                        describe_exit(exit)
                    }
                    () = asked(&mut stop, Stop::Gently) => {
                        end(&spec, &mut child, &mut stop).await;
                        break;
                    }
                }
            }
            Err(error) => {
                status.send_modify(|status| status.starts += 1);
                format!("{error:#}")
            }
        };
        if started.elapsed() > STABLE_AFTER {
            backoff = FIRST_BACKOFF;
        }
        tracing::warn!(
            service.name = spec.name,
            exit,
            "process ended; starting it again in {} ms",
            backoff.as_millis()
        );
        status.send_modify(|status| status.last_exit = Some(exit));
        tokio::select! {
            () = tokio::time::sleep(backoff) => {}
            () = asked(&mut stop, Stop::Gently) => {}
        }
        backoff = (backoff * 2).min(LONGEST_BACKOFF);
    }
    let _ = files::remove_if_there(&record);
}

/// Returns when the stop order is at least `wanted`.
async fn asked(stop: &mut watch::Receiver<Stop>, wanted: Stop) {
    let enough = |now: &Stop| *now == Stop::Now || (wanted == Stop::Gently && *now == Stop::Gently);
    // The sender gone means the supervisor itself is going: that is an order to stop, too.
    let _ = stop.wait_for(enough).await;
}

async fn end(spec: &Spec, child: &mut tokio::process::Child, stop: &mut watch::Receiver<Stop>) {
    let Some(pid) = child.id().map(|id| Pid::from_raw(id as i32)) else {
        return;
    };
    let _ = signal::kill(pid, spec.stop_signal);
    tokio::select! {
        _ = child.wait() => {}
        () = tokio::time::sleep(spec.stop_within) => {
            tracing::warn!(service.name = spec.name, "did not stop within {} s; killing it", spec.stop_within.as_secs());
        }
        () = asked(stop, Stop::Now) => {}
    }
    // Whatever it started and left behind is in its group.
    let _ = signal::killpg(pid, Signal::SIGKILL);
    let _ = child.wait().await;
}

fn spawn(spec: &Spec, log: &Path, record: &Path, folder: &Path) -> Result<tokio::process::Child> {
    let output = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o640)
        .open(log)
        .with_context(|| format!("cannot open the log {}", log.display()))?;
    let own = std::env::current_exe().context("cannot find my own program file")?;
    // After an upgrade in place the kernel marks the old file's name; the new one is at the plain name.
    let own = match own.to_str().and_then(|path| path.strip_suffix(" (deleted)")) {
        Some(path) => PathBuf::from(path),
        None => own,
    };
    let mut argv = vec![spec.program.clone().into_os_string()];
    argv.extend_from_slice(&spec.args);
    let mut command = process::command(&own);
    command
        .args(ExecChild::arguments(spec.name, record, spec.user.as_deref(), &argv))
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdout(Stdio::from(output.try_clone()?))
        .stderr(Stdio::from(output));
    command.spawn().with_context(|| format!("cannot start {}", own.display()))
}

fn describe_exit(exit: std::io::Result<std::process::ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;
    match exit {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(number)) => format!("signal {number}"),
            (None, None) => "unknown end".to_owned(),
        },
        Err(error) => format!("lost: {error}"),
    }
}

fn trim_log(log: &Path) {
    if std::fs::metadata(log).is_ok_and(|meta| meta.len() > LOG_CAP) {
        let old = log.with_extension("log.1");
        if std::fs::copy(log, &old).is_ok() {
            let _ = OpenOptions::new().write(true).open(log).and_then(|file| file.set_len(0));
        }
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grown_log_is_cut_and_the_old_part_kept() {
        let folder = crate::testing::scratch("service-log");
        let log = folder.join("web.log");
        std::fs::write(&log, "small").unwrap();
        trim_log(&log);
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "small");
        std::fs::File::create(&log).unwrap().set_len(LOG_CAP + 1).unwrap();
        trim_log(&log);
        assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
        assert_eq!(std::fs::metadata(folder.join("web.log.1")).unwrap().len(), LOG_CAP + 1);
    }
}
