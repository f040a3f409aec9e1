//! The private edge: an nginx that sends each host name to its store's port. This file writes the main
//! configuration and the waiting pages; routes are the worker's.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hosting::render::{Output, render};
use nix::sys::signal::Signal;
use serde::Serialize;

use super::probe::Probe;
use super::service::Spec;
use super::users::RunAs;
use crate::files;
use crate::layout::Layout;
use crate::process;

const TEMPLATE: &str = include_str!("../../../templates/edge/nginx.conf.j2");

/// The pages for hosts without a running shop; the names are what the template expects.
const PAGES: &[(&str, &str)] = &[
    ("unknown.html", include_str!("../../../templates/edge/pages/unknown.html")),
    ("setup.html", include_str!("../../../templates/edge/pages/setup.html")),
    ("suspended.html", include_str!("../../../templates/edge/pages/suspended.html")),
    ("maintenance.html", include_str!("../../../templates/edge/pages/maintenance.html")),
    ("unavailable.html", include_str!("../../../templates/edge/pages/unavailable.html")),
];

/// What the template may use.
#[derive(Debug, Serialize)]
struct Variables<'a> {
    dir: &'a str,
    port: u16,
    user: &'a str,
}

/// Renders the main configuration. nginx's language has no escaping, so a folder with any character beyond the
/// harmless ones is refused here.
fn config(dir: &Path, port: u16, user: Option<&str>) -> Result<String> {
    let dir = dir.to_str().context("the edge folder's path is not valid UTF-8")?;
    let harmless = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte));
    if !dir.starts_with('/') || !harmless(dir) {
        bail!(
            "the folder {dir} has characters nginx would misread; put var/ (SHOPFLEET_VAR) in a folder named with letters, digits, - and _"
        );
    }
    let user = user.unwrap_or_default();
    if !harmless(user) {
        bail!("the account name {user} has characters nginx would misread");
    }
    let variables = Variables { dir, port, user };
    Ok(render("templates/edge/nginx.conf.j2", TEMPLATE, Output::Text, &variables)?)
}

/// Writes the edge folder (configuration, pages; routes stay as they are) and says how to start nginx.
pub fn edge(layout: &Layout, port: u16, user: Option<&RunAs>) -> Result<Spec> {
    let dir = layout.edge();
    let owner = user.map(|user| user.owner);
    files::ensure_dir(&dir, 0o755, None)?;
    files::ensure_dir(&dir.join("routes"), 0o755, None)?;
    files::ensure_dir(&dir.join("pages"), 0o755, None)?;
    files::ensure_dir(&dir.join("tmp"), 0o700, owner)?;
    for (name, text) in PAGES {
        files::write_atomic(&dir.join("pages").join(name), text.as_bytes(), 0o644, None)?;
    }
    let mime = Path::new("/etc/nginx/mime.types");
    let types = std::fs::read(mime).unwrap_or_else(|_| b"types { text/html html; }\n".to_vec());
    files::write_atomic(&dir.join("mime.types"), &types, 0o644, None)?;
    // As root nginx changes to this user by itself; the distribution's default is not readable in a closed folder.
    let account = match user {
        Some(user) => Some(user.name.as_str()),
        None if files::is_root() => Some("root"),
        None => None,
    };
    let path = dir.join("nginx.conf");
    files::write_atomic(&path, config(&dir, port, account)?.as_bytes(), 0o644, None)?;
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

    #[test]
    fn the_configuration_says_where_and_nothing_is_left_open() {
        let text = config(Path::new("/srv/var/edge"), 7081, Some("www-data")).unwrap();
        assert!(text.contains("listen 127.0.0.1:7081 default_server"));
        assert!(text.contains("include /srv/var/edge/routes/*.map;"));
        assert!(text.contains("\nuser www-data;\n"));
        assert!(!text.contains("{{") && !text.contains("{%"));
        assert!(!config(Path::new("/srv/var/edge"), 7081, None).unwrap().contains("\nuser "));
    }

    #[test]
    fn a_folder_that_nginx_would_misread_is_refused() {
        for dir in ["/srv/my var/edge", "/srv/a;b", "/srv/a{b", "/srv/a$b", "relative", "/srv/a\nb"] {
            assert!(config(Path::new(dir), 1, None).is_err(), "{dir:?}");
        }
        assert!(config(Path::new("/srv/var"), 1, Some("x; include /etc/passwd")).is_err());
    }

    #[tokio::test]
    async fn nginx_accepts_the_configuration_with_routes() {
        let layout = layout("edge-test");
        let spec = edge(&layout, crate::instance::Instance::choose(&layout).unwrap().ports.edge, None).unwrap();
        std::fs::write(
            layout.edge().join("routes/store-abc.map"),
            "a.shops.localhost \"8001\";\nb.shops.localhost \"@setup\";\n",
        )
        .unwrap();
        let mut args = spec.args.clone();
        args.push("-t".into());
        let answer = process::run(&spec.program, &args, Duration::from_secs(10)).await.unwrap();
        assert!(answer.success, "{}", answer.stderr);
    }
}
