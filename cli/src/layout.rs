//! Where a private (development or single-machine) instance keeps its things. One folder, `var/` beside the
//! program's source or `SHOPFLEET_VAR`, holds all of it; nothing is kept anywhere else on the machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// A unix socket's path may have 107 bytes; leave room for the longest name below the run folder.
const LONGEST_RUN_DIR: usize = 80;

/// The paths of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The source tree: templates, docker, scripts.
    pub root: PathBuf,
    /// Everything this instance owns.
    pub var: PathBuf,
}

impl Layout {
    /// Finds the source tree (from `SHOPFLEET_ROOT`, the program's own place under `target/`, or the working
    /// directory upwards) and the var folder (`SHOPFLEET_VAR` or `<root>/var`).
    pub fn discover() -> Result<Self> {
        let root = find_root()
            .context("cannot find Shopfleet's source folder; run ./scripts/up from it or set SHOPFLEET_ROOT to it")?;
        let var = match std::env::var_os("SHOPFLEET_VAR").filter(|value| !value.is_empty()) {
            Some(value) => absolute(Path::new(&value))?,
            None => root.join("var"),
        };
        let shallow = var.components().count() < 3;
        if shallow || var == root {
            bail!("SHOPFLEET_VAR is {}, which is no folder of its own; choose a new folder", var.display());
        }
        Ok(Self { root, var })
    }

    /// True for `<root>/var`, the instance a person starts without further thought.
    pub fn is_default(&self) -> bool {
        self.var == self.root.join("var")
    }

    /// Eight characters that tell instances on one machine apart; the same for the same folder.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.var.as_os_str().as_encoded_bytes());
        hex::encode(&digest[..4])
    }

    /// Sockets and process records. Normally `var/run`; a short folder under `/run` (or `/tmp`) when `var` is too
    /// deep for a socket path.
    pub fn run(&self) -> PathBuf {
        let near = self.var.join("run");
        if near.as_os_str().len() <= LONGEST_RUN_DIR {
            return near;
        }
        let base = if crate::files::is_root() { "/run" } else { "/tmp" };
        Path::new(base).join(format!("shopfleet-{}", self.fingerprint()))
    }

    /// Folder of all logs.
    pub fn logs(&self) -> PathBuf {
        self.var.join("log")
    }
    /// The log of one process or stage.
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }
    /// Folder of secret files; processes have folders of their own below it.
    pub fn secrets(&self) -> PathBuf {
        self.var.join("secrets")
    }
    /// MariaDB's data.
    pub fn mariadb_data(&self) -> PathBuf {
        self.var.join("mariadb")
    }
    /// In a folder of its own, because MariaDB's user must be able to write there and nowhere else.
    pub fn mariadb_socket(&self) -> PathBuf {
        self.run().join("db/mysqld.sock")
    }
    /// Redis' append-only file.
    pub fn redis_data(&self) -> PathBuf {
        self.var.join("redis")
    }
    /// `SHOPFLEET_EDGE_DIR` of this instance.
    pub fn edge(&self) -> PathBuf {
        self.var.join("edge")
    }
    /// The mail catcher's Maildir.
    pub fn mail(&self) -> PathBuf {
        self.var.join("mail")
    }
    /// `SHOPFLEET_DATA_DIR` of this instance's worker.
    pub fn stores(&self) -> PathBuf {
        self.var.join("stores")
    }
    /// The first administrator's password (0600).
    pub fn admin_password(&self) -> PathBuf {
        self.var.join("admin-password")
    }
    /// Addresses of the running instance; exists while it is ready.
    pub fn up_json(&self) -> PathBuf {
        self.var.join("up.json")
    }
    /// What was chosen at the first start.
    pub fn instance_json(&self) -> PathBuf {
        self.var.join("instance.json")
    }
    /// What `scripts/images` built.
    pub fn images_json(&self) -> PathBuf {
        self.var.join("images.json")
    }
    /// The record of one supervised process (see `process::Record`).
    pub fn record(&self, name: &str) -> PathBuf {
        self.run().join(format!("{name}.json"))
    }
    /// Held locked for as long as a supervisor lives.
    pub fn lock(&self) -> PathBuf {
        self.run().join("supervisor.lock")
    }
    /// Containers that `down` stopped and the next `up` starts again.
    pub fn stopped_containers(&self) -> PathBuf {
        self.var.join("stopped-containers.json")
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let joined = std::path::absolute(path).with_context(|| format!("cannot resolve {}", path.display()))?;
    // `a/../b` and links would give one folder two fingerprints. The folder itself may not exist yet.
    match joined.canonicalize() {
        Ok(real) => Ok(real),
        Err(_) => match (joined.parent().and_then(|parent| parent.canonicalize().ok()), joined.file_name()) {
            (Some(parent), Some(name)) => Ok(parent.join(name)),
            _ => Ok(joined),
        },
    }
}

fn find_root() -> Option<PathBuf> {
    if let Some(value) = std::env::var_os("SHOPFLEET_ROOT").filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(value));
    }
    let mut starts = Vec::new();
    starts.extend(std::env::current_exe().ok());
    starts.extend(std::env::current_dir().ok());
    starts.iter().flat_map(|start| start.ancestors()).find(|folder| is_root_folder(folder)).map(Path::to_path_buf)
}

fn is_root_folder(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file() && folder.join("hosting").is_dir() && folder.join("cli").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(var: &str) -> Layout {
        Layout { root: PathBuf::from("/srv/shopfleet"), var: PathBuf::from(var) }
    }

    #[test]
    fn sockets_stay_short_however_deep_the_folder_is() {
        assert_eq!(layout("/srv/shopfleet/var").mariadb_socket(), Path::new("/srv/shopfleet/var/run/db/mysqld.sock"));
        let deep = layout(&format!("/srv/{}", "deep/".repeat(40)));
        assert!(deep.mariadb_socket().as_os_str().len() < 107);
        assert!(!deep.run().starts_with(&deep.var));
    }

    #[test]
    fn instances_are_told_apart_by_their_folder() {
        assert!(layout("/srv/shopfleet/var").is_default());
        assert!(!layout("/tmp/other").is_default());
        assert_ne!(layout("/tmp/a").fingerprint(), layout("/tmp/b").fingerprint());
        assert_eq!(layout("/tmp/a").fingerprint().len(), 8);
    }

    #[test]
    fn the_tests_find_the_source_tree() {
        assert!(find_root().is_some());
    }
}
