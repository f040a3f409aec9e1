//! Every list among 50,000 customers, 1,000,000 jobs and many log lines, and among a fiftieth of all that. Prints one
//! JSON line, and one line a list to standard error. On a MariaDB of its own in the folder for temporary files
//! (20,000,000 lines need 5 GB there).
//!
//! `bench_lists [ROWS]` (20,000,000 log lines)
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use shopfleet_tests::database::TestMariadb;
use shopfleet_tests::lists::{
    CUSTOMERS, JOBS, JOBS_WITH_LINES, LINE_LISTS, LISTS, fill, fill_lines, line_times, times,
};
use std::time::{Duration, Instant};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let rows: u64 = std::env::args().nth(1).map_or(20_000_000, |n| n.parse().unwrap());
    let each = u32::try_from(rows / JOBS_WITH_LINES).unwrap();
    assert!(each >= 20, "give at least {} rows", 20 * JOBS_WITH_LINES);
    let server = TestMariadb::start();
    let db = server.database().await;
    hosting::services::seed_defaults::ensure_server(&db.db, "local-1").await.unwrap();
    for setting in ["innodb_flush_log_at_trx_commit = 0", "innodb_buffer_pool_size = 1073741824"] {
        db.sql(&format!("SET GLOBAL {setting}")).await;
    }
    let began = Instant::now();
    fill(&db, 0, 1).await;
    fill_lines(&db, rows, 0, 1).await;
    let small: Vec<Duration> = [times(&db).await, line_times(&db, each).await].concat();
    fill(&db, 1, 50).await;
    fill_lines(&db, rows, 1, 50).await;
    let there = db.number("SELECT COUNT(*) FROM job_lines").await;
    assert_eq!(there, i64::try_from(u64::from(each) * JOBS_WITH_LINES).unwrap());
    eprintln!("{CUSTOMERS} customers, {JOBS} jobs, {there} lines after {:.0} s", began.elapsed().as_secs_f64());
    let large: Vec<Duration> = [times(&db).await, line_times(&db, each).await].concat();
    let (mut worst, mut worst_name, mut all) = (0.0, "", serde_json::Map::new());
    for ((name, small), large) in LISTS.iter().chain(&LINE_LISTS).zip(&small).zip(&large) {
        let ratio = large.as_secs_f64() / small.as_secs_f64();
        eprintln!("{name}: {small:?} → {large:?}, × {ratio:.2}");
        // Below a millisecond the clock of a busy machine decides.
        if large.saturating_sub(*small) > Duration::from_millis(1) && ratio > worst {
            (worst, worst_name) = (ratio, name);
        }
        let of = |d: &Duration| d.as_secs_f64() * 1000.0;
        all.insert(
            (*name).to_owned(),
            serde_json::json!({ "small_ms": of(small), "large_ms": of(large), "ratio": ratio }),
        );
    }
    println!(
        "{}",
        serde_json::json!({ "lines": there, "worst": worst, "worst_list": worst_name, "lists": all,
            "slowest_ms": large.iter().max().map(|d| d.as_secs_f64() * 1000.0) })
    );
}
