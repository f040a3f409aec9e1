//! Stops pages nobody uses, and pages that are not what their record says.

use crate::docker::{LABEL_SERVER, LABEL_STORE};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::db_admin::{files, route_name};
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::db_admin::DbAdminPage;
use hosting::db::stores::Store;
use hosting::domain::{Actor, StoreState};
use hosting::services::settings::Values;
use hosting::services::{ServiceError, db_admin};
use std::collections::BTreeMap;
use std::sync::Arc;

/// However busy it looks: a page that runs this long is stopped.
const LONGEST_SECONDS: i64 = 24 * 3600;
/// A page that is being started or stopped is left to its job for so long.
const GRACE_SECONDS: i64 = 60;

/// The step of the reconciler.
pub struct StopIdlePages(pub Arc<Machine>);

#[async_trait]
impl Step for StopIdlePages {
    fn name(&self) -> &'static str {
        "db_admin"
    }
    fn title(&self) -> &'static str {
        "Stop database pages nobody uses"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let idle_limit = i64::from(Values::load(&machine.services.db).await?.db_admin_idle_seconds());
        let containers = machine.docker.containers_by_label(&format!("{LABEL_SERVER}={}", machine.server)).await?;
        let running: BTreeMap<String, bool> = containers
            .into_iter()
            .filter(|c| c.name.ends_with("-db-admin"))
            .filter_map(|c| Some((c.labels.get(LABEL_STORE)?.clone(), c.state == "running")))
            .collect();
        let routed = machine.edge.routed()?;
        let mut conn = machine.services.db.read().await?;
        let stores = conn.stores().list_on_server(machine.server_id).await?;
        let pages = conn.db_admin().list_on_server(machine.server_id).await?;
        drop(conn);
        let mut stopped = 0;
        for store in stores.iter().filter(|s| s.state == StoreState::Active) {
            let page = pages.iter().find(|p| p.store_id == store.id);
            let container = running.get(&store.uid.to_string()).copied();
            let route = routed.contains(&route_name(&store.object_name()));
            let Some(reason) = self.reason(store, page, container, route, idle_limit)? else { continue };
            match db_admin::stop(&machine.services, &Actor::system("reconciler"), store, &reason).await {
                Ok(job) => {
                    stopped += 1;
                    cx.detail(format!("Database page of store {}: {reason}; job {}", store.uid, job.uid));
                }
                // A job is changing the store; perhaps it is the page's own. The next look tells.
                Err(ServiceError::Conflict(_)) => {}
                Err(ServiceError::Db(e)) => return Err(e.into()),
                Err(other) => return Err(StepError::last("stop_refused", "A page could not be stopped", other)),
            }
        }
        Ok(serde_json::json!({ "pages": pages.len(), "stopped": stopped }))
    }
}

impl StopIdlePages {
    /// Why a page is to be stopped; `None`: it is as it should be.
    fn reason(
        &self,
        store: &Store,
        page: Option<&DbAdminPage>,
        container: Option<bool>,
        route: bool,
        idle_limit: i64,
    ) -> StepResult<Option<String>> {
        let Some(page) = page else {
            return Ok((container.is_some() || route).then(|| "nobody ordered it".to_owned()));
        };
        if !page.is_running() {
            return Ok((page.age_seconds > GRACE_SECONDS).then(|| format!("it stayed {}", page.state)));
        }
        if container != Some(true) || !route {
            return Ok(Some("it does not run any more".to_owned()));
        }
        Ok(match files::idle_seconds(&self.0.dir(store))? {
            None => Some("its files are gone".to_owned()),
            Some(idle) if idle > idle_limit => Some(format!("nobody used it for {} minutes", idle / 60)),
            Some(_) if page.age_seconds > LONGEST_SECONDS => Some("it was open for a day".to_owned()),
            Some(_) => None,
        })
    }
}
