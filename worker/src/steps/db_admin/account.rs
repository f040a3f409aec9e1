//! The page's own account in the shop's database.

use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::shop::db_admin::account;
use crate::shop::{branding, woocommerce};
use crate::steps::Subject;
use crate::steps::subject::secret;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// How long the shop's database may take to answer.
const LIMIT: Duration = Duration::from_secs(20);

/// The step that makes it.
pub struct MakeAccount(pub Arc<Machine>);

#[async_trait]
impl Step for MakeAccount {
    fn name(&self) -> &'static str {
        "account"
    }
    fn title(&self) -> &'static str {
        "Make a database account for this visit"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let panel = subject.secret(machine, cx, secret::PANEL_PASSWORD).await?;
        let password = subject.secret(machine, cx, secret::DB_ADMIN_PASSWORD).await?;
        let from = woocommerce::db_admin_address(subject.reserved(machine).await?.subnet);
        let mut shop = branding::connect(&machine.dir(&subject.store), &panel, LIMIT).await?;
        account::create(&mut shop, from, &password).await?;
        cx.detail(format!("Account {} works from {from} only", account::NAME));
        Ok(serde_json::Value::Null)
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        remove(&self.0, cx).await
    }
}

/// The step that removes it.
pub struct DropAccount(pub Arc<Machine>);

#[async_trait]
impl Step for DropAccount {
    fn name(&self) -> &'static str {
        "account"
    }
    fn title(&self) -> &'static str {
        "Remove the page's database account"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        remove(&self.0, cx).await?;
        Ok(serde_json::Value::Null)
    }
}

/// Removes the account; gone is fine.
///
/// # Errors
/// The shop's database does not answer.
pub async fn remove(machine: &Machine, cx: &mut StepContext) -> StepResult<()> {
    let subject = Subject::load(machine, cx).await?;
    let panel = subject.secret(machine, cx, secret::PANEL_PASSWORD).await?;
    let mut shop = branding::connect(&machine.dir(&subject.store), &panel, LIMIT).await?;
    account::remove(&mut shop).await?;
    cx.detail("The page's database account is gone");
    Ok(())
}
