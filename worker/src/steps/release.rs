//! Free what was reserved; the store's row stays as its record.

use super::Subject;
use super::open::{notice, worker_actor};
use super::reserve::PORT_REST_SECONDS;
use super::subject::{audit_state, fenced};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::domain::StoreState;
use std::sync::Arc;

/// The step of a deletion.
pub struct Release(pub Arc<Machine>);

#[async_trait]
impl Step for Release {
    fn name(&self) -> &'static str {
        "release"
    }
    fn title(&self) -> &'static str {
        "Free the address"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let store = &subject.store;
        // The last look before the record says that nothing is left.
        let left = machine.docker.containers_by_label(&Machine::label(store)).await?.len()
            + machine.docker.networks_by_label(&Machine::label(store)).await?.len();
        if left > 0 || machine.dir(store).exists() {
            return Err(StepError::passing(
                "still_there",
                "We are trying again",
                format!("{left} objects or the directory are still there"),
            ));
        }
        let mut tx = fenced(machine, cx).await?;
        let state = tx.stores().lock(store.id).await?;
        tx.ports().release(store.id, None, PORT_REST_SECONDS).await?;
        tx.subnets().release(store.id).await?;
        tx.stores().release_addresses(store.id).await?;
        tx.secrets().delete_all(store.id).await?;
        tx.db_admin().forget(store.id).await?;
        tx.file_access().forget(store.id).await?;
        tx.file_access().remove_keys(store.id).await?;
        tx.stores().unplace(store.id).await?;
        let mut mail = None;
        if state == Some(StoreState::Deleting) {
            tx.stores().move_state(store.id, StoreState::Deleting, StoreState::Deleted).await?;
            let actor = worker_actor(machine, cx);
            mail = notice(
                &mut tx,
                "store_deleted",
                store.customer_id,
                store.id,
                &actor,
                &format!("store_deleted:{}", store.uid),
            )
            .await?;
            audit_state(machine, cx, &mut tx, store, "store.deleted").await?;
        }
        tx.commit().await?;
        machine.services.queue.announce(mail.as_slice()).await;
        cx.say("Your store is deleted and its web address is free");
        Ok(serde_json::Value::Null)
    }
}
