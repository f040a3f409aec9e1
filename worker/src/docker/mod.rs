//! The only code that talks to the Docker Engine.
//!
//! Every verb is safe to repeat: "already there with our label" and "not there" are success. Objects
//! that carry our name but not our label are never touched. Requests are built by pure functions in
//! [`spec`]; answers are read as little as possible, because bollard sends unversioned requests and
//! one unknown value would fail the decoding of a whole answer.

pub mod error;
pub mod logs;
pub mod spec;

pub use error::{DockerError, DockerResult};
pub use spec::{ContainerSpec, Labels, MountSpec, NetworkSpec};

use bollard::models::{ContainerInspectResponse, Network};
use bollard::query_parameters::{
    CreateContainerOptions, DownloadFromContainerOptions, InspectContainerOptions, ListContainersOptions,
    ListNetworksOptions, RemoveContainerOptions, StartContainerOptions, StopContainerOptions,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Label that says which product's object it is.
pub const LABEL_KIND: &str = "io.shopfleet.kind";
/// Label with the store's ULID.
pub const LABEL_STORE: &str = "io.shopfleet.store";
/// Label with the owner's customer id.
pub const LABEL_OWNER: &str = "io.shopfleet.owner";
/// Label with the epoch of the job that made the object.
pub const LABEL_EPOCH: &str = "io.shopfleet.epoch";
/// Label with the server's name.
pub const LABEL_SERVER: &str = "io.shopfleet.server";
/// Label whose change means "make the container again".
pub const LABEL_CONFIG: &str = "com.docker.compose.config-hash";

/// Longest wait for one answer; creating containers on a busy disk takes seconds.
const CALL_TIMEOUT_S: u64 = 60;

/// An object of ours as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Engine id.
    pub id: String,
    /// Name without the leading slash.
    pub name: String,
    /// `running`, `exited`, …; empty for networks.
    pub state: String,
    /// Labels.
    pub labels: HashMap<String, String>,
}

/// What is known of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerState {
    /// Whether its process runs.
    pub running: bool,
    /// Whether the Engine is starting it again and again.
    pub restarting: bool,
    /// Exit code of its last end.
    pub exit_code: i64,
    /// Killed for using too much memory.
    pub oom_killed: bool,
    /// Why it could not start.
    pub error: String,
    /// Labels.
    pub labels: HashMap<String, String>,
    /// Image id.
    pub image: String,
}

/// The Engine of this server.
#[derive(Clone, Debug)]
pub struct Docker {
    raw: bollard::Docker,
}

impl Docker {
    /// A handle; no call is made yet.
    ///
    /// # Errors
    /// Anything but a `unix://` address: the worker and its Engine share a machine.
    pub fn connect(host: &str) -> DockerResult<Self> {
        let what = || format!("connect to {host}");
        if !host.starts_with("unix://") {
            return Err(DockerError::Other { what: what(), cause: "expected unix:///path".into() });
        }
        bollard::Docker::connect_with_unix(host, CALL_TIMEOUT_S, bollard::API_DEFAULT_VERSION)
            .map(|raw| Self { raw })
            .map_err(|e| DockerError::from_raw(what(), e))
    }

