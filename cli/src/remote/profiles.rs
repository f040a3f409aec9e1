//! Log-ins on this account, a file each that nobody else can read: `$XDG_CONFIG_HOME/shopfleet/NAME.json`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use shopfleet_client::{Keep, Kept, LogIn};

use crate::files::{ensure_dir, remove_if_there, write_atomic};

/// What is kept of a log-in.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The panel.
    pub url: String,
    /// Whose: staff or owner; empty for a token.
    pub account: String,
    pub email: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    token: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    access: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    refresh: String,
}

impl Profile {
    /// By an API token.
    pub fn of_token(url: &str, token: &str) -> Self {
        Self { url: url.into(), token: token.into(), ..Self::default() }
    }

    /// By name and password.
    pub fn of_log_in(url: &str, account: &str, email: &str, log_in: &LogIn) -> Self {
        let mut profile = Self { url: url.into(), account: account.into(), email: email.into(), ..Self::default() };
        profile.set(log_in);
        profile
    }

    /// The token, when it is one.
    pub fn token(&self) -> Option<&str> {
        Some(self.token.as_str()).filter(|t| !t.is_empty())
    }

    /// The log-in, when it is one.
    pub fn log_in(&self) -> Option<LogIn> {
        (!self.access.is_empty())
            .then(|| LogIn { access: self.access.clone().into(), refresh: self.refresh.clone().into() })
    }

    fn set(&mut self, log_in: &LogIn) {
        use secrecy::ExposeSecret;
        log_in.access.expose_secret().clone_into(&mut self.access);
        log_in.refresh.expose_secret().clone_into(&mut self.refresh);
    }
}

/// The folder of this account's log-ins.
pub struct Profiles {
    dir: PathBuf,
}

const CURRENT: &str = "current";

impl Profiles {
    /// `$XDG_CONFIG_HOME/shopfleet`, or `~/.config/shopfleet`.
    pub fn find() -> Result<Self> {
        let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
        let config = config.context("neither XDG_CONFIG_HOME nor HOME says where to keep log-ins")?;
        Ok(Self { dir: config.join("shopfleet") })
    }

    #[cfg(test)]
    fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let fine = (1..=40).contains(&name.len())
            && name != CURRENT
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !fine {
            bail!("{name} is no name for a log-in; use at most 40 letters, digits, - and _");
        }
        Ok(self.dir.join(format!("{name}.json")))
    }

    /// The name in use: the one asked for, or the current one.
    pub fn name(&self, asked: Option<&str>) -> Result<String> {
        if let Some(name) = asked {
            return Ok(name.to_owned());
        }
        let current = crate::files::read_optional(&self.dir.join(CURRENT))?.unwrap_or_default();
        Ok(if current.trim().is_empty() { "default".into() } else { current.trim().to_owned() })
    }

    /// A log-in; `None` when there is none of that name.
    pub fn load(&self, name: &str) -> Result<Option<Profile>> {
        load(&self.path(name)?)
    }

    /// Keeps one, and uses it from now on.
    pub fn save(&self, name: &str, profile: &Profile) -> Result<()> {
        ensure_dir(&self.dir, 0o700, None)?;
        let _held = lock(&self.path(name)?).context("cannot lock the log-in")?;
        store(&self.path(name)?, profile)?;
        self.choose(name)
    }

    /// Uses one from now on.
    pub fn choose(&self, name: &str) -> Result<()> {
        if self.load(name)?.is_none() {
            bail!("there is no log-in {name}; `shopfleet profiles list` shows them");
        }
        write_atomic(&self.dir.join(CURRENT), format!("{name}\n").as_bytes(), 0o600, None)
    }

    /// Forgets one.
    pub fn remove(&self, name: &str) -> Result<()> {
        let path = self.path(name)?;
        remove_if_there(&path)?;
        remove_if_there(&path.with_extension("lock"))
    }

    /// Names of all, sorted.
    pub fn names(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e).with_context(|| format!("cannot read {}", self.dir.display())),
        };
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .filter_map(|e| e.file_name().to_str().and_then(|n| n.strip_suffix(".json")).map(str::to_owned))
            .filter(|n| !n.starts_with('.'))
            .collect();
        names.sort();
        Ok(names)
    }

    /// Where renewals of this log-in are kept.
    pub fn keep(&self, name: &str) -> Result<FileKeep> {
        Ok(FileKeep { path: self.path(name)? })
    }
}

