//! This server as jobs see it: its Engine, edge, disk and firewall, and the product's records.

use crate::docker::{Docker, LABEL_STORE};
use crate::edge::Edge;
use crate::host::firewall::{self, FirewallError, Range};
use crate::host::quota::{self, QuotaSupport};
use crate::registry::Fitness;
use crate::shop::images::{ImageSet, ImagesError};
use crate::shop::layout::StoreDir;
use crate::shop::template;
use hosting::config::WorkerConfig;
use hosting::db::stores::Store;
use hosting::services::Services;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The stores' address pool; `seed_defaults` cuts its subnets.
const POOL: Range = Range(Ipv4Addr::new(10, 213, 0, 0), 16);

/// How often the firewall rules are written again; the heartbeat does it, not a customer's job.
const FIREWALL_EVERY: Duration = Duration::from_secs(60);

/// Free bytes below which a server says that it is short of room.
const LOW_DISK: u64 = 1 << 30;
/// Free bytes a new store must find: its copy of the template, its logs, and something for its neighbours.
pub const ROOM_FOR_A_STORE: u64 = 512 << 20;

/// What jobs of this server work with.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Database, queue, keys.
    pub services: Services,
    /// The Engine.
    pub docker: Docker,
    /// nginx.
    pub edge: Edge,
    /// Where store directories live.
    pub data_dir: PathBuf,
    /// This server's name.
    pub server: String,
    /// Its row id.
    pub server_id: u64,
    /// Disk limits.
    pub quota: QuotaSupport,
    /// The list of images this server may start; `None`: what `SHOPFLEET_IMAGES` says.
    pub images_file: Option<PathBuf>,
    /// Address of the panel, for links on pages the worker serves; may be empty.
    pub panel_url: String,
    /// When the wall was last written.
    firewalled: Arc<Mutex<Option<Instant>>>,
}

impl Machine {
    /// Clients of what this server has. A Docker that is down is not an error here.
    ///
    /// # Errors
    /// Malformed Docker address, or a data directory that cannot be made.
    pub fn new(services: &Services, config: &WorkerConfig, server_id: u64) -> anyhow::Result<Self> {
        use anyhow::Context;
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(&config.data_dir)
            .with_context(|| format!("cannot make the data directory {}", config.data_dir.display()))?;
        // Mounts and compose labels carry this path, so it must be the real one.
        let data_dir = config.data_dir.canonicalize()?;
        Ok(Self {
            services: services.clone(),
            docker: Docker::connect(&config.docker_host)?,
            edge: Edge::new(&config.edge_dir),
            quota: quota::detect(&data_dir),
            data_dir,
            server: config.server.clone(),
            server_id,
            images_file: None,
            panel_url: String::new(),
            firewalled: Arc::default(),
        })
    }

    /// The store's place on disk.
    #[must_use]
    pub fn dir(&self, store: &Store) -> StoreDir {
        StoreDir { data_dir: self.data_dir.clone(), name: store.object_name() }
    }

    /// `io.shopfleet.store={uid}`, to find a store's objects.
    #[must_use]
    pub fn label(store: &Store) -> String {
        format!("{LABEL_STORE}={}", store.uid)
    }

    /// The images this server may start, read again so that rebuilt ones are used without a restart.
    ///
    /// # Errors
    /// Missing or malformed list.
    pub fn images(&self) -> Result<ImageSet, ImagesError> {
        match &self.images_file {
            None => ImageSet::load(),
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|e| ImagesError::Bad(format!("{}: {e}", path.display())))?;
                ImageSet::parse(&text)
            }
        }
    }

    /// Makes sure that stores are walled off before one starts. Written again every minute, in case
    /// somebody flushed it; in between this costs nothing.
    ///
    /// # Errors
    /// iptables missing or refusing.
    pub async fn ensure_firewall(&self) -> Result<(), FirewallError> {
        let mut written = self.firewalled.lock().await;
        if written.is_some_and(|at| at.elapsed() < FIREWALL_EVERY) {
            return Ok(());
        }
        firewall::ensure(POOL).await?;
        *written = Some(Instant::now());
        Ok(())
    }

    /// Everything slow that can be done before the first customer comes: firewall and template.
    /// Failures are said by [`Machine::report`] and met again by the jobs.
    pub async fn warm_up(&self) {
        if let Err(error) = self.ensure_firewall().await {
            tracing::error!(error = %error, "stores cannot be walled off; none will be started");
        }
        if let QuotaSupport::None { reason } = &self.quota {
            tracing::warn!(reason, "disk limits are not enforced on this server");
        }
        let images = match self.images() {
            Ok(images) => images,
            Err(error) => {
                tracing::warn!(error = %error, "no store images yet");
                return;
            }
        };
        if let Ok(image) = images.id("template-woocommerce")
            && let Err(error) = template::ensure(&self.docker, &self.data_dir, image, &self.server).await
        {
            tracing::warn!(error = %error, "the store template is not unpacked yet; the first store will do it");
        }
    }

    /// Free and total bytes of the file system that holds the stores.
    #[must_use]
    pub fn disk_room(&self) -> Option<(u64, u64)> {
        let s = nix::sys::statvfs::statvfs(&self.data_dir).ok()?;
        Some((s.blocks_available() * s.fragment_size(), s.blocks() * s.fragment_size()))
    }

    /// Looks at the server, for its heartbeat.
    pub async fn report(&self) -> Fitness {
        let mut unfit = Vec::new();
        let version = match self.docker.version().await {
            Ok(version) => version,
            Err(error) => {
                unfit.push(error.to_string());
                String::new()
            }
        };
        if let Err(error) = self.ensure_firewall().await {
            unfit.push(format!("stores cannot be walled off: {error}"));
        }
        let (images, missing) = self.look_for_images(!version.is_empty()).await;
        let free = self.disk_room();
        if free.is_some_and(|(free, _)| free < LOW_DISK) {
            unfit.push(format!("less than 1 GiB is free in {}", self.data_dir.display()));
        }
        let has_quota = matches!(self.quota, QuotaSupport::Project { .. });
        let facts = serde_json::json!({
            "docker": version,
            "quota": has_quota,
            "quota_detail": self.quota,
            "wordpress": images.as_ref().ok().map(|i| i.wordpress.clone()),
            "woocommerce": images.as_ref().ok().and_then(|i| i.woocommerce.clone()),
            "images_missing": missing,
            "images_problem": images.as_ref().err().map(ToString::to_string),
            "disk_free_bytes": free.map(|f| f.0),
            "disk_total_bytes": free.map(|f| f.1),
        });
        // A server whose images were removed keeps its platform: jobs there fail with the reason.
        let platforms = if images.is_ok() { vec!["woocommerce".to_owned()] } else { vec![] };
        Fitness { unfit_reason: unfit.join("; ").chars().take(250).collect(), platforms, facts }
    }

    async fn look_for_images(&self, engine_up: bool) -> (Result<ImageSet, ImagesError>, Vec<String>) {
        let images = self.images();
        let mut missing = Vec::new();
        if let (Ok(set), true) = (&images, engine_up) {
            for (name, id) in set.needed() {
                if let Ok(false) = self.docker.has_image(id).await {
                    missing.push(name.to_owned());
                }
            }
        }
        (images, missing)
    }
}
