//! The last step of a change: the record says what is so now.

use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use crate::steps::open::{notice, worker_actor};
use crate::steps::render_stack::write_compose;
use crate::steps::subject::{audit_state, fenced};
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::domain::StoreState;
use hosting::jobs::ChangeArgs;
use std::sync::Arc;

/// What is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// Suspended.
    Suspended,
    /// In service again.
    Resumed,
    /// Maintenance on or off.
    Maintenance(bool),
    /// The plan of the arguments.
    Plan,
    /// The name of the arguments.
    Name,
}

/// The step.
pub struct Record(pub Arc<Machine>, pub Fact);

#[async_trait]
impl Step for Record {
    fn name(&self) -> &'static str {
        "record"
    }
    fn title(&self) -> &'static str {
        "Write it down"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let store = &subject.store;
        let args: ChangeArgs = cx.args()?;
        let actor = worker_actor(machine, cx);
        let key = format!("{}:{}", cx.job().kind, cx.job().uid);
        let mut tx = fenced(machine, cx).await?;
        let state = tx.stores().lock(store.id).await?;
        let mut mail = None;
        match self.1 {
            Fact::Suspended if state == Some(StoreState::Active) => {
                tx.stores().move_state(store.id, StoreState::Active, StoreState::Suspended).await?;
                mail = notice(&mut tx, "store_suspended", store.customer_id, store.id, &actor, &key).await?;
                audit_state(machine, cx, &mut tx, store, "store.suspended").await?;
            }
            Fact::Resumed if state == Some(StoreState::Suspended) => {
                tx.stores().move_state(store.id, StoreState::Suspended, StoreState::Active).await?;
                mail = notice(&mut tx, "store_resumed", store.customer_id, store.id, &actor, &key).await?;
                audit_state(machine, cx, &mut tx, store, "store.resumed").await?;
            }
            // Done before; the job came back.
            Fact::Suspended | Fact::Resumed => {}
            Fact::Maintenance(on) => tx.stores().set_maintenance(store.id, on).await?,
            Fact::Plan => tx.stores().set_plan(store.id, args.plan_id.ok_or_else(nothing)?).await?,
            Fact::Name => tx.stores().set_name(store.id, args.name.as_deref().ok_or_else(nothing)?).await?,
        }
        tx.commit().await?;
        machine.services.queue.announce(mail.as_slice()).await;
        if self.1 == Fact::Plan {
            let subject = Subject::load(machine, cx).await?;
            write_compose(machine, &subject, &machine.images()?).await?;
        }
        cx.say(match self.1 {
            Fact::Suspended => "Your store is paused; its data is kept",
            Fact::Resumed => "Your store is open again",
            Fact::Maintenance(true) => "Visitors see the maintenance page",
            Fact::Maintenance(false) => "Visitors see your store again",
            Fact::Plan => "Your store has its new limits",
            Fact::Name => "Your store has its new name",
        });
        Ok(serde_json::Value::Null)
    }
}

fn nothing() -> StepError {
    StepError::last("bad_arguments", "This job was recorded wrongly. We have been told", "an argument is missing")
}
