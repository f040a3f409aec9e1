//! WooCommerce: which containers a store has, with what limits and mounts. Pure.

use super::file_access;
use super::images::{ImageSet, ImagesError};
use super::layout::{DB_UID, REDIS_UID, WEB_UID};
use super::stack::{Identity, Stack, seal};
use crate::docker::spec::{NO_RIGHTS, SSHD_RIGHTS};
use crate::docker::{ContainerSpec, MountSpec, NetworkSpec};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Port inside the web containers.
pub const WEB_PORT: u16 = 8080;
/// Port of the cache.
pub const REDIS_PORT: u16 = 6379;
/// Place of the cache in the store's subnet.
const REDIS_ADDRESS: u8 = 3;
/// Place of the database page in the store's subnet; its database account works from there only.
const DB_ADMIN_ADDRESS: u8 = 5;
/// Place of file access in the store's subnet.
const FILE_ACCESS_ADDRESS: u8 = 6;
/// Label that changes with keys and password, so that the container is made again.
const LABEL_VERSION: &str = "io.shopfleet.version";
/// Enough for one large import at a time.
const DB_ADMIN_MEMORY_MB: u32 = 320;

/// What a stack depends on besides its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// Loopback port of the web container.
    pub web_port: u16,
    /// Loopback port of the database page, while there is one.
    pub db_admin_port: Option<u16>,
    /// File access, while there is some.
    pub file_access: Option<FileAccess>,
    /// First address of the store's subnet.
    pub subnet: Ipv4Addr,
    /// Its size.
    pub prefix: u8,
}

/// What is reserved for file access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileAccess {
    /// Where on the server it listens.
    pub listen: Ipv4Addr,
    /// Its port there.
    pub port: u16,
    /// Of keys and password.
    pub version: u32,
}

/// Limits of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// 1000 = one core.
    pub cpu_millis: u32,
    /// MiB.
    pub web_memory_mb: u32,
    /// MiB.
    pub db_memory_mb: u32,
    /// MiB.
    pub redis_memory_mb: u32,
    /// Processes and threads of the whole store.
    pub pids: u32,
}

impl From<&hosting::db::plans::Plan> for Limits {
    fn from(p: &hosting::db::plans::Plan) -> Self {
        Self {
            cpu_millis: p.cpu_millis,
            web_memory_mb: p.web_memory_mb,
            db_memory_mb: p.db_memory_mb,
            redis_memory_mb: p.redis_memory_mb,
            pids: p.pids,
        }
    }
}

/// The stack of a WooCommerce store.
///
/// Web and database may each use the plan's whole CPU, because a shop is busy in one or the other;
/// the cache half of it. Processes are divided 5 : 2 : 1.
///
/// # Errors
/// An image is not on the server's list.
pub fn stack(id: &Identity, reserved: &Reserved, limits: &Limits, images: &ImageSet) -> Result<Stack, ImagesError> {
    let project = id.project();
    let network = NetworkSpec {
        name: project.clone(),
        bridge: format!("sf-{}", id.store.uid8()),
        subnet: reserved.subnet,
        prefix: reserved.prefix,
        labels: id.network_labels(),
    };
    let mount = |name: &str, target, read_only| MountSpec { source: id.dir.join(name), target, read_only };
    let container = |service: &'static str, image: &str, uid, place: u8| -> Result<ContainerSpec, ImagesError> {
        Ok(ContainerSpec {
            name: format!("{project}-{service}"),
            service,
            image: images.id(image)?.to_owned(),
            uid,
            args: vec![],
            env: BTreeMap::new(),
            mounts: vec![],
            network: project.clone(),
            address: network.address(place),
            publish: None,
            listen: Ipv4Addr::LOCALHOST,
            rights: NO_RIGHTS,
            memory_mb: 64,
            cpu_millis: limits.cpu_millis,
            pids: 32,
            stop_seconds: 10,
            labels: id.container_labels(service),
        })
    };
    let eighths = |n: u32| (limits.pids * n / 8).max(16);
    let db = ContainerSpec {
        args: vec![format!("--innodb-buffer-pool-size={}M", super::branding::buffer_pool_mb(limits.db_memory_mb))],
        mounts: vec![
            mount("db/data", "/srv/db/data", false),
            mount("db/run", "/srv/db/run", false),
            mount("db/init", "/srv/db/init", true),
        ],
        memory_mb: limits.db_memory_mb,
        // Connections are threads: the image's 60 and the engine's own must fit.
        pids: eighths(2).max(100),
        stop_seconds: 30,
        ..container("db", "store-db", DB_UID, 2)?
    };
    let redis = ContainerSpec {
        memory_mb: limits.redis_memory_mb,
        // Little work, but a tight quota would slow its very start.
        cpu_millis: (limits.cpu_millis / 2).max(500),
        pids: eighths(1),
        ..container("redis", "store-redis", REDIS_UID, REDIS_ADDRESS)?
    };
    let web = ContainerSpec {
        env: BTreeMap::from([("FPM_MAX_CHILDREN", (limits.web_memory_mb / 64).clamp(3, 40).to_string())]),
        mounts: vec![
            mount("web/wp-content", "/srv/wordpress/wp-content", false),
            mount("web/opcache", "/srv/opcache", false),
            mount("web/config", "/srv/config", true),
        ],
        publish: Some((reserved.web_port, WEB_PORT)),
        memory_mb: limits.web_memory_mb,
        pids: eighths(5),
        ..container("web", "store-web", WEB_UID, 4)?
    };
    let db_admin = match reserved.db_admin_port {
        None => None,
        Some(port) => Some(seal(ContainerSpec {
            mounts: vec![
                mount("db-admin/config", "/srv/db-admin/config", true),
                mount("db-admin/state", "/srv/db-admin/state", false),
            ],
            publish: Some((port, WEB_PORT)),
            memory_mb: DB_ADMIN_MEMORY_MB,
            // Never as much as the shop itself.
            cpu_millis: (limits.cpu_millis / 2).max(250),
            pids: 32,
            ..container("db-admin", "db-admin", WEB_UID, DB_ADMIN_ADDRESS)?
        })),
    };
    let file_access = match reserved.file_access {
        None => None,
        Some(FileAccess { listen, port, version }) => {
            let mut spec = ContainerSpec {
                mounts: vec![
                    mount("file-access/config", "/srv/file-access/config", true),
                    mount("web/wp-content", "/srv/file-access/jail/wp-content", false),
                ],
                publish: Some((port, file_access::PORT)),
                listen,
                // Root inside until somebody is signed in; see SSHD_RIGHTS.
                rights: SSHD_RIGHTS,
                memory_mb: 96,
                cpu_millis: (limits.cpu_millis / 2).max(250),
                pids: 48,
                stop_seconds: 2,
                ..container("sftp", "sftp", 0, FILE_ACCESS_ADDRESS)?
            };
            spec.labels.insert(LABEL_VERSION.to_owned(), version.to_string());
            Some(seal(spec))
        }
    };
    let containers = [db, redis, web].into_iter().map(seal).collect();
    Ok(Stack { project, network, containers, db_admin, file_access })
}

