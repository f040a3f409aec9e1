//! Who this process is, in a form that a successor on the same machine can check.
//!
//! `server/boot/pid/start`: the boot id and the kernel's start time of the process make a reused
//! process id harmless.

use std::fs;

/// This process' identity.
#[must_use]
pub fn owner(server: &str) -> String {
    let pid = std::process::id();
    format!("{server}/{}/{pid}/{}", boot(), start_of(pid).unwrap_or_default())
}

/// Whether `owner` was a process of this machine that is gone. `false` for other machines: only
/// their lease tells.
#[must_use]
pub fn is_dead_here(owner: &str) -> bool {
    let mut parts = owner.rsplit('/');
    let (Some(start), Some(pid), Some(boot_id)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let Ok(pid) = pid.parse::<u32>() else { return false };
    boot_id == boot() && start_of(pid).as_deref() != Some(start)
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().chars().take(8).collect()
}

/// Field 22 of `/proc/{pid}/stat`, in clock ticks since boot. The name in field 2 may hold anything,
/// so fields are counted from its closing bracket. A zombie counts as gone.
fn start_of(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest = stat.rsplit_once(')')?.1;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn this_process_lives_and_a_made_up_one_is_dead() {
        let me = owner("s");
        assert!(!is_dead_here(&me));
        let parts: Vec<&str> = me.split('/').collect();
        assert!(is_dead_here(&format!("s/{}/{}/1", parts[1], parts[2])));
        assert!(!is_dead_here("s/otherboo/1/1"));
        assert!(!is_dead_here("nonsense"));
    }
}
