//! The golden template: unpacked from its image once per server, copied for every store.

use super::layout::{StoreDir, TEMPLATES, template_dir};
use crate::docker::{Docker, DockerError, LABEL_KIND, LABEL_SERVER, Labels};
use crate::files::copy::{Copied, copy_tree, punch_holes};
use crate::files::root::Owner;
use crate::files::{FileError, StoreRoot, remove};
use futures_util::StreamExt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Why the template could not be unpacked or placed.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The Engine.
    #[error(transparent)]
    Docker(#[from] DockerError),
    /// Files.
    #[error(transparent)]
    File(#[from] FileError),
    /// The image's files.
    #[error("unpack the template: {0}")]
    Unpack(#[source] std::io::Error),
    /// A task of ours ended early.
    #[error("unpack the template: the task ended early")]
    Task,
}

/// One unpacking at a time in this process; a lock file keeps other processes out.
static UNPACKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The unpacked template of an image; unpacks it if this server has not yet.
///
/// # Errors
/// `ImageMissing`, no space.
pub async fn ensure(docker: &Docker, data_dir: &Path, image: &str, server: &str) -> Result<PathBuf, TemplateError> {
    let dir = template_dir(data_dir, image);
    if dir.join("manifest.json").exists() {
        return Ok(dir);
    }
    let _one = UNPACKING.lock().await;
    let data = StoreRoot::open(data_dir)?;
    let templates = data.ensure_dir(TEMPLATES, Owner::ROOT)?;
    let lock = std::fs::File::create(templates.held_path().join(".lock"))
        .map_err(|e| FileError::io("open", templates.path().join(".lock"), &e))?;
    let _lock = tokio::task::spawn_blocking(move || nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusive))
        .await
        .map_err(|_| TemplateError::Task)?
        .map_err(|(_, e)| FileError::new("lock", templates.path(), e))?;
    if dir.join("manifest.json").exists() {
        return Ok(dir);
    }
    let name = dir.file_name().and_then(|n| n.to_str()).unwrap_or("template").to_owned();
    let reader = format!("shopfleet-template-{name}");
    let labels = Labels::from([
        (LABEL_KIND.to_owned(), "template-reader".to_owned()),
        (LABEL_SERVER.to_owned(), server.to_owned()),
    ]);
    docker.create_reader(&reader, image, labels).await?;
    let unpacked = unpack(docker, &reader, &templates, &name).await;
    // The reader was never started; leaving it behind would only be untidy.
    let removed = docker.remove_container(&reader).await;
    unpacked?;
    removed?;
    Ok(dir)
}

/// Removes unpacked templates but that of `image`, and what an interrupted unpacking left; returns their names.
/// The caller knows that nothing copies from an old one. Waits for an unpacking that is under way. Blocking.
///
/// # Errors
/// File system trouble.
pub fn prune(data_dir: &Path, image: &str) -> Result<Vec<String>, FileError> {
    let data = StoreRoot::open(data_dir)?;
    let Some(templates) = data.sub(TEMPLATES)? else { return Ok(vec![]) };
    let path = templates.path().join(".lock");
    let lock =
        std::fs::File::create(templates.held_path().join(".lock")).map_err(|e| FileError::io("open", &path, &e))?;
    let _lock = nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusive)
        .map_err(|(_, e)| FileError::new("lock", &path, e))?;
    let current = template_dir(data_dir, image);
    let entries = std::fs::read_dir(templates.held_path()).map_err(|e| FileError::io("read", templates.path(), &e))?;
    let mut removed = Vec::new();
    for name in entries.flatten().filter_map(|e| e.file_name().into_string().ok()) {
        if name == ".lock" || current.file_name().is_some_and(|c| c == name.as_str()) {
            continue;
        }
        remove::remove_tree(&templates, &name)?;
        removed.push(name);
    }
    removed.sort();
    Ok(removed)
}

