//! Open the store: it is active from here on, and its owner gets a mail.

use super::Subject;
use super::subject::{audit_state, fenced};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::jobs::{JobRef, NewJob};
use hosting::domain::{Actor, StoreState};
use hosting::jobs::MailArgs;
use std::sync::Arc;

/// The step.
pub struct Open(pub Arc<Machine>);

#[async_trait]
impl Step for Open {
    fn name(&self) -> &'static str {
        "open"
    }
    fn title(&self) -> &'static str {
        "Open your store"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let images = machine.images()?;
        let store = &subject.store;
        let seen: serde_json::Value = cx.output_if_any("verify").unwrap_or_default();
        let facts = serde_json::json!({
            "wordpress": images.wordpress,
            "woocommerce": images.woocommerce,
            "front_page": seen,
            "images": { "web": images.id("store-web")?, "db": images.id("store-db")?, "redis": images.id("store-redis")? },
        });
        let mut tx = fenced(machine, cx).await?;
        let mut mail = None;
        match tx.stores().lock(store.id).await? {
            Some(StoreState::Active) => {}
            Some(StoreState::Provisioning) => {
                tx.stores().set_facts(store.id, &facts).await?;
                tx.stores().move_state(store.id, StoreState::Provisioning, StoreState::Active).await?;
                let actor = worker_actor(machine, cx);
                mail = notice(
                    &mut tx,
                    "store_ready",
                    store.customer_id,
                    store.id,
                    &actor,
                    &format!("store_ready:{}", store.uid),
                )
                .await?;
                audit_state(machine, cx, &mut tx, store, "store.open").await?;
            }
            other => {
                let state = other.map_or("gone", StoreState::as_str);
                return Err(StepError::last(
                    "store_state",
                    "This store cannot be opened in its present state",
                    format!("it is {state}"),
                ));
            }
        }
        tx.commit().await?;
        machine.services.queue.announce(mail.as_slice()).await;
        cx.say("Your store is open");
        Ok(serde_json::Value::Null)
    }
}

/// Orders a mail to the owner; the key keeps it from leaving twice.
///
/// # Errors
/// Database trouble.
pub async fn notice(
    tx: &mut hosting::db::Tx,
    template: &str,
    customer_id: u64,
    store_id: u64,
    actor: &Actor,
    key: &str,
) -> StepResult<Option<JobRef>> {
    let args = MailArgs {
        template: template.to_owned(),
        customer_id: Some(customer_id),
        admin_id: None,
        store_id: Some(store_id),
        job: None,
        visitor_session_id: None,
        about: None,
    };
    match tx.jobs().insert(&NewJob::mail(&args, Some(key.to_owned()), actor)).await {
        Ok(job) => Ok(Some(job)),
        Err(e) if e.is_duplicate("jobs_unique_key") => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// The worker as the one who orders follow-up jobs, under the same correlation id.
#[must_use]
pub fn worker_actor(machine: &Machine, cx: &StepContext) -> Actor {
    let mut actor = Actor::system(&format!("worker {}", machine.server));
    actor.request_id.clone_from(&cx.job().correlation_id);
    actor
}
