//! Files that come from the panel, and files that are sent there.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use shopfleet_client::Download;
use shopfleet_client::types::{FileFormat, NewFile};

use super::Remote;

/// Largest file of a message, bytes; the panel says so as well, after it was sent.
const LARGEST: u64 = 5 * 1024 * 1024;

/// Writes a file of the panel to `to`, or to standard output. What broke off leaves nothing, and nothing is overwritten.
pub async fn save(remote: &Remote, mut download: Download, to: Option<&Path>) -> Result<ExitCode> {
    let Some(to) = to else {
        let mut out = std::io::stdout().lock();
        while let Some(part) = download.next().await? {
            // A reader who leaves early has what they wanted.
            if out.write_all(&part).is_err() {
                return Ok(ExitCode::SUCCESS);
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    if fs::symlink_metadata(to).is_ok() {
        bail!("{} is there already; choose another name", to.display());
    }
    let part = part_of(to)?;
    let written = fill(&mut download, &part).await.and_then(|length| {
        // Not over what came there meanwhile.
        fs::hard_link(&part, to).with_context(|| format!("cannot write {}", to.display()))?;
        Ok(length)
    });
    let _ = fs::remove_file(&part);
    let length = written?;
    let document = serde_json::json!({ "file": to.to_string_lossy(), "bytes": length });
    remote.done(&document, &format!("{} is written, {length} bytes", to.display()))
}

fn part_of(to: &Path) -> Result<PathBuf> {
    let name = to.file_name().context("a file needs a name")?.to_string_lossy();
    Ok(to.with_file_name(format!(".{name}.{}.part", std::process::id())))
}

async fn fill(download: &mut Download, path: &Path) -> Result<u64> {
    let cannot = || format!("cannot write {}", path.display());
    // What customers wrote is nobody else's on this machine.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).with_context(cannot)?;
    let mut length = 0;
    while let Some(part) = download.next().await? {
        file.write_all(&part).with_context(cannot)?;
        length += part.len() as u64;
    }
    file.sync_all().with_context(cannot)?;
    Ok(length)
}

/// Reads files to be sent along with a message.
pub fn read(paths: &[PathBuf]) -> Result<Option<Vec<NewFile>>> {
    let mut files = Vec::new();
    for path in paths {
        let about = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if !about.is_file() || about.len() > LARGEST {
            bail!("{} is no file of at most 5 MB", path.display());
        }
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push(NewFile { name, content: BASE64.encode(bytes) });
    }
    Ok((!files.is_empty()).then_some(files))
}

/// How a list is written; the arguments take nothing else.
pub fn format(text: &str) -> FileFormat {
    if text == "jsonl" { FileFormat::Jsonl } else { FileFormat::Csv }
}
