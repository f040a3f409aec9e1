//! The page's own account in the shop's database: it may change the shop's tables and nothing else,
//! works from the page's address only, and is gone when the page is.
//!
//! These statements are about the shop's database; the product's own SQL is in `hosting::db` alone.

use crate::shop::branding::BrandError;
use crate::shop::passwords;
use hosting::crypto::Secret;
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use std::net::Ipv4Addr;

/// Its name.
pub const NAME: &str = "dbadmin";

/// No programs (routines, triggers, events, views): they would stay when the account is gone.
const RIGHTS: &str = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, \
 CREATE TEMPORARY TABLES, LOCK TABLES, SHOW VIEW";

/// Makes the account, or gives the one that is there this password and these rights.
///
/// # Errors
/// The shop's database refuses.
pub async fn create(db: &mut MySqlConnection, from: Ipv4Addr, password: &Secret) -> Result<(), BrandError> {
    drop_others(db, Some(from)).await?;
    // Names, rights and hashes cannot be bound; all three are ours: constants, an address, hex digits.
    let mut query = QueryBuilder::<MySql>::new("CREATE OR REPLACE USER '");
    query.push(NAME).push("'@'").push(from).push("' IDENTIFIED BY PASSWORD '");
    query.push(passwords::mysql_native(password.expose())).push("' WITH MAX_USER_CONNECTIONS 12");
    query.build().persistent(false).execute(&mut *db).await?;
    let mut query = QueryBuilder::<MySql>::new("GRANT ");
    query.push(RIGHTS).push(" ON shop.* TO '").push(NAME).push("'@'").push(from).push("'");
    query.build().persistent(false).execute(&mut *db).await?;
    Ok(())
}

/// Removes the account and ends its connections; gone is fine.
///
/// # Errors
/// The shop's database refuses.
pub async fn remove(db: &mut MySqlConnection) -> Result<(), BrandError> {
    drop_others(db, None).await
}

/// How many accounts of the page there are, for tests and the last look.
///
/// # Errors
/// The shop's database refuses.
pub async fn count(db: &mut MySqlConnection) -> Result<i64, BrandError> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM mysql.global_priv WHERE User = ?").bind(NAME).fetch_one(db).await?)
}

/// Removes the accounts of all addresses but one: a store's network may have changed.
async fn drop_others(db: &mut MySqlConnection, keep: Option<Ipv4Addr>) -> Result<(), BrandError> {
    let hosts: Vec<String> = sqlx::query_scalar("SELECT CAST(Host AS CHAR) FROM mysql.global_priv WHERE User = ?")
        .bind(NAME)
        .fetch_all(&mut *db)
        .await?;
    for host in hosts.iter().filter_map(|h| h.parse::<Ipv4Addr>().ok()).filter(|h| Some(*h) != keep) {
        let mut query = QueryBuilder::<MySql>::new("DROP USER IF EXISTS '");
        query.push(NAME).push("'@'").push(host).push("'");
        query.build().persistent(false).execute(&mut *db).await?;
    }
    if keep.is_none() {
        let open: Vec<u64> =
            sqlx::query_scalar("SELECT CAST(ID AS UNSIGNED) FROM information_schema.processlist WHERE USER = ?")
                .bind(NAME)
                .fetch_all(&mut *db)
                .await?;
        for id in open {
            let mut query = QueryBuilder::<MySql>::new("KILL HARD CONNECTION ");
            query.push(id);
            match query.build().persistent(false).execute(&mut *db).await {
                Ok(_) => {}
                // 1094: it ended by itself meanwhile.
                Err(sqlx::Error::Database(e))
                    if e.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().is_some_and(|e| e.number() == 1094) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
    Ok(())
}
