//! Migrations: twice, by two processes at once, and on a database that is not empty.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hosting::db::MIGRATOR;
use shopfleet_tests::TestDb;
use sqlx::Executor;

/// Rows as the release that first shipped these tables would leave them; the next migration is tried on them.
const SAMPLE: &str = include_str!("../data/migrations/20261121.sql");

#[tokio::test]
async fn running_twice_or_by_two_processes_at_once_changes_nothing() {
    let test = TestDb::empty().await;
    assert_eq!(test.db.pending_migrations().await.unwrap(), MIGRATOR.iter().count());
    let other = hosting::Db::connect(&test.url, 2).unwrap();
    let (a, b) = tokio::join!(test.db.migrate(), other.migrate());
    a.unwrap();
    b.unwrap();
    test.db.migrate().await.unwrap();
    assert_eq!(test.db.pending_migrations().await.unwrap(), 0);
}

#[tokio::test]
async fn every_statement_may_run_again_on_a_filled_database() {
    let test = TestDb::new().await;
    for statement in SAMPLE.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
        test.sql(statement).await;
    }
    // As a server of today has them; those of before get them by a migration.
    test.sql(
        "INSERT IGNORE INTO port_allocations (server_id, port, pool) SELECT s.id, n.seq, 'store_sftp' \
         FROM servers s JOIN seq_12001_to_12100 n",
    )
    .await;
    let tables =
        ["customers", "stores", "jobs", "job_steps", "job_lines", "plans", "servers", "port_allocations", "audit_head"];
    let mut before = Vec::new();
    for table in tables {
        before.push(test.number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    // A migration that stopped half way (its bookkeeping row lost) is run again by the operator.
    for migration in MIGRATOR.iter() {
        let sql = migration.sql.as_str().to_owned();
        test.db
            .pool()
            .execute(sqlx::AssertSqlSafe(sql))
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", migration.description));
    }
    for (table, rows) in tables.iter().zip(before) {
        assert_eq!(test.number(&format!("SELECT COUNT(*) FROM {table}")).await, rows, "{table}");
    }
}

#[test]
fn every_file_holds_one_statement_and_says_it_can_run_again() {
    for migration in MIGRATOR.iter() {
        let sql = migration.sql.as_str();
        let statements = sql
            .lines()
            .filter(|l| !l.trim_start().starts_with("--") && l.trim_end().ends_with(';') && !l.starts_with(' '))
            .count()
            // One long statement may end on an indented line.
            .max(usize::from(sql.trim_end().ends_with(';')));
        assert_eq!(statements, 1, "{} holds {statements} statements", migration.description);
        let head: String = sql.lines().filter(|l| !l.trim_start().starts_with("--")).collect::<Vec<_>>().join(" ");
        assert!(
            head.contains("IF NOT EXISTS")
                || head.contains("IGNORE")
                || head.contains("IF EXISTS")
                // The whole form of a column, the same each time.
                || (head.starts_with("ALTER TABLE") && head.contains(" MODIFY ") && !head.contains(" ADD "))
                // What is filled in stays as it is.
                || (head.starts_with("UPDATE") && head.contains("IS NULL")),
            "{}",
            migration.description
        );
    }
}
