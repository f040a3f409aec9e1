//! The private edge: an nginx that sends each host name to its store's port. This file writes the main
//! configuration and the waiting pages; routes are the worker's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hosting::domain::store::SuspendCause;
use hosting::render::{Output, render};
use nix::sys::signal::Signal;
use serde::Serialize;

use super::probe::Probe;
use super::service::Spec;
use super::users::RunAs;
use crate::files::{self, Owner};
use crate::layout::Layout;
use crate::process;

const TEMPLATE: &str = include_str!("../../../templates/edge/nginx.conf.j2");

/// The pages for hosts without a running shop; the names are what the template expects.
const PAGES: &[(&str, &str)] = &[
    ("unknown.html", include_str!("../../../templates/edge/pages/unknown.html")),
    ("setup.html", include_str!("../../../templates/edge/pages/setup.html")),
    ("maintenance.html", include_str!("../../../templates/edge/pages/maintenance.html")),
    ("unavailable.html", include_str!("../../../templates/edge/pages/unavailable.html")),
];

/// The page of suspended shops; one file per cause, with the words of that cause.
const SUSPENDED: &str = include_str!("../../../templates/edge/pages/suspended.html");

/// What the edge needs to know.
#[derive(Debug, Clone)]
pub struct EdgeOptions<'a> {
    pub dir: &'a Path,
    /// Loopback port for plain http.
    pub port: u16,
    /// Account of nginx' workers.
    pub user: Option<&'a str>,
    /// Certificate and key for 443; without, nothing listens to the outside.
    pub tls: Option<(&'a Path, &'a Path)>,
}

/// What the template may use.
#[derive(Debug, Serialize)]
struct Variables<'a> {
    dir: &'a str,
    port: u16,
    user: &'a str,
    certificate: &'a str,
    key: &'a str,
}

/// nginx's language has no escaping, so a path with any character beyond the harmless ones is refused.
fn harmless<'a>(what: &str, path: &'a Path) -> Result<&'a str> {
    let text = path.to_str().with_context(|| format!("the path of {what} is not valid UTF-8"))?;
    if !text.starts_with('/') || !is_harmless(text) {
        bail!(
            "the path of {what}, {text}, has characters nginx would misread; use a full path of letters, digits, - and _ \
             (for var/: SHOPFLEET_VAR)"
        );
    }
    Ok(text)
}

fn is_harmless(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte))
}

/// Renders the main configuration.
fn config(options: &EdgeOptions<'_>) -> Result<String> {
    let user = options.user.unwrap_or_default();
    if !is_harmless(user) {
        bail!("the account name {user} has characters nginx would misread");
    }
    let (certificate, key) = match options.tls {
        Some((certificate, key)) => (harmless("the certificate", certificate)?, harmless("its key", key)?),
        None => ("", ""),
    };
    let dir = harmless("the edge folder", options.dir)?;
    let variables = Variables { dir, port: options.port, user, certificate, key };
    Ok(render("templates/edge/nginx.conf.j2", TEMPLATE, Output::Text, &variables)?)
}

/// Writes the edge folder: configuration and pages. Routes and sites stay as they are.
pub fn write(options: &EdgeOptions<'_>, temporary: Option<Owner>) -> Result<PathBuf> {
    let dir = options.dir;
    let text = config(options)?;
    for name in ["", "routes", "pages", "sites"] {
        files::ensure_dir(&dir.join(name), 0o755, None)?;
    }
    files::ensure_dir(&dir.join("tmp"), 0o700, temporary)?;
    for (name, text) in PAGES {
        files::write_atomic(&dir.join("pages").join(name), text.as_bytes(), 0o644, None)?;
    }
    for cause in SuspendCause::ALL {
        let (name, text) = (format!("suspended-{}.html", cause.as_str()), SUSPENDED.replace("WORDS", cause.words()));
        files::write_atomic(&dir.join("pages").join(name), text.as_bytes(), 0o644, None)?;
    }
    let mime = Path::new("/etc/nginx/mime.types");
    let types = std::fs::read(mime).unwrap_or_else(|_| b"types { text/html html; }\n".to_vec());
    files::write_atomic(&dir.join("mime.types"), &types, 0o644, None)?;
    let path = dir.join("nginx.conf");
    files::write_atomic(&path, text.as_bytes(), 0o644, None)?;
    Ok(path)
}

