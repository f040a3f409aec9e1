//! Does nothing: one step, one line. For the engine's own tests and benches.

use crate::engine::{Job, Step, StepContext, StepResult, Weight};
use async_trait::async_trait;
use std::sync::Arc;

/// The job.
pub struct Noop {
    steps: Vec<Arc<dyn Step>>,
}

impl Default for Noop {
    fn default() -> Self {
        Self { steps: vec![Arc::new(DoNothing)] }
    }
}

impl Job for Noop {
    fn kind(&self) -> &'static str {
        hosting::jobs::NOOP
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}

struct DoNothing;

#[async_trait]
impl Step for DoNothing {
    fn name(&self) -> &'static str {
        "nothing"
    }
    fn title(&self) -> &'static str {
        "Do nothing"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        cx.detail("Nothing to do");
        Ok(serde_json::Value::Null)
    }
}
