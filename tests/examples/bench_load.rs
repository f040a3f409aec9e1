//! A small keep-alive load: N connections ask for one address, one request after the other, for some seconds.
//! Prints one JSON line. Used by `scripts/bench`.
//!
//! `bench_load HOST:PORT PATH SECONDS CONNECTIONS [COOKIE]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::cast_precision_loss)]

use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Reads one answer with a `content-length`; returns status and bytes of the whole answer.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> (u16, usize) {
    buffer.clear();
    loop {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the server closed the connection");
        let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end]).unwrap().to_ascii_lowercase();
        let status = head[9..12].parse().unwrap();
        let length: usize = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length:"))
            .expect("an answer without content-length")
            .trim()
            .parse()
            .unwrap();
        while buffer.len() < end + 4 + length {
            assert!(stream.read_buf(buffer).await.unwrap() > 0, "the server closed the connection");
        }
        return (status, buffer.len());
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (host, path) = (a[1].clone(), a[2].clone());
    let seconds: f64 = a[3].parse().unwrap();
    let connections: usize = a[4].parse().unwrap();
    let cookie = a.get(5).map(|c| format!("Cookie: {c}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n{cookie}\r\n");
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(seconds);
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (host, request) = (host.clone(), request.clone());
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(&host).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut buffer = Vec::with_capacity(1 << 17);
            let (mut took, mut wrong, mut bytes) = (Vec::new(), 0u64, 0);
            while Instant::now() < end {
                let at = Instant::now();
                stream.write_all(request.as_bytes()).await.unwrap();
                let (status, size) = answer(&mut stream, &mut buffer).await;
                bytes = size;
                wrong += u64::from(status != 200);
                took.push(at.elapsed().as_secs_f64() * 1000.0);
            }
            (took, wrong, bytes)
        }));
    }
    let (mut took, mut wrong, mut bytes) = (Vec::new(), 0, 0);
    for task in tasks {
        let (t, w, b) = task.await.unwrap();
        took.extend(t);
        wrong += w;
        bytes = b;
    }
    let elapsed = started.elapsed().as_secs_f64();
    took.sort_by(f64::total_cmp);
    println!(
        "{}",
        serde_json::json!({ "requests": took.len(), "seconds": elapsed, "per_second": took.len() as f64 / elapsed,
            "not_200": wrong, "bytes": bytes, "p50_ms": took[took.len() / 2], "p99_ms": took[took.len() * 99 / 100] })
    );
}
