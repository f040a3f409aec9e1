//! Look at the store as a visitor and as its owner, through the edge.

use super::Subject;
use super::subject::secret;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::shop::verify;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// The step.
pub struct Verify(pub Arc<Machine>);

#[async_trait]
impl Step for Verify {
    fn name(&self) -> &'static str {
        "verify"
    }
    fn title(&self) -> &'static str {
        "Check your store like a visitor"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(2)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let images = machine.images()?;
        let address = subject.address(machine).await?;
        let target = verify::Subject {
            url: address.url,
            host: address.host.as_str().to_owned(),
            edge_port: address.port,
            title: subject.store.name.clone(),
            login: subject.secret(machine, cx, secret::ADMIN_LOGIN).await?.expose().to_owned(),
            password: subject.secret(machine, cx, secret::ADMIN_PASSWORD).await?,
            commerce: images.woocommerce.is_some(),
        };
        match verify::verify(&target).await {
            Ok(seen) => {
                cx.say(format!("Front page, log-in{} work", if target.commerce { " and shop page" } else { "" }));
                cx.detail(format!(
                    "Front page “{}” after {} ms; looked at {}",
                    seen.title,
                    seen.front_page_ms,
                    seen.pages.join(", ")
                ));
                Ok(serde_json::to_value(seen).unwrap_or_default())
            }
            Err(error) => {
                if let Ok(stack) = subject.stack(machine, &images).await {
                    super::healthy::report_logs(machine, cx, &stack).await;
                }
                Err(error.into())
            }
        }
    }
}
