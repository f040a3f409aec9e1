//! Makes a copy of the template the owner's own shop: one transaction over the database's socket.
//!
//! These statements are about the shop's schema (WordPress' and WooCommerce's tables), not ours; the
//! product's own SQL is in `hosting::db` alone.

use super::layout::StoreDir;
use super::passwords;
use hosting::crypto::Secret;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{Connection, MySqlConnection};
use std::net::SocketAddrV4;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Address the template was installed under.
const TEMPLATE_SITE: &str = "http://template.invalid";

/// Its owner's address.
const TEMPLATE_EMAIL: &str = "owner@template.invalid";

/// What makes a shop its owner's.
#[derive(Debug, Clone)]
pub struct Brand {
    /// Public address without a slash at the end.
    pub url: String,
    /// Title.
    pub title: String,
    /// Owner's e-mail.
    pub email: String,
    /// ISO 4217.
    pub currency: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Log-in name of the shop's administrator.
    pub login: String,
    /// Password of the shop's administrator.
    pub password: Secret,
    /// A number of the shop's own, as WooCommerce wants one.
    pub shop_id: uuid_text::UuidText,
}

/// A UUID derived from the store's id, so that branding twice gives the same one.
pub mod uuid_text {
    /// Text form.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct UuidText(String);
    impl UuidText {
        /// From any stable text.
        #[must_use]
        pub fn of(text: &str) -> Self {
            let h = hex::encode(&hosting::crypto::sha256(text.as_bytes())[..16]);
            Self(format!("{}-{}-4{}-8{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32]))
        }
        /// The text.
        #[must_use]
        pub fn as_str(&self) -> &str {
            &self.0
        }
    }
}

/// Why the shop's database could not be reached or changed.
#[derive(Debug, thiserror::Error)]
pub enum BrandError {
    /// The store's directory.
    #[error(transparent)]
    File(#[from] crate::files::FileError),
    /// The database of the shop.
    #[error("the shop's database: {0}")]
    Sql(#[from] sqlx::Error),
    /// The template is not what this version expects.
    #[error("the template's database has no {0}")]
    NotATemplate(&'static str),
    /// The shop's cache.
    #[error("the shop's cache at {0}: {1}")]
    Cache(SocketAddrV4, #[source] std::io::Error),
}

/// Connects to the shop's database as the worker's own account, once it answers.
///
/// # Errors
/// The last refusal when `limit` is over.
pub async fn connect(dir: &StoreDir, password: &Secret, limit: Duration) -> Result<MySqlConnection, BrandError> {
    let end = tokio::time::Instant::now() + limit;
    // The path leads through our handle: whatever happens to names in there, it is this directory.
    let run = dir.open_dir("db/run")?;
    let options = MySqlConnectOptions::new()
        .socket(run.held_path().join("mysqld.sock"))
        .username("panel")
        .password(password.expose())
        .database("shop")
        .ssl_mode(MySqlSslMode::Disabled)
        .charset("utf8mb4");
    loop {
        match MySqlConnection::connect_with(&options).await {
            Ok(connection) => return Ok(connection),
            Err(error) if tokio::time::Instant::now() > end => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// WordPress keeps names with HTML's special characters escaped.
#[must_use]
pub fn wordpress_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#039;")
}

/// Brands the shop. Safe to repeat: the same values again.
///
/// # Errors
/// Database trouble, or a database that is not the template's.
pub async fn brand(db: &mut MySqlConnection, brand: &Brand) -> Result<(), BrandError> {
    let title = wordpress_text(&brand.title);
    let mut tx = db.begin().await?;
    let options: [(&str, &str); 11] = [
        ("siteurl", &brand.url),
        ("home", &brand.url),
        ("blogname", &title),
        ("admin_email", &brand.email),
        ("new_admin_email", &brand.email),
        ("woocommerce_currency", &brand.currency),
        ("woocommerce_default_country", &brand.country),
        ("woocommerce_email_from_name", &title),
        ("woocommerce_email_from_address", &brand.email),
        ("woocommerce_stock_email_recipient", &brand.email),
        ("woocommerce_store_id", brand.shop_id.as_str()),
    ];
    for (name, value) in options {
        let shop_only = name.starts_with("woocommerce_");
        // WooCommerce's options exist or not with WooCommerce; the store id was taken out on purpose.
        let done = sqlx::query("UPDATE wp_options SET option_value = ? WHERE option_name = ?")
            .bind(value)
            .bind(name)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        let known: i64 = if done == 0 {
            sqlx::query_scalar("SELECT COUNT(*) FROM wp_options WHERE option_name = ?")
                .bind(name)
                .fetch_one(&mut *tx)
                .await?
        } else {
            1
        };
        if known == 0 && shop_only {
            sqlx::query(
                "INSERT INTO wp_options (option_name, option_value, autoload) SELECT ?, ?, 'no' FROM DUAL \
                 WHERE EXISTS (SELECT 1 FROM wp_options o WHERE o.option_name = 'woocommerce_version')",
            )
            .bind(name)
            .bind(value)
            .execute(&mut *tx)
            .await?;
        } else if known == 0 && name != "new_admin_email" {
            return Err(BrandError::NotATemplate("options of WordPress"));
        }
    }
    // Whatever plugins copied from these at their installation.
    for (from, to) in [(TEMPLATE_EMAIL, &brand.email), (TEMPLATE_SITE, &brand.url)] {
        sqlx::query("UPDATE wp_options SET option_value = ? WHERE option_value = ?")
            .bind(to)
            .bind(from)
            .execute(&mut *tx)
            .await?;
    }
    let users: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM wp_users WHERE ID = 1").fetch_one(&mut *tx).await?;
    if users != 1 {
        return Err(BrandError::NotATemplate("administrator"));
    }
    // The first hash stays: the same password has another salt every time.
    sqlx::query(
        "UPDATE wp_users SET user_pass = IF(user_pass = '!', ?, user_pass), user_login = ?, user_nicename = ?, \
         display_name = ?, user_email = ?, user_url = ?, user_registered = UTC_TIMESTAMP(), user_activation_key = '' WHERE ID = 1",
    )
    .bind(passwords::wordpress(brand.password.expose()))
    .bind(&brand.login)
    .bind(&brand.login)
    .bind(&title)
    .bind(&brand.email)
    .bind(&brand.url)
    .execute(&mut *tx)
    .await?;
    sqlx::query("UPDATE wp_usermeta SET meta_value = ? WHERE user_id = 1 AND meta_key = 'nickname'")
        .bind(&brand.login)
        .execute(&mut *tx)
        .await?;
    // Whatever else carries the template's address or its day of birth.
    sqlx::query(
        "UPDATE wp_posts SET guid = REPLACE(guid, ?, ?), post_content = REPLACE(post_content, ?, ?), \
         post_date = UTC_TIMESTAMP(), post_date_gmt = UTC_TIMESTAMP(), post_modified = UTC_TIMESTAMP(), \
         post_modified_gmt = UTC_TIMESTAMP() WHERE guid LIKE CONCAT(?, '%')",
    )
    .bind(TEMPLATE_SITE)
    .bind(&brand.url)
    .bind(TEMPLATE_SITE)
    .bind(&brand.url)
    .bind(TEMPLATE_SITE)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The shop's title as WordPress keeps it.
///
/// # Errors
/// Database trouble.
pub async fn title(db: &mut MySqlConnection) -> Result<String, BrandError> {
    let title: Option<String> =
        sqlx::query_scalar("SELECT option_value FROM wp_options WHERE option_name = 'blogname'")
            .fetch_optional(db)
            .await?;
    title.ok_or(BrandError::NotATemplate("options of WordPress"))
}

/// Sets the shop's title, given as WordPress keeps it; the sender of its mails follows while it is the same.
///
/// # Errors
/// Database trouble.
pub async fn set_title(db: &mut MySqlConnection, title: &str) -> Result<(), BrandError> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "UPDATE wp_options s JOIN wp_options t ON t.option_name = 'blogname' SET s.option_value = ?          WHERE s.option_name = 'woocommerce_email_from_name' AND s.option_value = t.option_value",
    )
    .bind(title)
    .execute(&mut *tx)
    .await?;
    sqlx::query("UPDATE wp_options SET option_value = ? WHERE option_name = 'blogname'")
        .bind(title)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Gives the shop another address: its own two options. Links are `links::rewrite`'s.
///
/// # Errors
/// Database trouble.
pub async fn set_address(db: &mut MySqlConnection, to: &str) -> Result<(), BrandError> {
    sqlx::query("UPDATE wp_options SET option_value = ? WHERE option_name IN ('siteurl', 'home')")
        .bind(to)
        .execute(db)
        .await?;
    Ok(())
}

/// Log-in name and password hash of the shop's first administrator; `None`: there is none any more.
///
/// # Errors
/// Database trouble.
pub async fn administrator(db: &mut MySqlConnection) -> Result<Option<(String, String)>, BrandError> {
    Ok(sqlx::query_as("SELECT user_login, user_pass FROM wp_users WHERE ID = 1").fetch_optional(db).await?)
}

/// Sets the password hash of the shop's first administrator and ends their sessions.
///
/// # Errors
/// Database trouble.
pub async fn set_administrator_hash(db: &mut MySqlConnection, hash: &str) -> Result<(), BrandError> {
    let mut tx = db.begin().await?;
    sqlx::query("UPDATE wp_users SET user_pass = ?, user_activation_key = '' WHERE ID = 1")
        .bind(hash)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM wp_usermeta WHERE user_id = 1 AND meta_key = 'session_tokens'").execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Address of the shop's first administrator, empty without one.
///
/// # Errors
/// Database trouble.
pub async fn administrator_email(db: &mut MySqlConnection) -> Result<String, BrandError> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT user_email FROM wp_users WHERE ID = 1").fetch_optional(db).await?;
    Ok(found.unwrap_or_default())
}

/// Gives the shop's first administrator, and the shop itself, another address: links to a new password go there. One
/// that is under way to be changed is forgotten.
///
/// # Errors
/// Database trouble.
pub async fn set_administrator_email(db: &mut MySqlConnection, email: &str) -> Result<(), BrandError> {
    let mut tx = db.begin().await?;
    sqlx::query("UPDATE wp_users SET user_email = ?, user_activation_key = '' WHERE ID = 1")
        .bind(email)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE wp_options SET option_value = ? WHERE option_name IN ('admin_email', 'new_admin_email')")
        .bind(email)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM wp_options WHERE option_name = 'adminhash'").execute(&mut *tx).await?;
    sqlx::query("DELETE FROM wp_usermeta WHERE user_id = 1 AND meta_key = '_new_email'").execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends what programs sign in with as the shop's first administrator.
///
/// # Errors
/// Database trouble.
pub async fn forget_application_passwords(db: &mut MySqlConnection) -> Result<(), BrandError> {
    sqlx::query("DELETE FROM wp_usermeta WHERE user_id = 1 AND meta_key = '_application_passwords'")
        .execute(db)
        .await?;
    Ok(())
}

/// MiB of a shop's database for its most used pages, out of its memory limit.
#[must_use]
pub fn buffer_pool_mb(db_memory_mb: u32) -> u32 {
    (db_memory_mb / 3).max(16)
}

/// Bytes the shop's database uses for that now.
///
/// # Errors
/// Database trouble.
pub async fn buffer_pool(db: &mut MySqlConnection) -> Result<u64, BrandError> {
    Ok(sqlx::query_scalar("SELECT CAST(@@innodb_buffer_pool_size AS UNSIGNED)").fetch_one(db).await?)
}

/// Changes it while the database runs.
///
/// # Errors
/// Database trouble.
pub async fn set_buffer_pool(db: &mut MySqlConnection, bytes: u64) -> Result<(), BrandError> {
    let mut query = sqlx::QueryBuilder::<sqlx::MySql>::new("SET GLOBAL innodb_buffer_pool_size = ");
    query.push(bytes);
    query.build().persistent(false).execute(db).await?;
    Ok(())
}

/// Empties the shop's cache, so that nothing read before the branding survives it.
///
/// # Errors
/// The cache does not answer within 2 s.
pub async fn flush_cache(address: SocketAddrV4) -> Result<(), BrandError> {
    let fail = |e| BrandError::Cache(address, e);
    let work = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.write_all(b"*1\r\n$8\r\nFLUSHALL\r\n").await?;
        let mut answer = [0u8; 5];
        stream.read_exact(&mut answer).await?;
        if &answer == b"+OK\r\n" { Ok(()) } else { Err(std::io::Error::other("it refused")) }
    };
    match tokio::time::timeout(Duration::from_secs(2), work).await {
        Ok(result) => result.map_err(fail),
        Err(_) => Err(fail(std::io::ErrorKind::TimedOut.into())),
    }
}

/// What a shop's database still says of the template: must be empty after branding. For tests and
/// for the clean-up report.
///
/// # Errors
/// Database trouble.
pub async fn traces_of_template(db: &mut MySqlConnection) -> Result<Vec<String>, BrandError> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'shop' \
         AND data_type IN ('varchar', 'text', 'mediumtext', 'longtext')",
    )
    .fetch_all(&mut *db)
    .await?;
    let mut found = Vec::new();
    for (table, column) in columns {
        // Names cannot be bound; these come from the schema itself.
        let mut query = sqlx::QueryBuilder::new("SELECT COUNT(*) FROM `");
        query.push(&table).push("` WHERE `").push(&column).push("` LIKE '%template.invalid%'");
        let n: i64 = query.build_query_scalar().fetch_one(&mut *db).await?;
        if n > 0 {
            found.push(format!("{table}.{column}: {n}"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_as_wordpress_keeps_them() {
        assert_eq!(wordpress_text(r#"Tom & "Ana"'s <shop>"#), "Tom &amp; &quot;Ana&quot;&#039;s &lt;shop&gt;");
    }

    #[test]
    fn the_shop_id_is_stable() {
        let a = uuid_text::UuidText::of("01J");
        assert_eq!(a, uuid_text::UuidText::of("01J"));
        assert_eq!(a.as_str().len(), 36);
    }
}
