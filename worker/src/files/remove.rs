//! Removes a tree by walking directory handles: no path is ever resolved twice, no link is
//! followed, no other file system is entered.

use super::root::StoreRoot;
use super::{FileError, FileResult};
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, fstat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::CString;
use std::os::fd::AsFd;

/// Removes `name` in `parent` with everything beneath; gone is fine. Blocking.
///
/// # Errors
/// A mount point beneath it (`EXDEV`), or a directory that keeps filling up.
pub fn remove_tree(parent: &StoreRoot, name: &str) -> FileResult<()> {
    let fail = |e| FileError::new("remove", parent.path().join(name), e);
    let device = parent.device().map_err(fail)?;
    let name = CString::new(name).map_err(|_| fail(Errno::EINVAL))?;
    remove_at(parent.fd(), &name, device, 0).map_err(fail)
}

fn remove_at(at: impl AsFd, name: &CString, device: u64, depth: u32) -> nix::Result<()> {
    match unlinkat(at.as_fd(), name.as_c_str(), UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => return Ok(()),
        Err(Errno::EISDIR | Errno::EPERM) => {}
        Err(e) => return Err(e),
    }
    if depth > 200 {
        return Err(Errno::ELOOP);
    }
    let flags = OFlag::O_DIRECTORY | OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut dir = match Dir::openat(at.as_fd(), name.as_c_str(), flags, Mode::empty()) {
        Ok(dir) => dir,
        Err(Errno::ENOENT) => return Ok(()),
        Err(e) => return Err(e),
    };
    if fstat(&dir)?.st_dev != device {
        return Err(Errno::EXDEV);
    }
    // A writer that is still there may add entries meanwhile: look again until it is empty.
    for _ in 0..100 {
        let mut names = Vec::new();
        for entry in dir.iter() {
            let entry = entry?;
            let found = entry.file_name();
            if !matches!(found.to_bytes(), b"." | b"..") {
                names.push((found.to_owned(), entry.file_type()));
            }
        }
        for (found, kind) in &names {
            if *kind == Some(Type::Directory) {
                remove_at(&dir, found, device, depth + 1)?;
            } else {
                match unlinkat(&dir, found.as_c_str(), UnlinkatFlags::NoRemoveDir) {
                    Ok(()) | Err(Errno::ENOENT) => {}
                    Err(Errno::EISDIR | Errno::EPERM) => remove_at(&dir, found, device, depth + 1)?,
                    Err(e) => return Err(e),
                }
            }
        }
        match unlinkat(at.as_fd(), name.as_c_str(), UnlinkatFlags::RemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => return Ok(()),
            Err(Errno::ENOTEMPTY | Errno::EEXIST) => {}
            Err(e) => return Err(e),
        }
    }
    Err(Errno::ENOTEMPTY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_goes_and_what_links_point_to_stays() {
        let dir = std::env::temp_dir().join(format!("sf-remove-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(dir.join("store/a/b/c")).unwrap();
        std::fs::create_dir_all(dir.join("kept")).unwrap();
        std::fs::write(dir.join("kept/file"), "x").unwrap();
        std::fs::write(dir.join("store/a/b/file"), "x").unwrap();
        std::os::unix::fs::symlink(dir.join("kept"), dir.join("store/a/link")).unwrap();
        let root = StoreRoot::open(&dir).unwrap();
        remove_tree(&root, "store").unwrap();
        remove_tree(&root, "store").unwrap();
        assert!(!dir.join("store").exists());
        assert!(dir.join("kept/file").exists());
        std::os::unix::fs::symlink(dir.join("kept"), dir.join("store")).unwrap();
        remove_tree(&root, "store").unwrap();
        assert!(dir.join("kept/file").exists());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
