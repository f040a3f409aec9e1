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
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sft_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let admin = MySqlConnectOptions::from_str(&admin_url()).unwrap();
        let mut conn = admin.clone().connect().await.expect("the test MariaDB does not answer");
        conn.execute(sqlx::AssertSqlSafe(format!("CREATE OR REPLACE DATABASE {name} CHARACTER SET utf8mb4")))
            .await
            .unwrap();
        let url = admin_url();
        let (head, query) = url.split_once('?').map_or((url.as_str(), None), |(h, q)| (h, Some(q)));
        let base = match head.match_indices('/').nth(2) {
            Some((at, _)) => &head[..at],
            None => head,
        };
        let url = Secret::new(format!("{base}/{name}{}", query.map(|q| format!("?{q}")).unwrap_or_default()));
        let db = Db::connect(&url, 20).unwrap();
        Self { db, url, keys: KeyRing::parse(&"ab".repeat(32)).unwrap(), name, admin }
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
