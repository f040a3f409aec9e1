//! Makes the document with everything about a customer. One step: nothing of it is outside of the database.

use crate::engine::{Job, Step, StepContext, StepError, StepResult, Weight};
use async_trait::async_trait;
use hosting::jobs::ExportArgs;
use hosting::services::{ServiceError, Services, export_data};
use serde_json::json;
use std::sync::Arc;

/// The job.
pub struct ExportData {
    steps: Vec<Arc<dyn Step>>,
}

impl ExportData {
    /// With what its step needs.
    #[must_use]
    pub fn new(services: Services) -> Self {
        Self { steps: vec![Arc::new(Gather { services })] }
    }
}

impl Job for ExportData {
    fn kind(&self) -> &'static str {
        hosting::jobs::EXPORT_DATA
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}

struct Gather {
    services: Services,
}

#[async_trait]
impl Step for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }
    fn title(&self) -> &'static str {
        "Gather everything"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let args: ExportArgs = cx.args()?;
        match export_data::make(&self.services, args.export_id).await {
            Ok(Some(size)) => {
                cx.detail(format!("{size} bytes, sealed, for a week"));
                Ok(json!({ "size": size }))
            }
            Ok(None) => {
                cx.detail("Made before, or nobody waits for it any more");
                Ok(json!({}))
            }
            Err(ServiceError::Db(db)) => Err(db.into()),
            Err(other) => Err(StepError::last("export_failed", "Your data could not be gathered", other)),
        }
    }
}
