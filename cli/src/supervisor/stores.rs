//! The data stores of a private instance: MariaDB (the truth) and Redis, both from the distribution's packages.
//! This file writes their configuration; the functions that make text are pure and tested.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use super::probe::Probe;
use super::service::Spec;
use super::users::RunAs;
use crate::files;
use crate::layout::Layout;
use crate::process;
use crate::secrets::Secrets;

/// MariaDB's configuration: socket only, every commit on disk before it is acknowledged.
fn mariadb_config(layout: &Layout, init_file: &Path, as_root: bool) -> String {
    let socket = layout.mariadb_socket();
    format!(
        "# Written by `shopfleet up` at every start; edits are lost.\n\
         [mariadbd]\n\
         datadir = {data}\n\
         socket = {socket}\n\
         pid-file = {pid}\n\
         init-file = {init}\n\
         # Its own: a starting server removes temporary tables it finds there, another server's included.\n\
         tmpdir = {tmp}\n\
         {user}\
         skip-networking\n\
         skip-name-resolve\n\
         skip-log-bin\n\
         local-infile = 0\n\
         symbolic-links = 0\n\
         # An acknowledged commit survives a power cut: jobs and money depend on it.\n\
         innodb-flush-log-at-trx-commit = 1\n\
         innodb-doublewrite = 1\n\
         innodb-strict-mode = 1\n\
         innodb-buffer-pool-size = 128M\n\
         performance-schema = 0\n\
         max-connections = 250\n\
         max-allowed-packet = 64M\n\
         character-set-server = utf8mb4\n\
         collation-server = utf8mb4_unicode_ci\n\
         sql-mode = STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION\n",
        data = layout.mariadb_data().display(),
        socket = socket.display(),
        pid = socket.with_extension("pid").display(),
        init = init_file.display(),
        tmp = temporary(layout).display(),
        user = if as_root { "user = root\n" } else { "" },
    )
}

/// Statements MariaDB runs at every start before it listens: the database and its two accounts, whose passwords
/// follow the files in `var/secrets`. One statement per line. Passwords come from `random_password`, whose
/// alphabet needs no quoting; anything else is refused.
fn mariadb_init(secrets: &Secrets) -> Result<String> {
    for password in [&secrets.database_owner, &secrets.database_app] {
        if password.is_empty() || !password.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            bail!(
                "a database password in var/secrets has characters other than letters and digits; remove the file to have a new one made"
            );
        }
    }
    let (owner, app) = (&secrets.database_owner, &secrets.database_app);
    Ok(format!(
        "CREATE DATABASE IF NOT EXISTS shopfleet CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n\
         CREATE USER IF NOT EXISTS 'shopfleet_owner'@'localhost' IDENTIFIED BY '{owner}';\n\
         ALTER USER 'shopfleet_owner'@'localhost' IDENTIFIED BY '{owner}';\n\
         GRANT ALL PRIVILEGES ON shopfleet.* TO 'shopfleet_owner'@'localhost' WITH GRANT OPTION;\n\
         CREATE USER IF NOT EXISTS 'shopfleet'@'localhost' IDENTIFIED BY '{app}';\n\
         ALTER USER 'shopfleet'@'localhost' IDENTIFIED BY '{app}';\n"
    ))
}

/// Where MariaDB keeps temporary tables.
fn temporary(layout: &Layout) -> std::path::PathBuf {
    layout.var.join("mariadb-tmp")
}

/// Makes the data folder if there is none. Made beside and renamed, so an interrupted first start leaves nothing
/// half-made that a second one would trust.
pub async fn install_mariadb(layout: &Layout, user: Option<&RunAs>) -> Result<()> {
    let data = layout.mariadb_data();
    if data.join("mysql").is_dir() {
        return Ok(());
    }
    let installer = process::need_program("mariadb-install-db", "mariadb-server")?;
    let fresh = layout.var.join("mariadb.new");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).with_context(|| format!("cannot remove {}", fresh.display()))?;
    }
    files::ensure_dir(&fresh, 0o700, user.map(|user| user.owner))?;
    files::ensure_dir(&temporary(layout), 0o700, user.map(|user| user.owner))?;
    let account = user.map_or_else(own_name, |user| user.name.clone());
    let arguments = [
        "--no-defaults".to_owned(),
        format!("--datadir={}", fresh.display()),
        format!("--user={account}"),
        format!("--tmpdir={}", temporary(layout).display()),
        // root comes in by being root on the socket, never by a password.
        "--auth-root-authentication-method=socket".to_owned(),
        "--auth-root-socket-user=root".to_owned(),
        "--skip-test-db".to_owned(),
    ];
    let answer = process::run(&installer, &arguments, Duration::from_secs(120)).await?;
    std::fs::write(layout.log("mariadb-install"), format!("{}{}", answer.stdout, answer.stderr)).ok();
    if !answer.success {
        bail!(
            "cannot make MariaDB's data folder: {} (whole log: {})",
            answer.reason(),
            layout.log("mariadb-install").display()
        );
    }
    if data.exists() {
        std::fs::remove_dir(&data).with_context(|| format!("{} is in the way and not empty", data.display()))?;
    }
    std::fs::rename(&fresh, &data).with_context(|| format!("cannot move {} into place", fresh.display()))
}

fn own_name() -> String {
    nix::unistd::User::from_uid(nix::unistd::Uid::effective())
        .ok()
        .flatten()
        .map_or_else(|| "root".to_owned(), |user| user.name)
}

