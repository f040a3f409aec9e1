//! `shopfleet down`: ends the supervisor and what it started, stops the stores' containers; with `--purge` removes
//! the stores and all data.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::instance::Instance;
use crate::layout::Layout;
use crate::process::Record;
use crate::say;
use crate::supervisor;

/// Longer than all of the supervisor's own limits together.
const PATIENCE: Duration = Duration::from_secs(180);

/// What `--purge` keeps: what is slow to build and holds no data of anybody.
const KEPT_BY_PURGE: &[&str] = &["images.json", "build", "dockerd.pid", "log"];

/// Options of `down`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Down {
    /// Also remove all stores and data of this instance
    #[arg(long)]
    pub purge: bool,
    /// Don't ask before removing
    #[arg(long, requires = "purge")]
    pub yes: bool,
}

/// Runs `down`. Safe to repeat; nothing running is success.
pub async fn run(layout: &Layout, options: Down) -> Result<()> {
    let instance = Instance::load(layout)?;
    if options.purge && !options.yes && !confirm(layout)? {
        bail!("nothing was removed or stopped");
    }
    if supervisor::is_running(layout)? {
        let record = Record::read(&layout.record("supervisor"))
            .filter(Record::is_alive)
            .context("a supervisor is just starting; try again in a moment")?;
        say!("Stopping Shopfleet (process {})", record.pid);
        tokio::task::spawn_blocking(move || record.end(PATIENCE)).await??;
    }
    let leftovers = supervisor::end_leftovers(layout)?;
    if !leftovers.is_empty() {
        say!("Ended what an earlier run left behind: {}", leftovers.join(", "));
    }
    crate::files::remove_if_there(&layout.up_json())?;
    if let Some(instance) = instance {
        if options.purge {
            let removed = supervisor::remove_all(&instance.server).await?;
            say!("Removed {removed} containers, networks and volumes of stores");
        } else {
            match supervisor::stop_containers(layout, &instance.server).await? {
                0 => {}
                count => say!("Stopped the stores' {count} containers (they start again with ./scripts/up)"),
            }
        }
    }
    if options.purge {
        purge(layout)?;
    }
    say!("Shopfleet is down");
    Ok(())
}

fn confirm(layout: &Layout) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("--purge removes all stores and data under {}; add --yes to say that you mean it", layout.var.display());
    }
    write!(
        std::io::stdout(),
        "Remove ALL stores, accounts and data under {}? Type \"purge\" to go on: ",
        layout.var.display()
    )?;
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "purge")
}

/// Empties the var folder, except for `KEPT_BY_PURGE`. Refuses when something is mounted below it.
fn purge(layout: &Layout) -> Result<()> {
    refuse_mounts(&layout.var)?;
    let entries = match std::fs::read_dir(&layout.var) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot list {}", layout.var.display()));
        }
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| KEPT_BY_PURGE.contains(&name)) {
            continue;
        }
        remove_tree(&entry.path())?;
    }
    let run = layout.run();
    if !run.starts_with(&layout.var) && run.exists() {
        remove_tree(&run)?;
    }
    say!("Removed the data under {} (logs and the record of built images stay)", layout.var.display());
    Ok(())
}

/// Never follows a link out of the tree: `remove_dir_all` walks by handles.
fn remove_tree(path: &Path) -> Result<()> {
    let kind = std::fs::symlink_metadata(path).with_context(|| format!("cannot look at {}", path.display()))?;
    if kind.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
        .with_context(|| format!("cannot remove {}", path.display()))
}

fn refuse_mounts(var: &Path) -> Result<()> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    if let Some(mount) = mounts_below(&mounts, var).first() {
        bail!("{mount} is mounted below {}; unmount it first (`umount {mount}`), then try again", var.display());
    }
    Ok(())
}

fn mounts_below(mountinfo: &str, var: &Path) -> Vec<String> {
    mountinfo
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|point| point.replace("\\040", " "))
        .filter(|point| Path::new(point).starts_with(var) && Path::new(point) != var)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purge_takes_the_data_and_leaves_what_is_slow_to_build() {
        let layout = Layout { root: "/s".into(), var: crate::testing::scratch("purge") };
        for name in ["mariadb", "secrets", "stores/store-x", "log"] {
            std::fs::create_dir_all(layout.var.join(name)).unwrap();
        }
        let outside = crate::testing::scratch("purge-outside");
        std::fs::write(outside.join("keep"), "").unwrap();
        std::os::unix::fs::symlink(&outside, layout.var.join("stores/store-x/link")).unwrap();
        for name in ["images.json", "instance.json", "admin-password"] {
            std::fs::write(layout.var.join(name), "").unwrap();
        }
        purge(&layout).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(&layout.var)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["images.json", "log"]);
        assert!(outside.join("keep").exists(), "a link led out of the tree");
    }

    #[test]
    fn mounts_below_the_folder_are_seen() {
        let info = "36 35 98:0 / /srv/var/stores rw - ext4 /dev/x rw\n37 35 98:0 / /srv/variant rw - ext4 /dev/y rw\n38 35 0:1 / /srv/var/my\\040disk rw - ext4 /dev/z rw";
        assert_eq!(mounts_below(info, Path::new("/srv/var")), ["/srv/var/stores", "/srv/var/my disk"]);
    }
}
