//! A store's stack: its network and containers, as one typed value from which both the Engine's
//! requests and the compose file come, so that they cannot differ.

use crate::docker::{
    ContainerSpec, LABEL_CONFIG, LABEL_EPOCH, LABEL_KIND, LABEL_OWNER, LABEL_SERVER, LABEL_STORE, Labels, NetworkSpec,
};
use hosting::domain::Uid;
use std::path::PathBuf;

/// Whose stack it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Public id of the store.
    pub store: Uid,
    /// Customer's row id.
    pub owner: u64,
    /// Epoch of the job that makes it.
    pub epoch: u64,
    /// This server's name.
    pub server: String,
    /// The store's directory.
    pub dir: PathBuf,
}

impl Identity {
    /// `store-{uid8}`: compose project, network, prefix of containers.
    #[must_use]
    pub fn project(&self) -> String {
        format!("store-{}", self.store.uid8())
    }

    fn base(&self) -> Labels {
        [
            (LABEL_KIND, "store".to_owned()),
            (LABEL_STORE, self.store.to_string()),
            (LABEL_OWNER, self.owner.to_string()),
            (LABEL_EPOCH, self.epoch.to_string()),
            (LABEL_SERVER, self.server.clone()),
            ("com.docker.compose.project", self.project()),
            ("com.docker.compose.version", "2.24.0".to_owned()),
        ]
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v))
        .collect()
    }

    /// Labels of the network.
    #[must_use]
    pub fn network_labels(&self) -> Labels {
        let mut labels = self.base();
        labels.insert("com.docker.compose.network".into(), "default".into());
        labels
    }

    /// Labels of a container; the configuration hash is added by [`seal`].
    #[must_use]
    pub fn container_labels(&self, service: &str) -> Labels {
        let mut labels = self.base();
        let dir = self.dir.to_string_lossy().into_owned();
        for (key, value) in [
            ("com.docker.compose.service", service.to_owned()),
            ("com.docker.compose.oneoff", "False".to_owned()),
            ("com.docker.compose.container-number", "1".to_owned()),
            ("com.docker.compose.project.config_files", format!("{dir}/compose.yml")),
            ("com.docker.compose.project.working_dir", dir),
        ] {
            labels.insert(key.to_owned(), value);
        }
        labels
    }
}

/// Network and containers of one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Compose project.
    pub project: String,
    /// The network.
    pub network: NetworkSpec,
    /// The containers that always run.
    pub containers: Vec<ContainerSpec>,
    /// The database page, while there is one.
    pub db_admin: Option<ContainerSpec>,
    /// File access, while there is some.
    pub file_access: Option<ContainerSpec>,
}

impl Stack {
    /// A container by service name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&ContainerSpec> {
        self.containers.iter().find(|c| c.service == name)
    }

    /// Names of all containers.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.containers.iter().map(|c| c.name.clone()).collect()
    }
}

/// Adds the configuration hash: a container whose hash differs from what it should be is made again.
/// The epoch is left out, so that a job that comes back keeps what it made, and the limits, which are
/// changed on the running container.
#[must_use]
pub fn seal(mut spec: ContainerSpec) -> ContainerSpec {
    let mut seen = spec.clone();
    seen.labels.remove(LABEL_EPOCH);
    // A store that was handed over runs on: the label says who owned it when the container was made.
    seen.labels.remove(LABEL_OWNER);
    (seen.memory_mb, seen.cpu_millis, seen.pids) = (0, 0, 0);
    let hash = hosting::crypto::sha256(format!("{seen:?}").as_bytes());
    spec.labels.insert(LABEL_CONFIG.to_owned(), hex::encode(hash));
    spec
}
