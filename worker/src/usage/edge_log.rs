//! Requests per store, counted from the edge's own log as it grows. Host names in it are what visitors sent; what counts
//! is the route the edge chose, which is one of ours or nothing.

use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Bytes read in one look; what is beyond is not counted, and said so in the worker's log.
const MOST: u64 = 32 << 20;

/// What the edge answered for one store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// Requests.
    pub requests: u64,
    /// Answers of 500 and above.
    pub errors: u64,
    /// Bytes sent.
    pub bytes: u64,
}

/// The log and how far it was read.
#[derive(Debug)]
pub struct EdgeLog {
    path: PathBuf,
    /// Inode and position.
    read: Option<(u64, u64)>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    route: std::borrow::Cow<'a, str>,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    bytes: u64,
}

impl EdgeLog {
    /// From its present end on.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        let read = std::fs::metadata(&path).ok().map(|m| (m.ino(), m.len()));
        Self { path, read }
    }

    /// What was answered since the last look, by store; `ports`: whose port is whose.
    pub fn read(&mut self, ports: &HashMap<u16, u64>) -> HashMap<u64, Served> {
        self.try_read(ports).unwrap_or_else(|error| {
            tracing::debug!(error = %error, "the edge's log cannot be read; requests are not counted this minute");
            HashMap::new()
        })
    }

    fn try_read(&mut self, ports: &HashMap<u16, u64>) -> std::io::Result<HashMap<u64, Served>> {
        let mut file = File::open(&self.path)?;
        let about = file.metadata()?;
        let from = match self.read {
            // Another file of that name, or one that was emptied: from its beginning.
            Some((inode, at)) if inode == about.ino() && at <= about.len() => at,
            _ => 0,
        };
        let skipped = (about.len() - from).saturating_sub(MOST);
        if skipped > 0 {
            tracing::warn!(skipped, "the edge's log grew faster than it is counted");
        }
        file.seek(SeekFrom::Start(from + skipped))?;
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes)?;
        // The last line may still be growing.
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        self.read = Some((about.ino(), from + skipped + whole as u64));
        Ok(count(&bytes[..whole], ports))
    }
}

fn count(bytes: &[u8], ports: &HashMap<u16, u64>) -> HashMap<u64, Served> {
    let mut served: HashMap<u64, Served> = HashMap::new();
    for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let Ok(entry) = serde_json::from_slice::<Entry<'_>>(line) else { continue };
        let port = entry.route.strip_prefix("@maintenance:").unwrap_or(&entry.route);
        let Some(store) = port.parse::<u16>().ok().and_then(|p| ports.get(&p)) else { continue };
        let s = served.entry(*store).or_default();
        s.requests += 1;
        s.errors += u64::from(entry.status >= 500);
        s.bytes += entry.bytes;
    }
    served
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_once_by_route_also_over_rotation() {
        let path = std::env::temp_dir().join(format!("sf-edge-log-{}", std::process::id()));
        let line = |route: &str, status: u16| {
            format!(
                "{{\"time\":\"t\",\"host\":\"a\\u002e\",\"route\":\"{route}\",\"status\":{status},\"bytes\":10,\"seconds\":0.1,\"method\":\"GET\"}}\n"
            )
        };
        let add = |text: &str| {
            use std::io::Write;
            File::options().append(true).create(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        };
        let _ = std::fs::remove_file(&path);
        add(&line("8001", 200));
        let ports = HashMap::from([(8001, 1), (8002, 2)]);
        let mut log = EdgeLog::new(path.clone());
        assert!(log.read(&ports).is_empty(), "what was there before is not ours to count");
        let half = line("8002", 200);
        add(&format!(
            "{}{}not json\n{}{}",
            line("8001", 502),
            line("@maintenance:8002", 503),
            line("@setup", 503),
            &half[..20]
        ));
        let seen = log.read(&ports);
        assert_eq!(seen[&1], Served { requests: 1, errors: 1, bytes: 10 });
        assert_eq!(seen[&2], Served { requests: 1, errors: 1, bytes: 10 });
        add(&half[20..]);
        assert_eq!(log.read(&ports)[&2], Served { requests: 1, errors: 0, bytes: 10 });
        assert!(log.read(&ports).is_empty());
        std::fs::remove_file(&path).unwrap();
        add(&line("8001", 200));
        assert_eq!(log.read(&ports)[&1].requests, 1, "a new file is read from its beginning");
        std::fs::write(&path, "").unwrap();
        assert!(log.read(&ports).is_empty());
        std::fs::remove_file(&path).unwrap();
        assert!(log.read(&ports).is_empty(), "gone is no trouble");
    }
}
