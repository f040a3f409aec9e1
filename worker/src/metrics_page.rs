//! `/metrics` and `/healthz` on an optional loopback port. Plain text over one-shot connections: not
//! worth a web framework in a process that otherwise opens no port.

use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves until the process ends.
///
/// # Errors
/// The port is taken.
pub async fn serve(listen: SocketAddr, handle: PrometheusHandle) -> std::io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    tokio::spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { continue };
            let handle = handle.clone();
            tokio::spawn(async move {
                let mut request = [0u8; 1024];
                let Ok(Ok(n)) = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut request)).await else {
                    return;
                };
                let (status, body) = if request[..n].starts_with(b"GET /metrics ") {
                    ("200 OK", handle.render())
                } else if request[..n].starts_with(b"GET /healthz ") {
                    ("200 OK", "ok\n".to_owned())
                } else {
                    ("404 Not Found", "not found\n".to_owned())
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    Ok(())
}
