//! A container's counters as the kernel keeps them: cgroups of the first and the second version, with either way of the
//! Engine to name them.

use std::path::{Path, PathBuf};

/// Processor time and memory of one container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Nanoseconds since it started.
    pub cpu_ns: u64,
    /// Bytes now, without file caches that are not in use.
    pub memory: u64,
}

/// The counters of a container by its Engine id; `None`: it does not run, or its group is somewhere else.
#[must_use]
pub fn read(id: &str) -> Option<Counters> {
    read_in(Path::new("/sys/fs/cgroup"), id)
}

fn read_in(root: &Path, id: &str) -> Option<Counters> {
    // Ids come from the Engine; still, nothing but one of its ids becomes part of a path.
    if id.len() != 64 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let names = [format!("docker/{id}"), format!("system.slice/docker-{id}.scope")];
    names.iter().find_map(|name| second(&root.join(name)).or_else(|| first(root, name)))
}

/// One tree for all.
fn second(group: &Path) -> Option<Counters> {
    let cpu_us = field(&text(&group.join("cpu.stat"))?, "usage_usec")?;
    let current: u64 = text(&group.join("memory.current"))?.trim().parse().ok()?;
    let idle = field(&text(&group.join("memory.stat"))?, "inactive_file").unwrap_or(0);
    Some(Counters { cpu_ns: cpu_us.saturating_mul(1000), memory: current.saturating_sub(idle) })
}

/// A tree per controller.
fn first(root: &Path, name: &str) -> Option<Counters> {
    let in_tree = |tree: &str, file: &str| -> PathBuf { root.join(tree).join(name).join(file) };
    let cpu_ns = text(&in_tree("cpuacct", "cpuacct.usage"))
        .or_else(|| text(&in_tree("cpu,cpuacct", "cpuacct.usage")))?
        .trim()
        .parse()
        .ok()?;
    let current: u64 = text(&in_tree("memory", "memory.usage_in_bytes"))?.trim().parse().ok()?;
    let idle = text(&in_tree("memory", "memory.stat")).and_then(|t| field(&t, "total_inactive_file")).unwrap_or(0);
    Some(Counters { cpu_ns, memory: current.saturating_sub(idle) })
}

fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, file: &str, content: &str) {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    #[test]
    fn both_versions_and_both_names_are_read() {
        let top = std::env::temp_dir().join(format!("sf-cgroup-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&top);
        let ids: Vec<String> = ["a", "b", "c"].iter().map(|c| c.repeat(64)).collect();
        let one = format!("docker/{}", ids[0]);
        put(&top, &format!("cpuacct/{one}/cpuacct.usage"), "5000000\n");
        put(&top, &format!("memory/{one}/memory.usage_in_bytes"), "1000\n");
        put(&top, &format!("memory/{one}/memory.stat"), "inactive_file 1\ntotal_inactive_file 300\n");
        assert_eq!(read_in(&top, &ids[0]), Some(Counters { cpu_ns: 5_000_000, memory: 700 }));
        let two = format!("system.slice/docker-{}.scope", ids[1]);
        put(&top, &format!("{two}/cpu.stat"), "usage_usec 7000\nuser_usec 1\n");
        put(&top, &format!("{two}/memory.current"), "2000\n");
        put(&top, &format!("{two}/memory.stat"), "anon 5\ninactive_file 500\n");
        assert_eq!(read_in(&top, &ids[1]), Some(Counters { cpu_ns: 7_000_000, memory: 1500 }));
        assert_eq!(read_in(&top, &ids[2]), None);
        assert_eq!(read_in(&top, "../../etc"), None);
        std::fs::remove_dir_all(&top).unwrap();
    }
}
