//! This machine: disk, folders, ports, clock, edge and the rights of secret files.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Check, Places};
use crate::access::Access;
use crate::process;

/// Below this a store may not be created; a store takes about 200 MB with its images shared.
const MIN_FREE_GIB: u64 = 2;
const WARN_FREE_GIB: u64 = 10;

/// Free space where stores and images live.
pub fn disk(places: &Places) -> Vec<Check> {
    let mut folders: Vec<PathBuf> = vec![existing(&places.data_dir)];
    folders.push(existing(Path::new("/var/lib/docker")));
    let mut seen = Vec::new();
    let mut checks = Vec::new();
    for folder in folders {
        let Ok(device) = std::fs::metadata(&folder).map(|meta| meta.dev()) else {
            continue;
        };
        if seen.contains(&device) {
            continue;
        }
        seen.push(device);
        checks.push(match nix::sys::statvfs::statvfs(&folder) {
            Ok(stat) => {
                let block = stat.fragment_size();
                let free = (stat.blocks_available() * block) >> 30;
                let inodes = percent(stat.files_available(), stat.files());
                judge_disk(&folder.display().to_string(), free, inodes)
            }
            Err(error) => {
                Check::fail("disk", format!("cannot look at {}: {error}", folder.display()), "check the mount")
            }
        });
    }
    checks
}

fn percent(part: u64, whole: u64) -> u64 {
    (part * 100).checked_div(whole).unwrap_or(100)
}

fn judge_disk(folder: &str, free_gib: u64, free_inodes: u64) -> Check {
    let finding = format!("{free_gib} GiB and {free_inodes} % of the inodes free at {folder}");
    let mend = "remove what is not needed (`docker image prune`, old backups) or grow the disk";
    if free_gib < MIN_FREE_GIB || free_inodes < 2 {
        Check::fail("disk", finding, mend)
    } else if free_gib < WARN_FREE_GIB || free_inodes < 10 {
        Check::warn("disk", finding, mend)
    } else {
        Check::ok("disk", finding)
    }
}

/// The nearest existing folder at or above `path`.
fn existing(path: &Path) -> PathBuf {
    path.ancestors().find(|part| part.exists()).unwrap_or(Path::new("/")).to_path_buf()
}

/// The stores' folder exists and nobody but its owner can write there.
pub fn data_dir(places: &Places) -> Check {
    let path = &places.data_dir;
    let mend = format!("as root: `install -d -m 0711 -o root -g root {}`", path.display());
    match std::fs::symlink_metadata(path) {
        Err(_) => Check::fail("data dir", format!("{} does not exist", path.display()), mend),
        Ok(meta) if !meta.is_dir() => Check::fail("data dir", format!("{} is not a folder", path.display()), mend),
        Ok(meta) if meta.mode() & 0o022 != 0 => Check::fail(
            "data dir",
            format!("{} is writable by others (mode {:o})", path.display(), meta.mode() & 0o7777),
            mend,
        ),
        Ok(meta) => {
            Check::ok("data dir", format!("{} (mode {:o}, owner {})", path.display(), meta.mode() & 0o7777, meta.uid()))
        }
    }
}

/// How many ports of the pools somebody already listens on. Ports of our own stores count as used, too: the
/// Docker client tells which are ours.
pub async fn ports(places: &Places) -> Check {
    let ours = own_ports().await;
    let mut foreign = Vec::new();
    let mut total = 0;
    for (_, start, length) in &places.pools {
        for port in *start..start.saturating_add(*length) {
            total += 1;
            if !ours.contains(&port) && TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).is_err() {
                foreign.push(port);
            }
        }
    }
    if foreign.is_empty() {
        return Check::ok(
            "ports",
            format!("{total} ports in {} pools, {} used by stores, none by strangers", places.pools.len(), ours.len()),
        );
    }
    let list = foreign.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Check::warn(
        "ports",
        format!("{} of {total} pool ports are used by other programs ({list}…)", foreign.len()),
        "find them with `ss -ltnp` and stop or move them, or give the server other pools; placement avoids them meanwhile",
    )
}

/// Ports published by containers with our label.
async fn own_ports() -> Vec<u16> {
    let Some(docker) = process::find_program("docker") else {
        return Vec::new();
    };
    let arguments = ["ps", "--filter", "label=io.shopfleet.kind", "--format", "{{.Ports}}"];
    match process::run(&docker, &arguments, Duration::from_secs(20)).await {
        Ok(answer) if answer.success => published(&answer.stdout),
        _ => Vec::new(),
    }
}

