//! The stores' containers at `down` and at the next `up`. Going by labels, and only by those of this instance's
//! server, so that another instance on the same Docker engine is never touched.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::files;
use crate::layout::Layout;
use crate::process;

const LIMIT: Duration = Duration::from_secs(180);

/// Lists ids of Docker objects (`ps -aq`, `network ls -q`, `volume ls -q`) of one server's stores.
async fn list(arguments: &[&str], server: &str) -> Result<Vec<String>> {
    let kind = "--filter=label=io.shopfleet.kind".to_owned();
    let server = format!("--filter=label=io.shopfleet.server={server}");
    let mut all: Vec<&str> = arguments.to_vec();
    all.extend([kind.as_str(), server.as_str()]);
    let answer = docker(&all).await?;
    Ok(answer.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Runs the Docker client.
async fn docker(arguments: &[&str]) -> Result<String> {
    let program = process::need_program("docker", "docker.io")?;
    let answer = process::run(&program, arguments, LIMIT).await?;
    if !answer.success {
        bail!("docker {} failed: {}", arguments.first().unwrap_or(&""), answer.reason());
    }
    Ok(answer.stdout)
}

/// True when a Docker engine answers.
async fn engine_answers() -> bool {
    docker(&["version", "--format", "{{.Server.Version}}"]).await.is_ok()
}

/// Stops the running containers of this server's stores and notes them for `start_stopped`. Returns how many.
pub async fn stop_containers(layout: &Layout, server: &str) -> Result<usize> {
    if !engine_answers().await {
        return Ok(0);
    }
    let running = list(&["ps", "-q"], server).await.context("cannot list the stores' containers")?;
    if running.is_empty() {
        return Ok(0);
    }
    files::write_atomic(&layout.stopped_containers(), &serde_json::to_vec(&running)?, 0o600, None)?;
    let mut arguments = vec!["stop", "-t", "10"];
    arguments.extend(running.iter().map(String::as_str));
    docker(&arguments).await.context("cannot stop the stores' containers")?;
    Ok(running.len())
}

/// Starts what `down` had stopped. Failures are told, not fatal: the worker's reconciler looks after stores.
pub async fn start_stopped(layout: &Layout) -> Option<String> {
    let text = std::fs::read_to_string(layout.stopped_containers()).ok()?;
    let ids: Vec<String> = serde_json::from_str(&text).ok()?;
    let mut arguments = vec!["start"];
    arguments.extend(ids.iter().map(String::as_str));
    let outcome = if ids.is_empty() { Ok(String::new()) } else { docker(&arguments).await };
    let _ = files::remove_if_there(&layout.stopped_containers());
    Some(match outcome {
        Ok(_) => format!("Started the stores' {} containers again", ids.len()),
        Err(error) => format!("Note: not all of the stores' containers started again: {error:#}"),
    })
}

/// Removes containers, networks and volumes of this server's stores. Returns how many objects went.
pub async fn remove_all(server: &str) -> Result<usize> {
    if !engine_answers().await {
        bail!(
            "no Docker engine answers, so the stores' containers cannot be removed; start it (./scripts/up does) and try again"
        );
    }
    let mut removed = 0;
    for (find, remove) in [
        (&["ps", "-aq", "--no-trunc"][..], &["rm", "--force", "--volumes"][..]),
        (&["network", "ls", "-q", "--no-trunc"][..], &["network", "rm"][..]),
        (&["volume", "ls", "-q"][..], &["volume", "rm", "--force"][..]),
    ] {
        let found = list(find, server).await?;
        if found.is_empty() {
            continue;
        }
        let mut arguments = remove.to_vec();
        arguments.extend(found.iter().map(String::as_str));
        docker(&arguments).await?;
        removed += found.len();
    }
    Ok(removed)
}
