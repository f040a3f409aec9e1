//! The only SQL of the product.
//!
//! [`Db`] is the pool. A [`Tx`] is a transaction, a [`Conn`] a single connection for reads; both
//! reach the same query structs (`tx.jobs()`, `conn.stores()`) through [`Queries`]. Lookups return
//! `Option`; guarded updates check the number of affected rows and return [`DbError::Stale`] when
//! the world has moved on. Times are the database's own (`NOW(6)`, UTC).

/// Runs a body in a transaction and commits; on a deadlock or lock timeout (MariaDB 1205, 1213,
/// 1020 roll everything back) runs it again, at most three times.
///
/// `transact!(db, tx => insert_all(&mut tx, &form))` where the body is a future of
/// `Result<T, E>`, `E: From<DbError> + Conflict`.
#[macro_export]
macro_rules! transact {
    ($db:expr, $tx:ident => $body:expr) => {{
        let mut tries = 0u64;
        loop {
            let result = async {
                match $db.begin().await {
                    Err(error) => Err(::std::convert::From::from(error)),
                    Ok(mut $tx) => match $body.await {
                        Err(error) => Err(error),
                        Ok(value) => match $tx.commit().await {
                            Err(error) => Err(::std::convert::From::from(error)),
                            Ok(()) => Ok(value),
                        },
                    },
                }
            }
            .await;
            match result {
                Err(error) if tries < 3 && $crate::db::Conflict::is_conflict(&error) => {
                    tries += 1;
                    ::tokio::time::sleep(::std::time::Duration::from_millis(5 * tries)).await;
                }
                other => break other,
            }
        }
    }};
}

pub mod admins;
pub mod api_credentials;
pub mod api_requests;
pub mod audit;
pub mod canned_answers;
mod customer_accounts;
pub mod customer_views;
pub mod customers;
pub mod data_exports;
pub mod db_admin;
pub mod email_changes;
pub mod email_verifications;
pub mod erasure;
pub mod error;
pub mod expiry;
pub mod factor_resets;
pub mod file_access;
pub mod find;
pub mod form_keys;
pub mod job_claims;
pub mod job_records;
mod job_search;
pub mod jobs;
pub mod leases;
pub mod login_sessions;
pub mod mail_messages;
pub mod operations;
pub mod passkeys;
pub mod password_resets;
pub mod plans;
pub mod ports;
pub mod progress;
pub mod reseller_events;
pub mod reseller_links;
pub mod resellers;
pub mod schedules;
pub mod second_factors;
pub mod secrets;
pub mod servers;
pub mod service_lines;
pub mod service_processes;
pub mod settings;
pub mod sign_ins;
pub mod sign_ups;
pub mod store_transfers;
pub mod store_usage;
pub mod stores;
pub mod subnets;
pub mod ticket_files;
pub mod ticket_lists;
pub mod tickets;
mod visitor_sessions;
pub mod webhook_deliveries;
pub mod webhook_events;
pub mod webhooks;
pub mod workers;

pub use error::{Conflict, DbError, DbResult};

use crate::crypto::Secret;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Executor, MySql, Transaction};
use std::str::FromStr;
use std::time::Duration;

/// Writes `?, ?, …)` for a list of ids. The list is filled up to a power of two by repeating its last id: few texts
/// stay prepared instead of one per length, each of which costs a round trip and a place among the prepared ones.
fn push_ids(query: &mut sqlx::QueryBuilder<MySql>, ids: &[u64]) {
    let Some(last) = ids.last() else {
        query.push("NULL)");
        return;
    };
    let mut list = query.separated(", ");
    for id in ids.iter().chain(std::iter::repeat(last)).take(ids.len().next_power_of_two()) {
        list.push_bind(*id);
    }
    query.push(")");
}

/// Splits rows into chunks whose lengths are powers of two, `most` at most, for statements whose text has a place per row.
fn even_chunks<T>(mut rows: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = rows.len().min(most).checked_ilog2().map(|n| 1 << n)?;
        let (chunk, rest) = rows.split_at(length);
        rows = rest;
        Some(chunk)
    })
}

