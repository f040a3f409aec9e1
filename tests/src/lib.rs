//! Support for the integration tests: real MariaDB, real Redis, and ways to wait for a state.
//!
//! `SHOPFLEET_TEST_DATABASE_URL` names a MariaDB account that may create databases; `./scripts/test`
//! starts a private server and sets it. Every test gets a database and a Redis process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

pub mod authenticator;
pub mod axe;
pub mod browser;
pub mod changes;
pub mod cutting_proxy;
pub mod database;
pub mod engine;
pub mod instance;
pub mod lists;
pub mod loop_disk;
pub mod made_up;
pub mod mail_server;
pub mod own_engine;
pub mod receiver;
pub mod redis_server;
pub mod shop_server;
pub mod tls_edge;
pub mod wait;
pub mod worker_process;

pub use database::TestDb;
pub use redis_server::TestRedis;
pub use wait::eventually;
