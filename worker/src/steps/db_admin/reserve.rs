//! Reserve: the page's port and its password are chosen and stored before their first use.

use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::subject::{fenced, secret};
use async_trait::async_trait;
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::domain::{PortPool, StoreState};
use std::sync::Arc;

/// The step.
pub struct Reserve(pub Arc<Machine>);

#[async_trait]
impl Step for Reserve {
    fn name(&self) -> &'static str {
        "reserve"
    }
    fn title(&self) -> &'static str {
        "Reserve a place for the database page"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let store = &subject.store;
        let mut tx = fenced(machine, cx).await?;
        match tx.stores().lock(store.id).await? {
            Some(StoreState::Active) => {}
            other => {
                let state = other.map_or("gone", StoreState::as_str);
                return Err(StepError::last(
                    "store_state",
                    "The database page opens while the store is live. It is not now",
                    format!("it is {state}"),
                ));
            }
        }
        if tx.db_admin().find(store.id).await?.is_none() {
            tx.db_admin().order(store.id).await?;
        }
        let port = tx.ports().allocate(machine.server_id, PortPool::StoreDbAdmin, store.id).await?;
        let port = port.ok_or_else(none_free)?;
        let keys = &machine.services.keys;
        tx.secrets().choose(keys, store.id, secret::DB_ADMIN_PASSWORD, || Secret::random(40)).await?;
        tx.commit().await?;
        cx.detail(format!("Server {}, port {port}", machine.server));
        Ok(serde_json::json!({ "port": port }))
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        super::release::release(&self.0, cx).await
    }
}

/// A person waits for this page: better said at once than kept waiting.
pub fn none_free() -> StepError {
    StepError::last(
        "no_room",
        "All database pages of our server are in use right now. Try again in some minutes",
        "no free port in pool store_db_admin: widen it",
    )
}
