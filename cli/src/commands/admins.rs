//! `shopfleet admins reset-factor`

use std::process::ExitCode;

use anyhow::Result;
use hosting::domain::Actor;
use hosting::services::second_factor::way_back::reset_of_admin;

use super::words;
use crate::access::Access;
use crate::args::Admins;
use crate::output::{self, Format};
use crate::say;

/// Runs one verb.
pub async fn run(access: &Access, verb: Admins, format: Format) -> Result<ExitCode> {
    let services = access.services()?;
    let Admins::ResetFactor { email } = verb;
    reset_of_admin(&services, &Actor::operator(), &email).await.map_err(words)?;
    services.db.close().await;
    match format {
        Format::Json => output::json(&serde_json::json!({ "email": email, "result": "second factor removed" }))?,
        Format::Table => say!("{email} signs in with the password alone and sets up a new second factor"),
    }
    Ok(ExitCode::SUCCESS)
}
