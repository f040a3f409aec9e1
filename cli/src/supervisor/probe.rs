//! How the supervisor knows that a process is ready: it asks it, it never guesses by time.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

const LIMIT: Duration = Duration::from_secs(2);

/// A question to one process.
#[derive(Clone)]
pub enum Probe {
    /// MariaDB greets every connection; it listens only after its init file ran.
    MariaDb(PathBuf),
    /// `AUTH` + `PING`, until loading the append-only file is over.
    Redis { port: u16, password: String },
    /// An SMTP greeting (220).
    Smtp(u16),
    /// Something listens.
    Tcp(u16),
    /// `GET` answers 200.
    Http(String),
}

/// The password stays out.
impl std::fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MariaDb(path) => write!(formatter, "MariaDb({})", path.display()),
            Self::Redis { port, .. } => write!(formatter, "Redis({port})"),
            Self::Smtp(port) => write!(formatter, "Smtp({port})"),
            Self::Tcp(port) => write!(formatter, "Tcp({port})"),
            Self::Http(url) => write!(formatter, "Http({url})"),
        }
    }
}

impl Probe {
    /// Asks once; an error says what is still missing.
    pub async fn check(&self) -> Result<()> {
        tokio::time::timeout(LIMIT, self.ask()).await.context("no answer within 2 s")?
    }

    async fn ask(&self) -> Result<()> {
        match self {
            Self::MariaDb(path) => {
                let mut stream = UnixStream::connect(path).await.context("its socket does not answer")?;
                let mut header = [0_u8; 5];
                stream.read_exact(&mut header).await.context("it does not greet")?;
                // 0xff is an error packet: alive, but refusing.
                if header[4] == 0xff {
                    bail!("it refuses connections")
                }
                Ok(())
            }
            Self::Redis { port, password } => {
                let mut stream = TcpStream::connect(("127.0.0.1", *port)).await.context("its port does not answer")?;
                stream.write_all(format!("AUTH {password}\r\nPING\r\n").as_bytes()).await?;
                let answer = read_lines(&mut stream, 2).await?;
                if answer.contains("+PONG") { Ok(()) } else { bail!("it answers {}", answer.trim()) }
            }
            Self::Smtp(port) => {
                let mut stream = TcpStream::connect(("127.0.0.1", *port)).await.context("its port does not answer")?;
                let greeting = read_lines(&mut stream, 1).await?;
                if greeting.starts_with("220") { Ok(()) } else { bail!("it greets with {}", greeting.trim()) }
            }
            Self::Tcp(port) => {
                TcpStream::connect(("127.0.0.1", *port)).await.context("its port does not answer")?;
                Ok(())
            }
            Self::Http(url) => {
                let answer = http_client()?.get(url).send().await.with_context(|| format!("{url} does not answer"))?;
                let status = answer.status();
                if status.as_u16() == 200 {
                    return Ok(());
                }
                let body: String = answer.text().await.unwrap_or_default().chars().take(300).collect();
                bail!("{url} answers {status}: {}", body.trim())
            }
        }
    }
}

/// A client for our own loopback ports: no proxy, no redirects, short limits.
pub fn http_client() -> Result<reqwest::Client> {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(1))
        .timeout(LIMIT)
        .build()
        .context("cannot make an HTTP client")
}

async fn read_lines(stream: &mut TcpStream, lines: usize) -> Result<String> {
    let mut answer = Vec::new();
    let mut part = [0_u8; 512];
    while answer.len() < 4096 && answer.iter().filter(|byte| **byte == b'\n').count() < lines {
        match stream.read(&mut part).await? {
            0 => break,
            size => answer.extend_from_slice(&part[..size]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Listens, reads a request if one is `expected`, and answers once.
    async fn answers(expected: bool, text: &'static str) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            if expected {
                let _ = stream.read(&mut [0; 1024]).await.unwrap();
            }
            stream.write_all(text.as_bytes()).await.unwrap();
        });
        port
    }

    #[tokio::test]
    async fn a_mail_server_must_greet_with_220() {
        assert!(Probe::Smtp(answers(false, "220 hello\r\n").await).check().await.is_ok());
        assert!(Probe::Smtp(answers(false, "554 go away\r\n").await).check().await.is_err());
    }

    #[tokio::test]
    async fn redis_is_ready_only_at_pong_and_its_password_stays_out_of_debug() {
        let loading = Probe::Redis { port: answers(true, "+OK\r\n-LOADING\r\n").await, password: "geheim".to_owned() };
        assert!(loading.check().await.unwrap_err().to_string().contains("LOADING"));
        assert!(!format!("{loading:?}").contains("geheim"));
        assert!(
            Probe::Redis { port: answers(true, "+OK\r\n+PONG\r\n").await, password: "x".to_owned() }
                .check()
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn http_must_be_200() {
        let port = answers(true, "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 5\r\n\r\nredis").await;
        let error = Probe::Http(format!("http://127.0.0.1:{port}/readyz")).check().await.unwrap_err();
        assert!(error.to_string().contains("503") && error.to_string().contains("redis"));
    }
}
