//! A receiver of webhooks with TLS and an authority of its own, and every bad habit, by path.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Hit {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Hit {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

#[derive(Default)]
struct Seen {
    hits: Mutex<Vec<Hit>>,
    sent: AtomicU64,
}

/// Answers as `hooks.example.com` on a loopback port until the value is gone.
pub struct Receiver {
    pub address: SocketAddr,
    /// Certificate of its authority, PEM.
    pub authority: Vec<u8>,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (authority, certificate, key) = certificates(address.port());
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let seen = Arc::new(Seen::default());
        let shared = seen.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((socket, _)) = listener.accept().await else { return };
                let (acceptor, seen) = (acceptor.clone(), shared.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(socket).await {
                        let _ = serve(stream, &seen).await;
                    }
                });
            }
        });
        Self { address, authority, seen, task }
    }

    /// Every request that arrived whole, in order.
    pub fn hits(&self) -> Vec<Hit> {
        self.seen.hits.lock().unwrap().clone()
    }

    /// Bytes of endless answers that somebody took.
    pub fn sent(&self) -> u64 {
        self.seen.sent.load(Ordering::SeqCst)
    }
}

async fn serve<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    mut stream: S,
    seen: &Seen,
) -> std::io::Result<()> {
    let mut raw = Vec::new();
    let (head, length) = loop {
        let mut part = [0u8; 4096];
        let n = stream.read(&mut part).await?;
        if n == 0 {
            return Ok(());
        }
        raw.extend_from_slice(&part[..n]);
        let Some(end) = raw.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&raw[..end]).into_owned();
        let length = head.lines().find_map(|l| {
            l.to_ascii_lowercase().strip_prefix("content-length:").map(|v| v.trim().parse::<usize>().unwrap())
        });
        if raw.len() >= end + 4 + length.unwrap_or(0) {
            raw.drain(..end + 4);
            break (head, length.unwrap_or(0));
        }
    };
    let body = String::from_utf8_lossy(&raw[..length]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers = head
        .lines()
        .skip(1)
        .filter_map(|l| l.split_once(": "))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
        .collect();
    let before = {
        let mut hits = seen.hits.lock().unwrap();
        hits.push(Hit { path: path.clone(), headers, body });
        hits.iter().filter(|h| h.path == path).count()
    };
    let answer = |status: &str, more: &str, body: &str| {
        format!("HTTP/1.1 {status} x\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    };
    let text = match path.as_str() {
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return Ok(());
        }
        "/die" => return Ok(()),
        "/redirect" => answer("302", "location: https://hooks.example.com/ok\r\n", ""),
        "/huge" => {
            stream.write_all(b"HTTP/1.1 200 x\r\nconnection: close\r\n\r\n").await?;
            return endless(&mut stream, seen).await;
        }
        "/huge-head" => {
            stream.write_all(b"HTTP/1.1 200 x\r\nx-long: ").await?;
            return endless(&mut stream, seen).await;
        }
        p if p.starts_with("/status/") => answer(&p["/status/".len()..], "", "no"),
        p if p.starts_with("/flaky/") => {
            let bad: usize = p["/flaky/".len()..].parse().unwrap();
            answer(if before <= bad { "500" } else { "200" }, "", "try again")
        }
        _ => answer("200", "", "thanks"),
    };
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

async fn endless<S: tokio::io::AsyncWrite + Unpin>(stream: &mut S, seen: &Seen) -> std::io::Result<()> {
    let part = vec![b'x'; 16 * 1024];
    loop {
        stream.write_all(&part).await?;
        seen.sent.fetch_add(part.len() as u64, Ordering::SeqCst);
    }
}

/// An authority, and a certificate of it for hooks.example.com.
fn certificates(port: u16) -> (Vec<u8>, CertificateDer<'static>, PrivateKeyDer<'static>) {
    let folder = std::env::temp_dir().join(format!("sft-receiver-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let openssl = |args: &[&str]| {
        let done = Command::new("/usr/bin/openssl")
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("openssl is missing");
        assert!(done.success(), "openssl {args:?}");
    };
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let mut make = vec!["req", "-x509", "-days", "2", "-subj", "/CN=test authority"];
    let (ca, ca_key, request, key, cert, names) =
        (at("ca.pem"), at("ca.key"), at("r.csr"), at("key.pem"), at("cert.pem"), at("names"));
    make.extend(curve);
    make.extend(["-keyout", &ca_key, "-out", &ca, "-addext", "basicConstraints=critical,CA:TRUE"]);
    openssl(&make);
    let mut ask = vec!["req", "-subj", "/CN=hooks.example.com"];
    ask.extend(curve);
    ask.extend(["-keyout", &key, "-out", &request]);
    openssl(&ask);
    std::fs::write(&names, "subjectAltName=DNS:hooks.example.com\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        &names,
        "-out",
        &cert,
    ]);
    let made = (
        std::fs::read(&ca).unwrap(),
        CertificateDer::from_pem_file(&cert).unwrap(),
        PrivateKeyDer::from_pem_file(&key).unwrap(),
    );
    let _ = std::fs::remove_dir_all(&folder);
    made
}
