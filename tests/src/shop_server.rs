//! One server with a real Docker Engine, a real nginx edge and real store images, in a directory of
//! its own: for tests of what a worker does to a machine. Needs root and `SHOPFLEET_IMAGES_FILE`.

use crate::{TestDb, TestRedis};
use hosting::db::jobs::{JobFilter, JobRef, JobRow, NewJob};
use hosting::db::stores::{NewStore, Store};
use hosting::db::{Db, Queries};
use hosting::domain::{Actor, Email, JobState, Platform, PortPool, StoreState};
use hosting::services::Services;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use worker::engine::{Engine, EngineConfig};
use worker::machine::Machine;

/// What exists of stores on this server; empty on a clean one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Census {
    pub containers: Vec<String>,
    pub networks: Vec<String>,
    pub directories: Vec<String>,
    pub routes: Vec<String>,
    pub rows: Vec<String>,
}

pub struct ShopServer {
    pub db: TestDb,
    pub redis: TestRedis,
    pub machine: Arc<Machine>,
    pub server_id: u64,
    pub edge_port: u16,
    pub top: PathBuf,
    pub base_domain: String,
    docker_host: String,
    edge: Child,
}

impl ShopServer {
    pub async fn new() -> Self {
        Self::with(None, None, false).await
    }

    /// With the stores in a folder of the test's own choice: on a disk of its own.
    pub async fn with_stores_in(stores: &std::path::Path) -> Self {
        Self::with(Some(stores), None, false).await
    }

    /// With an engine of the test's own.
    pub async fn with_docker(host: &str) -> Self {
        Self::with(None, Some(host), false).await
    }

    /// With an engine of the test's own, and an edge on 80 and 443 as in production (so in a network of its own).
    pub async fn with_docker_and_tls(host: &str) -> Self {
        Self::with(None, Some(host), true).await
    }

