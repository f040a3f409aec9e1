//! Brand: title, address, administrator, currency; one transaction.

use super::Subject;
use super::subject::secret;
use crate::engine::{Step, StepContext, StepResult};
use crate::machine::Machine;
use crate::shop::branding::{self, Brand, uuid_text::UuidText};
use crate::shop::woocommerce;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// The step.
pub struct MakeItYours(pub Arc<Machine>);

#[async_trait]
impl Step for MakeItYours {
    fn name(&self) -> &'static str {
        "brand"
    }
    fn title(&self) -> &'static str {
        "Make the shop yours"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let panel = subject.secret(machine, cx, secret::PANEL_PASSWORD).await?;
        let brand = Brand {
            url: subject.address(machine).await?.url,
            title: subject.store.name.clone(),
            email: subject.store.customer_email.clone(),
            currency: subject.store.currency.clone(),
            country: subject.store.country.clone(),
            login: subject.secret(machine, cx, secret::ADMIN_LOGIN).await?.expose().to_owned(),
            password: subject.secret(machine, cx, secret::ADMIN_PASSWORD).await?,
            shop_id: UuidText::of(&subject.store.uid.to_string()),
        };
        let subnet = subject.reserved(machine).await?.subnet;
        let mut shop = branding::connect(&machine.dir(&subject.store), &panel, Duration::from_secs(30)).await?;
        branding::brand(&mut shop, &brand).await?;
        cx.fail_point("committed").await?;
        branding::flush_cache(woocommerce::redis_address(subnet)).await?;
        cx.say(format!("The shop is called “{}” now", subject.store.name));
        Ok(serde_json::Value::Null)
    }
    // Taken back with the directory.
}
