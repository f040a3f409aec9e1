//! What we may ask of the Engine: a closed type. Nothing a person typed becomes an option here, and
//! the isolation every container of ours has is not a choice of the caller (threat-model §4.5).

use bollard::models::{
    ContainerCreateBody, ContainerUpdateBody, EndpointIpamConfig, EndpointSettings, HostConfig, HostConfigLogConfig,
    Ipam, IpamConfig, Mount, MountType, NetworkCreateRequest, NetworkingConfig, PortBinding, RestartPolicy,
    RestartPolicyNameEnum,
};
use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Labels of an object, in order.
pub type Labels = BTreeMap<String, String>;

/// A bridge network of one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSpec {
    /// `store-{uid8}`.
    pub name: String,
    /// Kernel name of the bridge, at most 15 characters: `sf-{uid8}`.
    pub bridge: String,
    /// First address of the subnet.
    pub subnet: Ipv4Addr,
    /// Its size.
    pub prefix: u8,
    /// Labels.
    pub labels: Labels,
}

impl NetworkSpec {
    /// The `n`-th address of the subnet; 1 is the gateway.
    #[must_use]
    pub fn address(&self, n: u8) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.subnet) + u32::from(n))
    }
    /// `10.213.0.0/28`.
    #[must_use]
    pub fn cidr(&self) -> String {
        format!("{}/{}", self.subnet, self.prefix)
    }
    /// The Engine's request.
    #[must_use]
    pub fn body(&self) -> NetworkCreateRequest {
        let options = [
            ("com.docker.network.bridge.name", self.bridge.as_str()),
            ("com.docker.network.bridge.host_binding_ipv4", "127.0.0.1"),
        ];
        NetworkCreateRequest {
            name: self.name.clone(),
            driver: Some("bridge".into()),
            enable_ipv6: Some(false),
            ipam: Some(Ipam {
                driver: Some("default".into()),
                config: Some(vec![IpamConfig {
                    subnet: Some(self.cidr()),
                    gateway: Some(self.address(1).to_string()),
                    ..Default::default()
                }]),
                ..Default::default()
            }),
            options: Some(options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()),
            labels: Some(self.labels.clone().into_iter().collect()),
            ..Default::default()
        }
    }
}

/// A folder of the store's directory inside a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountSpec {
    /// On the server; always beneath the store's directory.
    pub source: PathBuf,
    /// In the container.
    pub target: &'static str,
    /// Whether the container may only read it.
    pub read_only: bool,
}

/// Capabilities of every container but one.
pub const NO_RIGHTS: &[&str] = &[];
/// What sshd needs to put a person into their own root under their own number; less than the Engine gives by default.
/// It holds them only until then.
pub const SSHD_RIGHTS: &[&str] = &["SYS_CHROOT", "SETUID", "SETGID", "AUDIT_WRITE"];

/// A container of one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSpec {
    /// `store-{uid8}-web`.
    pub name: String,
    /// Name on the store's network: `web`, `db`, `redis`, `db-admin`.
    pub service: &'static str,
    /// Image id (`sha256:…`), from the server's list.
    pub image: String,
    /// Fixed user and group number inside.
    pub uid: u32,
    /// Arguments after the image's entry point; never secrets.
    pub args: Vec<String>,
    /// Environment; never secrets.
    pub env: BTreeMap<&'static str, String>,
    /// Folders.
    pub mounts: Vec<MountSpec>,
    /// Network it is on.
    pub network: String,
    /// Its address there.
    pub address: Ipv4Addr,
    /// Port `{0}` of `listen` on the server leads to `{1}` inside.
    pub publish: Option<(u16, u16)>,
    /// Loopback for everything but file access.
    pub listen: Ipv4Addr,
    /// [`NO_RIGHTS`], or [`SSHD_RIGHTS`] for the one program that has to change its user and root.
    pub rights: &'static [&'static str],
    /// MiB; no swap on top.
    pub memory_mb: u32,
    /// 1000 = one core.
    pub cpu_millis: u32,
    /// Processes and threads.
    pub pids: u32,
    /// Seconds it gets to end by itself.
    pub stop_seconds: u32,
    /// Labels.
    pub labels: Labels,
}

