//! Ends processes that a killed supervisor left behind, found by number and start time, never by name.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::files;
use crate::layout::Layout;
use crate::process::Record;

/// In the order in which they must go: takers of work first, the stores they need last.
const ORDER: &[&str] = &["worker", "web", "edge", "mail", "redis", "mariadb"];

/// Ends every recorded process that still lives. Returns their names. The caller holds the supervisor's lock.
pub fn end_leftovers(layout: &Layout) -> Result<Vec<String>> {
    let mut ended = Vec::new();
    // All but the stores were told to stop by the kernel when their supervisor went; tell them again at once, so
    // that the waits below overlap.
    let records: Vec<(&str, Record)> = ORDER
        .iter()
        .filter_map(|name| Some((*name, Record::read(&layout.record(name))?)))
        .filter(|(_, record)| record.is_alive())
        .collect();
    for (name, record) in &records {
        if !matches!(*name, "redis" | "mariadb") {
            record.signal(Signal::SIGTERM);
        }
    }
    for (name, record) in records {
        let patience = if matches!(name, "mariadb" | "worker") { 60 } else { 15 };
        record.end(Duration::from_secs(patience)).with_context(|| format!("an earlier run left {name} behind"))?;
        ended.push(name.to_owned());
    }
    for name in ORDER {
        if let Some(record) = Record::read(&layout.record(name))
            && record.kill_orphans(&layout.var) > 0
        {
            ended.push(format!("children of {name}"));
        }
        files::remove_if_there(&layout.record(name))?;
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;

    #[tokio::test]
    async fn only_the_recorded_run_of_a_process_is_ended() {
        let layout = Layout { root: "/srv/shopfleet".into(), var: crate::testing::scratch("leftovers") };
        files::ensure_dir(&layout.run(), 0o711, None).unwrap();
        let sleep = process::find_program("sleep").unwrap();
        let start = || process::command(&sleep).arg("60").process_group(0).kill_on_drop(true).spawn().unwrap();
        let (mut ours, mut strangers) = (start(), start());
        Record::of("mail", ours.id().unwrap() as i32).unwrap().write(&layout.record("mail")).unwrap();
        // The number of a process that ended long ago, taken since by somebody else's.
        let stranger = Record::of("edge", strangers.id().unwrap() as i32).unwrap();
        Record { started: stranger.started - 1, ..stranger }.write(&layout.record("edge")).unwrap();

        let folder = layout.clone();
        let ending = tokio::task::spawn_blocking(move || end_leftovers(&folder));
        ours.wait().await.unwrap();
        assert_eq!(ending.await.unwrap().unwrap(), ["mail"]);
        assert!(strangers.try_wait().unwrap().is_none(), "a stranger's process was ended");
        assert!(!layout.record("mail").exists() && !layout.record("edge").exists());
    }
}
