//! What a ready instance says about itself: `var/up.json`, the closing words, and which build it runs.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::apps;
use crate::files;
use crate::instance::Instance;
use crate::layout::Layout;
use crate::secrets::Secrets;

/// `var/up.json` (0600): exists exactly while the instance is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpJson {
    pub web_url: String,
    pub edge_url: String,
    pub base_domain: String,
    pub admin_email: String,
    pub admin_password_file: String,
    pub mail_dir: String,
    pub mariadb_socket: String,
    pub redis_url: String,
    pub server: String,
    pub worker_metrics_url: String,
}

impl UpJson {
    /// The addresses of an instance.
    pub fn new(layout: &Layout, instance: &Instance, secrets: &Secrets) -> Self {
        let path = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
        let ports = &instance.ports;
        Self {
            web_url: format!("http://127.0.0.1:{}", ports.web),
            edge_url: format!("http://127.0.0.1:{}", ports.edge),
            base_domain: instance.base_domain.clone(),
            admin_email: instance.admin_email.clone(),
            admin_password_file: path(layout.admin_password()),
            mail_dir: path(layout.mail()),
            mariadb_socket: path(layout.mariadb_socket()),
            redis_url: secrets.redis_url(ports.redis),
            server: instance.server.clone(),
            worker_metrics_url: format!("http://127.0.0.1:{}/metrics", ports.worker_metrics),
        }
    }

    /// Reads it; `None` while the instance is not ready.
    pub fn read(layout: &Layout) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(layout.up_json()).ok()?).ok()
    }

    pub(super) fn write(&self, layout: &Layout) -> Result<()> {
        files::write_atomic(&layout.up_json(), &serde_json::to_vec_pretty(self)?, 0o600, files::sudo_person())
    }
}

/// The closing words: where it is, who the admin is, what next.
pub fn summary(up: &UpJson, elapsed: Option<Duration>) -> String {
    let edge_port = up.edge_url.rsplit(':').next().unwrap_or_default();
    let took = elapsed.map(|elapsed| format!(" after {:.1} s", elapsed.as_secs_f64())).unwrap_or_default();
    format!(
        "\nShopfleet is ready{took}.\n\n  \
           Panel     {web}/\n  \
           Admin     {web}/admin/login as {email}\n  \
           Password  in {password}\n  \
           Stores    http://<name>.{domain}:{edge_port}/\n  \
           Mails     in {mail} (none leaves this machine)\n\n\
         Next: open {web}/signup, make a store, take the confirmation link from the newest file in\n\
         {mail}/new, and watch the store being set up. ./scripts/down stops everything.\n",
        web = up.web_url,
        email = up.admin_email,
        password = up.admin_password_file,
        domain = up.base_domain,
        mail = up.mail_dir,
    )
}

/// Size and time of our programs: another value after a build means that the running ones are old.
fn build_id() -> String {
    ["shopfleet", "shopfleet-web", "shopfleet-worker"]
        .iter()
        .map(|name| match apps::sibling(name).ok().and_then(|path| std::fs::metadata(path).ok()) {
            Some(meta) => format!("{name}:{}:{}.{}", meta.size(), meta.mtime(), meta.mtime_nsec()),
            None => format!("{name}:absent"),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

pub(super) fn remember_build(layout: &Layout) -> Result<()> {
    files::write_atomic(&layout.run().join("build"), build_id().as_bytes(), 0o644, None)
}

/// True when the running instance was started from the programs that lie there now.
pub fn runs_current_build(layout: &Layout) -> bool {
    std::fs::read_to_string(layout.run().join("build")).is_ok_and(|text| text == build_id())
}

/// Keeps a log from growing without end (nginx writes in append mode).
pub(super) fn trim_file(path: &Path) {
    const CAP: u64 = 64 * 1024 * 1024;
    if std::fs::metadata(path).is_ok_and(|meta| meta.len() > CAP) {
        let _ = std::fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> UpJson {
        UpJson {
            web_url: "http://127.0.0.1:7080".to_owned(),
            edge_url: "http://127.0.0.1:7081".to_owned(),
            base_domain: "shops.localhost".to_owned(),
            admin_email: "admin@shops.localhost".to_owned(),
            admin_password_file: "/v/admin-password".to_owned(),
            mail_dir: "/v/mail".to_owned(),
            mariadb_socket: "/v/run/db/mysqld.sock".to_owned(),
            redis_url: "redis://:geheim@127.0.0.1:7379/0".to_owned(),
            server: "local-1".to_owned(),
            worker_metrics_url: "http://127.0.0.1:7090/metrics".to_owned(),
        }
    }

    #[test]
    fn up_json_has_exactly_the_promised_keys_and_is_private() {
        let layout = Layout { root: "/s".into(), var: crate::testing::scratch("up-json") };
        sample().write(&layout).unwrap();
        assert_eq!(std::fs::metadata(layout.up_json()).unwrap().mode() & 0o777, 0o600);
        let value: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(layout.up_json()).unwrap()).unwrap();
        let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            [
                "admin_email",
                "admin_password_file",
                "base_domain",
                "edge_url",
                "mail_dir",
                "mariadb_socket",
                "redis_url",
                "server",
                "web_url",
                "worker_metrics_url"
            ]
        );
        assert_eq!(UpJson::read(&layout), Some(sample()));
    }

    #[test]
    fn the_closing_words_name_the_password_file_and_no_secret() {
        let text = summary(&sample(), Some(Duration::from_millis(2340)));
        for part in [
            "ready after 2.3 s",
            "http://127.0.0.1:7080/admin/login",
            "/v/admin-password",
            "http://<name>.shops.localhost:7081/",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("geheim"));
    }
}
