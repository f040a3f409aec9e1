//! Wait until every part answers.

use super::Subject;
use super::subject::secret;
use crate::edge::nginx;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::branding;
use crate::shop::stack::Stack;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a part may take on a busy server.
const LIMIT: Duration = Duration::from_secs(60);

/// The step.
pub struct Healthy(pub Arc<Machine>);

#[async_trait]
impl Step for Healthy {
    fn name(&self) -> &'static str {
        "healthy"
    }
    fn title(&self) -> &'static str {
        "Wait until everything answers"
    }
    fn deadline(&self) -> Duration {
        LIMIT * 2
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let panel = subject.secret(machine, cx, secret::PANEL_PASSWORD).await?;
        let stack = subject.stack(machine, &machine.images()?).await?;
        let host = subject.host()?;
        let dir = machine.dir(&subject.store);
        let begun = Instant::now();
        let port = stack.service("web").and_then(|w| w.publish).map_or(0, |p| p.0);
        let web = async {
            // nginx serves a file of WordPress: the container, its mounts and its port work.
            let mut last = String::from("not asked");
            while begun.elapsed() < LIMIT {
                match nginx::probe(&host, port).await {
                    Ok(200) => return Ok(()),
                    Ok(status) => last = format!("it answers {status}"),
                    Err(e) => last = e.to_string(),
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(StepError::passing(
                "web_unhealthy",
                "Your store's web server does not answer yet. We are trying again",
                last,
            ))
        };
        let database = async { branding::connect(&dir, &panel, LIMIT).await.map(drop).map_err(StepError::from) };
        let running = async {
            // A part that has ended is noticed at once, not when the others' time is over.
            loop {
                machine.docker.wait_running(&stack.names(), LIMIT).await.map_err(StepError::from)?;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let both = async { tokio::try_join!(web, database).map(|_| ()) };
        let result: StepResult<()> = tokio::select! {
            done = both => done,
            ended = running => ended,
        };
        if let Err(error) = result {
            report_logs(machine, cx, &stack).await;
            return Err(error);
        }
        cx.detail(format!("Web server and database answer after {} ms", begun.elapsed().as_millis()));
        Ok(serde_json::Value::Null)
    }
}

/// The last lines of every container, for staff.
pub async fn report_logs(machine: &Machine, cx: &mut StepContext, stack: &Stack) {
    for container in &stack.containers {
        if let Ok(text) = machine.docker.tail(&container.name, 15).await {
            for line in text.lines().filter(|l| !l.trim().is_empty()) {
                cx.detail(format!("{}: {line}", container.service));
            }
        }
    }
}
