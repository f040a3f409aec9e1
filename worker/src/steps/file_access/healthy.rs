//! Wait until sshd answers, and look at who answers.

use super::container::spec_of;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::steps::Subject;
use async_trait::async_trait;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

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
        "Wait until it answers"
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let spec = spec_of(subject.stack(machine, &machine.images()?).await?.file_access)?;
        let listens = if spec.listen.is_unspecified() { Ipv4Addr::LOCALHOST } else { spec.listen };
        let address = SocketAddrV4::new(listens, spec.publish.map_or(0, |p| p.0));
        let begun = Instant::now();
        let mut last = String::from("not asked");
        while begun.elapsed() < LIMIT {
            machine.docker.wait_running(std::slice::from_ref(&spec.name), LIMIT).await?;
            match greeting(address).await {
                Ok(words) if words.starts_with("SSH-2.0-OpenSSH_") => {
                    cx.detail(format!("{} answers after {} ms", words.trim(), begun.elapsed().as_millis()));
                    return Ok(serde_json::Value::Null);
                }
                Ok(words) => last = format!("it says “{}”", words.escape_default()),
                Err(e) => last = e.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if let Ok(text) = machine.docker.tail(&spec.name, 15).await {
            for line in text.lines().filter(|l| !l.trim().is_empty()) {
                cx.detail(format!("sshd: {line}"));
            }
        }
        Err(StepError::passing("sftp_unhealthy", "File access does not answer yet. We are trying again", last))
    }
}

/// The first line that a server of SSH says.
async fn greeting(address: SocketAddrV4) -> std::io::Result<String> {
    let look = async {
        let mut stream = TcpStream::connect(address).await?;
        let mut bytes = [0u8; 64];
        let n = stream.read(&mut bytes).await?;
        Ok(String::from_utf8_lossy(&bytes[..n]).into_owned())
    };
    tokio::time::timeout(Duration::from_secs(3), look)
        .await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}
