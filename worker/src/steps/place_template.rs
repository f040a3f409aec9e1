//! Place the golden template: database files, content and compiled code, and beside them the two
//! files that hold this shop's own secrets.

use super::Subject;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::{config_files, template};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// The step.
pub struct PlaceTemplate(pub Arc<Machine>);

#[async_trait]
impl Step for PlaceTemplate {
    fn name(&self) -> &'static str {
        "place_template"
    }
    fn title(&self) -> &'static str {
        "Copy the ready-made shop"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(10)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let images = machine.images()?;
        let image = images.id("template-woocommerce")?.to_owned();
        let secrets = subject.shop_secrets(machine, cx).await?;
        let address = subject.address(machine).await?;
        let source = template::ensure(&machine.docker, &machine.data_dir, &image, &machine.server).await?;
        let dir = machine.dir(&subject.store);
        let begun = std::time::Instant::now();
        let (from, to) = (source.clone(), dir.clone());
        let copying = tokio::task::spawn_blocking(move || template::place(&from, &to));
        let writing = tokio::task::spawn_blocking(move || config_files::write(&dir, &secrets, &address.url));
        let (copied, written) = tokio::join!(copying, writing);
        cx.fail_point("placed").await?;
        let ended = |e: tokio::task::JoinError| StepError::passing("files", "We are trying again", e);
        written.map_err(ended)??;
        let copied = copied.map_err(ended)??;
        let (files, bytes) = copied.iter().fold((0, 0), |(f, b), c| (f + c.files, b + c.bytes));
        let how = if copied.iter().any(|c| c.reflink) { "shared blocks" } else { "copied" };
        cx.detail(format!("{files} files, {} KiB, {how} in {} ms", bytes / 1024, begun.elapsed().as_millis()));
        Ok(serde_json::json!({ "template": image, "files": files, "how": how }))
    }
    // Taken back with the directory.
}