/// Host ports of `127.0.0.1:8001->8080/tcp, …`.
fn published(text: &str) -> Vec<u16> {
    text.split([',', '\n'])
        .filter_map(|part| part.trim().split_once("->")?.0.rsplit_once(':')?.1.parse().ok())
        .collect()
}

/// Leases and certificates need an honest clock.
pub async fn clock() -> Check {
    let mend =
        "switch on time synchronisation: `apt-get install systemd-timesyncd && timedatectl set-ntp true` (or chrony)";
    if let Some(program) = process::find_program("timedatectl") {
        let arguments = ["show", "--property=NTPSynchronized", "--value"];
        if let Ok(answer) = process::run(&program, &arguments, Duration::from_secs(5)).await
            && answer.success
        {
            return match answer.stdout.trim() {
                "yes" => Check::ok("clock", "synchronised"),
                _ => Check::warn("clock", "not synchronised by systemd", mend),
            };
        }
    }
    if ["/run/chrony/chronyd.pid", "/run/chronyd.pid", "/run/ntpd.pid"].iter().any(|path| Path::new(path).exists()) {
        return Check::ok("clock", "a time daemon runs");
    }
    Check::warn("clock", "cannot tell whether the clock is synchronised (no systemd, no time daemon found)", mend)
}

/// nginx accepts the edge's configuration as a whole.
pub async fn edge(places: &Places) -> Check {
    let config = places.edge_dir.join("nginx.conf");
    let Some(nginx) = process::find_program("nginx") else {
        return Check::fail("edge", "nginx is not installed", "apt-get install nginx-light");
    };
    let own = config.is_file();
    let mut arguments: Vec<String> = vec!["-t".to_owned(), "-q".to_owned()];
    if own {
        let dir = places.edge_dir.display().to_string();
        arguments.extend(["-p".to_owned(), dir, "-c".to_owned(), config.display().to_string()]);
    } else if !places.edge_dir.is_dir() {
        return Check::fail(
            "edge",
            format!("{} does not exist", places.edge_dir.display()),
            "run ./scripts/up (private instance) or follow docs/install.md, section nginx",
        );
    }
    match process::run(&nginx, &arguments, Duration::from_secs(20)).await {
        Ok(answer) if answer.success => Check::ok(
            "edge",
            format!(
                "nginx accepts {}",
                if own { config.display().to_string() } else { "its configuration".to_owned() }
            ),
        ),
        Ok(answer) => Check::fail(
            "edge",
            format!("nginx refuses its configuration: {}", answer.reason()),
            "mend the named line; the running edge goes on with the last good configuration",
        ),
        Err(error) => Check::fail("edge", format!("{error:#}"), "run `nginx -t` by hand"),
    }
}

/// Files that hold secrets are readable by their owner only.
pub fn secrets(access: &Access) -> Vec<Check> {
    let mut loose = Vec::new();
    let files = access.secret_files();
    for path in &files {
        if let Ok(meta) = std::fs::metadata(path)
            && meta.mode() & 0o077 != 0
        {
            loose.push(path.display().to_string());
        }
    }
    if files.is_empty() {
        return vec![Check::warn(
            "secrets",
            "the secrets come from plain environment variables",
            "use SHOPFLEET_…_FILE with 0600 files or systemd credentials (docs/install.md)",
        )];
    }
    vec![if loose.is_empty() {
        Check::ok("secrets", format!("{} secret files, all readable by their owner only", files.len()))
    } else {
        Check::fail(
            "secrets",
            format!("readable by others: {}", loose.join(", ")),
            format!("chmod 0600 {}", loose.join(" ")),
        )
    }]
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn little_space_is_told_and_none_fails() {
        assert_eq!(judge_disk("/", 50, 90).state, State::Ok);
        assert_eq!(judge_disk("/", 5, 90).state, State::Warn);
        assert_eq!(judge_disk("/", 1, 90).state, State::Fail);
        assert_eq!(judge_disk("/", 50, 1).state, State::Fail);
        assert_eq!(percent(1, 0), 100);
    }

    #[test]
    fn published_ports_are_read() {
        assert_eq!(published("127.0.0.1:8001->8080/tcp, 127.0.0.1:9001->80/tcp\n3306/tcp\n"), [8001, 9001]);
    }

    #[test]
    fn a_data_folder_others_can_write_to_fails() {
        use std::os::unix::fs::PermissionsExt;
        let folder = crate::testing::scratch("doctor-data");
        let places =
            Places { data_dir: folder.clone(), edge_dir: folder.clone(), images_json: None, pools: Vec::new() };
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(data_dir(&places).state, State::Ok);
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(data_dir(&places).state, State::Fail);
    }
}
