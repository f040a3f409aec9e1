//! The container engine: reachable, new enough, able to limit, and holding our images.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use super::{Check, Places};
use crate::process;

/// Docker 20.10 speaks API 1.41, the oldest that is tested.
const OLDEST_API: (u32, u32) = (1, 41);
const START: &str = "start the engine: `systemctl start docker` (without systemd: ./scripts/up starts it), or set DOCKER_HOST to where it listens";

async fn docker_json(arguments: &[&str]) -> Result<Value> {
    let program = process::need_program("docker", "docker.io")?;
    let answer = process::run(&program, arguments, Duration::from_secs(20)).await?;
    if !answer.success {
        bail!("{}", answer.reason());
    }
    Ok(serde_json::from_str(answer.stdout.trim())?)
}

/// Engine, storage driver, limits and quota.
pub async fn engine(places: &Places) -> Vec<Check> {
    let version = match docker_json(&["version", "--format", "{{json .Server}}"]).await {
        Ok(version) => version,
        Err(error) => {
            return vec![Check::fail("docker", format!("does not answer: {error:#}"), START)];
        }
    };
    let info = docker_json(&["info", "--format", "{{json .}}"]).await.unwrap_or(Value::Null);
    let mut checks = vec![judge_version(&version)];
    checks.extend(judge_info(&info));
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let data = places.data_dir.to_string_lossy().into_owned();
    checks.push(match quota_ability(&mounts, &data) {
        Some(how) => Check::ok("quota", format!("{how} on {data}")),
        None => Check::warn(
            "quota",
            format!("the file system of {data} has no project quota, so disk limits of plans cannot be enforced"),
            "put it on xfs or ext4 mounted with prjquota; until then paid plans are not placed here",
        ),
    });
    checks
}

fn judge_version(server: &Value) -> Check {
    let version = server["Version"].as_str().unwrap_or("unknown");
    let api = server["APIVersion"].as_str().or_else(|| server["ApiVersion"].as_str()).unwrap_or_default();
    let number = api.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    match number {
        Some(number) if number >= OLDEST_API => Check::ok("docker", format!("engine {version}, API {api}")),
        Some(_) => Check::fail(
            "docker",
            format!("engine {version} speaks API {api}; 1.41 is needed"),
            "install Docker 20.10 or newer",
        ),
        None => Check::warn(
            "docker",
            format!("engine {version} does not tell its API version"),
            "install Docker 20.10 or newer",
        ),
    }
}

fn judge_info(info: &Value) -> Vec<Check> {
    let mut checks = Vec::new();
    let driver = info["Driver"].as_str().unwrap_or("unknown");
    checks.push(match driver {
        "overlay2" | "overlayfs" | "btrfs" | "zfs" => Check::ok("storage", format!("driver {driver}")),
        other => Check::warn(
            "storage",
            format!("driver {other} copies or is slow; stores start slowly"),
            "use overlay2 (the default on ext4 and xfs)",
        ),
    });
    let missing: Vec<&str> = [("MemoryLimit", "memory"), ("CpuCfsQuota", "cpu"), ("PidsLimit", "pids")]
        .iter()
        .filter(|(key, _)| info[*key].as_bool() != Some(true))
        .map(|(_, name)| *name)
        .collect();
    checks.push(if missing.is_empty() {
        Check::ok("limits", "memory, cpu and pids can be limited")
    } else {
        Check::fail(
            "limits",
            format!("the kernel cannot limit: {}", missing.join(", ")),
            "enable the cgroup controllers (kernel parameters cgroup_enable=memory swapaccount=1) and restart",
        )
    });
    checks
}

/// How the file system that holds `path` can limit a folder's size, if it can. Reads `/proc/self/mountinfo`.
fn quota_ability(mountinfo: &str, path: &str) -> Option<&'static str> {
    let mut best: Option<(&str, &str, String)> = None;
    for line in mountinfo.lines() {
        let (Some((left, right)), Some(point)) = (line.split_once(" - "), line.split(' ').nth(4)) else {
            continue;
        };
        if !std::path::Path::new(path).starts_with(point) {
            continue;
        }
        if best.as_ref().is_none_or(|(found, _, _)| found.len() <= point.len()) {
            let kind = right.split(' ').next().unwrap_or_default();
            best = Some((point, kind, format!("{left} {right}")));
        }
    }
    let (_, kind, options) = best?;
    let has = |wanted: &str| options.split([' ', ',']).any(|option| option == wanted);
    match kind {
        "xfs" if has("prjquota") || has("pquota") => Some("xfs project quota"),
        "ext4" if has("prjquota") => Some("ext4 project quota"),
        _ => None,
    }
}

