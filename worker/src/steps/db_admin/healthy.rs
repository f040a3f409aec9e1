//! Wait until the page answers.

use super::container::page_of;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long it may take on a busy server.
const LIMIT: Duration = Duration::from_secs(45);

/// The step.
pub struct Healthy(pub Arc<Machine>);

#[async_trait]
impl Step for Healthy {
    fn name(&self) -> &'static str {
        "healthy"
    }
    fn title(&self) -> &'static str {
        "Wait until the page answers"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let page = page_of(subject.stack(machine, &machine.images()?).await?.db_admin)?;
        let host = super::address(machine, &subject).await?.host;
        let port = page.publish.map_or(0, |p| p.0);
        let begun = Instant::now();
        let mut last = String::from("not asked");
        while begun.elapsed() < LIMIT {
            machine.docker.wait_running(std::slice::from_ref(&page.name), LIMIT).await?;
            // php has to run to refuse: web server, php and the page's files work.
            match crate::edge::nginx::probe_path(&host, port, "/index.php").await {
                Ok(403) => {
                    cx.detail(format!("It answers after {} ms", begun.elapsed().as_millis()));
                    return Ok(serde_json::Value::Null);
                }
                Ok(status) => last = format!("it answers {status}"),
                Err(e) => last = e.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if let Ok(text) = machine.docker.tail(&page.name, 15).await {
            for line in text.lines().filter(|l| !l.trim().is_empty()) {
                cx.detail(format!("db-admin: {line}"));
            }
        }
        Err(StepError::passing("web_unhealthy", "The database page does not answer yet. We are trying again", last))
    }
}
