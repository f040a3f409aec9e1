//! Named fail points, in debug builds only.
//!
//! Every step has `{kind}.{step}.before` (its start is recorded), `.after` (applied, not recorded),
//! `.recorded`, `.undo.before`, `.undo.after`; steps may add more. A test in the same process uses
//! [`set`]; a test of the real binary writes `name=action` into the file named by
//! `SHOPFLEET_FAIL_POINT_FILE`, which is removed before the action, so that it happens once.

use super::step::{StepError, StepResult};

/// What happens at a fail point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A final error.
    Fail,
    /// An error that may pass.
    Passing,
    /// `kill -9` of this process.
    Kill,
    /// A panic.
    Panic,
    /// Waits this many milliseconds.
    Pause(u64),
}

#[cfg(debug_assertions)]
mod armed {
    use super::Action;
    use std::collections::HashMap;
    use std::sync::{Mutex, PoisonError};

    static POINTS: Mutex<Option<HashMap<String, (Action, u32)>>> = Mutex::new(None);

    /// Arms a point for `times` hits.
    pub fn set(name: &str, action: Action, times: u32) {
        let mut points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
        points.get_or_insert_default().insert(name.to_owned(), (action, times));
    }

    /// Disarms all points.
    pub fn clear() {
        *POINTS.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn take(name: &str) -> Option<Action> {
        let from_memory = {
            let mut points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
            points.as_mut().and_then(|p| p.get_mut(name)).and_then(|(action, times)| {
                *times = times.checked_sub(1)?;
                Some(*action)
            })
        };
        from_memory.or_else(|| from_file(name))
    }

    fn from_file(name: &str) -> Option<Action> {
        let path = std::env::var_os("SHOPFLEET_FAIL_POINT_FILE")?;
        let text = std::fs::read_to_string(&path).ok()?;
        let (wanted, action) = text.trim().split_once('=')?;
        if wanted != name || std::fs::remove_file(&path).is_err() {
            return None;
        }
        match action {
            "fail" => Some(Action::Fail),
            "passing" => Some(Action::Passing),
            "kill" => Some(Action::Kill),
            "panic" => Some(Action::Panic),
            other => other.strip_prefix("pause:").and_then(|ms| ms.parse().ok()).map(Action::Pause),
        }
    }
}

#[cfg(debug_assertions)]
pub use armed::{clear, set};

/// Passes a fail point. Nothing in release builds.
///
/// # Errors
/// What a test asked for.
#[cfg(debug_assertions)]
pub async fn hit(name: &str) -> StepResult<()> {
    match armed::take(name) {
        None => Ok(()),
        Some(Action::Fail) => Err(StepError::last("fail_point", "A test made this step fail", name)),
        Some(Action::Passing) => Err(StepError::passing("fail_point", "A test made this step fail for now", name)),
        Some(Action::Kill) => {
            let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
            Ok(())
        }
        #[allow(clippy::panic)]
        Some(Action::Panic) => panic!("fail point {name}"),
        Some(Action::Pause(ms)) => {
            tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
            Ok(())
        }
    }
}

/// Passes a fail point. Nothing in release builds.
///
/// # Errors
/// Never.
#[cfg(not(debug_assertions))]
#[inline]
pub async fn hit(_name: &str) -> StepResult<()> {
    Ok::<(), StepError>(())
}
