//! The nginx process: test, reload, probe.

use crate::host::command::{self, CommandError};
use hosting::domain::HostName;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Why nginx did not do it.
#[derive(Debug, thiserror::Error)]
pub enum NginxError {
    /// The program.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The configuration does not pass.
    #[error("the edge's configuration does not pass its test: {0}")]
    Refused(String),
    /// It does not run.
    #[error("the edge does not run: {0}")]
    NotRunning(String),
}

/// Tests the whole configuration.
///
/// # Errors
/// `Refused` with nginx' own words.
pub async fn test(dir: &Path) -> Result<(), NginxError> {
    let (dir, config) = (dir.to_string_lossy().into_owned(), dir.join("nginx.conf").to_string_lossy().into_owned());
    let args = ["-t", "-q", "-e", "stderr", "-p", &dir, "-c", &config];
    let answer = command::run("nginx", &args, b"", Duration::from_secs(20)).await?;
    if answer.ok() { Ok(()) } else { Err(NginxError::Refused(answer.err.trim().chars().take(1000).collect())) }
}

/// Tells the running master to load its configuration again. Requests under way are finished by
/// the old workers.
///
/// # Errors
/// `NotRunning`.
pub fn reload(dir: &Path) -> Result<(), NginxError> {
    let file = dir.join("nginx.pid");
    let gone = |why: String| NginxError::NotRunning(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(&file).map_err(|e| gone(e.to_string()))?;
    let pid: i32 = text.trim().parse().map_err(|_| gone("it holds no process number".into()))?;
    // The number may be a leftover that now belongs to another program.
    let name =
        std::fs::read_to_string(format!("/proc/{pid}/comm")).map_err(|_| gone(format!("process {pid} is gone")))?;
    if name.trim() != "nginx" {
        return Err(gone(format!("process {pid} is {}", name.trim())));
    }
    kill(Pid::from_raw(pid), Signal::SIGHUP).map_err(|e| gone(e.to_string()))
}

/// The status the edge answers for a host name, asked over a fresh connection (an old one would be
/// answered by an old worker). A path that no shop has to work for.
///
/// # Errors
/// The edge does not answer within 3 s.
pub async fn probe(host: &HostName, port: u16) -> std::io::Result<u16> {
    probe_path(host, port, "/wp-includes/images/blank.gif").await
}

/// As [`probe`], for a path of our own choice.
///
/// # Errors
/// No answer within 3 s.
pub async fn probe_path(host: &HostName, port: u16, path: &'static str) -> std::io::Result<u16> {
    let work = async {
        let mut stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Shopfleet edge probe\r\nConnection: close\r\n\r\n",
            host.as_str()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = [0u8; 12];
        stream.read_exact(&mut head).await?;
        std::str::from_utf8(&head[9..])
            .ok()
            .and_then(|s| s.parse().ok())
            .ok_or_else(|| std::io::Error::other("no HTTP answer"))
    };
    tokio::time::timeout(Duration::from_secs(3), work)
        .await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}
