//! A Redis process per test, so that a test may flush, stop and start it.

use hosting::crypto::Secret;
use hosting::queue::Queue;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A private Redis on a Unix socket.
pub struct TestRedis {
    dir: PathBuf,
    child: Option<Child>,
    pub url: Secret,
}

impl TestRedis {
    /// Starts one and waits until it answers.
    pub fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let dir = std::env::temp_dir().join(format!(
            "sft-redis-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(&dir).unwrap();
        let url = Secret::new(format!("redis+unix://{}", dir.join("s").display()));
        let mut redis = Self { dir, child: None, url };
        redis.up();
        redis
    }

    /// Starts the process again, empty.
    pub fn up(&mut self) {
        let socket = self.dir.join("s");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no", "--unixsocket"])
            .arg(&socket)
            .current_dir(&self.dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is not installed: run ./scripts/test");
        self.child = Some(child);
        let started = Instant::now();
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "redis-server did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills the process; everything in it is lost.
    pub fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub fn queue(&self) -> Queue {
        Queue::connect(&self.url).unwrap()
    }

    /// A plain connection.
    pub async fn conn(&self) -> redis::aio::MultiplexedConnection {
        redis::Client::open(self.url.expose()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// Empties it.
    pub async fn flush(&self) {
        redis::cmd("FLUSHALL").query_async::<()>(&mut self.conn().await).await.unwrap();
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.down();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