async fn unpack(docker: &Docker, reader: &str, templates: &StoreRoot, name: &str) -> Result<(), TemplateError> {
    let fresh = format!("{name}.new");
    let (held, clean) = (templates.held_path(), fresh.clone());
    remove::remove_tree(templates, &fresh)?;
    let (send, receive) = tokio::sync::mpsc::channel(16);
    let target = held.join(&clean);
    let writing = tokio::task::spawn_blocking(move || -> Result<(), std::io::Error> {
        std::fs::create_dir(&target)?;
        let mut archive = tar::Archive::new(Parts { receive, part: bytes::Bytes::new() });
        archive.set_preserve_permissions(true);
        archive.set_preserve_ownerships(true);
        archive.set_preserve_mtime(true);
        archive.unpack(&target)?;
        for entry in std::fs::read_dir(target.join("template/db"))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                punch_holes(&entry.path())?;
            }
        }
        Ok(())
    });
    let mut parts = Box::pin(docker.read_files(reader, "/template"));
    while let Some(part) = parts.next().await {
        let part = part.map_err(|e| std::io::Error::other(e.to_string()));
        let failed = part.is_err();
        if send.send(part).await.is_err() || failed {
            break;
        }
    }
    drop(send);
    writing.await.map_err(|_| TemplateError::Task)?.map_err(TemplateError::Unpack)?;
    let inner = templates.sub(&fresh)?.ok_or(TemplateError::Task)?;
    inner.move_to("template", templates, name)?;
    remove::remove_tree(templates, &fresh)?;
    Ok(())
}

/// A stream of parts read as one file.
struct Parts {
    receive: tokio::sync::mpsc::Receiver<Result<bytes::Bytes, std::io::Error>>,
    part: bytes::Bytes,
}

impl Read for Parts {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.part.is_empty() {
            match self.receive.blocking_recv() {
                Some(part) => self.part = part?,
                None => return Ok(0),
            }
        }
        let n = out.len().min(self.part.len());
        out[..n].copy_from_slice(&self.part.split_to(n));
        Ok(n)
    }
}

/// What comes from the template: its name there, and where it goes in the store.
const PARTS: [(&str, &str, &str); 3] =
    [("db", "db", "data"), ("wp-content", "web", "wp-content"), ("opcache", "web", "opcache")];

/// Copies the template into a prepared store directory. Each part is copied beside its place and
/// moved there when it is whole, so a part that is in place is never touched again. Blocking.
///
/// # Errors
/// No space, missing directory.
pub fn place(template: &Path, dir: &StoreDir) -> Result<Vec<Copied>, FileError> {
    let results: Vec<Result<Copied, FileError>> = std::thread::scope(|scope| {
        let running: Vec<_> = PARTS
            .iter()
            .map(|(from, parent, name)| scope.spawn(move || place_part(template, dir, from, parent, name)))
            .collect();
        running
            .into_iter()
            .map(|r| r.join().unwrap_or_else(|_| Err(FileError::new("copy", template, nix::errno::Errno::EIO))))
            .collect()
    });
    results.into_iter().collect()
}

fn place_part(template: &Path, dir: &StoreDir, from: &str, parent: &str, name: &str) -> Result<Copied, FileError> {
    let parent = dir.open_dir(parent)?;
    if parent.sub(name)?.is_some() {
        return Ok(Copied { files: 0, bytes: 0, reflink: false });
    }
    let fresh = format!(".{name}.new");
    remove::remove_tree(&parent, &fresh)?;
    let target = parent.ensure_dir(&fresh, Owner::ROOT)?;
    let source = template.join(from);
    // WooCommerce's plugin alone has thousands of small files; the other parts have hundreds.
    let copied = copy_tree(&source, &target, if from == "wp-content" { 3 } else { 1 })?;
    let meta = std::fs::metadata(&source).map_err(|e| FileError::io("look at", &source, &e))?;
    {
        use std::os::unix::fs::MetadataExt;
        target.own(Owner { uid: meta.uid(), gid: meta.gid(), mode: meta.mode() & 0o777 })?;
    }
    parent.rename(&fresh, name)?;
    Ok(copied)
}
