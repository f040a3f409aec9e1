//! Close the database page and file access, if there are: nobody works on what is about to rest.

use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::steps::{Subject, db_admin, file_access};
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
        "Close the database page and file access"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let mut conn = machine.services.db.read().await?;
        let page = conn.db_admin().find(subject.store.id).await?;
        let files = conn.file_access().find(subject.store.id).await?;
        drop(conn);
        if page.is_some() {
            db_admin::route::withdraw(machine, &subject).await?;
            db_admin::container::remove(machine, &subject.store).await?;
            db_admin::account::remove(machine, cx).await?;
            db_admin::files::remove(machine, cx).await?;
            db_admin::release::release(machine, cx).await?;
        }
        if files.is_some() {
            file_access::container::remove(machine, &subject.store).await?;
            file_access::files::remove(machine, cx).await?;
            file_access::release::release(machine, cx).await?;
        }
        Ok(serde_json::Value::Null)
    }
}
