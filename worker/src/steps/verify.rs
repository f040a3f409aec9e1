//! Look at the store as a visitor and as its owner: through the edge, or, while visitors meet the
//! maintenance page, from behind it.

use super::Subject;
use super::subject::secret;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::shop::verify;
use async_trait::async_trait;
use hosting::domain::StoreState;
use std::sync::Arc;
use std::time::Duration;

/// Longest time all looks may take.
const LIMIT: Duration = Duration::from_mins(2);

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
        LIMIT
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        look(&self.0, cx, false).await
    }
}

/// The step after visitors were let in, whatever the record still says.
pub struct VerifyOpen(pub Arc<Machine>);

#[async_trait]
impl Step for VerifyOpen {
    fn name(&self) -> &'static str {
        "verify_open"
    }
    fn title(&self) -> &'static str {
        "Check the way in"
    }
    fn deadline(&self) -> Duration {
        LIMIT
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        look(&self.0, cx, true).await
    }
}

/// What is to be looked at; `open`: from the front, also during maintenance.
///
/// # Errors
/// Reservation or secrets gone.
pub async fn subject_of(
    machine: &Machine,
    cx: &mut StepContext,
    subject: &Subject,
    open: bool,
) -> StepResult<verify::Subject> {
    let address = subject.address(machine).await?;
    let behind = subject.store.maintenance && !open;
    Ok(verify::Subject {
        url: address.url,
        host: address.host.as_str().to_owned(),
        edge_port: address.port,
        title: subject.store.name.clone(),
        login: subject.secret(machine, cx, secret::ADMIN_LOGIN).await?.expose().to_owned(),
        password: subject.secret(machine, cx, secret::ADMIN_PASSWORD).await?,
        commerce: machine.images()?.woocommerce.is_some(),
        behind: if behind { Some(subject.reserved(machine).await?.web_port) } else { None },
    })
}

async fn look(machine: &Machine, cx: &mut StepContext, open: bool) -> StepResult {
    let subject = Subject::load(machine, cx).await?;
    let target = subject_of(machine, cx, &subject, open).await?;
    let is_new = subject.store.state == StoreState::Provisioning;
    let looked = if is_new { verify::verify(&target).await } else { verify::verify_alive(&target).await };
    match looked {
        Ok(seen) => {
            cx.say(match (is_new, target.commerce) {
                (true, true) => "Front page, log-in and shop page work",
                (true, false) => "Front page, log-in work",
                (false, _) => "Your store answers",
            });
            cx.detail(format!(
                "Front page “{}” after {} ms; looked at {}",
                seen.title,
                seen.front_page_ms,
                seen.pages.join(", ")
            ));
            Ok(serde_json::to_value(seen).unwrap_or_default())
        }
        Err(error) => {
            if let Ok(stack) = subject.stack(machine, &machine.images()?).await {
                super::healthy::report_logs(machine, cx, &stack).await;
            }
            Err(error.into())
        }
    }
}
