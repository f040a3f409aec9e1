//! Reserve: the port is taken and the host key made before their first use.

use super::release::release;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::file_access::host_key::{self, HostKey};
use crate::steps::Subject;
use crate::steps::subject::{fenced, secret};
use async_trait::async_trait;
use hosting::db::{Queries, Tx};
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
        "Reserve a place for file access"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let store = &subject.store;
        let mut tx = fenced(machine, cx).await?;
        match tx.stores().lock(store.id).await? {
            Some(StoreState::Active) => {}
            other => {
                return Err(StepError::last(
                    "store_state",
                    "File access opens while the store is live. It is not now",
                    format!("it is {}", other.map_or("gone", StoreState::as_str)),
                ));
            }
        }
        if tx.file_access().find(store.id).await?.is_none() {
            tx.file_access().order(store.id).await?;
        }
        let port = tx.ports().allocate(machine.server_id, PortPool::StoreSftp, store.id).await?;
        let port = port.ok_or_else(none_free)?;
        let key = host_key_in(&mut tx, machine, store.id).await?;
        tx.file_access().set_host_key(store.id, &key.public).await?;
        tx.commit().await?;
        cx.detail(format!("Server {}, port {port}", machine.server));
        Ok(serde_json::json!({ "port": port }))
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        release(&self.0, cx).await
    }
}

/// The store's own host key: the same each time, so that a client that knows it is not alarmed.
///
/// # Errors
/// Database trouble, or a seed that is none.
pub async fn host_key_in(tx: &mut Tx, machine: &Machine, store: u64) -> StepResult<HostKey> {
    let seed =
        tx.secrets().choose(&machine.services.keys, store, secret::FILE_ACCESS_HOST_KEY, host_key::new_seed).await?;
    host_key::from_seed(&seed).ok_or_else(|| {
        StepError::last(
            "bad_host_key",
            "File access could not be opened. We have been told",
            "the sealed seed is no seed",
        )
    })
}

/// A person waits: better said at once than kept waiting.
pub fn none_free() -> StepError {
    StepError::last(
        "no_room",
        "All places for file access on our server are in use right now. Try again in some minutes",
        "no free port in pool store_sftp: widen it",
    )
}
