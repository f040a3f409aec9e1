//! The mail catcher and Shopfleet's own two programs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use super::probe::Probe;
use super::service::Spec;
use super::users::RunAs;
use crate::files;
use crate::instance::Instance;
use crate::layout::Layout;
use crate::process;
use crate::secrets::Secrets;

/// Finds a Python that has aiosmtpd: the distribution's package belongs to `/usr/bin/python3`, another Python
/// earlier in the list may lack it.
async fn python_with_aiosmtpd() -> Result<PathBuf> {
    for path in ["/usr/bin/python3", "/usr/local/bin/python3"].map(PathBuf::from) {
        if !path.is_file() {
            continue;
        }
        let answer = process::run(&path, &["-c", "import aiosmtpd.handlers"], Duration::from_secs(20)).await?;
        if answer.success {
            return Ok(path);
        }
    }
    bail!("no Python with aiosmtpd (the mail catcher) found; install it with `apt-get install python3-aiosmtpd`")
}

/// The mail catcher: every mail lands in the Maildir `var/mail`, none leaves the machine.
pub async fn mail(layout: &Layout, port: u16, user: Option<&RunAs>) -> Result<Spec> {
    files::ensure_dir(&layout.mail(), 0o700, user.map(|user| user.owner))?;
    for part in ["cur", "new", "tmp"] {
        files::ensure_dir(&layout.mail().join(part), 0o700, user.map(|user| user.owner))?;
    }
    let args: Vec<OsString> = vec![
        "-m".into(),
        "aiosmtpd".into(),
        "-n".into(),
        "-l".into(),
        format!("127.0.0.1:{port}").into(),
        "-c".into(),
        "aiosmtpd.handlers.Mailbox".into(),
        layout.mail().into(),
    ];
    Ok(Spec {
        name: "mail",
        program: python_with_aiosmtpd().await?,
        args,
        env: vec![("HOME".to_owned(), layout.mail().into()), ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".into())],
        user: user.map(|user| user.name.clone()),
        stop_signal: Signal::SIGTERM,
        stop_within: Duration::from_secs(5),
        ready_within: Duration::from_secs(30),
        probe: Probe::Smtp(port),
    })
}

/// The programs lie beside this one, built together.
pub fn sibling(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find my own program file")?;
    let path = own.with_file_name(name);
    if !path.is_file() {
        bail!("{} is missing; build it with `cargo build --workspace --bins` (./scripts/up does)", path.display());
    }
    Ok(path)
}

fn common_env(files: Vec<(String, PathBuf)>) -> Vec<(String, OsString)> {
    let mut env: Vec<(String, OsString)> = files.into_iter().map(|(name, path)| (name, path.into())).collect();
    for name in ["SHOPFLEET_LOG", "SHOPFLEET_LOG_FORMAT", "SHOPFLEET_FAIL_POINT_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            env.push((name.to_owned(), value));
        }
    }
    env.push(("RUST_BACKTRACE".to_owned(), "1".into()));
    // It may end when staff ask it to restart: it is started again.
    env.push(("SHOPFLEET_SUPERVISED".to_owned(), "1".into()));
    // The C library's allocator would keep the 19 MiB of every password ever hashed at once, and a heap per thread:
    // big blocks go back to the system, small ones share two heaps. systemd/*.service say the same.
    env.push(("MALLOC_ARENA_MAX".to_owned(), "2".into()));
    env.push(("MALLOC_MMAP_THRESHOLD_".to_owned(), "1048576".into()));
    env
}

/// Web: no rights, knows the database, Redis and the master key.
pub fn web(layout: &Layout, instance: &Instance, secrets: &Secrets, user: Option<&RunAs>) -> Result<Spec> {
    let values = [
        ("SHOPFLEET_DATABASE_URL", secrets.database_url(layout)?),
        ("SHOPFLEET_REDIS_URL", secrets.redis_url(instance.ports.redis)),
        ("SHOPFLEET_MASTER_KEY", secrets.master_key.clone()),
    ];
    let handed = Secrets::hand_out(layout, "web", user.map(|user| user.owner), &values)?;
    let port = instance.ports.web;
    let mut env = common_env(handed);
    env.push(("SHOPFLEET_BASE_URL".to_owned(), format!("http://127.0.0.1:{port}").into()));
    env.push(("SHOPFLEET_LISTEN".to_owned(), format!("127.0.0.1:{port}").into()));
    Ok(Spec {
        name: "web",
        program: sibling("shopfleet-web")?,
        args: Vec::new(),
        env,
        user: user.map(|user| user.name.clone()),
        stop_signal: Signal::SIGTERM,
        stop_within: Duration::from_secs(15),
        ready_within: Duration::from_secs(60),
        probe: Probe::Http(format!("http://127.0.0.1:{port}/readyz")),
    })
}

/// Worker: drives Docker and the edge of this server, so it stays what the supervisor is (root).
pub fn worker(layout: &Layout, instance: &Instance, secrets: &Secrets) -> Result<Spec> {
    files::ensure_dir(&layout.stores(), 0o711, None)?;
    let values = [
        ("SHOPFLEET_DATABASE_URL", secrets.database_url(layout)?),
        ("SHOPFLEET_REDIS_URL", secrets.redis_url(instance.ports.redis)),
        ("SHOPFLEET_MASTER_KEY", secrets.master_key.clone()),
    ];
    let handed = Secrets::hand_out(layout, "worker", None, &values)?;
    let metrics = instance.ports.worker_metrics;
    let mut env = common_env(handed);
    env.push(("SHOPFLEET_BASE_URL".to_owned(), format!("http://127.0.0.1:{}", instance.ports.web).into()));
    env.push(("SHOPFLEET_SERVER".to_owned(), instance.server.clone().into()));
    env.push(("SHOPFLEET_DATA_DIR".to_owned(), layout.stores().into()));
    env.push(("SHOPFLEET_EDGE_DIR".to_owned(), layout.edge().into()));
    env.push(("SHOPFLEET_IMAGES_FILE".to_owned(), layout.images_json().into()));
    env.push(("SHOPFLEET_METRICS_LISTEN".to_owned(), format!("127.0.0.1:{metrics}").into()));
    if let Some(host) = std::env::var_os("DOCKER_HOST") {
        env.push(("DOCKER_HOST".to_owned(), host));
    }
    Ok(Spec {
        name: "worker",
        program: sibling("shopfleet-worker")?,
        args: Vec::new(),
        env,
        user: None,
        stop_signal: Signal::SIGTERM,
        stop_within: Duration::from_secs(60),
        ready_within: Duration::from_secs(60),
        probe: Probe::Tcp(metrics),
    })
}
