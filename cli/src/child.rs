//! The hidden verb `exec-child`: the last code of ours that runs in a child before it becomes MariaDB, Redis,
//! nginx, web or worker.
//!
//! The supervisor starts this program instead of the real one, because the things that must happen between
//! "forked" and "running" (die with the parent, own group, another user, a record on disk) can be done here in
//! plain safe code; doing them in a forked copy of a running program cannot.

use std::ffi::{CString, OsString};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Pid, Uid};

use crate::process::Record;

/// What the supervisor tells the child about itself. No secrets: arguments are public.
#[derive(Debug, clap::Args)]
pub struct ExecChild {
    #[arg(long)]
    name: String,
    /// Where to leave the process record.
    #[arg(long)]
    record: PathBuf,
    /// The supervisor's process number.
    #[arg(long)]
    parent: i32,
    /// The user to become, by name; `keep` stays.
    #[arg(long, default_value = "keep")]
    user: String,
    #[arg(last = true, required = true)]
    argv: Vec<OsString>,
}

impl ExecChild {
    /// Builds the argument list that `run` will understand.
    pub fn arguments(name: &str, record: &std::path::Path, user: Option<&str>, argv: &[OsString]) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["exec-child".into(), "--name".into(), name.into()];
        arguments.extend(["--record".into(), record.into()]);
        arguments.extend(["--parent".into(), std::process::id().to_string().into()]);
        arguments.extend(["--user".into(), user.unwrap_or("keep").into(), "--".into()]);
        arguments.extend_from_slice(argv);
        arguments
    }

    /// Becomes the program. Returns only on failure.
    pub fn run(self) -> Result<()> {
        nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0)).context("cannot lead a process group")?;
        Record::of(&self.name, std::process::id() as i32).context("cannot see myself in /proc")?.write(&self.record)?;
        if self.user != "keep" {
            become_user(&self.user)?;
        }
        prctl::set_no_new_privs().context("cannot give up gaining rights")?;
        // After the change of user, which clears it. SIGTERM, not SIGKILL: nginx's own children would survive a
        // killed parent, and the data stores should close their files.
        prctl::set_pdeathsig(Signal::SIGTERM).context("cannot tie my life to the supervisor's")?;
        if nix::unistd::getppid().as_raw() != self.parent {
            bail!("the supervisor was gone before {} could start", self.name);
        }
        let (program, arguments) = self.argv.split_first().context("no program given")?;
        Err(exec(program, arguments)).with_context(|| format!("cannot run {}", program.display()))
    }
}

#[allow(clippy::disallowed_methods)] // Replaces this process; starts no second one.
fn exec(program: &OsString, arguments: &[OsString]) -> std::io::Error {
    std::process::Command::new(program).args(arguments).exec()
}

fn become_user(name: &str) -> Result<()> {
    let user = nix::unistd::User::from_name(name)?.with_context(|| format!("there is no user {name}"))?;
    nix::unistd::initgroups(&CString::new(name)?, user.gid)
        .with_context(|| format!("cannot take the groups of {name}"))?;
    set_ids(user.uid, user.gid).with_context(|| format!("cannot become {name}"))
}

fn set_ids(uid: Uid, gid: Gid) -> nix::Result<()> {
    nix::unistd::setgid(gid)?;
    nix::unistd::setuid(uid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Wrapper {
        #[command(flatten)]
        child: ExecChild,
    }

    #[test]
    fn the_written_arguments_are_read_back() {
        let argv: Vec<OsString> = ["/bin/x", "--flag", "-n", "--"].map(OsString::from).to_vec();
        let arguments = ExecChild::arguments("mail", std::path::Path::new("/r"), Some("mail"), &argv);
        let parsed = Wrapper::try_parse_from(arguments).unwrap().child;
        assert_eq!(parsed.argv, argv);
        assert_eq!((parsed.name.as_str(), parsed.user.as_str()), ("mail", "mail"));
        assert_eq!(parsed.parent, std::process::id() as i32);
    }
}
