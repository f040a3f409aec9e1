//! The limits of another plan, live: the Engine changes them on running containers.

use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::host::quota;
use crate::machine::Machine;
use crate::shop::branding;
use crate::shop::woocommerce::Limits;
use crate::steps::Subject;
use crate::steps::subject::secret;
use crate::usage::disk;
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::db::plans::Plan;
use hosting::jobs::ChangeArgs;
use std::sync::Arc;
use std::time::Duration;

/// The step.
pub struct SetLimits(pub Arc<Machine>);

#[async_trait]
impl Step for SetLimits {
    fn name(&self) -> &'static str {
        "limits"
    }
    fn title(&self) -> &'static str {
        "Change the limits of your store"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(2)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let args: ChangeArgs = cx.args()?;
        let subject = Subject::load(machine, cx).await?;
        let plan = match args.plan_id {
            Some(id) => machine.services.db.read().await?.plans().get(id).await?,
            None => None,
        };
        let plan = plan.ok_or_else(|| StepError::last("no_plan", "This plan is not there any more", "no such plan"))?;
        let used = disk::measure(machine.dir(&subject.store)).await;
        let used = used.ok_or_else(|| {
            StepError::passing("files", "We are trying again", "the store's directory cannot be measured")
        })?;
        // A limit below what is there would stop the shop's database at its next write.
        if let Some(why) = plan.too_small_for(used) {
            return Err(StepError::last("plan_too_small", why, format!("{used} bytes, limit {} MiB", plan.disk_mb)));
        }
        set(machine, cx, &subject, &plan).await?;
        cx.detail(format!("{} now: {} MiB web, {} MiB database", plan.name, plan.web_memory_mb, plan.db_memory_mb));
        Ok(serde_json::Value::Null)
    }

    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        let plan = subject.plan(&self.0).await?;
        set(&self.0, cx, &subject, &plan).await
    }
}

/// The database first gives memory back when it gets less, and takes it last when it gets more:
/// a limit below what it holds would end it.
async fn set(machine: &Machine, cx: &mut StepContext, subject: &Subject, plan: &Plan) -> StepResult<()> {
    let stack = subject.stack_with(machine, &machine.images()?, &Limits::from(plan)).await?;
    let panel = subject.secret(machine, cx, secret::PANEL_PASSWORD).await?;
    let dir = machine.dir(&subject.store);
    let pool = u64::from(branding::buffer_pool_mb(plan.db_memory_mb)) << 20;
    let mut shop = branding::connect(&dir, &panel, Duration::from_secs(20)).await?;
    let shrinks = branding::buffer_pool(&mut shop).await? > pool;
    if shrinks {
        branding::set_buffer_pool(&mut shop, pool).await?;
    }
    for container in &stack.containers {
        machine.docker.update_limits(container).await?;
        cx.fail_point("some").await?;
    }
    if !shrinks {
        branding::set_buffer_pool(&mut shop, pool).await?;
    }
    quota::limit(&machine.quota, &dir.all_paths(), subject.store.id, plan.disk_mb).await?;
    Ok(())
}
