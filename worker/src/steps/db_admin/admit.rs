//! Hand a one-time ticket to a running page: a file named by the ticket's hash.

use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::db_admin::files;
use crate::steps::Subject;
use crate::steps::subject::fenced;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::jobs::TicketArgs;
use std::sync::Arc;

/// The step.
pub struct Admit(pub Arc<Machine>);

#[async_trait]
impl Step for Admit {
    fn name(&self) -> &'static str {
        "admit"
    }
    fn title(&self) -> &'static str {
        "Let you in"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let args: TicketArgs = cx.args()?;
        let subject = Subject::load(machine, cx).await?;
        let (store, dir) = (subject.store.id, machine.dir(&subject.store));
        let mut tx = fenced(machine, cx).await?;
        tx.stores().lock(store).await?;
        if !tx.db_admin().find(store).await?.is_some_and(|p| p.is_running()) {
            return Err(StepError::last(
                "page_closed",
                "The database page is closed. Start it first",
                "no running page",
            ));
        }
        // Handed over once: a job that comes back finds the ticket spent, and does not make it good again.
        let Some(ticket) = tx.db_admin().waiting_ticket(args.ticket_id, store).await? else {
            return Ok(serde_json::Value::Null);
        };
        tx.db_admin().admitted(args.ticket_id).await?;
        // A visit that begins is a use: the idle stop must not meet it at the door.
        files::touch(&dir)?;
        files::admit(&dir, &ticket.token_hash, ticket.left_seconds)?;
        cx.fail_point("written").await?;
        if let Err(error) = tx.commit().await {
            files::dismiss(&dir, &ticket.token_hash)?;
            return Err(error.into());
        }
        cx.detail(format!("A ticket waits for {} s", ticket.left_seconds));
        Ok(serde_json::Value::Null)
    }
}
