//! The real `shopfleet-worker` binary as a process that may be killed.

use crate::shop_server::ShopServer;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running worker; killed with the value.
pub struct WorkerProcess {
    child: Child,
}

/// A program of this workspace, as built beside the tests.
pub fn program(name: &str) -> PathBuf {
    let mut dir = std::env::current_exe().unwrap();
    dir.pop();
    if dir.ends_with("deps") {
        dir.pop();
    }
    let path = dir.join(name);
    assert!(path.exists(), "{} is not built: run ./scripts/test, or cargo build --workspace", path.display());
    path
}

impl WorkerProcess {
    /// Starts a worker for the server. `fail_points` is the file it looks into at every fail point.
    pub fn start(server: &ShopServer) -> Self {
        let child = Command::new(program("shopfleet-worker"))
            .env("SHOPFLEET_DATABASE_URL", server.db.url.expose())
            .env("SHOPFLEET_REDIS_URL", server.redis.url.expose())
            .env("SHOPFLEET_MASTER_KEY", "ab".repeat(32))
            .env("SHOPFLEET_SERVER", &server.machine.server)
            .env("SHOPFLEET_DATA_DIR", &server.machine.data_dir)
            .env("SHOPFLEET_EDGE_DIR", server.top.join("edge"))
            .env("SHOPFLEET_BASE_URL", "http://127.0.0.1:1")
            .env("SHOPFLEET_FAIL_POINT_FILE", Self::fail_point_file(server))
            .env("SHOPFLEET_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child }
    }

    pub fn fail_point_file(server: &ShopServer) -> PathBuf {
        server.top.join("fail-point")
    }

    /// The next worker that passes `name` does `action` (`kill`, `fail`, `pause:500`), once.
    pub fn arm(server: &ShopServer, name: &str, action: &str) {
        std::fs::write(Self::fail_point_file(server), format!("{name}={action}")).unwrap();
    }

    /// Waits until the process has ended by SIGKILL.
    pub async fn dies(&mut self, what: &str) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert_eq!(status.signal(), Some(9), "{what}: {status}");
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}: the worker did not reach the fail point");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