/// Whoever else can read the file has the log-in: then it is none any more.
fn load(path: &Path) -> Result<Option<Profile>> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e).with_context(|| format!("cannot look at {}", path.display())),
    };
    if !found.is_file() || found.mode() & 0o077 != 0 || found.uid() != nix::unistd::geteuid().as_raw() {
        bail!(
            "{} can be read or changed by others, so its log-in is not used; end it in the panel, remove the file and log in again",
            path.display()
        );
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let profile =
        serde_json::from_str(&text).with_context(|| format!("{} is damaged; log in again", path.display()))?;
    Ok(Some(profile))
}

fn store(path: &Path, profile: &Profile) -> Result<()> {
    write_atomic(path, serde_json::to_string(profile)?.as_bytes(), 0o600, None)
}

fn lock(path: &Path) -> io::Result<Flock<File>> {
    let path = path.with_extension("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| io::Error::from(error))
}

/// A log-in in its file, locked against other commands that run at the same time.
pub struct FileKeep {
    path: PathBuf,
}

struct Opened {
    path: PathBuf,
    _held: Flock<File>,
}

impl Keep for FileKeep {
    fn open(&self) -> io::Result<Box<dyn Kept>> {
        Ok(Box::new(Opened { path: self.path.clone(), _held: lock(&self.path)? }))
    }
}

impl Kept for Opened {
    fn read(&mut self) -> io::Result<Option<LogIn>> {
        Ok(load(&self.path).map_err(io::Error::other)?.and_then(|p| p.log_in()))
    }
    fn write(&mut self, log_in: &LogIn) -> io::Result<()> {
        let mut profile = load(&self.path)
            .map_err(io::Error::other)?
            .ok_or_else(|| io::Error::other("the log-in was removed meanwhile"))?;
        profile.set(log_in);
        store(&self.path, &profile).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn log_in(access: &str) -> LogIn {
        LogIn { access: access.into(), refresh: format!("{access}-refresh").into() }
    }

    #[test]
    fn a_log_in_is_nobody_elses_to_read() {
        let profiles = Profiles::at(crate::testing::scratch("profiles-rights").join("shopfleet"));
        assert!(profiles.load("default").unwrap().is_none() && profiles.names().unwrap().is_empty());
        profiles.save("default", &Profile::of_log_in("https://p", "staff", "a@b.c", &log_in("one"))).unwrap();
        let path = profiles.dir.join("default.json");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&profiles.dir).unwrap().mode() & 0o777, 0o700);
        for wide in [0o640, 0o604, 0o660, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(wide)).unwrap();
            let words = profiles.load("default").err().map(|e| e.to_string()).unwrap_or_default();
            assert!(words.contains("by others"), "{wide:o}: {words}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(profiles.load("default").unwrap().unwrap().email, "a@b.c");
        // Nor is a link followed.
        fs::rename(&path, profiles.dir.join("moved")).unwrap();
        std::os::unix::fs::symlink(profiles.dir.join("moved"), &path).unwrap();
        assert!(profiles.load("default").is_err());
    }

    #[test]
    fn several_log_ins_live_side_by_side() {
        let profiles = Profiles::at(crate::testing::scratch("profiles-many").join("shopfleet"));
        profiles.save("one", &Profile::of_token("https://one", "sft_1")).unwrap();
        profiles.save("two", &Profile::of_token("https://two", "sft_2")).unwrap();
        assert_eq!(profiles.names().unwrap(), ["one", "two"]);
        assert_eq!(profiles.name(None).unwrap(), "two");
        profiles.choose("one").unwrap();
        assert_eq!(
            (profiles.name(None).unwrap().as_str(), profiles.name(Some("two")).unwrap().as_str()),
            ("one", "two")
        );
        assert!(profiles.choose("three").is_err());
        profiles.remove("one").unwrap();
        assert_eq!(profiles.names().unwrap(), ["two"]);
        for bad in ["", "../x", "a/b", "current", &"x".repeat(41)] {
            assert!(profiles.load(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_renewal_is_kept_and_waits_for_the_one_before() {
        let profiles = Profiles::at(crate::testing::scratch("profiles-keep").join("shopfleet"));
        profiles.save("default", &Profile::of_log_in("https://p", "staff", "a@b.c", &log_in("one"))).unwrap();
        let keep = profiles.keep("default").unwrap();
        let mut first = keep.open().unwrap();
        let path = keep.path.clone();
        let second = std::thread::spawn(move || {
            use secrecy::ExposeSecret;
            let mut kept = FileKeep { path }.open().unwrap();
            kept.read().unwrap().unwrap().access.expose_secret().to_owned()
        });
        assert!(!second.is_finished());
        first.write(&log_in("two")).unwrap();
        drop(first);
        assert_eq!(second.join().unwrap(), "two", "the second one saw what the first one wrote");
    }
}
