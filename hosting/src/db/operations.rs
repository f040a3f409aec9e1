//! What operators ask of the database server itself: how safe its commits are, and which rights the application's
//! account has.

use super::{Db, DbError, DbResult};

/// How the server treats a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// `innodb_flush_log_at_trx_commit`: 1 = on disk before it is acknowledged.
    pub flush_log: u64,
    /// `sync_binlog`, where there is a binary log.
    pub sync_binlog: Option<u64>,
    /// The server's UTC clock, seconds since 1970.
    pub clock: i64,
}

impl Db {
    /// How safe a commit is.
    ///
    /// # Errors
    /// No connection.
    pub async fn durability(&self) -> DbResult<Durability> {
        let (flush_log, log_bin, sync_binlog, clock): (u64, i64, u64, i64) = sqlx::query_as(
            "SELECT CAST(@@innodb_flush_log_at_trx_commit AS UNSIGNED), CAST(@@log_bin AS SIGNED), \
             CAST(@@sync_binlog AS UNSIGNED), CAST(UNIX_TIMESTAMP() AS SIGNED)",
        )
        .fetch_one(self.pool())
        .await?;
        Ok(Durability { flush_log, sync_binlog: (log_bin != 0).then_some(sync_binlog), clock })
    }

    /// Gives the account web and workers use its rights on every table there is: read and change rows, but only
    /// add to the audit log and take erased people out of it, and no change of the schema. Run by the owner of the schema after each migration.
    ///
    /// # Errors
    /// A name with other characters than letters, digits, `_`, `-`, `.` and `%`; missing rights.
    pub async fn grant_application(&self, user: &str, host: &str) -> DbResult<usize> {
        let harmless =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.%".contains(&b));
        if !harmless(user) || !harmless(host) {
            return Err(DbError::Row("this is not the name of a database account".into()));
        }
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(table_name AS CHAR) FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name",
        )
        .fetch_all(self.pool())
        .await?;
        for table in &tables {
            if !harmless(table) {
                return Err(DbError::Row("a table has an odd name".into()));
            }
            // Account and table names cannot be bound; both are checked above.
            let mut query = sqlx::QueryBuilder::<sqlx::MySql>::new("GRANT ");
            query
                .push(rights(table))
                .push(" ON `")
                .push(table)
                .push("` TO '")
                .push(user)
                .push("'@'")
                .push(host)
                .push("'");
            query.build().execute(self.pool()).await?;
        }
        Ok(tables.len())
    }
}

/// Rights of the application's account on one table (threat-model 4.17).
fn rights(table: &str) -> &'static str {
    match table {
        // An erasure takes a person out of it; a trigger looks that nothing else is changed.
        "audit_events" => "SELECT, INSERT, UPDATE (actor_name, address, details, erased_at, seal)",
        "_sqlx_migrations" => "SELECT",
        _ => "SELECT, INSERT, UPDATE, DELETE",
    }
}
