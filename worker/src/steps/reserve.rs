//! Reserve: everything that must not change is chosen and stored before its first use.

use super::Subject;
use super::subject::{audit_state, fenced, secret};
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use async_trait::async_trait;
use hosting::crypto::Secret;
use hosting::db::Queries;
use hosting::db::jobs::NewJob;
use hosting::domain::{PortPool, Slug, StoreState};
use hosting::jobs::MailArgs;
use hosting::services::settings::Values;
use std::sync::Arc;

/// Seconds a freed port rests: connections of its last user must have ended.
pub const PORT_REST_SECONDS: u32 = 60;

/// The step.
pub struct Reserve(pub Arc<Machine>);

#[async_trait]
impl Step for Reserve {
    fn name(&self) -> &'static str {
        "reserve"
    }
    fn title(&self) -> &'static str {
        "Reserve an address and a place"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let store = &subject.store;
        if store.state == StoreState::Active {
            // The job was delivered again after its store was opened.
            return Ok(serde_json::json!({ "host": store.host }));
        }
        let settings = Values::load(&machine.services.db).await?;
        let slug = Slug::parse(&store.slug)
            .map_err(|e| StepError::last("bad_address", "This web address cannot be used. Choose another", e.0))?;
        let host = slug.under(settings.text("base_domain"));
        let mut tx = fenced(machine, cx).await?;
        match tx.stores().lock(store.id).await? {
            Some(StoreState::Provisioning) => {}
            other => {
                let state = other.map_or("gone", StoreState::as_str);
                return Err(StepError::last(
                    "store_state",
                    "This store cannot be set up in its present state",
                    format!("it is {state}"),
                ));
            }
        }
        tx.stores().place(store.id, machine.server_id).await.map_err(|e| {
            StepError::last("other_server", "This store belongs to another server. We have been told", e)
        })?;
        if let Err(e) = tx.stores().hold_address(store.id, &host).await {
            return Err(if matches!(e, hosting::db::DbError::Duplicate { .. }) {
                StepError::last(
                    "address_taken",
                    "Somebody else has taken this web address meanwhile. Choose another",
                    format!("{host}: {e}"),
                )
            } else {
                e.into()
            });
        }
        let none_free = |what: &str| {
            StepError::unfit(
                "no_room",
                "All places on our server are taken right now. We go on as soon as one is free",
                format!("no free {what} on {}: widen its pools", machine.server),
            )
        };
        let port = tx.ports().allocate(machine.server_id, PortPool::StoreWeb, store.id).await?;
        let port = port.ok_or_else(|| none_free("port"))?;
        let subnet = tx.subnets().allocate(machine.server_id, store.id).await?;
        let (subnet, prefix) = subnet.ok_or_else(|| none_free("subnet"))?;
        let keys = &machine.services.keys;
        let login = || Secret::new(format!("owner-{}", Secret::random(6).expose().to_ascii_lowercase()));
        tx.secrets().choose(keys, store.id, secret::ADMIN_LOGIN, login).await?;
        for (name, length) in [
            (secret::ADMIN_PASSWORD, 20),
            (secret::DB_PASSWORD, 40),
            (secret::PANEL_PASSWORD, 40),
            (secret::KEY_SEED, 64),
        ] {
            tx.secrets().choose(keys, store.id, name, || Secret::random(length)).await?;
        }
        tx.commit().await?;
        cx.say(format!("Your store will be at {}", settings.store_url(&host)));
        cx.detail(format!(
            "Server {}, port {port}, network {subnet}/{prefix}, {}",
            machine.server,
            store.object_name()
        ));
        Ok(
            serde_json::json!({ "host": host, "port": port, "subnet": format!("{subnet}/{prefix}"), "name": store.object_name() }),
        )
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let machine = &self.0;
        let Some(subject) = Subject::to_undo(machine, cx).await? else { return Ok(()) };
        let store = &subject.store;
        let mut tx = fenced(machine, cx).await?;
        let state = tx.stores().lock(store.id).await?;
        tx.ports().release(store.id, None, PORT_REST_SECONDS).await?;
        tx.subnets().release(store.id).await?;
        tx.stores().release_addresses(store.id).await?;
        tx.secrets().delete_all(store.id).await?;
        tx.stores().unplace(store.id).await?;
        let mut mail = None;
        if state == Some(StoreState::Provisioning) {
            tx.stores().move_state(store.id, StoreState::Provisioning, StoreState::Failed).await?;
            audit_state(machine, cx, &mut tx, store, "store.set_up_failed").await?;
            let args = MailArgs {
                template: "store_failed".into(),
                customer_id: Some(store.customer_id),
                admin_id: None,
                store_id: Some(store.id),
                job: Some(cx.job().uid.clone()),
                visitor_session_id: None,
                about: None,
            };
            // Once per attempt that a person ordered, however often the undo runs.
            let key = format!("store_failed:{}:{}", cx.job().uid, cx.job().attempt);
            let actor = super::open::worker_actor(machine, cx);
            match tx.jobs().insert(&NewJob::mail(&args, Some(key), &actor)).await {
                Ok(job) => mail = Some(job),
                Err(e) if e.is_duplicate("jobs_unique_key") => {}
                Err(e) => return Err(e.into()),
            }
        }
        tx.commit().await?;
        machine.services.queue.announce(mail.as_slice()).await;
        cx.detail("Address, port and network are free again");
        Ok(())
    }
}
