//! Takes in the mails of a Maildir of this server. Taken ones are removed, because they are in their tickets now;
//! refused ones are kept for the operator, and what failed on our side stays for the next run.

use crate::engine::{Job, Step, StepContext, StepError, StepResult, Weight};
use async_trait::async_trait;
use hosting::mail::incoming::MAIL_BYTES;
use hosting::services::take_mail::{Taken, take_mail};
use hosting::services::{ServiceError, Services};
use serde_json::json;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Mails of one run; the others wait a minute.
const AT_ONCE: usize = 200;

/// The job.
pub struct ReadMailbox {
    steps: Vec<Arc<dyn Step>>,
}

impl ReadMailbox {
    /// `folder` is this server's Maildir, if it has one.
    #[must_use]
    pub fn new(services: Services, folder: Option<PathBuf>) -> Self {
        Self { steps: vec![Arc::new(TakeIn { services, folder })] }
    }
}

impl Job for ReadMailbox {
    fn kind(&self) -> &'static str {
        hosting::jobs::READ_MAILBOX
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}

struct TakeIn {
    services: Services,
    folder: Option<PathBuf>,
}

#[async_trait]
impl Step for TakeIn {
    fn name(&self) -> &'static str {
        "take_in"
    }
    fn title(&self) -> &'static str {
        "Take in mails"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(5)
    }

    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let Some(folder) = self.folder.clone() else { return Ok(json!({ "mailbox": false })) };
        let trouble = |e: std::io::Error| {
            StepError::passing(
                "mailbox",
                "The mailbox folder cannot be read. We are trying again",
                format!("{}: {e}", folder.display()),
            )
        };
        let (mut taken, mut refused) = (0, 0);
        for name in new_mails(&folder).map_err(trouble)? {
            let (path, file) = (folder.join("new").join(&name), folder.clone());
            let raw = tokio::task::spawn_blocking({
                let path = path.clone();
                move || read(&path)
            })
            .await
            .map_err(|e| StepError::passing("mailbox", "The mailbox folder cannot be read. We are trying again", e))?;
            let raw = match raw {
                Ok(raw) => raw,
                // Another process took it.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => return Err(trouble(e)),
            };
            match take_mail(&self.services, &raw, None).await {
                Ok(Taken::Added(ticket)) => {
                    taken += 1;
                    cx.detail(format!("{name} is in {ticket}"));
                    remove(&path).map_err(trouble)?;
                }
                Ok(Taken::Known) => remove(&path).map_err(trouble)?,
                Ok(Taken::Dropped(why)) => {
                    cx.detail(format!("{name} is dropped: {why}"));
                    remove(&path).map_err(trouble)?;
                }
                Ok(Taken::Refused(refusal)) => {
                    refused += 1;
                    cx.warn(format!("{name} is refused and kept in cur: {}", refusal.words()));
                    // "F": somebody should look at it.
                    std::fs::rename(&path, file.join("cur").join(format!("{name}:2,F"))).map_err(trouble)?;
                }
                Err(ServiceError::Db(db)) => return Err(db.into()),
                Err(other) => return Err(StepError::last("mail_not_taken", "A mail could not be taken in", other)),
            }
        }
        Ok(json!({ "taken": taken, "refused": refused }))
    }
}

/// Names of the mails in `new`, the oldest first; what is no plain name of a mail is not looked at.
fn new_mails(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(folder.join("new"))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && !name.chars().any(char::is_control) && !name.contains(':'))
        .collect();
    names.sort();
    names.truncate(AT_ONCE);
    Ok(names)
}

/// One byte more than is taken, so that what is too large is seen to be; never through a link.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not a plain file"));
    }
    let mut raw = Vec::new();
    file.take(MAIL_BYTES as u64 + 1).read_to_end(&mut raw)?;
    Ok(raw)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
