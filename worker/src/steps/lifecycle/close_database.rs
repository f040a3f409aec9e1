//! Close the database page, if there is one: nobody works on tables that are about to rest.

use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::steps::{Subject, db_admin};
use async_trait::async_trait;
use hosting::db::Queries;
use std::sync::Arc;

/// The step. Not taken back: a page is opened again by whoever wants it.
pub struct CloseDatabase(pub Arc<Machine>);

#[async_trait]
impl Step for CloseDatabase {
    fn name(&self) -> &'static str {
        "close_database"
    }
    fn title(&self) -> &'static str {
        "Close the database page"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        if machine.services.db.read().await?.db_admin().find(subject.store.id).await?.is_none() {
            return Ok(serde_json::Value::Null);
        }
        db_admin::route::withdraw(machine, &subject).await?;
        db_admin::container::remove(machine, &subject.store).await?;
        db_admin::account::remove(machine, cx).await?;
        db_admin::files::remove(machine, cx).await?;
        db_admin::release::release(machine, cx).await?;
        Ok(serde_json::Value::Null)
    }
}
