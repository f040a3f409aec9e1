//! Processes: the one place of this crate that starts programs, and the records by which a later run finds what
//! an earlier one left behind.
//!
//! Rules kept here: programs are named by absolute path and get an argument list (there is no shell), a cleared
//! environment, no standard input and a process group of their own. A process is known by its number *and* its
//! start time, because numbers are reused.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::files;

/// Where distributions keep the programs we use; `PATH` of whoever called us does not decide.
const FOLDERS: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The search path given to children.
pub const CHILD_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Most output kept of a program that is run to its end.
const OUTPUT_CAP: usize = 4 * 1024 * 1024;

/// What identifies one run of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub name: String,
    pub pid: i32,
    /// Start time in clock ticks since boot (field 22 of `/proc/PID/stat`).
    pub started: u64,
    /// The boot this belongs to; after a reboot every record is history.
    pub boot: String,
}

impl Record {
    /// The record of a running process; `None` when it is gone.
    pub fn of(name: &str, pid: i32) -> Option<Self> {
        Some(Self { name: name.to_owned(), pid, started: start_time(pid)?, boot: boot_id() })
    }

    /// Reads a record; `None` when there is none or it is damaged.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    /// Writes the record in one step.
    pub fn write(&self, path: &Path) -> Result<()> {
        files::write_atomic(path, &serde_json::to_vec(self)?, 0o644, None)
    }

    /// True while exactly this run of the process lives (a zombie counts as gone).
    pub fn is_alive(&self) -> bool {
        self.boot == boot_id() && start_time(self.pid) == Some(self.started)
    }

    /// Sends a signal to the process's group (children lead their own) or, if it leads none, to the process.
    pub fn signal(&self, which: Signal) {
        if !self.is_alive() {
            return;
        }
        let pid = Pid::from_raw(self.pid);
        if nix::unistd::getpgid(Some(pid)) == Ok(pid) {
            let _ = signal::killpg(pid, which);
        } else {
            let _ = signal::kill(pid, which);
        }
    }

    /// Ends the process: asks, waits up to `patience`, then kills its whole group. Returns once it is gone.
    pub fn end(&self, patience: Duration) -> Result<()> {
        self.signal(Signal::SIGTERM);
        if self.wait_gone(patience) {
            return Ok(());
        }
        self.signal(Signal::SIGKILL);
        if self.wait_gone(Duration::from_secs(5)) {
            return Ok(());
        }
        bail!(
            "process {} ({}) does not end even when killed; it may hang in the kernel: look at `ps` and restart the machine if so",
            self.pid,
            self.name
        )
    }

    /// Kills what is left of the group of a process that is itself gone (an nginx whose parent was killed keeps its
    /// port). Goes by the group *and* the working folder, which the supervisor sets to `folder`: the bare number
    /// could have been taken by strangers.
    pub fn kill_orphans(&self, folder: &Path) -> usize {
        if self.boot != boot_id() || self.is_alive() {
            return 0;
        }
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return 0;
        };
        let orphans =
            processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()).filter(|pid| {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                parse_group(&stat) == Some(self.pid)
                    && std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder)
            });
        orphans.filter(|pid| signal::kill(Pid::from_raw(*pid), Signal::SIGKILL).is_ok()).count()
    }

    fn wait_gone(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

/// Field 22 of `/proc/PID/stat`, or `None` when there is no such process or only its zombie.
fn start_time(pid: i32) -> Option<u64> {
    if pid <= 0 || signal::kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
        return None;
    }
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The program's name stands in brackets and may hold anything, brackets and spaces included: cut at the last one.
fn parse_stat(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// The process group: third field after the name.
fn parse_group(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(2)?.parse().ok()
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// Looks a program up in the system's folders.
pub fn find_program(name: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

/// As `find_program`, with the package to install in the error.
pub fn need_program(name: &str, package: &str) -> Result<PathBuf> {
    find_program(name).with_context(|| {
        format!("the program {name} is missing; install it with `apt-get install {package}` (./scripts/up does)")
    })
}

/// A child that will outlive this call: cleared environment, no input. The caller adds output and arguments.
/// Every start of a program in this crate goes through here.
#[allow(clippy::disallowed_methods)] // The one permitted place; see clippy.toml.
pub fn command(program: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(program);
    command.env_clear().env("PATH", CHILD_PATH).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// What a finished program said.
#[derive(Debug)]
pub struct Output {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The most telling line of a failure.
    pub fn reason(&self) -> String {
        let text = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(3)..].join(" / ")
    }
}

/// Runs a program to its end within `limit`. Not starting and running too long are errors; a bad exit code is an
/// answer (`success == false`).
pub async fn run<S: AsRef<OsStr>>(program: &Path, args: &[S], limit: Duration) -> Result<Output> {
    let mut command = command(program);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for name in ["DOCKER_HOST", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    let output = tokio::time::timeout(limit, child.wait_with_output())
        .await
        .with_context(|| format!("{} did not end within {} s", program.display(), limit.as_secs()))?
        .with_context(|| format!("cannot read the output of {}", program.display()))?;
    let text = |mut bytes: Vec<u8>| {
        bytes.truncate(OUTPUT_CAP);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(Output { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_survives_odd_program_names() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1";
        assert_eq!(parse_stat(stat), Some(987_654));
        assert_eq!(parse_group(stat), Some(42));
        assert_eq!(parse_stat("42 (x) Z 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 9 1 1"), None);
        assert_eq!(parse_stat("nonsense"), None);
    }

    #[test]
    fn a_record_with_another_start_time_is_another_process() {
        let own = Record::of("self", std::process::id() as i32).unwrap();
        assert!(own.is_alive());
        assert!(!Record { started: own.started + 1, ..own.clone() }.is_alive());
        assert!(!Record { boot: "another boot".to_owned(), ..own.clone() }.is_alive());
        assert!(!Record { pid: -1, ..own }.is_alive());
    }

    #[tokio::test]
    async fn run_keeps_output_and_exit_code_apart_and_stops_at_the_limit() {
        let cat = find_program("cat").unwrap();
        let answer = run(&cat, &["/does/not/exist"], Duration::from_secs(5)).await.unwrap();
        assert!(!answer.success && answer.reason().contains("/does/not/exist"));
        let sleep = find_program("sleep").unwrap();
        let error = run(&sleep, &["30"], Duration::from_millis(50)).await.unwrap_err();
        assert!(error.to_string().contains("did not end"));
    }

    #[tokio::test]
    async fn end_kills_what_does_not_listen() {
        let sleep = find_program("sleep").unwrap();
        let mut child = command(&sleep).arg("60").process_group(0).spawn().unwrap();
        let record = Record::of("sleep", child.id().unwrap() as i32).unwrap();
        let waiter = tokio::task::spawn_blocking(move || record.end(Duration::from_secs(5)));
        child.wait().await.unwrap();
        waiter.await.unwrap().unwrap();
    }
}
