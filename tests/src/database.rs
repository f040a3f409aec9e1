//! A database per test.

use hosting::Db;
use hosting::crypto::{KeyRing, Secret};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{ConnectOptions, Executor};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

/// A migrated database that is dropped with the value.
pub struct TestDb {
    pub db: Db,
    /// URL of this database.
    pub url: Secret,
    pub keys: KeyRing,
    name: String,
    admin: MySqlConnectOptions,
}

/// The account that may create databases.
pub fn admin_url() -> String {
    std::env::var("SHOPFLEET_TEST_DATABASE_URL")
        .expect("SHOPFLEET_TEST_DATABASE_URL is not set: run ./scripts/test, or name a MariaDB account that may create databases")
}

impl TestDb {
    /// Creates and migrates a database.
    pub async fn new() -> Self {
        let test = Self::empty().await;
        test.db.migrate().await.unwrap();
        hosting::services::seed_defaults::seed_defaults(&test.db).await.unwrap();
        test
    }

    /// Creates a database without tables.
    pub async fn empty() -> Self {
        Self::empty_on(&admin_url()).await
    }

    /// Creates a database without tables on the server of `admin_url`.
    pub async fn empty_on(admin_url: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sft_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let admin = MySqlConnectOptions::from_str(admin_url).unwrap();
        let mut conn = admin.clone().connect().await.expect("the test MariaDB does not answer");
        conn.execute(sqlx::AssertSqlSafe(format!("CREATE OR REPLACE DATABASE {name} CHARACTER SET utf8mb4")))
            .await
            .unwrap();
        let (head, query) = admin_url.split_once('?').map_or((admin_url, None), |(h, q)| (h, Some(q)));
        let base = match head.match_indices('/').nth(2) {
            Some((at, _)) => &head[..at],
            None => head,
        };
        let url = Secret::new(format!("{base}/{name}{}", query.map(|q| format!("?{q}")).unwrap_or_default()));
        let db = Db::connect(&url, 20).unwrap();
        Self { db, url, keys: KeyRing::parse(&"ab".repeat(32)).unwrap(), name, admin }
    }

    /// Changes the audit log as somebody who owns the database can, its guard done away with.
    ///
    /// # Panics
    /// When the statement does not run.
    pub async fn tamper(&self, statement: &str) {
        self.sql("DROP TRIGGER IF EXISTS audit_events_erased_only").await;
        self.sql(statement).await;
    }

    /// Runs one statement as the test's own doing.
    pub async fn sql(&self, statement: &str) -> u64 {
        self.db
            .pool()
            .execute(sqlx::AssertSqlSafe(statement.to_owned()))
            .await
            .unwrap_or_else(|e| panic!("{statement}: {e}"))
            .rows_affected()
    }

    /// One number.
    pub async fn number(&self, query: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
            .fetch_one(self.db.pool())
            .await
            .unwrap_or_else(|e| panic!("{query}: {e}"))
    }

    /// One text.
    pub async fn text(&self, query: &str) -> String {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()))
            .fetch_one(self.db.pool())
            .await
            .unwrap_or_else(|e| panic!("{query}: {e}"))
    }

    /// More connections, as another process would have.
    pub fn pool(&self, max: u32) -> sqlx::MySqlPool {
        MySqlPoolOptions::new().max_connections(max).connect_lazy(self.url.expose()).unwrap()
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // A runtime of its own: the test's may be ending.
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut conn) = admin.connect().await {
                    // A transaction that a failed test left open must not hang the run.
                    let _ = conn.execute("SET SESSION lock_wait_timeout = 2").await;
                    let _ = conn.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await;
                }
            });
        })
        .join();
    }
}

/// A MariaDB server of one test's own, so that it may be killed and started again.
pub struct TestMariadb {
    dir: std::path::PathBuf,
    child: Option<std::process::Child>,
    /// Root account, to be used like `SHOPFLEET_TEST_DATABASE_URL`.
    pub url: String,
}

impl TestMariadb {
    /// Makes an empty data directory and starts a server with durable commits.
    pub fn start() -> Self {
        let dir = std::env::temp_dir().join(format!("sft-mariadb-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(dir.join("data")).unwrap();
        let made = std::process::Command::new("mariadb-install-db")
            .args(["--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", dir.join("data").display()))
            .output()
            .expect("mariadb-install-db is not installed: run ./scripts/test");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let url = format!("mysql://root@localhost/?socket={}", dir.join("s").display());
        let mut server = Self { dir, child: None, url };
        server.up();
        server
    }

    /// Starts the server again on what it left.
    pub fn up(&mut self) {
        let child = std::process::Command::new("mariadbd")
            .args(["--no-defaults", "--user=root", "--skip-networking"])
            .arg(format!("--datadir={}", self.dir.join("data").display()))
            .arg(format!("--socket={}", self.dir.join("s").display()))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let begun = std::time::Instant::now();
        while std::os::unix::net::UnixStream::connect(self.dir.join("s")).is_err() {
            assert!(begun.elapsed().as_secs() < 60, "mariadbd did not start");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// `kill -9`, as a power cut would.
    pub fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_file(self.dir.join("s"));
    }

    /// A migrated database on it.
    pub async fn database(&self) -> TestDb {
        let test = TestDb::empty_on(&self.url).await;
        test.db.migrate().await.unwrap();
        hosting::services::seed_defaults::seed_defaults(&test.db).await.unwrap();
        test
    }
}

impl Drop for TestMariadb {
    fn drop(&mut self) {
        self.down();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
