//! Bootstrap values: only what a process needs to reach the database. Everything else is a setting
//! in MariaDB (`db::settings`). Each value comes from `NAME`, or from the file named by `NAME_FILE`
//! (systemd credentials, 0600 files); secrets should always use the file.

use crate::crypto::{KeyRing, Secret};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A bootstrap value that is missing or malformed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Neither `NAME` nor `NAME_FILE` is set.
    #[error("{0} is not set: set it, or {0}_FILE to a file that holds it")]
    Missing(&'static str),
    /// The file could not be read.
    #[error("cannot read the file {path} named by {name}_FILE: {source}")]
    File { name: &'static str, path: PathBuf, source: std::io::Error },
    /// The value does not parse; the value itself is never repeated.
    #[error("{0} is not usable: {1}")]
    Bad(&'static str, String),
}

/// Reads `name` or the file named by `name_FILE`; surrounding white space is removed.
///
/// # Errors
/// Only when the named file cannot be read.
pub fn value(name: &'static str) -> Result<Option<String>, ConfigError> {
    if let Some(path) = std::env::var_os(format!("{name}_FILE")) {
        let path = PathBuf::from(path);
        let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::File { name, path, source })?;
        return Ok(Some(text.trim().to_owned()));
    }
    Ok(std::env::var(name).ok().map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()))
}

fn required(name: &'static str) -> Result<String, ConfigError> {
    value(name)?.ok_or(ConfigError::Missing(name))
}

/// What every process needs: the database, Redis and the master keys.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// `mysql://user:password@host/database`, or with `?socket=/path`.
    pub database_url: Secret,
    /// `redis://…` or `redis+unix://…`.
    pub redis_url: Secret,
    /// Keys for secrets at rest.
    pub keys: KeyRing,
}

impl Bootstrap {
    /// Reads `SHOPFLEET_DATABASE_URL`, `SHOPFLEET_REDIS_URL`, `SHOPFLEET_MASTER_KEY`.
    ///
    /// # Errors
    /// A missing or malformed value; there are no defaults for these.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            database_url: Secret::new(required("SHOPFLEET_DATABASE_URL")?),
            redis_url: Secret::new(required("SHOPFLEET_REDIS_URL")?),
            keys: KeyRing::parse(&required("SHOPFLEET_MASTER_KEY")?)
                .map_err(|e| ConfigError::Bad("SHOPFLEET_MASTER_KEY", e.to_string()))?,
        })
    }
}

/// What the web front needs besides.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// The panel's own address; absolute links come from it and never from a request.
    pub base_url: url_like::BaseUrl,
    /// Where to listen, default `127.0.0.1:8090`.
    pub listen: SocketAddr,
}

impl WebConfig {
    /// Reads `SHOPFLEET_BASE_URL` and `SHOPFLEET_LISTEN`.
    ///
    /// # Errors
    /// Missing or malformed values; plain http is accepted for a loopback address only.
    pub fn from_env() -> Result<Self, ConfigError> {
        let listen = value("SHOPFLEET_LISTEN")?.unwrap_or_else(|| "127.0.0.1:8090".into());
        Ok(Self {
            base_url: url_like::BaseUrl::parse(&required("SHOPFLEET_BASE_URL")?)
                .map_err(|e| ConfigError::Bad("SHOPFLEET_BASE_URL", e))?,
            listen: listen.parse().map_err(|_| ConfigError::Bad("SHOPFLEET_LISTEN", "expected address:port".into()))?,
        })
    }
}

/// What a worker needs besides.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// This server's name in the `servers` table.
    pub server: String,
    /// Where store directories live, default `/var/customers`.
    pub data_dir: PathBuf,
    /// The edge nginx' directory, default `/etc/shopfleet/edge`.
    pub edge_dir: PathBuf,
    /// Docker Engine, default `unix:///var/run/docker.sock`.
    pub docker_host: String,
    /// A Maildir whose mails answer tickets, none when unset.
    pub mail_dir: Option<PathBuf>,
    /// Loopback address for metrics, off when unset.
    pub metrics_listen: Option<SocketAddr>,
}

