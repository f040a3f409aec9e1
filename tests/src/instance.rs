//! A whole private Shopfleet as people start it: the supervisor with its own MariaDB, Redis, edge, mail catcher, web
//! and worker, on the machine's Docker. Gone without a trace when dropped.

use hosting::crypto::Secret;
use hosting::db::Db;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Folders of instances are `/tmp/sft-<pid>`: short, because sockets below have short names only.
const PREFIX: &str = "sft-";

/// A running instance.
pub struct Instance {
    /// Its var folder.
    pub var: PathBuf,
    /// Where the panel answers, without a slash at the end.
    pub web_url: String,
    /// Port of the edge, in every store's address.
    pub edge_port: u16,
    /// Where stores live, e.g. `shops.localhost`.
    pub base_domain: String,
    /// The first super admin.
    pub admin_email: String,
    /// Its Maildir.
    pub mail_dir: PathBuf,
    /// Address of its Redis, with password.
    pub redis_url: String,
    /// Its database, with the application's rights.
    pub db: Db,
    /// The same database for statements the product has no use for.
    pub pool: sqlx::MySqlPool,
    program: PathBuf,
    root: PathBuf,
}

impl Instance {
    /// Starts it. Panics with the reason when a part is missing.
    pub async fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf();
        // The test program is target/<profile>/deps/<name>.
        let own = std::env::current_exe().unwrap();
        let programs = own.parent().unwrap().parent().unwrap().to_path_buf();
        for name in ["shopfleet", "shopfleet-web", "shopfleet-worker"] {
            assert!(programs.join(name).is_file(), "{name} is not built: run `cargo build --workspace` first");
        }
        let program = programs.join("shopfleet");
        end_abandoned(&program, &root);
        let var = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(&var).unwrap();
        fs::set_permissions(&var, fs::Permissions::from_mode(0o711)).unwrap();
        fs::write(var.join("images.json"), images_json(&root)).unwrap();
        let output = shopfleet(&program, &root, &var, &["up", "--detach"]);
        if !output.status.success() {
            shopfleet(&program, &root, &var, &["down", "--purge", "--yes"]);
            panic!("the instance does not start:\n{}{}", text(&output.stdout), text(&output.stderr));
        }
        let up: Value = serde_json::from_str(&fs::read_to_string(var.join("up.json")).unwrap()).unwrap();
        let word = |name: &str| up[name].as_str().unwrap_or_else(|| panic!("up.json has no {name}")).to_owned();
        let url = fs::read_to_string(var.join("secrets/web/shopfleet_database_url")).unwrap();
        let edge: url::Url = word("edge_url").parse().unwrap();
        Self {
            web_url: word("web_url"),
            edge_port: edge.port().unwrap(),
            base_domain: word("base_domain"),
            admin_email: word("admin_email"),
            mail_dir: word("mail_dir").into(),
            redis_url: word("redis_url"),
            db: Db::connect(&Secret::new(url.trim()), 4).unwrap(),
            pool: sqlx::MySqlPool::connect(url.trim()).await.unwrap(),
            var,
            program,
            root,
        }
    }

    /// Password of the first super admin.
    pub fn admin_password(&self) -> String {
        fs::read_to_string(self.var.join("admin-password")).unwrap().trim().to_owned()
    }

    /// The address of a store.
    pub fn store_url(&self, slug: &str) -> String {
        format!("http://{slug}.{}:{}", self.base_domain, self.edge_port)
    }

    /// Port of the panel.
    pub fn web_port(&self) -> u16 {
        self.web_url.parse::<url::Url>().unwrap().port().unwrap()
    }

    /// Another web process of it, where the panel answers by a name, as browsers want it for passkeys.
    pub fn panel_by_name(&self) -> Panel {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://localhost:{port}");
        let secrets = self.var.join("secrets/web");
        let child = Command::new(self.program.with_file_name("shopfleet-web"))
            .env("SHOPFLEET_DATABASE_URL_FILE", secrets.join("shopfleet_database_url"))
            .env("SHOPFLEET_REDIS_URL_FILE", secrets.join("shopfleet_redis_url"))
            .env("SHOPFLEET_MASTER_KEY_FILE", secrets.join("shopfleet_master_key"))
            .env("SHOPFLEET_BASE_URL", &url)
            .env("SHOPFLEET_LISTEN", format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut panel = Panel { url, child };
        for _ in 0..1000 {
            assert!(panel.child.try_wait().unwrap().is_none(), "the web process ended at once");
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return panel;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("the web process does not answer at {}", panel.url);
    }

    /// Process id of a supervised program.
    pub fn pid(&self, name: &str) -> Option<i32> {
        let record = fs::read_to_string(self.var.join(format!("run/{name}.json"))).ok()?;
        let record: Value = serde_json::from_str(&record).ok()?;
        i32::try_from(record["pid"].as_i64()?).ok()
    }

    /// In the list this instance's worker reads, names an image that nobody has; until the answer is dropped.
    pub fn without_image(&self, name: &str) -> MissingImage {
        let file = self.var.join("images.json");
        let list = fs::read_to_string(&file).unwrap();
        let mut changed: Value = serde_json::from_str(&list).unwrap();
        changed[name] = format!("sha256:{}", "0".repeat(64)).into();
        replace(&file, &changed.to_string());
        MissingImage { file, list }
    }

    /// The newest mail to `to` that has `needle` in its plain text: that text.
    pub fn mail(&self, to: &str, needle: &str) -> Option<String> {
        let mut mails: Vec<_> = fs::read_dir(self.mail_dir.join("new")).ok()?.flatten().map(|e| e.path()).collect();
        mails.sort();
        mails.iter().rev().find_map(|path| {
            let raw = fs::read_to_string(path).ok()?;
            let head = raw.split_once("\n\n").or_else(|| raw.split_once("\r\n\r\n"))?.0;
            let addressed = head.lines().any(|l| l.strip_prefix("To: ").is_some_and(|a| a.trim() == to));
            let plain = plain_part(&raw)?;
            (addressed && plain.contains(needle)).then_some(plain)
        })
    }

    /// Runs the command line on this instance; it must succeed.
    pub fn run(&self, words: &[&str]) -> String {
        let output = shopfleet(&self.program, &self.root, &self.var, words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if std::env::var_os("SHOPFLEET_TEST_KEEP").is_some() {
            eprintln!("kept: {} (SHOPFLEET_VAR={} shopfleet down --purge --yes)", self.web_url, self.var.display());
            return;
        }
        let output = shopfleet(&self.program, &self.root, &self.var, &["down", "--purge", "--yes"]);
        if output.status.success() {
            let _ = fs::remove_dir_all(&self.var);
        } else {
            eprintln!("could not end {}: {}{}", self.var.display(), text(&output.stdout), text(&output.stderr));
        }
    }
}

/// See [`Instance::panel_by_name`]; ends with the value.
pub struct Panel {
    /// `http://localhost:PORT`
    pub url: String,
    child: Child,
}

impl Drop for Panel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts the true list back when dropped.
pub struct MissingImage {
    file: PathBuf,
    list: String,
}

impl Drop for MissingImage {
    fn drop(&mut self) {
        replace(&self.file, &self.list);
    }
}

fn replace(file: &Path, text: &str) {
    let fresh = file.with_extension("new");
    fs::write(&fresh, text).unwrap();
    fs::rename(fresh, file).unwrap();
}

fn shopfleet(program: &Path, root: &Path, var: &Path, words: &[&str]) -> Output {
    Command::new(program)
        .args(words)
        .env("SHOPFLEET_VAR", var)
        .env("SHOPFLEET_ROOT", root)
        .env_remove("SHOPFLEET_DATABASE_URL")
        .env_remove("SHOPFLEET_FAIL_POINT_FILE")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The list of images this tree's scripts built.
fn images_json(root: &Path) -> String {
    let path = std::env::var_os("SHOPFLEET_IMAGES_FILE").map_or_else(|| root.join("var/images.json"), PathBuf::from);
    fs::read_to_string(&path).unwrap_or_else(|e| {
        panic!("the store images are missing ({}: {e}): run ./scripts/images or ./scripts/test", path.display())
    })
}

/// Instances of test programs that were killed before they could clean up.
fn end_abandoned(program: &Path, root: &Path) {
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.strip_prefix(PREFIX)).and_then(|n| n.parse::<u32>().ok()) else {
            continue;
        };
        if !Path::new(&format!("/proc/{pid}")).exists() {
            shopfleet(program, root, &entry.path(), &["down", "--purge", "--yes"]);
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The text/plain part of a mail, quoted-printable undone.
fn plain_part(raw: &str) -> Option<String> {
    let raw = raw.replace("\r\n", "\n");
    let part = raw.split("Content-Type: text/plain").nth(1)?.split_once("\n\n")?.1;
    let part = part.split("\n--").next()?.replace("=\n", "");
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'=')
            .then(|| tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()))
            .flatten();
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