impl ContainerSpec {
    /// Size limits of `/tmp` and `/run`, which live in memory and count against it.
    #[must_use]
    pub fn tmpfs(&self) -> BTreeMap<&'static str, String> {
        if self.uid == 0 {
            // sshd's empty folder for what is not signed in yet; nothing else is written.
            return BTreeMap::from([("/run/sshd", "rw,noexec,nosuid,nodev,size=64k,mode=0755".to_owned())]);
        }
        let options = |mb: u32| format!("rw,noexec,nosuid,nodev,size={mb}m,uid={0},gid={0}", self.uid);
        BTreeMap::from([("/run", options(8)), ("/tmp", options((self.memory_mb / 4).clamp(16, 256)))])
    }

    /// The Engine's request to change its limits.
    #[must_use]
    pub fn limits(&self) -> ContainerUpdateBody {
        let memory = i64::from(self.memory_mb) << 20;
        ContainerUpdateBody {
            memory: Some(memory),
            memory_swap: Some(memory),
            nano_cpus: Some(i64::from(self.cpu_millis) * 1_000_000),
            pids_limit: Some(i64::from(self.pids)),
            ..Default::default()
        }
    }

    /// The Engine's request.
    #[must_use]
    pub fn body(&self) -> ContainerCreateBody {
        let memory = i64::from(self.memory_mb) << 20;
        let port_key = self.publish.map(|(_, inside)| format!("{inside}/tcp"));
        let bindings = self.publish.map(|(outside, inside)| {
            let binding = PortBinding { host_ip: Some(self.listen.to_string()), host_port: Some(outside.to_string()) };
            HashMap::from([(format!("{inside}/tcp"), Some(vec![binding]))])
        });
        let mounts = self.mounts.iter().map(|m| Mount {
            typ: Some(MountType::BIND),
            source: Some(m.source.to_string_lossy().into_owned()),
            target: Some(m.target.to_owned()),
            read_only: Some(m.read_only),
            ..Default::default()
        });
        let endpoint = EndpointSettings {
            ipam_config: Some(EndpointIpamConfig {
                ipv4_address: Some(self.address.to_string()),
                ..Default::default()
            }),
            aliases: Some(vec![self.service.to_owned()]),
            ..Default::default()
        };
        ContainerCreateBody {
            image: Some(self.image.clone()),
            user: Some(format!("{0}:{0}", self.uid)),
            hostname: Some(self.service.to_owned()),
            cmd: (!self.args.is_empty()).then(|| self.args.clone()),
            env: Some(self.env.iter().map(|(k, v)| format!("{k}={v}")).collect()),
            exposed_ports: port_key.map(|p| vec![p]),
            labels: Some(self.labels.clone().into_iter().collect()),
            stop_timeout: Some(i64::from(self.stop_seconds)),
            host_config: Some(HostConfig {
                network_mode: Some(self.network.clone()),
                mounts: Some(mounts.collect()),
                port_bindings: bindings,
                tmpfs: Some(self.tmpfs().into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
                memory: Some(memory),
                memory_swap: Some(memory),
                nano_cpus: Some(i64::from(self.cpu_millis) * 1_000_000),
                pids_limit: Some(i64::from(self.pids)),
                readonly_rootfs: Some(true),
                privileged: Some(false),
                cap_drop: Some(vec!["ALL".into()]),
                cap_add: (!self.rights.is_empty()).then(|| self.rights.iter().map(|r| (*r).to_owned()).collect()),
                security_opt: Some(vec!["no-new-privileges".into()]),
                restart_policy: Some(RestartPolicy {
                    name: Some(RestartPolicyNameEnum::UNLESS_STOPPED),
                    maximum_retry_count: None,
                }),
                log_config: Some(HostConfigLogConfig {
                    typ: Some("json-file".into()),
                    config: Some(HashMap::from([
                        ("max-size".to_owned(), "5m".to_owned()),
                        ("max-file".to_owned(), "2".to_owned()),
                    ])),
                }),
                ..Default::default()
            }),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(self.network.clone(), endpoint)])),
            }),
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> ContainerSpec {
        ContainerSpec {
            name: "store-abcd1234-web".into(),
            service: "web",
            image: "sha256:ab".into(),
            uid: 10033,
            args: vec![],
            env: BTreeMap::from([("FPM_MAX_CHILDREN", "8".to_owned())]),
            mounts: vec![MountSpec {
                source: "/d/store-abcd1234/web/config".into(),
                target: "/srv/config",
                read_only: true,
            }],
            network: "store-abcd1234".into(),
            address: Ipv4Addr::new(10, 213, 0, 20),
            publish: Some((8001, 8080)),
            listen: Ipv4Addr::LOCALHOST,
            rights: NO_RIGHTS,
            memory_mb: 512,
            cpu_millis: 1000,
            pids: 160,
            stop_seconds: 10,
            labels: Labels::from([("io.shopfleet.kind".into(), "store".into())]),
        }
    }

    #[test]
    fn every_container_is_contained() {
        let body = web().body();
        let host = body.host_config.unwrap();
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        assert_eq!(host.cap_add, None);
        assert_eq!(host.security_opt.unwrap(), ["no-new-privileges"]);
        assert_eq!(host.readonly_rootfs, Some(true));
        assert_eq!(host.privileged, Some(false));
        assert_eq!(host.memory, Some(512 << 20));
        assert_eq!(host.memory_swap, host.memory);
        assert_eq!(host.nano_cpus, Some(1_000_000_000));
        assert_eq!(host.pids_limit, Some(160));
        assert_eq!(body.user.unwrap(), "10033:10033");
    }

    #[test]
    fn a_port_is_published_on_loopback_only() {
        let bindings = web().body().host_config.unwrap().port_bindings.unwrap();
        let binding = &bindings["8080/tcp"].as_ref().unwrap()[0];
        assert_eq!(binding.host_ip.as_deref(), Some("127.0.0.1"));
        assert_eq!(binding.host_port.as_deref(), Some("8001"));
        let quiet = ContainerSpec { publish: None, ..web() };
        assert!(quiet.body().host_config.unwrap().port_bindings.is_none());
    }

    #[test]
    fn a_network_has_its_own_small_subnet_and_no_ipv6() {
        let net = NetworkSpec {
            name: "store-abcd1234".into(),
            bridge: "sf-abcd1234".into(),
            subnet: Ipv4Addr::new(10, 213, 0, 16),
            prefix: 28,
            labels: Labels::new(),
        };
        let body = net.body();
        assert_eq!(body.enable_ipv6, Some(false));
        let config = &body.ipam.unwrap().config.unwrap()[0];
        assert_eq!(config.subnet.as_deref(), Some("10.213.0.16/28"));
        assert_eq!(config.gateway.as_deref(), Some("10.213.0.17"));
        assert!(net.bridge.len() <= 15);
    }
}