impl WorkerConfig {
    /// Reads `SHOPFLEET_SERVER`, `SHOPFLEET_DATA_DIR`, `SHOPFLEET_EDGE_DIR`, `DOCKER_HOST`,
    /// `SHOPFLEET_MAIL_DIR`, `SHOPFLEET_METRICS_LISTEN`.
    ///
    /// # Errors
    /// Missing server name, or values that don't parse.
    pub fn from_env() -> Result<Self, ConfigError> {
        let path = |name, default: &str| -> Result<PathBuf, ConfigError> {
            Ok(PathBuf::from(value(name)?.unwrap_or_else(|| default.to_owned())))
        };
        let metrics_listen = match value("SHOPFLEET_METRICS_LISTEN")? {
            None => None,
            Some(text) => Some(text.parse::<SocketAddr>().ok().filter(|a| a.ip().is_loopback()).ok_or_else(|| {
                ConfigError::Bad("SHOPFLEET_METRICS_LISTEN", "expected a loopback address:port".into())
            })?),
        };
        Ok(Self {
            server: required("SHOPFLEET_SERVER")?,
            data_dir: path("SHOPFLEET_DATA_DIR", "/var/customers")?,
            edge_dir: path("SHOPFLEET_EDGE_DIR", "/etc/shopfleet/edge")?,
            docker_host: value("DOCKER_HOST")?.unwrap_or_else(|| "unix:///var/run/docker.sock".into()),
            mail_dir: value("SHOPFLEET_MAIL_DIR")?.map(PathBuf::from),
            metrics_listen,
        })
    }
}

/// The panel's address.
pub mod url_like {
    /// An absolute http(s) address without path; http only on loopback.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct BaseUrl {
        text: String,
        authority: String,
        https: bool,
    }

    impl BaseUrl {
        /// Parses `https://panel.example` or, for development, `http://127.0.0.1:8090`.
        ///
        /// # Errors
        /// Words for the person who configured it.
        pub fn parse(text: &str) -> Result<Self, String> {
            let url = url::Url::parse(text).map_err(|e| e.to_string())?;
            let host = url.host_str().ok_or("it has no host")?;
            if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
                return Err("expected only scheme, host and port".into());
            }
            let https = match url.scheme() {
                "https" => true,
                "http" => false,
                _ => return Err("expected http or https".into()),
            };
            let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
            if !https && !loopback {
                return Err("plain http is for a loopback address only; use https".into());
            }
            let authority = url.port().map_or_else(|| host.to_owned(), |p| format!("{host}:{p}"));
            Ok(Self { text: format!("{}://{authority}", url.scheme()), authority, https })
        }
        /// `https://panel.example`, no trailing slash.
        #[must_use]
        pub fn as_str(&self) -> &str {
            &self.text
        }
        /// `panel.example` or `127.0.0.1:8090`: what the Host header must say.
        #[must_use]
        pub fn authority(&self) -> &str {
            &self.authority
        }
        /// Whether cookies may be `Secure` and HSTS is sent.
        #[must_use]
        pub fn is_https(&self) -> bool {
            self.https
        }
        /// An absolute link; `path` starts with `/`.
        #[must_use]
        pub fn join(&self, path: &str) -> String {
            format!("{}{path}", self.text)
        }
    }

    #[cfg(test)]
    mod tests {
        use super::BaseUrl;
        #[test]
        fn http_is_for_loopback_only() {
            assert!(BaseUrl::parse("http://127.0.0.1:8090").is_ok());
            assert!(BaseUrl::parse("http://panel.example").is_err());
            assert_eq!(BaseUrl::parse("https://panel.example/").unwrap().join("/login"), "https://panel.example/login");
            for bad in ["ftp://x", "https://x/path", "https://u@x", "nonsense"] {
                assert!(BaseUrl::parse(bad).is_err(), "{bad}");
            }
        }
    }
}
