//! `shopfleet secrets rotate`

use std::process::ExitCode;

use anyhow::Result;
use hosting::domain::Actor;
use hosting::services::rotate_secrets::rotate_secrets;

use super::words;
use crate::access::Access;
use crate::args::Secrets;
use crate::output::{self, Format};
use crate::say;

/// Runs one verb.
pub async fn run(access: &Access, verb: Secrets, format: Format) -> Result<ExitCode> {
    let services = access.services()?;
    match verb {
        Secrets::Rotate => {
            let rotated = rotate_secrets(&services, &Actor::operator()).await.map_err(words)?;
            let key = services.keys.current_id();
            match format {
                Format::Json => output::json(&serde_json::json!({ "rotated": rotated, "key": key }))?,
                Format::Table if rotated == 0 => say!("All secrets are sealed under the current key {key} already"),
                Format::Table => say!("{rotated} secrets are sealed under the current key {key} now"),
            }
        }
    }
    services.db.close().await;
    Ok(ExitCode::SUCCESS)
}