/// All migrations, newest last; `shopfleet migrate` runs them.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// A connection that was idle for longer is asked for a sign of life before it is used.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// The connection pool.
#[derive(Clone, Debug)]
pub struct Db {
    pool: MySqlPool,
}

impl Db {
    /// A pool of at most `max` connections, opened when first used; waits at most 5 s for one.
    ///
    /// # Errors
    /// Only a malformed URL: an unreachable server shows at the first query.
    pub fn connect(url: &Secret, max: u32) -> DbResult<Self> {
        let options =
            MySqlConnectOptions::from_str(url.expose()).map_err(|_| DbError::BadUrl)?.timezone(Some("+00:00".into()));
        let pool = MySqlPoolOptions::new()
            .max_connections(max)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_mins(5))
            // A busy connection was good a moment ago: asking it each time costs a round trip per page.
            .test_before_acquire(false)
            .before_acquire(|conn, about| {
                Box::pin(async move {
                    if about.idle_for > TRUSTED_FOR {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            // READ COMMITTED: claims and allocations lock rows, not gaps, so that neighbours don't wait.
            .after_connect(|conn, _| {
                Box::pin(async move {
                    conn.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
                    conn.execute("SET SESSION innodb_lock_wait_timeout = 10").await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// Wraps a pool that a test made.
    #[must_use]
    pub fn from_pool(pool: MySqlPool) -> Self {
        Self { pool }
    }

    /// The pool itself, for tests and for migrations.
    #[must_use]
    pub fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// Starts a transaction.
    ///
    /// # Errors
    /// No connection.
    pub async fn begin(&self) -> DbResult<Tx> {
        Ok(Tx { inner: self.pool.begin().await? })
    }

    /// One connection, for reads.
    ///
    /// # Errors
    /// No connection.
    pub async fn read(&self) -> DbResult<Conn> {
        Ok(Conn { inner: self.pool.acquire().await? })
    }

    /// Brings the schema up to date. Safe to run twice and by two processes at once.
    ///
    /// # Errors
    /// A migration that fails, named in the message.
    pub async fn migrate(&self) -> DbResult<()> {
        // Our own lock: the migrator's waits with a negative time-out, which MariaDB answers with
        // NULL at once instead of waiting.
        let mut conn = self.pool.acquire().await?;
        let got: Option<i64> = sqlx::query_scalar("SELECT GET_LOCK(CONCAT('shopfleet_migrate_', DATABASE()), 120)")
            .fetch_one(&mut *conn)
            .await?;
        if got != Some(1) {
            return Err(DbError::Migration("another process has been migrating this database for two minutes".into()));
        }
        let run = MIGRATOR.run(&mut *conn).await.map_err(|e| DbError::Migration(e.to_string()));
        sqlx::query("SELECT RELEASE_LOCK(CONCAT('shopfleet_migrate_', DATABASE()))").execute(&mut *conn).await?;
        run
    }

    /// How many of our migrations the database has not seen (0 = up to date).
    ///
    /// # Errors
    /// No connection. A database without the bookkeeping table counts as empty.
    pub async fn pending_migrations(&self) -> DbResult<usize> {
        let applied: i64 =
            match sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations WHERE success").fetch_one(&self.pool).await
            {
                Ok(n) => n,
                Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("42S02") => 0,
                Err(e) => return Err(e.into()),
            };
        Ok(MIGRATOR.iter().count().saturating_sub(usize::try_from(applied).unwrap_or(0)))
    }

    /// A round trip, with a deadline of 2 s.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn ping(&self) -> DbResult<()> {
        match tokio::time::timeout(Duration::from_secs(2), sqlx::query("SELECT 1").execute(&self.pool)).await {
            Ok(done) => Ok(done.map(|_| ())?),
            Err(_) => Err(DbError::Unavailable("no answer within 2 s".into())),
        }
    }

    /// The server's version text, e.g. `10.11.6-MariaDB`.
    ///
    /// # Errors
    /// No connection.
    pub async fn version(&self) -> DbResult<String> {
        Ok(sqlx::query_scalar("SELECT VERSION()").fetch_one(&self.pool).await?)
    }

    /// Ends all connections; waits for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A transaction; dropped without [`Tx::commit`], it rolls back.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, MySql>,
}

impl Tx {
    /// Makes it durable.
    ///
    /// # Errors
    /// A lost connection here leaves the outcome unknown: look before acting again.
    pub async fn commit(self) -> DbResult<()> {
        Ok(self.inner.commit().await?)
    }
    /// Takes it back.
    ///
    /// # Errors
    /// A lost connection, which rolls back as well.
    pub async fn rollback(self) -> DbResult<()> {
        Ok(self.inner.rollback().await?)
    }
}

/// One connection.
#[derive(Debug)]
pub struct Conn {
    inner: PoolConnection<MySql>,
}

/// The query structs, reached from a transaction or a connection.
pub trait Queries {
    /// The raw connection; for query structs only.
    fn conn(&mut self) -> &mut MySqlConnection;
    /// Customers.
    fn customers(&mut self) -> customers::Customers<'_> {
        customers::Customers { conn: self.conn() }
    }
    /// Signed-in browsers.
    fn login_sessions(&mut self) -> login_sessions::LoginSessions<'_> {
        login_sessions::LoginSessions { conn: self.conn() }
    }
    /// Sign-ups that wait for their confirmation.
    fn sign_ups(&mut self) -> sign_ups::SignUps<'_> {
        sign_ups::SignUps { conn: self.conn() }
    }
    /// One-time links.
    fn email_verifications(&mut self) -> email_verifications::EmailVerifications<'_> {
        email_verifications::EmailVerifications { conn: self.conn() }
    }
    /// One-time links to a new password.
    fn password_resets(&mut self) -> password_resets::PasswordResets<'_> {
        password_resets::PasswordResets { conn: self.conn() }
    }
    /// Second factors.
    fn second_factors(&mut self) -> second_factors::SecondFactors<'_> {
        second_factors::SecondFactors { conn: self.conn() }
    }
    /// The history of sign-ins.
    fn sign_ins(&mut self) -> sign_ins::SignIns<'_> {
        sign_ins::SignIns { conn: self.conn() }
    }
    /// Wished changes of an address.
    fn email_changes(&mut self) -> email_changes::EmailChanges<'_> {
        email_changes::EmailChanges { conn: self.conn() }
    }
    /// Passkeys.
    fn passkeys(&mut self) -> passkeys::Passkeys<'_> {
        passkeys::Passkeys { conn: self.conn() }
    }
    /// Resellers.
    fn resellers(&mut self) -> resellers::Resellers<'_> {
        resellers::Resellers { conn: self.conn() }
    }
    /// Planned resets of lost second factors.
    fn factor_resets(&mut self) -> factor_resets::FactorResets<'_> {
        factor_resets::FactorResets { conn: self.conn() }
    }
    /// Staff who look at a customer's panel.
    fn customer_views(&mut self) -> customer_views::CustomerViews<'_> {
        customer_views::CustomerViews { conn: self.conn() }
    }
    /// Exports of everything about a customer.
    fn data_exports(&mut self) -> data_exports::DataExports<'_> {
        data_exports::DataExports { conn: self.conn() }
    }
    /// Closing accounts.
    fn erasure(&mut self) -> erasure::Erasure<'_> {
        erasure::Erasure { conn: self.conn() }
    }
    /// Staff.
    fn admins(&mut self) -> admins::Admins<'_> {
        admins::Admins { conn: self.conn() }
    }
    /// One-use form keys.
    fn form_keys(&mut self) -> form_keys::FormKeys<'_> {
        form_keys::FormKeys { conn: self.conn() }
    }
    /// Sent mail.
    fn mail_messages(&mut self) -> mail_messages::MailMessages<'_> {
        mail_messages::MailMessages { conn: self.conn() }
    }
    /// Jobs as people see and order them.
    fn jobs(&mut self) -> jobs::Jobs<'_> {
        jobs::Jobs { conn: self.conn() }
    }
    /// The search page.
    fn find(&mut self) -> find::Find<'_> {
        find::Find { conn: self.conn() }
    }
    /// Rows that are old enough to be forgotten.
    fn expiry(&mut self) -> expiry::Expiry<'_> {
        expiry::Expiry { conn: self.conn() }
    }
    /// Lines of progress logs.
    fn progress(&mut self) -> progress::Progress<'_> {
        progress::Progress { conn: self.conn() }
    }
    /// Stores and their addresses.
    fn stores(&mut self) -> stores::Stores<'_> {
        stores::Stores { conn: self.conn() }
    }
    /// Offers of stores to other customers.
    fn store_transfers(&mut self) -> store_transfers::StoreTransfers<'_> {
        store_transfers::StoreTransfers { conn: self.conn() }
    }
    /// What the product's processes log.
    fn service_lines(&mut self) -> service_lines::ServiceLines<'_> {
        service_lines::ServiceLines { conn: self.conn() }
    }
    /// The product's processes.
    fn service_processes(&mut self) -> service_processes::ServiceProcesses<'_> {
        service_processes::ServiceProcesses { conn: self.conn() }
    }
    /// File access to stores.
    fn file_access(&mut self) -> file_access::FileAccesses<'_> {
        file_access::FileAccesses { conn: self.conn() }
    }
    /// What stores used.
    fn store_usage(&mut self) -> store_usage::StoreUsage<'_> {
        store_usage::StoreUsage { conn: self.conn() }
    }
    /// Sealed values of stores.
    fn secrets(&mut self) -> secrets::StoreSecrets<'_> {
        secrets::StoreSecrets { conn: self.conn() }
    }
    /// Servers.
    fn servers(&mut self) -> servers::Servers<'_> {
        servers::Servers { conn: self.conn() }
    }
    /// Port rows.
    fn ports(&mut self) -> ports::Ports<'_> {
        ports::Ports { conn: self.conn() }
    }
    /// Subnet rows.
    fn subnets(&mut self) -> subnets::Subnets<'_> {
        subnets::Subnets { conn: self.conn() }
    }
    /// Database pages.
    fn db_admin(&mut self) -> db_admin::DbAdmin<'_> {
        db_admin::DbAdmin { conn: self.conn() }
    }
    /// Plans.
    fn plans(&mut self) -> plans::Plans<'_> {
        plans::Plans { conn: self.conn() }
    }
    /// Settings.
    fn settings(&mut self) -> settings::Settings<'_> {
        settings::Settings { conn: self.conn() }
    }
    /// Schedules.
    fn schedules(&mut self) -> schedules::Schedules<'_> {
        schedules::Schedules { conn: self.conn() }
    }
    /// Leader leases.
    fn leases(&mut self) -> leases::Leases<'_> {
        leases::Leases { conn: self.conn() }
    }
    /// Worker processes.
    fn workers(&mut self) -> workers::Workers<'_> {
        workers::Workers { conn: self.conn() }
    }
    /// What programs sign in with.
    fn api_credentials(&mut self) -> api_credentials::ApiCredentials<'_> {
        api_credentials::ApiCredentials { conn: self.conn() }
    }
    /// Answers kept under an idempotency key.
    fn api_requests(&mut self) -> api_requests::ApiRequests<'_> {
        api_requests::ApiRequests { conn: self.conn() }
    }
    /// Tickets.
    fn tickets(&mut self) -> tickets::Tickets<'_> {
        tickets::Tickets { conn: self.conn() }
    }
    /// Receivers of events.
    fn webhooks(&mut self) -> webhooks::Webhooks<'_> {
        webhooks::Webhooks { conn: self.conn() }
    }
    /// Events for them.
    fn webhook_events(&mut self) -> webhook_events::WebhookEvents<'_> {
        webhook_events::WebhookEvents { conn: self.conn() }
    }
    /// Answers that staff keep.
    fn canned_answers(&mut self) -> canned_answers::CannedAnswers<'_> {
        canned_answers::CannedAnswers { conn: self.conn() }
    }
    /// The audit chain.
    fn audit(&mut self) -> audit::Audit<'_> {
        audit::Audit { conn: self.conn() }
    }
}

impl Queries for Tx {
    fn conn(&mut self) -> &mut MySqlConnection {
        &mut self.inner
    }
}

impl Queries for Conn {
    fn conn(&mut self) -> &mut MySqlConnection {
        &mut self.inner
    }
}
