//! `shopfleet doctor`: looks at everything Shopfleet depends on and says, for each thing that is not right, how to
//! mend it. Changes nothing.

mod docker;
mod local;
mod stores;

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use crate::access::Access;
use crate::output::{self, Format};
use crate::say;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// Works, but something is worth knowing.
    Warn,
    /// Shopfleet cannot work like this.
    Fail,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub state: State,
    pub finding: String,
    /// What to do; present unless `state` is `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Check {
    /// Nothing to do.
    pub fn ok(name: &'static str, finding: impl Into<String>) -> Self {
        Self { name, state: State::Ok, finding: finding.into(), mend: None }
    }
    /// Works, with a remark and its mend.
    pub fn warn(name: &'static str, finding: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, state: State::Warn, finding: finding.into(), mend: Some(mend.into()) }
    }
    /// Does not work, with the mend.
    pub fn fail(name: &'static str, finding: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, state: State::Fail, finding: finding.into(), mend: Some(mend.into()) }
    }
}

/// Where this machine keeps things.
#[derive(Debug, Clone)]
pub struct Places {
    pub data_dir: PathBuf,
    pub edge_dir: PathBuf,
    pub images_json: Option<PathBuf>,
    /// First port of each pool and the length of a pool.
    pub pools: Vec<(&'static str, u16, u16)>,
}

/// Runs every check and prints the findings. `Ok(false)` when one failed.
pub async fn run(access: &Access, format: Format) -> Result<bool> {
    let places = access.places();
    let mut checks = Vec::new();
    checks.extend(stores::mariadb(access).await);
    checks.extend(stores::redis(access).await);
    checks.extend(docker::engine(&places).await);
    checks.extend(docker::images(&places).await);
    checks.extend(local::disk(&places));
    checks.push(local::data_dir(&places));
    checks.push(local::ports(&places).await);
    checks.push(local::clock().await);
    checks.push(local::edge(&places).await);
    checks.push(stores::mail(access).await);
    checks.extend(local::secrets(access));
    print(&checks, format)?;
    Ok(checks.iter().all(|check| check.state != State::Fail))
}

fn print(checks: &[Check], format: Format) -> Result<()> {
    if format == Format::Json {
        return output::json(&serde_json::json!({
            "ok": checks.iter().all(|check| check.state != State::Fail),
            "checks": checks,
        }));
    }
    for check in checks {
        let mark = match check.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        say!("{mark}  {:<10} {}", check.name, output::clean(&check.finding));
        if let Some(mend) = &check.mend {
            say!("{:17}-> {}", "", output::clean(mend));
        }
    }
    let failed = checks.iter().filter(|check| check.state == State::Fail).count();
    let warned = checks.iter().filter(|check| check.state == State::Warn).count();
    say!("\n{} checks, {failed} failed, {warned} with a remark", checks.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_right_has_a_mend() {
        let value = serde_json::to_value(Check::fail("redis", "down", "start it")).unwrap();
        assert_eq!(value["state"], "fail");
        assert_eq!(value["mend"], "start it");
        assert!(serde_json::to_value(Check::ok("redis", "7.0")).unwrap().get("mend").is_none());
    }
}
