//! A Docker engine of one test's own, so that it may be killed. It runs in a network namespace of its own
//! (two engines on one would pull down each other's firewall rules), so the whole test does:
//! [`in_own_network`] starts the test program again in there.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const INSIDE: &str = "SHOPFLEET_TEST_OWN_NETWORK";

/// Runs the test `name` again in a network of its own and returns `false` there was nothing left to do;
/// `true`: we are in it.
pub fn in_own_network(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status().expect("iproute2 is not installed");
        assert!(up.success());
        return true;
    }
    let answer = Command::new("unshare")
        .args(["--net", "--"])
        .arg(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    print!("{text}{}", String::from_utf8_lossy(&answer.stderr));
    assert!(answer.status.success() && text.contains("1 passed"), "{name} failed in its own network");
    false
}

/// Whether a process lives; one that only waits to be reaped does not.
fn is_running(pid: &str) -> bool {
    let stat = if pid.is_empty() { None } else { std::fs::read_to_string(format!("/proc/{pid}/stat")).ok() };
    stat.is_some_and(|s| !s.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

/// A running engine.
pub struct OwnEngine {
    dir: PathBuf,
    data: PathBuf,
    child: Option<Child>,
    /// The stores' containers survive the engine.
    pub live_restore: bool,
    _lock: nix::fcntl::Flock<std::fs::File>,
}

impl OwnEngine {
    /// Starts one and gives it the store images. They stay in `cache` for the next run.
    pub fn start(cache: &str) -> Self {
        let cache = PathBuf::from(cache).join("own-engine");
        std::fs::create_dir_all(&cache).unwrap();
        let lock = std::fs::File::create(cache.join("lock")).unwrap();
        let lock = nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusive).unwrap();
        // Short: sockets below have short names only.
        let dir = std::env::temp_dir().join(format!("sft-dk{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let mut engine = Self { dir, data: cache.join("data"), child: None, live_restore: true, _lock: lock };
        engine.up();
        engine.clean();
        engine.load_images();
        engine
    }

    /// For `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.dir.join("s").display())
    }

    fn docker(&self, args: &[&str]) -> std::process::Output {
        Command::new("docker").args(["-H", &self.host()]).args(args).output().unwrap()
    }

    /// What `docker` answers, in words.
    pub fn words(&self, args: &[&str]) -> Vec<String> {
        let answer = self.docker(args);
        assert!(answer.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8(answer.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
    }

    /// Starts it on what it left and waits until it answers.
    pub fn up(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.dir.join("log")).unwrap();
        // A killed one leaves its number behind, and the number of its helper, which ended with it.
        let _ = std::fs::remove_file(self.dir.join("pid"));
        let _ = std::fs::remove_file(self.dir.join("x/containerd/containerd.pid"));
        let mut command = Command::new("dockerd");
        command.arg("--data-root").arg(&self.data).arg("--exec-root").arg(self.dir.join("x"));
        command.arg("--pidfile").arg(self.dir.join("pid")).arg("-H").arg(self.host());
        command.args(["--bridge=none", "--log-level=warn", "--containerd-namespace=sft", "--shutdown-timeout=5"]);
        command.arg("--containerd-plugins-namespace=sft-plugins");
        if self.live_restore {
            command.arg("--live-restore");
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("dockerd");
        self.child = Some(child);
        let begun = Instant::now();
        while !self.docker(&["version"]).status.success() {
            let log = || std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "the engine did not start:\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.end(nix::sys::signal::Signal::SIGKILL);
    }

    /// As a restart for an update does.
    pub fn stop(&mut self) {
        self.end(nix::sys::signal::Signal::SIGTERM);
    }

    fn end(&mut self, signal: nix::sys::signal::Signal) {
        if let Some(mut child) = self.child.take() {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
            let helper = std::fs::read_to_string(self.dir.join("x/containerd/containerd.pid")).unwrap_or_default();
            let _ = nix::sys::signal::kill(pid, signal);
            let _ = child.wait();
            let begun = Instant::now();
            while is_running(helper.trim()) {
                assert!(begun.elapsed() < Duration::from_secs(20), "the engine's helper {helper} outlives it");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Whatever of its containers a failed test left running.
    fn end_containers(&self) {
        let mark = self.dir.display().to_string();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if !line.contains("containerd-shim") || !line.contains(&mark) {
                continue;
            }
            let children = std::fs::read_to_string(entry.path().join(format!("task/{name}/children")));
            for pid in children.unwrap_or_default().split_whitespace().chain([name.as_str()]) {
                let pid = nix::unistd::Pid::from_raw(pid.parse().unwrap());
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            }
        }
    }

    fn clean(&self) {
        for (list, remove) in [
            (["ps", "-aq", "--no-trunc"], ["rm", "-f", "-v"].as_slice()),
            (["network", "ls", "-qftype=custom"], &["network", "rm"]),
        ] {
            let found = self.words(&list);
            if !found.is_empty() {
                let mut args = remove.to_vec();
                args.extend(found.iter().map(String::as_str));
                let _ = self.docker(&args);
            }
        }
    }

    fn load_images(&self) {
        let list = std::fs::read_to_string(std::env::var_os("SHOPFLEET_IMAGES_FILE").unwrap()).unwrap();
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let needed: Vec<&str> = ["store-web", "store-db", "store-redis", "template-woocommerce"]
            .iter()
            .map(|name| list[name].as_str().unwrap())
            .filter(|id| !self.docker(&["image", "inspect", id]).status.success())
            .collect();
        if needed.is_empty() {
            return;
        }
        let mut save =
            Command::new("docker").arg("save").args(&needed).stdout(Stdio::piped()).spawn().expect("docker save");
        let load = Command::new("docker")
            .args(["-H", &self.host(), "load", "-q"])
            .stdin(save.stdout.take().unwrap())
            .output()
            .unwrap();
        assert!(load.status.success() && save.wait().unwrap().success(), "{}", String::from_utf8_lossy(&load.stderr));
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.clean();
        }
        self.stop();
        self.end_containers();
        // What the engine left mounted would keep its folders busy: it mounts its data folder over itself, too.
        for mounted in [self.dir.join("x"), self.data.clone()] {
            let _ = Command::new("umount").args(["-q", "-R", "-l"]).arg(mounted).output();
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