/// Every image that `var/images.json` names is there, with the digest it names.
pub async fn images(places: &Places) -> Vec<Check> {
    let Some(path) = &places.images_json else {
        return Vec::new();
    };
    let mend = "build the images: ./scripts/images";
    let Ok(text) = std::fs::read_to_string(path) else {
        return vec![Check::fail("images", format!("{} is missing: no images were built", path.display()), mend)];
    };
    let wanted = match wanted_images(&text) {
        Ok(wanted) => wanted,
        Err(error) => {
            return vec![Check::fail("images", format!("{}: {error:#}", path.display()), mend)];
        }
    };
    let mut missing = Vec::new();
    for (name, id) in &wanted {
        // By digest: a tag may point to another build by now.
        if docker_json(&["image", "inspect", "--format", "{{json .Id}}", id]).await.is_err() {
            missing.push(name.as_str());
        }
    }
    vec![if missing.is_empty() {
        Check::ok("images", format!("{} images present", wanted.len()))
    } else {
        Check::fail("images", format!("not on this engine: {}", missing.join(", ")), mend)
    }]
}

/// Picks name → id pairs out of images.json: string values under `images` or at the top that are digests.
fn wanted_images(text: &str) -> Result<Vec<(String, String)>> {
    let value: Value = serde_json::from_str(text)?;
    let mut found = Vec::new();
    for table in [value.get("images"), Some(&value)].into_iter().flatten().filter_map(Value::as_object) {
        for (name, id) in table {
            let id = id.as_str().or_else(|| id.get("id").and_then(Value::as_str));
            if let Some(id) = id.filter(|id| id.starts_with("sha256:")) {
                found.push((name.clone(), id.to_owned()));
            }
        }
    }
    if found.is_empty() {
        bail!("names no image");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use serde_json::json;

    #[test]
    fn old_engines_are_refused() {
        assert_eq!(judge_version(&json!({"Version": "20.10.24", "APIVersion": "1.41"})).state, State::Ok);
        assert_eq!(judge_version(&json!({"Version": "19.03", "APIVersion": "1.40"})).state, State::Fail);
        assert_eq!(judge_version(&json!({})).state, State::Warn);
    }

    #[test]
    fn a_kernel_without_limits_fails() {
        let good = json!({"Driver": "overlay2", "MemoryLimit": true, "CpuCfsQuota": true, "PidsLimit": true});
        assert!(judge_info(&good).iter().all(|check| check.state == State::Ok));
        let bad = judge_info(&json!({"Driver": "vfs", "MemoryLimit": false, "CpuCfsQuota": true, "PidsLimit": true}));
        assert_eq!(bad[0].state, State::Warn);
        assert!(bad[1].state == State::Fail && bad[1].finding.contains("memory"));
    }

    #[test]
    fn quota_is_judged_by_the_mount_that_holds_the_folder() {
        let info = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /var/customers rw - xfs /dev/b rw,prjquota\n3 1 8:3 / /var/cust rw - ext4 /dev/c rw";
        assert_eq!(quota_ability(info, "/var/customers/store-x"), Some("xfs project quota"));
        assert_eq!(quota_ability(info, "/var/custom"), None);
        assert_eq!(quota_ability("1 0 8:1 / / rw - ext4 /dev/a rw,prjquota", "/x"), Some("ext4 project quota"));
        assert_eq!(quota_ability("", "/x"), None);
    }

    #[test]
    fn images_json_is_read_in_both_shapes() {
        let flat =
            wanted_images(r#"{"shopfleet/base:bookworm":"sha256:aa","wordpress":"6.8","woocommerce":null}"#).unwrap();
        assert_eq!(flat, [("shopfleet/base:bookworm".to_owned(), "sha256:aa".to_owned())]);
        let nested = wanted_images(r#"{"images":{"a:1":{"id":"sha256:bb"}}}"#).unwrap();
        assert_eq!(nested[0].1, "sha256:bb");
        assert!(wanted_images("{}").is_err());
    }
}