/// The private instance's edge: writes its folder and says how to start nginx.
pub fn edge(layout: &Layout, port: u16, user: Option<&RunAs>) -> Result<Spec> {
    let dir = layout.edge();
    // As root nginx changes to this user by itself; the distribution's default is not readable in a closed folder.
    let account = match user {
        Some(user) => Some(user.name.as_str()),
        None if files::is_root() => Some("root"),
        None => None,
    };
    let options = EdgeOptions { dir: &dir, port, user: account, tls: None };
    let path = write(&options, user.map(|user| user.owner))?;
    Ok(Spec {
        name: "edge",
        program: process::need_program("nginx", "nginx-light")?,
        args: vec!["-p".into(), dir.clone().into(), "-c".into(), path.into(), "-e".into(), "stderr".into()],
        env: Vec::new(),
        // The master stays what the supervisor is; its workers change to `account`.
        user: None,
        stop_signal: Signal::SIGQUIT,
        stop_within: Duration::from_secs(10),
        ready_within: Duration::from_secs(15),
        probe: Probe::Tcp(port),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(name: &str) -> Layout {
        Layout { root: "/srv/shopfleet".into(), var: crate::testing::scratch(name) }
    }

    fn options<'a>(dir: &'a str, user: Option<&'a str>) -> EdgeOptions<'a> {
        EdgeOptions { dir: Path::new(dir), port: 7081, user, tls: None }
    }

    #[test]
    fn the_configuration_says_where_and_nothing_is_left_open() {
        let text = config(&options("/srv/var/edge", Some("www-data"))).unwrap();
        assert!(text.contains("listen 127.0.0.1:7081 default_server"));
        assert!(text.contains("include /srv/var/edge/routes/*.map;"));
        assert!(text.contains("\nuser www-data;\n"));
        assert!(!text.contains("{{") && !text.contains("{%"));
        assert!(!config(&options("/srv/var/edge", None)).unwrap().contains("\nuser "));
        // A private instance is not reachable from outside.
        let listening: Vec<&str> = text.lines().filter(|line| line.trim().starts_with("listen ")).collect();
        assert_eq!(listening.len(), 1, "{listening:?}");
    }

    /// `UPDATE_GOLDEN=1 cargo test --workspace --lib the_edge_is_as_agreed` writes the files anew.
    #[test]
    fn the_edge_is_as_agreed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/edge");
        let tls = (Path::new("/etc/shops/fullchain.pem"), Path::new("/etc/shops/privkey.pem"));
        let production = EdgeOptions { tls: Some(tls), ..options("/etc/shopfleet/edge", Some("www-data")) };
        let mut files = vec![
            ("private.conf".to_owned(), config(&options("/srv/var/edge", None)).unwrap()),
            ("production.conf".to_owned(), config(&production).unwrap()),
        ];
        // The pages as they are written, not as they lie in templates/.
        let written = crate::testing::scratch("edge-golden").join("edge");
        write(&EdgeOptions { dir: &written, ..options("/", None) }, None).unwrap();
        for entry in std::fs::read_dir(written.join("pages")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            files.push((name, std::fs::read_to_string(entry.path()).unwrap()));
        }
        assert_eq!(files.len(), 2 + PAGES.len() + SuspendCause::ALL.len());
        for (name, text) in &files {
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(name), text).unwrap();
            }
            assert_eq!(text, &std::fs::read_to_string(folder.join(name)).unwrap(), "{name}");
        }
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), files.len(), "a file of a page that is gone");
    }

    #[test]
    fn a_path_that_nginx_would_misread_is_refused() {
        for dir in ["/srv/my var/edge", "/srv/a;b", "/srv/a{b", "/srv/a$b", "relative", "/srv/a\nb"] {
            assert!(config(&options(dir, None)).is_err(), "{dir:?}");
        }
        assert!(config(&options("/srv/var", Some("x; include /etc/passwd"))).is_err());
        let tls = EdgeOptions { tls: Some((Path::new("/c;rt"), Path::new("/key"))), ..options("/srv/var", None) };
        assert!(config(&tls).is_err());
    }

    #[tokio::test]
    async fn nginx_accepts_the_configuration_with_routes_and_with_tls() {
        let layout = layout("edge-test");
        let port = crate::instance::Instance::choose(&layout).unwrap().ports.edge;
        let spec = edge(&layout, port, None).unwrap();
        std::fs::write(
            layout.edge().join("routes/store-abc.map"),
            "a.shops.localhost \"8001\";\nb.shops.localhost \"@setup\";\n",
        )
        .unwrap();
        let mut args = spec.args.clone();
        args.push("-t".into());
        let answer = process::run(&spec.program, &args, Duration::from_secs(10)).await.unwrap();
        assert!(answer.success, "{}", answer.stderr);

        let (certificate, key) = (layout.var.join("crt.pem"), layout.var.join("key.pem"));
        let openssl = process::find_program("openssl").unwrap();
        let request = format!(
            "req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 1 -keyout {} -out {}",
            key.display(),
            certificate.display()
        );
        let words: Vec<&str> = request.split(' ').collect();
        assert!(process::run(&openssl, &words, Duration::from_secs(60)).await.unwrap().success);
        let dir = layout.edge();
        let options = EdgeOptions { dir: &dir, port, user: None, tls: Some((&certificate, &key)) };
        write(&options, None).unwrap();
        let answer = process::run(&spec.program, &args, Duration::from_secs(10)).await.unwrap();
        // Ports 80 and 443 may be taken here; the configuration itself must be sound.
        assert!(answer.success || answer.stderr.contains("bind()"), "{}", answer.stderr);
    }
}
