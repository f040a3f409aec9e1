//! The two files that make a copy of the template a shop of its own: `secrets.php` (read by
//! WordPress) and `init.sql` (run by MariaDB at every start). Both are written once, before anything
//! runs, root-owned and readable by one container only.

use super::layout::{DB_UID, StoreDir, WEB_UID};
use super::passwords;
use crate::files::FileResult;
use crate::files::root::Owner;
use hosting::crypto::{Secret, mac};

/// A shop's secrets; chosen and stored sealed before their first use.
#[derive(Debug, Clone)]
pub struct ShopSecrets {
    /// WordPress' database account.
    pub db_password: Secret,
    /// The worker's database account, socket only.
    pub panel_password: Secret,
    /// The eight keys and salts are derived from this.
    pub key_seed: Secret,
}

/// WordPress' keys and salts.
const KEYS: [&str; 8] = [
    "AUTH_KEY",
    "SECURE_AUTH_KEY",
    "LOGGED_IN_KEY",
    "NONCE_KEY",
    "AUTH_SALT",
    "SECURE_AUTH_SALT",
    "LOGGED_IN_SALT",
    "NONCE_SALT",
];

/// `secrets.php`. `url` is the shop's public address without a slash at the end.
#[must_use]
pub fn secrets_php(secrets: &ShopSecrets, url: &str) -> Secret {
    let mut text = String::from("<?php\n");
    let mut define = |name: &str, value: &str| {
        text.push_str(&format!("define('{name}', '{}');\n", php_quoted(value)));
    };
    define("DB_PASSWORD", secrets.db_password.expose());
    for key in KEYS {
        define(key, &hex::encode(mac(secrets.key_seed.expose().as_bytes(), key.as_bytes())));
    }
    define("WP_HOME", url);
    define("WP_SITEURL", url);
    Secret::new(text)
}

/// Inside single quotes PHP gives meaning to two characters only.
fn php_quoted(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "\\'")
}

/// `init.sql`: one statement per line, as MariaDB wants it. Hashes only.
#[must_use]
pub fn init_sql(secrets: &ShopSecrets) -> Secret {
    let shop = passwords::mysql_native(secrets.db_password.expose());
    let panel = passwords::mysql_native(secrets.panel_password.expose());
    Secret::new(format!(
        "ALTER USER 'shop'@'%' IDENTIFIED BY PASSWORD '{shop}' ACCOUNT UNLOCK;\n\
         ALTER USER 'panel'@'localhost' IDENTIFIED BY PASSWORD '{panel}' ACCOUNT UNLOCK;\n"
    ))
}

/// Writes both into a prepared store directory. Blocking.
///
/// # Errors
/// The directory is missing or full.
pub fn write(dir: &StoreDir, secrets: &ShopSecrets, url: &str) -> FileResult<()> {
    let php = secrets_php(secrets, url);
    dir.open_dir("web/config")?.write("secrets.php", php.expose().as_bytes(), Owner::readable_by(WEB_UID, 0o440))?;
    let sql = init_sql(secrets);
    dir.open_dir("db/init")?.write("init.sql", sql.expose().as_bytes(), Owner::readable_by(DB_UID, 0o440))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> ShopSecrets {
        ShopSecrets {
            db_password: Secret::new("dbpw"),
            panel_password: Secret::new("panelpw"),
            key_seed: Secret::new("seed"),
        }
    }

    #[test]
    fn every_key_differs_and_stays_the_same() {
        let php = secrets_php(&secrets(), "http://a.localhost:8080");
        let text = php.expose();
        assert_eq!(text, secrets_php(&secrets(), "http://a.localhost:8080").expose());
        let values: std::collections::HashSet<&str> = text.lines().filter_map(|l| l.split('\'').nth(3)).collect();
        assert_eq!(values.len(), 1 + 8 + 1);
        assert!(text.contains("define('WP_HOME', 'http://a.localhost:8080');"));
    }

    #[test]
    fn quotes_do_not_end_the_text() {
        assert_eq!(php_quoted(r"a'b\c"), r"a\'b\\c");
    }

    #[test]
    fn the_database_gets_hashes_only() {
        let sql = init_sql(&secrets());
        assert!(!sql.expose().contains("dbpw") && !sql.expose().contains("panelpw"));
        assert_eq!(sql.expose().lines().count(), 2);
    }
}