    async fn with(stores: Option<&std::path::Path>, docker_host: Option<&str>, tls: bool) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(
            std::env::var_os("SHOPFLEET_IMAGES_FILE").is_some(),
            "SHOPFLEET_IMAGES_FILE is not set: run ./scripts/test, or scripts/images and name var/images.json"
        );
        let docker_host = docker_host
            .map(str::to_owned)
            .unwrap_or_else(|| std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into()));
        let db = TestDb::new().await;
        let redis = TestRedis::start();
        let pid = std::process::id();
        let name = format!("t{pid}-{n}");
        let top = std::env::temp_dir().join(format!("sft-server-{pid}-{n}"));
        let server_id = own_pools(&db.db, &name, n).await;
        let edge_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base_domain = format!("s{n}.localhost");
        for (key, value) in [
            ("base_domain", base_domain.as_str()),
            ("edge_public_scheme", if tls { "https" } else { "http" }),
            ("edge_public_port", &if tls { 443 } else { edge_port }.to_string()),
            ("edge_probe_port", &edge_port.to_string()),
            ("file_access_listen", "127.0.0.1"),
        ] {
            let mut tx = db.db.begin().await.unwrap();
            tx.settings().set(key, value, "test").await.unwrap();
            tx.commit().await.unwrap();
        }
        let edge_dir = top.join("edge");
        let edge = start_edge(&edge_dir, edge_port, tls);
        let services = Services { db: db.db.clone(), queue: redis.queue(), keys: db.keys.clone() };
        let config = hosting::config::WorkerConfig {
            server: name,
            data_dir: stores.map_or_else(|| top.join("stores"), PathBuf::from),
            edge_dir,
            docker_host: docker_host.clone(),
            mail_dir: None,
            metrics_listen: None,
        };
        // A list of images of its own, so that a test may take one away.
        let images = top.join("images.json");
        std::fs::copy(std::env::var_os("SHOPFLEET_IMAGES_FILE").unwrap(), &images).unwrap();
        let mut machine = Machine::new(&services, &config, server_id).unwrap();
        machine.images_file = Some(images);
        machine.panel_url = "http://panel.test".into();
        let machine = Arc::new(machine);
        machine.warm_up().await;
        Self { db, redis, machine, server_id, edge_port, top, base_domain, docker_host, edge }
    }

    /// Starts an engine with the jobs about stores.
    pub fn engine(&self) -> (Engine, CancellationToken) {
        start_engine(&self.machine)
    }

    pub fn services(&self) -> Services {
        self.machine.services.clone()
    }

    /// A store as sign-up and the confirmed e-mail leave it: `provisioning`, its job waiting.
    pub async fn order(&self, name: &str, slug: &str) -> (u64, JobRef) {
        let mut tx = self.db.db.begin().await.unwrap();
        let email = Email::parse(&format!("{slug}@example.com")).unwrap();
        let customer_id = tx.customers().insert(&email, "x").await.unwrap();
        let plan = tx.plans().find("trial").await.unwrap().unwrap();
        let new = NewStore {
            customer_id,
            plan_id: plan.id,
            platform: Platform::WooCommerce,
            name,
            slug,
            currency: "EUR",
            country: "DE",
        };
        let (id, _) = tx.stores().insert(&new).await.unwrap();
        tx.stores().move_state(id, StoreState::Requested, StoreState::Provisioning).await.unwrap();
        let new = NewJob::for_store(
            hosting::jobs::PROVISION_STORE,
            id,
            customer_id,
            Some(self.server_id),
            &Actor::system("test"),
        );
        let job = tx.jobs().insert(&new).await.unwrap();
        tx.commit().await.unwrap();
        self.redis.queue().announce(&[job]).await;
        (id, job)
    }

    /// Every job of a kind.
    pub async fn jobs_of(&self, kind: &str) -> Vec<JobRef> {
        let filter = JobFilter { kind: Some(kind.to_owned()), limit: 1000, ..JobFilter::default() };
        let rows = self.db.db.read().await.unwrap().jobs().list(&filter).await.unwrap();
        let uid = |row: &JobRow| hosting::domain::Uid::parse(&row.uid).unwrap();
        rows.iter()
            .map(|row| JobRef { id: row.id, uid: uid(row), server_id: row.server_id, priority: row.priority })
            .collect()
    }

    pub async fn store(&self, id: u64) -> Store {
        self.db.db.read().await.unwrap().stores().get(id).await.unwrap().unwrap()
    }

    pub async fn job(&self, job: &JobRef) -> JobRow {
        self.db.db.read().await.unwrap().jobs().get(job.id).await.unwrap().unwrap()
    }

    /// Waits until the job is in `state`; says why when it ended otherwise.
    pub async fn reaches(&self, job: &JobRef, state: JobState) -> JobRow {
        let begun = Instant::now();
        loop {
            if let Some(row) = self.there(job, state, begun).await {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The job, if it is in this state. Panics with its log when it cannot get there any more, or not in time.
    async fn there(&self, job: &JobRef, state: JobState, begun: Instant) -> Option<JobRow> {
        let row = self.job(job).await;
        if row.state == state {
            return Some(row);
        }
        let ended = matches!(row.state, JobState::Finished | JobState::Failed | JobState::Cancelled);
        if ended || begun.elapsed() > Duration::from_secs(120) {
            panic!("job is {:?}, not {state:?}:\n{}", row.state, self.log(job).await);
        }
        None
    }

    /// As [`Self::reaches`]; a job that waits for its next try is told not to.
    pub async fn hurry_until(&self, job: &JobRef, state: JobState) {
        let begun = Instant::now();
        while self.there(job, state, begun).await.is_none() {
            let mut tx = self.db.db.begin().await.unwrap();
            if tx.jobs().hurry(job.id).await.is_ok() {
                tx.commit().await.unwrap();
                self.redis.queue().announce(&[*job]).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The whole log, for a failing test.
    pub async fn log(&self, job: &JobRef) -> String {
        let lines = self.db.db.read().await.unwrap().progress().range(job.id, 1, u32::MAX, 10_000).await.unwrap();
        lines.iter().map(|l| format!("{} {} {}\n", l.at, l.step, l.text)).collect()
    }

    /// Everything there is of stores on this server.
    pub async fn census(&self) -> Census {
        let label = format!("{}={}", worker::docker::LABEL_SERVER, self.machine.server);
        let names = |all: Vec<worker::docker::Listed>| {
            let mut names: Vec<String> = all.into_iter().map(|l| l.name).collect();
            names.sort();
            names
        };
        let mut directories = Vec::new();
        for dir in [self.machine.data_dir.clone(), self.machine.data_dir.join(".trash")] {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with("store-") {
                    directories.push(name);
                }
            }
        }
        let mut rows = Vec::new();
        for (what, query) in [
            ("port", "SELECT COUNT(*) FROM port_allocations WHERE store_id IS NOT NULL"),
            ("subnet", "SELECT COUNT(*) FROM subnet_allocations WHERE store_id IS NOT NULL"),
            ("address", "SELECT COUNT(*) FROM store_addresses"),
            ("secret", "SELECT COUNT(*) FROM store_secrets"),
            ("database page", "SELECT COUNT(*) FROM db_admin_pages"),
            ("ticket", "SELECT COUNT(*) FROM db_admin_tickets"),
            ("file access", "SELECT COUNT(*) FROM file_access"),
            ("placed", "SELECT COUNT(*) FROM stores WHERE server_id IS NOT NULL"),
        ] {
            let n = self.db.number(query).await;
            if n > 0 {
                rows.push(format!("{n} {what}"));
            }
        }
        Census {
            containers: names(self.machine.docker.containers_by_label(&label).await.unwrap()),
            networks: names(self.machine.docker.networks_by_label(&label).await.unwrap()),
            directories,
            routes: self.machine.edge.routed().unwrap(),
            rows,
        }
    }

    /// A store that is live.
    pub async fn live(&self, name: &str, slug: &str) -> Store {
        let (id, job) = self.order(name, slug).await;
        self.reaches(&job, JobState::Finished).await;
        self.store(id).await
    }

    /// A connection to a store's own database, as the worker has it.
    pub async fn shop(&self, store: &Store) -> sqlx::MySqlConnection {
        let mut conn = self.db.db.read().await.unwrap();
        let panel = conn.secrets().get(&self.db.keys, store.id, "panel_password").await.unwrap().unwrap();
        worker::shop::branding::connect(&self.machine.dir(store), &panel, Duration::from_secs(5)).await.unwrap()
    }

    /// The reconciler's work, now.
    pub async fn reconcile(&self) {
        let mut tx = self.db.db.begin().await.unwrap();
        let key = format!("test:{}", hosting::domain::Uid::new());
        let new = NewJob::scheduled(hosting::jobs::RECONCILE_SERVER, serde_json::json!({}), Some(self.server_id), key);
        let job = tx.jobs().insert(&new).await.unwrap();
        tx.commit().await.unwrap();
        self.redis.queue().announce(&[job]).await;
        self.reaches(&job, JobState::Finished).await;
    }

    /// The newest job of a kind about a store.
    pub async fn newest(&self, store: &Store, kind: &'static str) -> JobRef {
        let row = self.db.db.read().await.unwrap().jobs().newest_of_store(store.id, kind).await.unwrap().expect(kind);
        let uid = hosting::domain::Uid::parse(&row.uid).unwrap();
        JobRef { id: row.id, uid, server_id: Some(self.server_id), priority: hosting::domain::Priority::High }
    }

    /// Asks the edge like a visitor; `(status, body)`.
    pub async fn get(&self, host: &str, path: &str) -> (u16, String) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .resolve(host, ([127, 0, 0, 1], self.edge_port).into())
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let answer = client.get(format!("http://{host}:{}{path}", self.edge_port)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

fn start_engine(machine: &Arc<Machine>) -> (Engine, CancellationToken) {
    let stop = CancellationToken::new();
    let owner = worker::identity::owner(&machine.server);
    let mut config = EngineConfig::new(owner, machine.server_id, Some(machine.data_dir.clone()));
    config.schedules = false;
    let jobs = worker::registry::server_jobs(machine);
    let services = machine.services.clone();
    (Engine::start(services.db, services.queue, jobs, config, stop.clone()), stop)
}

/// Ports and subnets that no other test and no developer's own server uses.
async fn own_pools(db: &Db, name: &str, n: u32) -> u64 {
    let mut tx = db.begin().await.unwrap();
    let id = tx.servers().ensure(name).await.unwrap();
    let block = u16::try_from((std::process::id() * 7 + n) % 100).unwrap();
    let first = 20_000 + block * 20;
    tx.ports().widen(id, PortPool::StoreWeb, first, first + 19).await.unwrap();
    tx.ports().widen(id, PortPool::StoreDbAdmin, 30_000 + block * 20, 30_019 + block * 20).await.unwrap();
    tx.ports().widen(id, PortPool::StoreSftp, 24_000 + block * 20, 24_019 + block * 20).await.unwrap();
    let base = u32::from(Ipv4Addr::new(10, 213, 64, 0)) + u32::from(block) * 20 * 16;
    tx.subnets().widen(id, Ipv4Addr::from(base), 28, 20).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn start_edge(dir: &std::path::Path, port: u16, tls: bool) -> Child {
    // The same writer as the product's, so that a change of the template is met here.
    if tls {
        edge_as_installed(dir, port);
    } else {
        let options = shopfleet_cli::edge::EdgeOptions { dir, port, user: Some("root"), tls: None };
        shopfleet_cli::edge::write(&options, None).unwrap();
    }
    let child = Command::new("nginx")
        .args(["-e", "stderr", "-p"])
        .arg(dir)
        .arg("-c")
        .arg(dir.join("nginx.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nginx is not installed: run ./scripts/test");
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the edge did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// The edge as docs/install.md has it made: by the command, with a certificate (here a self-signed one).
fn edge_as_installed(dir: &std::path::Path, port: u16) {
    let top = dir.parent().unwrap();
    std::fs::create_dir_all(top).unwrap();
    let (certificate, key) = (top.join("fullchain.pem"), top.join("privkey.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=shops",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-addext", "subjectAltName=DNS:*.s0.localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl is not installed: run ./scripts/test");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let written = Command::new(crate::worker_process::program("shopfleet"))
        .args(["edge-config", "--user", "root", "--port", &port.to_string(), "--dir"])
        .arg(dir)
        .arg("--certificate")
        .arg(&certificate)
        .arg("--key")
        .arg(&key)
        .output()
        .unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    assert!(String::from_utf8_lossy(&written.stdout).contains(&format!("edge_probe_port {port}")));
}

impl Drop for ShopServer {
    fn drop(&mut self) {
        // Whatever a failed test left: containers and networks first, then files.
        let (machine, host) = (self.machine.clone(), self.docker_host.clone());
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                // A client belongs to the runtime that made it.
                let docker = worker::docker::Docker::connect(&host).unwrap();
                let label = format!("{}={}", worker::docker::LABEL_SERVER, machine.server);
                for c in docker.containers_by_label(&label).await.unwrap_or_default() {
                    let _ = docker.remove_container(&c.id).await;
                }
                for n in docker.networks_by_label(&label).await.unwrap_or_default() {
                    let _ = docker.remove_network(&n.id).await;
                }
            });
        })
        .join();
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(i32::try_from(self.edge.id()).unwrap_or(0)),
            nix::sys::signal::Signal::SIGTERM,
        );
        let _ = self.edge.wait();
        let _ = std::fs::remove_dir_all(&self.top);
    }
}
