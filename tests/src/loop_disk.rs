//! A small disk of a test's own: a file, a file system in it, mounted by loop. It may be filled up.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A mounted file system; unmounted and gone when dropped.
pub struct LoopDisk {
    file: PathBuf,
    mount: PathBuf,
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let answer = Command::new(program)
        .args(args)
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}: run ./scripts/test, which installs it"));
    let words = String::from_utf8_lossy(&answer.stderr);
    if answer.status.success() { Ok(()) } else { Err(format!("{program} {args:?}: {words}")) }
}

impl LoopDisk {
    /// ext4 of `mb` MiB.
    pub fn ext4(mb: u64) -> Self {
        Self::make(mb, "mkfs.ext4", &["-q", "-F", "-m", "0"], "loop").unwrap()
    }

    /// XFS of `mb` MiB (300 at least).
    pub fn xfs(mb: u64) -> Self {
        Self::make(mb, "mkfs.xfs", &["-q", "-f"], "loop").unwrap()
    }

    /// ext4 with project quotas; the kernel's refusal where it was built without them.
    pub fn ext4_with_quota(mb: u64) -> Result<Self, String> {
        let args = ["-q", "-F", "-m", "0", "-O", "quota,project", "-E", "quotatype=prjquota"];
        Self::make(mb, "mkfs.ext4", &args, "loop,prjquota")
    }

    /// XFS with project quotas; the kernel's refusal where it was built without them.
    pub fn xfs_with_quota(mb: u64) -> Result<Self, String> {
        Self::make(mb, "mkfs.xfs", &["-q", "-f"], "loop,prjquota")
    }

    fn make(mb: u64, program: &str, args: &[&str], options: &str) -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sft-disk-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let file = std::env::temp_dir().join(format!("{name}.img"));
        let mount = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&mount).unwrap();
        // Sparse: only what is written takes room.
        std::fs::File::create(&file).unwrap().set_len(mb << 20).unwrap();
        let mut all = args.to_vec();
        all.push(file.to_str().unwrap());
        run(program, &all).unwrap();
        let disk = Self { file, mount };
        run("mount", &["-o", options, disk.file.to_str().unwrap(), disk.mount.to_str().unwrap()])?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.mount
    }

    fn ballast(&self) -> PathBuf {
        self.mount.join("ballast")
    }

    /// Fills it until about `mb` MiB are free; 0: to the last byte.
    pub fn fill(&self, mb: u64) {
        use std::io::Write;
        let mut file = std::fs::File::options().create(true).append(true).open(self.ballast()).unwrap();
        let size = self.free().saturating_sub(mb.max(1) << 20);
        nix::fcntl::posix_fallocate(&file, 0, i64::try_from(size).unwrap()).unwrap();
        let mut part = if mb == 0 { 64 * 1024 } else { 0 };
        while part >= 512 {
            if let Err(e) = file.write_all(&vec![7; part]).and_then(|()| file.sync_data()) {
                assert_eq!(e.kind(), std::io::ErrorKind::StorageFull, "{e}");
                part /= 2;
            }
        }
    }

    /// Makes room again.
    pub fn empty(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    /// Free bytes.
    pub fn free(&self) -> u64 {
        let s = nix::sys::statvfs::statvfs(&self.mount).unwrap();
        s.blocks_available() * s.fragment_size()
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        let mount = self.mount.to_str().unwrap();
        // Containers that are being removed may still hold it for a moment.
        for _ in 0..50 {
            if !std::fs::read_to_string("/proc/mounts").unwrap_or_default().contains(&format!(" {mount} ")) {
                break;
            }
            if Command::new("umount").arg(mount).output().is_ok_and(|a| a.status.success()) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let _ = std::fs::remove_dir(&self.mount);
        let _ = std::fs::remove_file(&self.file);
    }
}
