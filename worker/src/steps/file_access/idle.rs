//! Closes file access that nobody uses, and what is not as its record says.

use crate::docker::{LABEL_SERVER, LABEL_STORE};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::layout::WEB_UID;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::file_access::FileAccess;
use hosting::domain::{Actor, StoreState};
use hosting::services::settings::Values;
use hosting::services::{ServiceError, file_access};
use std::collections::BTreeMap;
use std::sync::Arc;

/// However busy it looks: it is closed after so long.
const LONGEST_SECONDS: i64 = 24 * 3600;
/// What is being opened or closed is left to its job for so long.
const GRACE_SECONDS: i64 = 60;

/// The step of the reconciler.
pub struct StopIdleAccess(pub Arc<Machine>);

#[async_trait]
impl Step for StopIdleAccess {
    fn name(&self) -> &'static str {
        "file_access"
    }
    fn title(&self) -> &'static str {
        "Close file access nobody uses"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let idle_limit = i64::from(Values::load(&machine.services.db).await?.file_access_idle_minutes()) * 60;
        let containers = machine.docker.containers_by_label(&format!("{LABEL_SERVER}={}", machine.server)).await?;
        let running: BTreeMap<String, (String, bool)> = containers
            .into_iter()
            .filter(|c| c.name.ends_with("-sftp"))
            .filter_map(|c| Some((c.labels.get(LABEL_STORE)?.clone(), (c.name, c.state == "running"))))
            .collect();
        let mut conn = machine.services.db.read().await?;
        let stores = conn.stores().list_on_server(machine.server_id).await?;
        let open = conn.file_access().list_on_server(machine.server_id).await?;
        drop(conn);
        let mut stopped = 0;
        for store in stores.iter().filter(|s| s.state == StoreState::Active) {
            let access = open.iter().find(|a| a.store_id == store.id);
            let container = running.get(&store.uid.to_string());
            let in_use = match container {
                Some((name, true)) => machine.docker.has_process_of(name, WEB_UID).await.unwrap_or(false),
                _ => false,
            };
            if in_use {
                machine.services.db.read().await?.file_access().touch(store.id).await?;
            }
            let Some(reason) = reason(access, container.map(|c| c.1), in_use, idle_limit) else { continue };
            match file_access::stop(&machine.services, &Actor::system("reconciler"), store, &reason).await {
                Ok(job) => {
                    stopped += 1;
                    cx.detail(format!("File access of store {}: {reason}; job {}", store.uid, job.uid));
                }
                // A job is changing the store; perhaps it is this one's own. The next look tells.
                Err(ServiceError::Conflict(_)) => {}
                Err(ServiceError::Db(e)) => return Err(e.into()),
                Err(other) => return Err(StepError::last("stop_refused", "File access could not be closed", other)),
            }
        }
        Ok(serde_json::json!({ "open": open.len(), "stopped": stopped }))
    }
}

/// Why it is to be closed; `None`: it is as it should be.
fn reason(access: Option<&FileAccess>, container: Option<bool>, in_use: bool, idle_limit: i64) -> Option<String> {
    let Some(access) = access else {
        return container.is_some().then(|| "nobody ordered it".to_owned());
    };
    if !access.is_running() {
        return (access.age_seconds > GRACE_SECONDS).then(|| format!("it stayed {}", access.state));
    }
    if container != Some(true) {
        return Some("it does not run any more".to_owned());
    }
    if access.age_seconds > LONGEST_SECONDS {
        return Some("it was open for a day".to_owned());
    }
    (!in_use && access.idle_seconds > idle_limit)
        .then(|| format!("nobody used it for {} minutes", access.idle_seconds / 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unused_or_stray_is_closed_and_nothing_else() {
        let access = |state: &str, age_seconds, idle_seconds| FileAccess {
            store_id: 1,
            state: state.into(),
            version: 1,
            host_key: String::new(),
            age_seconds,
            idle_seconds,
        };
        let why = |a: Option<&FileAccess>, c, used| reason(a, c, used, 600);
        assert!(why(None, None, false).is_none() && why(None, Some(true), false).is_some());
        assert!(why(Some(&access("running", 9000, 599)), Some(true), false).is_none());
        assert!(why(Some(&access("running", 9000, 601)), Some(true), false).is_some());
        assert!(why(Some(&access("running", 9000, 601)), Some(true), true).is_none(), "somebody is in it");
        assert!(why(Some(&access("running", 90_000, 1)), Some(true), true).is_some());
        assert!(why(Some(&access("running", 10, 1)), Some(false), false).is_some());
        assert!(why(Some(&access("starting", 10, 10)), None, false).is_none());
        assert!(why(Some(&access("stopping", 61, 61)), None, false).is_some());
    }
}
