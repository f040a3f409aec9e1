//! Lists of the staff area stay quick: every query that makes one reads an index in its order, and costs about the same
//! at 50,000 customers and 1,000,000 jobs as at a fiftieth of that. On a MariaDB of its own. The same with 20,000,000
//! log lines: `bench_lists`, docs/benchmarks.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use shopfleet_tests::TestDb;
use shopfleet_tests::database::TestMariadb;
use shopfleet_tests::lists::{CUSTOMERS, JOBS, LISTS, fill, list, times};
use sqlx::Row;
use std::time::{Duration, Instant};

/// A plan may look at so many rows without an index or sort so many.
const FEW: u64 = 3_000;

/// What the server was asked for a list, with the values in it.
async fn statements(db: &TestDb, name: &str) -> Vec<String> {
    db.sql("SET GLOBAL general_log = 0").await;
    db.sql("TRUNCATE mysql.general_log").await;
    db.sql("SET GLOBAL general_log = 1").await;
    // A new connection: values stand only in statements that were prepared while the log was on.
    let fresh = hosting::Db::from_pool(db.pool(1));
    list(&mut fresh.read().await.unwrap(), name).await;
    db.sql("SET GLOBAL general_log = 0").await;
    sqlx::query_scalar("SELECT CAST(argument AS CHAR) FROM mysql.general_log WHERE command_type = 'Execute' AND argument LIKE 'SELECT%'")
        .fetch_all(db.db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn lists_read_along_an_index_and_cost_the_same_among_fifty_times_as_many() {
    let server = TestMariadb::start();
    let db = server.database().await;
    hosting::services::seed_defaults::ensure_server(&db.db, "local-1").await.unwrap();
    for setting in
        ["innodb_flush_log_at_trx_commit = 0", "innodb_buffer_pool_size = 1073741824", "log_output = 'TABLE'"]
    {
        db.sql(&format!("SET GLOBAL {setting}")).await;
    }
    db.sql("INSERT INTO admins (id, uid, email, email_key, name, password_hash, role) VALUES (1, '01AAAAAAAAAAAAAAAAAAAAAAAA', 'g@example.com', 'g@example.com', 'G', 'x', 'support')").await;
    fill(&db, 0, 1).await;
    let small = times(&db).await;
    let began = Instant::now();
    fill(&db, 1, 50).await;
    println!("filled in {:?}", began.elapsed());
    assert_eq!(db.number("SELECT COUNT(*) FROM customers").await, i64::from(CUSTOMERS));
    assert!(db.number("SELECT COUNT(*) FROM jobs").await > i64::from(JOBS) * 9 / 10);
    let large = times(&db).await;
    let mut faults = Vec::new();
    for ((name, small), large) in LISTS.iter().zip(&small).zip(&large) {
        let ratio = large.as_secs_f64() / small.as_secs_f64();
        println!("{name}: {small:?} → {large:?}, × {ratio:.2}");
        // Below a millisecond the clock of a busy machine decides.
        if ratio > 1.5 && large.saturating_sub(*small) > Duration::from_millis(1) {
            faults.push(format!("{name}: {small:?} among few, {large:?} among many"));
        }
    }
    for name in LISTS {
        let asked = statements(&db, name).await;
        assert!(!asked.is_empty(), "{name} asked nothing");
        for statement in asked {
            let plan =
                sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {statement}"))).fetch_all(db.db.pool()).await.unwrap();
            for row in plan {
                let read: Option<u64> = row.try_get("rows").ok().flatten();
                let kind: Option<String> = row.try_get("type").ok().flatten();
                let extra: String = row.try_get::<Option<String>, _>("Extra").ok().flatten().unwrap_or_default();
                let table: Option<String> = row.try_get("table").ok().flatten();
                let whole = matches!(kind.as_deref(), Some("ALL" | "index"));
                if read.unwrap_or(0) > FEW && (whole || extra.contains("filesort")) {
                    faults.push(format!("{name}: {table:?} {kind:?} {read:?} {extra}\n  {statement}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