/// Writes MariaDB's files and says how to start it.
pub fn mariadb(layout: &Layout, secrets: &Secrets, user: Option<&RunAs>) -> Result<Spec> {
    let owner = user.map(|user| user.owner);
    let socket_folder = layout.mariadb_socket().parent().map(Path::to_path_buf).context("a socket needs a folder")?;
    files::ensure_dir(&socket_folder, 0o755, owner)?;
    files::ensure_dir(&temporary(layout), 0o700, owner)?;
    let folder = layout.secrets().join("mariadb");
    files::ensure_dir(&folder, 0o700, owner)?;
    let (config, init) = (folder.join("my.cnf"), folder.join("init.sql"));
    files::write_atomic(&init, mariadb_init(secrets)?.as_bytes(), 0o600, owner)?;
    let as_root = user.is_none() && files::is_root();
    files::write_atomic(&config, mariadb_config(layout, &init, as_root).as_bytes(), 0o600, owner)?;
    Ok(Spec {
        name: "mariadb",
        program: process::need_program("mariadbd", "mariadb-server")?,
        args: vec![format!("--defaults-file={}", config.display()).into()],
        env: Vec::new(),
        user: user.map(|user| user.name.clone()),
        stop_signal: Signal::SIGTERM,
        stop_within: Duration::from_secs(60),
        // After a crash it replays its log first.
        ready_within: Duration::from_secs(120),
        probe: Probe::MariaDb(layout.mariadb_socket()),
    })
}

/// Redis' configuration: loopback, password, append-only file.
fn redis_config(layout: &Layout, port: u16, password: &str) -> String {
    format!(
        "# Written by `shopfleet up` at every start; edits are lost.\n\
         bind 127.0.0.1\n\
         port {port}\n\
         protected-mode yes\n\
         requirepass {password}\n\
         dir \"{}\"\n\
         daemonize no\n\
         appendonly yes\n\
         appendfsync everysec\n\
         save \"\"\n\
         # Job wake-ups must not be thrown away when memory is short; writing fails instead and is retried.\n\
         maxmemory 512mb\n\
         maxmemory-policy noeviction\n\
         loglevel notice\n",
        layout.redis_data().display()
    )
}

/// Writes Redis' files and says how to start it.
pub fn redis(layout: &Layout, secrets: &Secrets, port: u16, user: Option<&RunAs>) -> Result<Spec> {
    let owner = user.map(|user| user.owner);
    files::ensure_dir(&layout.redis_data(), 0o700, owner)?;
    let folder = layout.secrets().join("redis");
    files::ensure_dir(&folder, 0o700, owner)?;
    let config = folder.join("redis.conf");
    files::write_atomic(&config, redis_config(layout, port, &secrets.redis).as_bytes(), 0o600, owner)?;
    Ok(Spec {
        name: "redis",
        program: process::need_program("redis-server", "redis-server")?,
        args: vec![config.into_os_string()],
        env: Vec::new(),
        user: user.map(|user| user.name.clone()),
        stop_signal: Signal::SIGTERM,
        stop_within: Duration::from_secs(20),
        ready_within: Duration::from_secs(60),
        probe: Probe::Redis { port, password: secrets.redis.clone() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn layout() -> Layout {
        Layout { root: PathBuf::from("/srv/shopfleet"), var: PathBuf::from("/srv/shopfleet/var") }
    }

    fn secrets() -> Secrets {
        Secrets {
            master_key: "k".repeat(64),
            database_owner: "Owner123".to_owned(),
            database_app: "App456".to_owned(),
            redis: "Redis789".to_owned(),
            admin: "Admin".to_owned(),
        }
    }

    #[test]
    fn mariadb_listens_on_its_socket_only_and_commits_durably() {
        let config = mariadb_config(&layout(), Path::new("/i.sql"), false);
        for line in [
            "skip-networking",
            "innodb-flush-log-at-trx-commit = 1",
            "socket = /srv/shopfleet/var/run/db/mysqld.sock",
            "datadir = /srv/shopfleet/var/mariadb",
            "init-file = /i.sql",
        ] {
            assert!(config.lines().any(|found| found == line), "{line} is missing in\n{config}");
        }
        assert!(!config.contains("user ="));
        assert!(mariadb_config(&layout(), Path::new("/i.sql"), true).contains("user = root\n"));
    }

    #[test]
    fn the_init_file_has_one_statement_per_line_and_refuses_odd_passwords() {
        let text = mariadb_init(&secrets()).unwrap();
        assert!(text.lines().all(|line| line.ends_with(';') && line.matches(';').count() == 1));
        assert!(!text.contains("GRANT ALL PRIVILEGES ON shopfleet.* TO 'shopfleet'@"));
        let odd = Secrets { database_app: "x'; DROP".to_owned(), ..secrets() };
        assert!(mariadb_init(&odd).is_err());
    }

    #[test]
    fn redis_is_private_and_keeps_what_it_was_told() {
        let config = redis_config(&layout(), 7379, "pw");
        for line in ["bind 127.0.0.1", "requirepass pw", "appendonly yes", "maxmemory-policy noeviction"] {
            assert!(config.lines().any(|found| found == line), "{line} is missing");
        }
    }

    #[test]
    fn no_secret_stands_in_an_argument_or_a_printed_spec() {
        let scratch = Layout { root: PathBuf::from("/s"), var: crate::testing::scratch("stores-spec") };
        files::ensure_dir(&scratch.secrets(), 0o711, None).unwrap();
        for spec in [mariadb(&scratch, &secrets(), None), redis(&scratch, &secrets(), 1, None)].into_iter().flatten() {
            let printed = format!("{spec:?}");
            for secret in ["Owner123", "App456", "Redis789"] {
                assert!(!printed.contains(secret), "{printed}");
            }
        }
    }
}
