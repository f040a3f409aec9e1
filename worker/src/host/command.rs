//! Runs a program: argument vector, empty environment, own process group, time limit, output cap.
//! There is no shell anywhere (threat-model §4.2).

use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// What a program answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Exit code, -1 when a signal ended it.
    pub code: i32,
    /// Its output and error output, at most 64 KiB each.
    pub out: String,
    /// Error output.
    pub err: String,
}

impl Answer {
    /// Whether it ended with 0.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.code == 0
    }
}

/// A program that could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It is not installed.
    #[error("{0} is not installed on this server")]
    Missing(String),
    /// It could not be started or read.
    #[error("cannot run {0}: {1}")]
    Io(String, #[source] std::io::Error),
    /// It was ended after its time.
    #[error("{0} was not done after {1} s and was ended")]
    TimeOut(String, u64),
}

/// Where system programs are.
const PATHS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const OUTPUT_CAP: u64 = 64 * 1024;

/// Absolute path of a system program.
///
/// # Errors
/// `Missing`.
pub fn find(program: &str) -> Result<std::path::PathBuf, CommandError> {
    PATHS
        .iter()
        .map(|dir| std::path::Path::new(dir).join(program))
        .find(|p| p.is_file())
        .ok_or_else(|| CommandError::Missing(program.to_owned()))
}

/// Runs a system program with `input` on its standard input.
///
/// # Errors
/// Only when it could not be run to its end; its exit code is in the answer.
pub async fn run<A: AsRef<std::ffi::OsStr>>(
    program: &str,
    args: &[A],
    input: &[u8],
    limit: Duration,
) -> Result<Answer, CommandError> {
    let path = find(program)?;
    let io = |e| CommandError::Io(program.to_owned(), e);
    // The one place of this crate that starts programs.
    #[allow(clippy::disallowed_methods)]
    let mut child = Command::new(path)
        .args(args)
        .env_clear()
        .env("PATH", PATHS.join(":"))
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(io)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let work = async {
        let feed = async {
            if let Some(mut pipe) = stdin {
                // A program that reads nothing closes the pipe; its exit code tells.
                let _ = pipe.write_all(input).await;
            }
        };
        let ((), out, err) = tokio::join!(feed, capped(stdout), capped(stderr));
        child.wait().await.map(|status| (status, out, err))
    };
    match tokio::time::timeout(limit, work).await {
        Ok(Ok((status, out, err))) => Ok(Answer { code: status.code().unwrap_or(-1), out, err }),
        Ok(Err(e)) => Err(io(e)),
        Err(_) => Err(CommandError::TimeOut(program.to_owned(), limit.as_secs())),
    }
}

/// Reads to the end but keeps only the first part, so that the program never blocks on us.
async fn capped(pipe: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let mut kept = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = (&mut pipe).take(OUTPUT_CAP).read_to_end(&mut kept).await;
        let mut rest = [0u8; 4096];
        while let Ok(n) = pipe.read(&mut rest).await
            && n > 0
        {}
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_gets_arguments_input_and_nothing_of_our_environment() {
        let answer = run("cat", &["-"], b"hello; $(id)", Duration::from_secs(5)).await.unwrap();
        assert!(answer.ok());
        assert_eq!(answer.out, "hello; $(id)");
        let answer = run("env", &[] as &[&str], b"", Duration::from_secs(5)).await.unwrap();
        assert!(!answer.out.contains("HOME="), "{}", answer.out);
        assert!(matches!(
            run("no-such-program", &["x"], b"", Duration::from_secs(1)).await,
            Err(CommandError::Missing(_))
        ));
        let late = run("sleep", &["5"], b"", Duration::from_millis(100)).await;
        assert!(matches!(late, Err(CommandError::TimeOut(..))));
    }
}