/// Where the cache of a store listens on its own network; the server can reach it, nobody outside.
#[must_use]
pub fn redis_address(subnet: Ipv4Addr) -> std::net::SocketAddrV4 {
    std::net::SocketAddrV4::new(Ipv4Addr::from(u32::from(subnet) + u32::from(REDIS_ADDRESS)), REDIS_PORT)
}

/// Address of a store's database page on the store's network.
#[must_use]
pub fn db_admin_address(subnet: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet) + u32::from(DB_ADMIN_ADDRESS))
}

#[cfg(test)]
pub(crate) fn sample_stack() -> Stack {
    sample_stack_with(None)
}

#[cfg(test)]
pub(crate) fn sample_stack_with(db_admin_port: Option<u16>) -> Stack {
    let id = Identity {
        store: hosting::domain::Uid::parse("01JD0000000000000ABCDEFGHJ").unwrap(),
        owner: 7,
        epoch: 3,
        server: "local-1".into(),
        dir: "/var/customers/store-bcdefghj".into(),
    };
    let file_access = db_admin_port.map(|_| FileAccess { listen: Ipv4Addr::UNSPECIFIED, port: 12_001, version: 3 });
    let subnet = Ipv4Addr::new(10, 213, 0, 16);
    let reserved = Reserved { web_port: 8001, db_admin_port, file_access, subnet, prefix: 28 };
    let limits = Limits { cpu_millis: 1000, web_memory_mb: 512, db_memory_mb: 512, redis_memory_mb: 64, pids: 256 };
    stack(&id, &reserved, &limits, &super::images::sample()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::{LABEL_CONFIG, LABEL_EPOCH};

    #[test]
    fn only_web_is_published_and_every_mount_is_the_stores_own() {
        let stack = sample_stack();
        assert_eq!(stack.containers.len(), 3);
        for c in &stack.containers {
            assert_eq!(c.publish.is_some(), c.service == "web");
            for m in &c.mounts {
                assert!(m.source.starts_with("/var/customers/"), "{}", m.source.display());
            }
            assert!(c.labels.contains_key(LABEL_CONFIG));
        }
        let addresses: std::collections::HashSet<_> = stack.containers.iter().map(|c| c.address).collect();
        assert_eq!(addresses.len(), 3);
        assert_eq!(redis_address(stack.network.subnet).ip(), &stack.service("redis").unwrap().address);
    }

    #[test]
    fn the_configuration_hash_ignores_the_epoch_and_sees_the_port() {
        let web = sample_stack().service("web").unwrap().clone();
        let mut later = web.clone();
        later.labels.insert(LABEL_EPOCH.into(), "99".into());
        later.labels.remove(LABEL_CONFIG);
        let mut first = web.clone();
        first.labels.remove(LABEL_CONFIG);
        assert_eq!(seal(first.clone()).labels[LABEL_CONFIG], seal(later).labels[LABEL_CONFIG]);
        assert_eq!(seal(first.clone()).labels[LABEL_CONFIG], web.labels[LABEL_CONFIG]);
        let moved = ContainerSpec { publish: Some((8002, WEB_PORT)), ..first };
        assert_ne!(seal(moved).labels[LABEL_CONFIG], web.labels[LABEL_CONFIG]);
    }

    #[test]
    fn no_secret_is_in_arguments_environment_or_labels() {
        for c in sample_stack().containers {
            let text = format!("{:?}{:?}{:?}", c.args, c.env, c.labels).to_lowercase();
            assert!(!text.contains("password") && !text.contains("secret"), "{text}");
        }
    }
}
