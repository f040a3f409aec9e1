//! A proxy for connections that a test can cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes bytes on to one port until it is told to cut.
pub struct CuttingProxy {
    /// Where it listens, on loopback.
    pub port: u16,
    cuts: watch::Sender<u32>,
    down: Arc<AtomicBool>,
}

impl CuttingProxy {
    /// Starts in front of `to`.
    pub async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cuts, seen) = watch::channel(0);
        let down = Arc::new(AtomicBool::new(false));
        let refuse = down.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut seen = seen.clone();
                seen.mark_unchanged();
                let refuse = refuse.clone();
                tokio::spawn(async move {
                    if refuse.load(Ordering::SeqCst) {
                        // What a balancer says while nothing is behind it.
                        let answer =
                            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                        let mut request = [0; 2048];
                        let _ = tokio::io::AsyncReadExt::read(&mut near, &mut request).await;
                        let _ = near.write_all(answer.as_bytes()).await;
                        return;
                    }
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = seen.changed() => {}
                    }
                });
            }
        });
        Self { port, cuts, down }
    }

    /// Ends every connection, in the middle of whatever it carries.
    pub fn cut(&self) {
        self.cuts.send_modify(|n| *n += 1);
    }

    /// From now on answers 503 to new connections, or passes them on again.
    pub fn refuse(&self, refuse: bool) {
        self.down.store(refuse, Ordering::SeqCst);
    }
}
