//! The secrets of a private instance: made once, kept in `var/secrets` (0700) in files with mode 0600, handed to
//! children as `*_FILE` paths. They never stand in an argument list or an environment value.

use std::path::PathBuf;

use anyhow::{Context, Result};
use rand::RngExt;

use crate::files::{self, Owner};
use crate::layout::Layout;

/// All secrets. `Debug` is left out on purpose.
pub struct Secrets {
    pub master_key: String,
    /// The account that owns the schema (migrations).
    pub database_owner: String,
    /// The account web and worker use.
    pub database_app: String,
    pub redis: String,
    pub admin: String,
}

/// Letters and digits without the pairs people mix up; also safe in URLs, SQL strings and configuration files.
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/// `length` characters from `ALPHABET`, from the operating system's randomness (5.8 bits each).
pub fn random_password(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect()
}

/// 32 random bytes as 64 hex digits, the form of `SHOPFLEET_MASTER_KEY`.
fn random_key() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

impl Secrets {
    /// Reads the secrets, making those that do not exist yet.
    pub fn load_or_create(layout: &Layout) -> Result<Self> {
        files::ensure_dir(&layout.secrets(), 0o711, None)?;
        let one = |name: &str, make: &dyn Fn() -> String| -> Result<String> {
            let path = layout.secrets().join(name);
            if let Some(text) = files::read_optional(&path)? {
                let text = text.trim().to_owned();
                if !text.is_empty() {
                    return Ok(text);
                }
            }
            let made = make();
            files::write_atomic(&path, made.as_bytes(), 0o600, None)?;
            Ok(made)
        };
        Ok(Self {
            master_key: one("master-key", &random_key)?,
            database_owner: one("database-owner-password", &|| random_password(40))?,
            database_app: one("database-password", &|| random_password(40))?,
            redis: one("redis-password", &|| random_password(40))?,
            admin: Self::admin_password(layout)?,
        })
    }

    fn admin_password(layout: &Layout) -> Result<String> {
        let path = layout.admin_password();
        if let Some(text) = files::read_optional(&path)?
            && !text.trim().is_empty()
        {
            return Ok(text.trim().to_owned());
        }
        let made = random_password(24);
        files::write_atomic(&path, format!("{made}\n").as_bytes(), 0o600, files::sudo_person())?;
        Ok(made)
    }

    /// Connection address of the account web and worker use.
    pub fn database_url(&self, layout: &Layout) -> Result<String> {
        database_url("shopfleet", &self.database_app, layout)
    }

    /// Connection address of the account that may change the schema.
    pub fn database_owner_url(&self, layout: &Layout) -> Result<String> {
        database_url("shopfleet_owner", &self.database_owner, layout)
    }

    /// Connection address of Redis on a loopback port.
    pub fn redis_url(&self, port: u16) -> String {
        format!("redis://:{}@127.0.0.1:{port}/0", self.redis)
    }

    /// Writes the values one process may know to a folder of its own, readable by its user only, and returns the
    /// `NAME_FILE` variables that point there.
    pub fn hand_out(
        layout: &Layout,
        process: &str,
        owner: Option<Owner>,
        values: &[(&str, String)],
    ) -> Result<Vec<(String, PathBuf)>> {
        let folder = layout.secrets().join(process);
        files::ensure_dir(&folder, 0o700, owner)?;
        values
            .iter()
            .map(|(name, value)| {
                let path = folder.join(name.to_lowercase());
                files::write_atomic(&path, value.as_bytes(), 0o600, owner)?;
                Ok((format!("{name}_FILE"), path))
            })
            .collect()
    }
}

fn database_url(user: &str, password: &str, layout: &Layout) -> Result<String> {
    let mut url = url::Url::parse(&format!("mysql://{user}:{password}@localhost/shopfleet"))
        .context("cannot form the database address")?;
    let socket = layout.mariadb_socket();
    url.query_pairs_mut().append_pair("socket", socket.to_str().context("the var folder's path is not valid UTF-8")?);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn layout(name: &str) -> Layout {
        Layout { root: PathBuf::from("/srv/shopfleet"), var: crate::testing::scratch(name) }
    }

    #[test]
    fn secrets_are_made_once_and_kept_private() {
        let layout = layout("secrets-once");
        let first = Secrets::load_or_create(&layout).unwrap();
        let second = Secrets::load_or_create(&layout).unwrap();
        assert_eq!(first.master_key, second.master_key);
        assert_eq!(first.admin, second.admin);
        assert_eq!(first.master_key.len(), 64);
        assert_ne!(first.database_app, first.database_owner);
        for name in ["master-key", "database-password", "redis-password"] {
            assert_eq!(std::fs::metadata(layout.secrets().join(name)).unwrap().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::metadata(layout.admin_password()).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_database_address_carries_the_socket_encoded() {
        let layout = Layout { root: PathBuf::from("/s"), var: PathBuf::from("/srv/my var/x") };
        let url = database_url("u", "p", &layout).unwrap();
        assert!(url.starts_with("mysql://u:p@localhost/shopfleet?socket="));
        assert!(!url.contains(' '));
    }

    #[test]
    fn each_process_gets_only_its_own_files() {
        let layout = layout("secrets-hand-out");
        files::ensure_dir(&layout.secrets(), 0o711, None).unwrap();
        let files = Secrets::hand_out(&layout, "web", None, &[("SHOPFLEET_REDIS_URL", "x".to_owned())]).unwrap();
        assert_eq!(files[0].0, "SHOPFLEET_REDIS_URL_FILE");
        assert_eq!(std::fs::read_to_string(&files[0].1).unwrap(), "x");
        assert_eq!(std::fs::metadata(files[0].1.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    }
}