    /// The Engine's version, e.g. `20.10.24`; also the cheapest proof that it answers.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn version(&self) -> DockerResult<String> {
        match tokio::time::timeout(Duration::from_secs(5), self.raw.version()).await {
            Ok(Ok(v)) => Ok(v.version.unwrap_or_default()),
            Ok(Err(e)) => Err(DockerError::from_raw("ask for the version", e)),
            Err(_) => {
                Err(DockerError::Unreachable { what: "ask for the version".into(), cause: "no answer in 5 s".into() })
            }
        }
    }

    /// Whether an image id is on this server.
    ///
    /// # Errors
    /// Engine trouble.
    pub async fn has_image(&self, id: &str) -> DockerResult<bool> {
        match self.raw.inspect_image(id).await {
            Ok(_) => Ok(true),
            Err(e) => match DockerError::from_raw(format!("look for image {id}"), e) {
                DockerError::ImageMissing { .. } | DockerError::NotFound { .. } => Ok(false),
                // The image is there; only its description was not understood.
                DockerError::Other { cause, .. } if cause.starts_with("answer not understood") => Ok(true),
                e => Err(e),
            },
        }
    }

    /// Makes the network unless it is there with our label and the same subnet.
    ///
    /// # Errors
    /// `SubnetTaken`, or `Conflict` when a network of that name is not ours.
    pub async fn ensure_network(&self, spec: &NetworkSpec) -> DockerResult<()> {
        let what = format!("create network {}", spec.name);
        match self.networks_named(&spec.name).await?.first() {
            Some(found) => return self.accept_network(spec, found, &what).await,
            None => match self.raw.create_network(spec.body()).await {
                Ok(_) => {}
                Err(raw) => {
                    let error = DockerError::from_raw(&what, raw);
                    // A lost race, or an earlier request that was still under way: look again.
                    let seen = self.networks_named(&spec.name).await?;
                    return match seen.first() {
                        Some(found) => self.accept_network(spec, found, &what).await,
                        None => Err(error),
                    };
                }
            },
        }
        Ok(())
    }

    async fn accept_network(&self, spec: &NetworkSpec, found: &Network, what: &str) -> DockerResult<()> {
        let label = |k: &str| found.labels.as_ref().and_then(|l| l.get(k));
        if label(LABEL_STORE) != spec.labels.get(LABEL_STORE) {
            let cause = "a network of that name is not ours".to_owned();
            return Err(DockerError::Conflict { what: what.to_owned(), cause });
        }
        let subnet = found.ipam.as_ref().and_then(|i| i.config.as_ref()?.first()?.subnet.clone());
        if subnet.as_deref() == Some(spec.cidr().as_str()) {
            return Ok(());
        }
        // Ours with an old subnet (it was taken by a stranger): nothing is attached, make it again.
        self.remove_network(&spec.name).await?;
        self.raw.create_network(spec.body()).await.map(|_| ()).map_err(|e| DockerError::from_raw(what, e))
    }

    async fn networks_named(&self, name: &str) -> DockerResult<Vec<Network>> {
        let filters = HashMap::from([("name".to_owned(), vec![format!("^{name}$")])]);
        let found = self
            .raw
            .list_networks(Some(ListNetworksOptions { filters: Some(filters) }))
            .await
            .map_err(|e| DockerError::from_raw(format!("look for network {name}"), e))?;
        Ok(found.into_iter().filter(|n| n.name.as_deref() == Some(name)).collect())
    }

    /// Removes a network; gone is fine.
    ///
    /// # Errors
    /// `Conflict` while containers are attached.
    pub async fn remove_network(&self, name: &str) -> DockerResult<()> {
        let what = format!("remove network {name}");
        gone_is_fine(self.raw.remove_network(name).await.map_err(|e| DockerError::from_raw(what, e)))
    }

    /// Makes the container unless it is there with our label and the same configuration. One of
    /// ours with another configuration is removed and made again.
    ///
    /// # Errors
    /// `ImageMissing`, or `Conflict` when a container of that name is not ours.
    pub async fn ensure_container(&self, spec: &ContainerSpec) -> DockerResult<()> {
        let what = format!("create container {}", spec.name);
        for _ in 0..3 {
            let options = CreateContainerOptions { name: Some(spec.name.clone()), ..Default::default() };
            let error = match self.raw.create_container(Some(options), spec.body()).await {
                Ok(_) => return Ok(()),
                Err(raw) => DockerError::from_raw(&what, raw),
            };
            // Whatever the error, what counts is what is there: a lost answer may have been a success.
            let Some(found) = self.inspect(&spec.name).await? else {
                if matches!(error, DockerError::Conflict { .. }) {
                    // The name is held by one that is being removed.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
                return Err(error);
            };
            if found.labels.get(LABEL_STORE) != spec.labels.get(LABEL_STORE) {
                let cause = "a container of that name is not ours".to_owned();
                return Err(DockerError::Conflict { what, cause });
            }
            if found.labels.get(LABEL_CONFIG) == spec.labels.get(LABEL_CONFIG) && found.image == spec.image {
                return Ok(());
            }
            self.remove_container(&spec.name).await?;
        }
        Err(DockerError::Conflict { what, cause: "the name stays taken".into() })
    }

    /// Starts a container; a running one is fine.
    ///
    /// # Errors
    /// `PortInUse`, `NotFound`, or why the process could not start.
    pub async fn start(&self, name: &str) -> DockerResult<()> {
        self.raw
            .start_container(name, None::<StartContainerOptions>)
            .await
            .map_err(|e| DockerError::from_raw(format!("start container {name}"), e))
    }

    /// Gives a container, running or not, the limits of its specification; no restart.
    ///
    /// # Errors
    /// `NotFound`, or the kernel's refusal (a memory limit below what is in use).
    pub async fn update_limits(&self, spec: &ContainerSpec) -> DockerResult<()> {
        let what = format!("change the limits of container {}", spec.name);
        self.raw.update_container(&spec.name, spec.limits()).await.map_err(|e| DockerError::from_raw(what, e))
    }

    /// Stops a container by its stop signal, then hard after `seconds`; stopped or gone is fine.
    ///
    /// # Errors
    /// Engine trouble.
    pub async fn stop(&self, name: &str, seconds: i32) -> DockerResult<()> {
        let options = StopContainerOptions { t: Some(seconds), ..Default::default() };
        let what = format!("stop container {name}");
        gone_is_fine(self.raw.stop_container(name, Some(options)).await.map_err(|e| DockerError::from_raw(what, e)))
    }

    /// Removes a container, running or not, with its anonymous volumes; gone is fine.
    ///
    /// # Errors
    /// Engine trouble.
    pub async fn remove_container(&self, name: &str) -> DockerResult<()> {
        let options = RemoveContainerOptions { force: true, v: true, ..Default::default() };
        let what = format!("remove container {name}");
        match self.raw.remove_container(name, Some(options)).await.map_err(|e| DockerError::from_raw(what, e)) {
            // Somebody else's removal of the same container is under way: wait for it.
            Err(DockerError::Conflict { .. }) => {
                for _ in 0..100 {
                    if self.inspect(name).await?.is_none() {
                        return Ok(());
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(DockerError::Conflict { what: format!("remove container {name}"), cause: "it stays".into() })
            }
            other => gone_is_fine(other),
        }
    }

    /// What a container is doing; `None`: not there.
    ///
    /// # Errors
    /// Engine trouble.
    pub async fn inspect(&self, name: &str) -> DockerResult<Option<ContainerState>> {
        match self.raw.inspect_container(name, None::<InspectContainerOptions>).await {
            Ok(found) => Ok(Some(state_of(found))),
            Err(e) => match DockerError::from_raw(format!("look at container {name}"), e) {
                DockerError::NotFound { .. } => Ok(None),
                e => Err(e),
            },
        }
    }

    /// Waits until every container runs and stays; polls until `deadline`.
    ///
    /// # Errors
    /// `Other` with the reason as soon as one has ended, or when the time is over.
    pub async fn wait_running(&self, names: &[String], deadline: Duration) -> DockerResult<()> {
        let end = Instant::now() + deadline;
        for name in names {
            loop {
                let what = format!("wait for container {name}");
                match self.inspect(name).await? {
                    Some(s) if s.running && !s.restarting => break,
                    Some(s) if s.exit_code != 0 || s.oom_killed || !s.error.is_empty() => {
                        let why = if s.oom_killed { "it ran out of memory" } else { "it ended" };
                        let cause = format!("{why} (exit code {}) {}", s.exit_code, s.error);
                        return Err(DockerError::Other { what, cause });
                    }
                    None => return Err(DockerError::NotFound { what, cause: "it is gone".into() }),
                    Some(_) if Instant::now() > end => {
                        return Err(DockerError::Other { what, cause: "it does not run".into() });
                    }
                    Some(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        }
        Ok(())
    }

    /// Containers with a label (`key` or `key=value`), running or not.
    ///
    /// # Errors
    /// Engine trouble.
    pub async fn containers_by_label(&self, label: &str) -> DockerResult<Vec<Listed>> {
        let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        let found = self
            .raw
            .list_containers(Some(ListContainersOptions { all: true, filters: Some(filters), ..Default::default() }))
            .await
            .map_err(|e| DockerError::from_raw(format!("list containers with {label}"), e))?;
        Ok(found
            .into_iter()
            .map(|c| Listed {
                id: c.id.unwrap_or_default(),
                name: c.names.and_then(|n| n.first().map(|n| n.trim_start_matches('/').to_owned())).unwrap_or_default(),
                state: c.state.map(|s| s.to_string()).unwrap_or_default(),
                labels: c.labels.unwrap_or_default(),
            })
            .collect())
    }

    /// Networks with a label (`key` or `key=value`).
    ///
    /// # Errors
    /// Engine trouble.
    pub async fn networks_by_label(&self, label: &str) -> DockerResult<Vec<Listed>> {
        let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        let found = self
            .raw
            .list_networks(Some(ListNetworksOptions { filters: Some(filters) }))
            .await
            .map_err(|e| DockerError::from_raw(format!("list networks with {label}"), e))?;
        Ok(found
            .into_iter()
            .map(|n| Listed {
                id: n.id.unwrap_or_default(),
                name: n.name.unwrap_or_default(),
                state: String::new(),
                labels: n.labels.unwrap_or_default(),
            })
            .collect())
    }

    /// The last lines a container wrote, for staff.
    ///
    /// # Errors
    /// Engine trouble.
    pub async fn tail(&self, name: &str, lines: u32) -> DockerResult<String> {
        let options = bollard::query_parameters::LogsOptions {
            stdout: true,
            stderr: true,
            tail: lines.to_string(),
            ..Default::default()
        };
        let mut stream = self.raw.logs(name, Some(options));
        let mut text = String::new();
        while let Some(part) = stream.next().await {
            match part {
                Ok(part) => text.push_str(&String::from_utf8_lossy(&part.into_bytes())),
                Err(e) => return Err(DockerError::from_raw(format!("read the log of {name}"), e)),
            }
            if text.len() > 64 * 1024 {
                break;
            }
        }
        Ok(text)
    }

    /// Whether a process of a user number runs in a container.
    ///
    /// # Errors
    /// Engine trouble, or the container does not run.
    pub async fn has_process_of(&self, name: &str, uid: u32) -> DockerResult<bool> {
        let options = bollard::query_parameters::TopOptions { ps_args: "-eo uid,pid".to_owned() };
        let found = self
            .raw
            .top_processes(name, Some(options))
            .await
            .map_err(|e| DockerError::from_raw(format!("list the processes of {name}"), e))?;
        let uid = uid.to_string();
        Ok(found.processes.unwrap_or_default().iter().any(|p| p.first().is_some_and(|u| u.trim() == uid)))
    }

    /// Makes a container that is never started, to read an image's files; the caller removes it.
    ///
    /// # Errors
    /// `ImageMissing`.
    pub async fn create_reader(&self, name: &str, image: &str, labels: Labels) -> DockerResult<()> {
        let body = bollard::models::ContainerCreateBody {
            image: Some(image.to_owned()),
            cmd: Some(vec!["/none".into()]),
            labels: Some(labels.into_iter().collect()),
            host_config: Some(bollard::models::HostConfig { network_mode: Some("none".into()), ..Default::default() }),
            ..Default::default()
        };
        let options = CreateContainerOptions { name: Some(name.to_owned()), ..Default::default() };
        match self.raw.create_container(Some(options), body).await {
            Ok(_) => Ok(()),
            Err(e) => match DockerError::from_raw(format!("open image {image}"), e) {
                DockerError::Conflict { .. } => Ok(()),
                e => Err(e),
            },
        }
    }

    /// The files under `path` of a container as a tar stream.
    pub fn read_files(&self, name: &str, path: &str) -> impl Stream<Item = DockerResult<Bytes>> + use<> {
        let what = format!("read {path} of {name}");
        let raw = self.raw.clone();
        let options = DownloadFromContainerOptions { path: path.to_owned() };
        raw.download_from_container(name, Some(options))
            .map(move |part| part.map_err(|e| DockerError::from_raw(&what, e)))
    }
}

fn gone_is_fine(result: DockerResult<()>) -> DockerResult<()> {
    match result {
        Err(e) if e.is_not_found() => Ok(()),
        other => other,
    }
}

fn state_of(found: ContainerInspectResponse) -> ContainerState {
    let state = found.state.unwrap_or_default();
    ContainerState {
        running: state.running.unwrap_or(false),
        restarting: state.restarting.unwrap_or(false),
        exit_code: state.exit_code.unwrap_or(0),
        oom_killed: state.oom_killed.unwrap_or(false),
        error: state.error.unwrap_or_default(),
        labels: found.config.and_then(|c| c.labels).unwrap_or_default(),
        image: found.image.unwrap_or_default(),
    }
}
