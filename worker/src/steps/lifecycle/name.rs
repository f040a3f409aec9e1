//! The shop's own title.

use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::{branding, woocommerce};
use crate::steps::Subject;
use crate::steps::subject::secret;
use async_trait::async_trait;
use hosting::jobs::ChangeArgs;
use std::sync::Arc;
use std::time::Duration;

/// Notes the title the shop has, which its owner may have changed there: for the way back.
pub struct NoteTitle(pub Arc<Machine>);

#[async_trait]
impl Step for NoteTitle {
    fn name(&self) -> &'static str {
        "note"
    }
    fn title(&self) -> &'static str {
        "Look at the present name"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let mut shop = shop(&self.0, cx).await?;
        Ok(serde_json::json!(branding::title(&mut shop).await?))
    }
}

/// Sets the title of the arguments.
pub struct SetTitle(pub Arc<Machine>);

#[async_trait]
impl Step for SetTitle {
    fn name(&self) -> &'static str {
        "title"
    }
    fn title(&self) -> &'static str {
        "Give your store its new name"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let args: ChangeArgs = cx.args()?;
        let name = args.name.ok_or_else(|| {
            StepError::last("bad_arguments", "This job was recorded wrongly. We have been told", "no name")
        })?;
        set(&self.0, cx, &branding::wordpress_text(&name)).await?;
        Ok(serde_json::Value::Null)
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let Some(before) = cx.output_if_any::<String>("note") else { return Ok(()) };
        let args: ChangeArgs = cx.args()?;
        let subject = Subject::load(&self.0, cx).await?;
        if args.name.as_deref() == Some(subject.store.name.as_str()) {
            cx.warn("The new name is recorded; the shop keeps it");
            return Ok(());
        }
        set(&self.0, cx, &before).await
    }
}

async fn shop(machine: &Machine, cx: &mut StepContext) -> StepResult<sqlx::MySqlConnection> {
    let subject = Subject::load(machine, cx).await?;
    let panel = subject.secret(machine, cx, secret::PANEL_PASSWORD).await?;
    Ok(branding::connect(&machine.dir(&subject.store), &panel, Duration::from_secs(20)).await?)
}

async fn set(machine: &Machine, cx: &mut StepContext, title: &str) -> StepResult<()> {
    let mut db = shop(machine, cx).await?;
    branding::set_title(&mut db, title).await?;
    let subject = Subject::load(machine, cx).await?;
    Ok(branding::flush_cache(woocommerce::redis_address(subject.reserved(machine).await?.subnet)).await?)
}
